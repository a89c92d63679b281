package train

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"harmonium/data"
	"harmonium/monitor"
	"harmonium/rbm"
	"harmonium/rng"
)

// Training is a model on its way from a start to a fit. Make one with [Start] and run it with [Training.Steps].
type Training struct {
	Model *rbm.Model // the parameters as they are now

	// Monitor scores the model along the way.
	Monitor *monitor.Monitor

	config  Config // resolved
	set     *data.Set
	planned int // updates, or noBound
	begun   time.Time
	spent   time.Duration // before the last resume
	err     error
	reason  string

	conditionals       *rbm.Conditionals
	positive, negative *rbm.Statistics
	ascent             *ascent
	minibatch          rbm.Batch
	weights            []float32
	weightUnit         float64   // makes the mean weight 1, within float32's range
	centerV            []float32 // mean values of the visible units over the data
	order              []int     // of the rows, in the epoch orderOf
	orderOf            int

	// What a checkpoint holds, besides the parameters and the memories of Negative and Optimizer.
	done     uint64     // updates
	best     *rbm.Model // by validation score
	bestNow  bestScore
	centerH  []float32 // running mean of the hidden units on the data
	centered uint64    // 1 once centerH has been set
}

// Start prepares training: it takes the settings over, checks them against model and data, and lets the
// visible biases start at the log-odds of the data's means. It changes model, which the Training owns from now on.
func Start(model *rbm.Model, set *data.Set, config Config) (*Training, error) {
	if set.Rows() == 0 {
		return nil, errors.New("train: the data has no rows")
	}
	if set.Units() != model.M() {
		return nil, fmt.Errorf("train: the data has %d units, the model %d visible ones", set.Units(), model.M())
	}
	if v := config.Valid; v != nil && v.Units() != model.M() {
		return nil, fmt.Errorf("train: the validation data has %d units, the model %d visible ones", v.Units(), model.M())
	}
	if err := errors.Join(checkWeights("data", set), checkWeights("validation data", config.Valid)); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	set = withoutIdleRows(set)
	means := set.Means()
	if f := data.Constant(means); f != nil {
		return nil, fmt.Errorf("train: %s, so that %s: %s", f.Message, f.Consequence, f.Remedy)
	}
	config, err := config.resolved(model, set.Rows())
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	m, n := model.M(), model.N()
	t := &Training{
		Model: model, config: config, set: set, planned: config.planned(set.Rows()),
		positive: rbm.NewStatistics(m, n), negative: rbm.NewStatistics(m, n),
		weightUnit: meanWeightUnit(set), order: make([]int, set.Rows()), orderOf: -1, centerH: make([]float32, n),
	}
	t.centerV = make([]float32, m)
	for i, p := range means {
		t.centerV[i] = float32(model.Visible.Scale()*p + model.Visible.Offset())
	}
	if !config.KeepBiases {
		model.SetBiasesFromMeans(means)
	}
	t.best = model.Clone()
	t.conditionals = rbm.NewConditionals(model, config.Compute)
	setup := Setup{Model: model, Batch: config.Batch, Key: rng.Seed(config.Seed), Compute: config.Compute}
	if err := config.Negative.Start(setup); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	config.Optimizer.Start(model, config.Compute)
	t.Monitor = monitor.New(t.watched())
	t.ascent = newAscent(t)
	return t, nil
}

// Steps runs the training: one update of the parameters a turn. Leaving the loop or cancelling ctx
// stops it between two updates, and another call goes on from there. [Training.Err] tells whether it ended in an error.
func (t *Training) Steps(ctx context.Context) iter.Seq[Progress] {
	return func(yield func(Progress) bool) {
		t.begun = time.Now()
		defer func() { t.spent = t.elapsed(); t.begun = time.Time{} }()
		for t.err == nil && t.reason == "" && ctx.Err() == nil {
			if int(t.done) >= t.planned {
				t.reason = "done"
				return
			}
			update := t.done + 1
			p, err := t.step(ctx)
			if err != nil {
				if ctx.Err() == nil {
					t.err = fmt.Errorf("train: update %d: %w", update, err)
				}
				return
			}
			if !yield(p) {
				return
			}
		}
	}
}

// Err returns the error that ended the training, or nil.
func (t *Training) Err() error { return t.err }

// Finished says why training is over: "done", "time" or "patience"; "" while it is not.
func (t *Training) Finished() string { return t.reason }

// Best returns the model with the best validation score so far, or the current one where there is no validation data.
func (t *Training) Best() *rbm.Model {
	if t.config.Valid == nil {
		return t.Model
	}
	return t.best
}

// Done is the number of updates so far.
func (t *Training) Done() int { return int(t.done) }

// Planned is the number of updates after which training ends, if nothing ends it before; 0 where [Config].Time is the only bound.
func (t *Training) Planned() int {
	if t.planned == noBound {
		return 0
	}
	return t.planned
}

// part is how much of the training is done, from 0 to 1: of the planned updates, or of the time where that is the only bound.
func (t *Training) part() float64 {
	if t.planned == noBound {
		return min(1, float64(t.elapsed())/float64(t.config.Time))
	}
	return float64(t.done) / float64(t.planned)
}

// Every is the number of updates between evaluations.
func (t *Training) Every() int { return t.Monitor.Every() }

// Seconds is the time spent training so far, over all resumptions.
func (t *Training) Seconds() float64 { return t.elapsed().Seconds() }

// Config returns the settings with all defaults filled in.
func (t *Training) Config() Config { return t.config }

// step is one update of the parameters, λ ← λ − η∇C: the lecture's algorithm, top to bottom.
func (t *Training) step(ctx context.Context) (Progress, error) {
	rate := t.config.Rate * t.config.Schedule.Factor(t.part())
	rows, weights := t.nextMinibatch()

	t.conditionals.Update(t.Model)
	t.conditionals.Statistics(t.positive, t.Model, rows, weights) // ⟨·⟩_data
	err := t.config.Negative.Phase(ctx, t.negative, Update{       // ⟨·⟩_model
		Number: t.done, Model: t.Model, Conditionals: t.conditionals, Rows: rows, ladder: t.Monitor.Ladder(),
	})
	if err != nil {
		return Progress{}, err
	}
	norm, finite := t.ascent.run(rate) // λ ← λ + η·(⟨·⟩_data − ⟨·⟩_model), or what the optimiser makes of it
	if !finite {
		return Progress{}, fmt.Errorf("a parameter is no longer a finite number (learning rate %g, gradient norm %g): "+
			"lower the learning rate or bound the weights", rate, norm)
	}
	t.done++
	return t.report(ctx, rate, norm)
}

func (t *Training) elapsed() time.Duration {
	if t.begun.IsZero() {
		return t.spent
	}
	return t.spent + time.Since(t.begun)
}
