package train

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

	"harmonium/data"
	"harmonium/rbm"
	"harmonium/rng"
)

// Training is a model on its way from a start to a fit. Make one with [Start] and run it with [Training.Steps].
type Training struct {
	Model *rbm.Model // the parameters as they are now

	config  Config // resolved
	set     *data.Set
	live    *live // nil where scores are exact
	scorer  *scorer
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
	done       uint64 // updates
	trajectory *trajectory
	best       *rbm.Model // by validation score
	bestNow    bestScore
	centerH    []float32 // running mean of the hidden units on the data
	centered   uint64    // 1 once centerH has been set
}

// Progress is what one update reports.
type Progress struct {
	Update       int // updates done
	Planned      int // updates after which training ends, if nothing ends it before; 0 where Config.Time is the only bound
	Epoch        float64
	Rate         float64     // learning rate of this update
	GradientNorm float64     // √Σ g² over all parameters, before the optimiser
	Seconds      float64     // of training so far, over all resumptions
	Evaluation   *Evaluation // of the model after this update; nil at most updates
	Kept         *rbm.Model  // a model to keep, for tempering along the training; nil at most updates
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
	t.trajectory = newTrajectory(t)
	t.ascent = newAscent(t)
	t.scorer = newScorer(t)
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
func (t *Training) Every() int { return t.scorer.every }

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
		Number: t.done, Model: t.Model, Conditionals: t.conditionals, Rows: rows, trajectory: t.trajectory.models,
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

	p := Progress{
		Update: int(t.done), Planned: t.Planned(), Rate: rate, GradientNorm: norm,
		Epoch: float64(t.done) / float64(t.config.batches(t.set.Rows())), Seconds: t.elapsed().Seconds(),
	}
	p.Kept = t.trajectory.see(t)
	if t.config.Time > 0 && t.elapsed() >= t.config.Time {
		t.reason = "time"
	}
	if t.done == 1 || int(t.done)%t.scorer.every == 0 || int(t.done) == t.planned || t.reason != "" {
		if p.Evaluation, err = t.evaluate(ctx, p); err != nil {
			return p, fmt.Errorf("the model can't be scored (learning rate %g, gradient norm %g): %w", rate, norm, err)
		}
	}
	return p, nil
}

// nextMinibatch gathers the rows of this update. Every epoch goes through all rows once, in a fresh order.
func (t *Training) nextMinibatch() (rbm.Batch, []float32) {
	rows, batches := t.set.Rows(), t.config.batches(t.set.Rows())
	epoch, k := int(t.done)/batches, int(t.done)%batches
	if epoch != t.orderOf {
		rng.NewSource(rng.Seed(t.config.Seed).Stream(rng.StreamShuffle), uint64(epoch)).Perm(t.order)
		t.orderOf = epoch
		t.set.Redraw(uint64(epoch), t.config.Compute)
	}
	index := t.order[k*rows/batches : (k+1)*rows/batches]
	if t.minibatch.Rows() != len(index) {
		t.minibatch = rbm.NewBatch(len(index), t.set.Units())
	}
	t.minibatch.Gather(t.set.States, index)
	if t.set.Weights == nil {
		return t.minibatch, nil
	}
	t.weights = t.weights[:0]
	for _, r := range index {
		t.weights = append(t.weights, float32(t.set.Weights[r]*t.weightUnit))
	}
	return t.minibatch, t.weights
}

func (t *Training) elapsed() time.Duration {
	if t.begun.IsZero() {
		return t.spent
	}
	return t.spent + time.Since(t.begun)
}

// withoutIdleRows drops rows of weight zero, so that every minibatch has a weight.
func withoutIdleRows(set *data.Set) *data.Set {
	var index []int
	unit := meanWeightUnit(set)
	for r, w := range set.Weights {
		if float32(w*unit) > 0 {
			index = append(index, r)
		}
	}
	if set.Weights == nil || len(index) == set.Rows() {
		return set
	}
	return set.Subset(index)
}

// checkWeights refuses rows without a finite mean weight above zero.
func checkWeights(name string, set *data.Set) error {
	if set == nil {
		return nil
	}
	for r, w := range set.Weights {
		if !(w >= 0) || math.IsInf(w, 1) {
			return fmt.Errorf("row %d of the %s has the weight %v, want a finite number that is not negative", r+1, name, w)
		}
	}
	switch total := set.TotalWeight(); {
	case total == 0:
		return fmt.Errorf("all %d rows of the %s have weight zero: want a row that counts", set.Rows(), name)
	case math.IsInf(total, 1) || math.IsInf(meanWeightUnit(set), 1):
		return fmt.Errorf("the weights of the %s add up to %v, want a sum from 10^-300 to 10^300: multiply all of them by one number",
			name, total)
	}
	return nil
}

func meanWeightUnit(set *data.Set) float64 { return float64(set.Rows()) / set.TotalWeight() }
