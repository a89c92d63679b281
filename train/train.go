package train

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/internal/group"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// Training is a model on its way from a start to a fit. Make one with [Start] and run it with [Training.Steps].
type Training struct {
	// Model has the parameters as they are now. On a device ([compute.Open]) its weights are stale in a turn of Steps
	// without an Evaluation: [Training.Current] brings them. They keep their place there, so that who changes them after
	// Steps and computes with them in the same context pushes them first ([compute.Context.Push]).
	Model *rbm.Model
	// Notes go into checkpoints, and come back with [Training.Resume]: whatever the caller keeps with them.
	Notes map[string]string

	// Monitor scores the model along the way.
	Monitor *monitor.Monitor

	config  Config // resolved
	set     *data.Set
	now     Continuation // the bounds of now
	planned int          // updates by these, or noBound
	begun   time.Time
	spent   time.Duration // before the last resume
	agreed  time.Duration // since begun, by the clock of rank 0: 0 unless several processes train for a time
	err     error
	reason  string

	continued int // number of config.Continued that have taken effect

	conditionals       *rbm.Conditionals
	positive, negative *rbm.Statistics
	ascent             *ascent
	device             *device // nil: the host computes the updates
	trust              *trust  // nil for none
	gaps               *gaps   // nil for rows without gaps
	minibatch          rbm.Batch
	bases              []string // of its rows
	configurations     []int    // rows that chains of contrastive divergence begin at, where rows have bases; nil otherwise
	weights            []float32
	weightUnit         float64   // makes the mean weight 1, within float32's range
	centerV            []float32 // mean values of the visible units over the data
	order              []int     // of the rows, in the epoch orderOf
	orderOf            int
	strata             []int // the rows, those that are alike next to each other

	// What a checkpoint holds, besides the parameters and the memories of Monitor, Negative and Optimizer.
	done     uint64     // updates
	best     *rbm.Model // by validation score
	bestNow  bestScore
	overfit  overfit
	average  *average  // nil for none
	centerH  []float32 // running mean of the hidden units on the data
	centered uint64    // 1 once centerH has been set
}

// ErrDiverged is the error of a training that has led to a parameter which no model may have
// ([rbm.Named.Sound]).
var ErrDiverged = errors.New("a parameter is no longer a finite number within ±1e+29, or above 0 where it must be")

// Steps runs the training: one update of the parameters a turn. Leaving the loop or cancelling ctx
// stops it between two updates, and another call goes on from there. [Training.Err] tells whether it ended in an error.
func (t *Training) Steps(ctx context.Context) iter.Seq[Progress] {
	return func(yield func(Progress) bool) {
		t.begun = time.Now()
		t.agreeOnTime()
		defer func() { t.spent, t.agreed = t.elapsed(), 0; t.begun = time.Time{} }()
		t.device.pushModel() // which the caller may have changed
		defer t.Current()
		for t.err == nil && ctx.Err() == nil {
			if t.proceed(); t.reason != "" {
				return
			}
			if int(t.done) >= t.end() {
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

// Err returns the error that ended the training, or nil. After a failure of the device the training is void: resume
// from an earlier checkpoint.
func (t *Training) Err() error {
	if err := t.config.Compute.Err(); t.err == nil && err != nil {
		t.err = fmt.Errorf("train: after update %d: %w", t.done, err)
	}
	return t.err
}

// Current returns Model with all parameters as they are now, in any turn of Steps: it brings weights from a device.
func (t *Training) Current() *rbm.Model {
	t.device.fetch(t.Model.W)
	return t.Model
}

// Finished says why training is over: "done", "time" or "patience"; "" while it is not.
func (t *Training) Finished() string { return t.reason }

// Early reports whether training ended before its bounds because it overfitted or lost patience.
func (t *Training) Early() bool {
	return t.reason != "" && t.reason != "time" && int(t.done) < t.planned
}

// Best returns the model with the best validation score so far, or the current one where there is no validation data. It
// is a view: the training changes it when it finds a better one.
func (t *Training) Best() *rbm.Model {
	if t.config.Valid == nil {
		return t.Current()
	}
	return t.best
}

// Done is the number of updates so far.
func (t *Training) Done() int { return int(t.done) }

// Planned is the number of updates after which training ends, if nothing ends it before; 0 where the time is the only
// bound.
func (t *Training) Planned() int {
	if t.planned == noBound {
		return 0
	}
	return t.end()
}

// progress tells how much is done, from 0 to 1, since the bounds of now began to hold, and how much was left of all
// then: of the planned updates, or of the time where that is the only bound.
func (t *Training) progress() (done, left float64) {
	now, from, all := float64(t.done), float64(t.now.After), float64(t.planned)
	if t.planned == noBound {
		now, from, all = float64(t.elapsed()), float64(t.now.Spent), float64(t.now.Time)
	}
	return min(1, (now-from)/(all-from)), (all - from) / all
}

// Every is the number of updates between evaluations.
func (t *Training) Every() int { return t.Monitor.Every() }

// Seconds is the time spent training so far, over all resumptions.
func (t *Training) Seconds() float64 { return t.elapsed().Seconds() }

// Config returns the settings with all defaults filled in.
func (t *Training) Config() Config { return t.config }

// step is one update of the parameters, λ ← λ − η∇C: the lecture's algorithm, top to bottom.
func (t *Training) step(ctx context.Context) (Progress, error) {
	rate := t.rate()
	t.conditionals.Update(t.Model)
	rows, weights := t.nextMinibatch()

	if err := t.phases(ctx, rows, weights); err != nil { // ⟨·⟩_data and ⟨·⟩_model
		return Progress{}, err
	}
	if t.Monitor.Due() {
		t.conditionals.Load()
	}
	rate = t.trust.begin(rate)
	norm, sound := t.ascent.run(rate) // λ ← λ + η·(⟨·⟩_data − ⟨·⟩_model), or what the optimiser makes of it,
	sound = sound && t.trust.end()    // less what the chains can't follow
	if err := t.config.Compute.Err(); err != nil {
		return Progress{}, err
	}
	if !sound {
		return Progress{}, fmt.Errorf("%w (learning rate %g, gradient norm %g)", ErrDiverged, rate, norm)
	}
	t.done++
	if t.average.due(t.done) {
		t.average.follow(t.Current())
	}
	return t.report(ctx, rate, norm)
}

func (t *Training) elapsed() time.Duration {
	if t.begun.IsZero() {
		return t.spent
	}
	if t.agreed > 0 {
		return t.spent + t.agreed
	}
	return t.spent + time.Since(t.begun)
}

// agreeOnTime has all processes of a group go by one clock where the time shapes the training.
func (t *Training) agreeOnTime() {
	timed := t.config.Time > 0 || slices.ContainsFunc(t.config.Continued, func(c Continuation) bool { return c.Time > 0 })
	if g := compute.Group(t.config.Compute); g != nil && timed {
		t.agreed = group.All(g, time.Since(t.begun))[0]
	}
}
