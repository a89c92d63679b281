package train

import (
	"context"
	"fmt"

	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// Progress is what one update reports.
type Progress struct {
	Update       int // updates done
	Planned      int // updates after which training ends, if nothing ends it before; 0 where Config.Time is the only bound
	Epoch        float64
	Rate         float64     // learning rate of this update
	GradientNorm float64     // √Σ g² over all parameters, before the optimiser
	Seconds      float64     // of training so far, over all resumptions
	Evaluation   *Evaluation // of the model after this update; nil at most updates
	Average      *Evaluation // of the mean of the last updates, where these have ended, if Config.Average asks for it; nil else
}

// Evaluation is how good the model is after an update.
type Evaluation struct {
	Update       int
	Epoch        float64
	Seconds      float64
	Rate         float64
	GradientNorm float64
	monitor.Scores
	Best    bool       // whether the validation score is the best so far, or the errors of log Z leave that open
	Average *rbm.Model // the mean of the last updates, where that was scored; else nil
	Sweeps  int        // an update, of a [Sweeper] such as PCD; 0 for other negative phases
}

// report is what follows an update: the monitor takes the model, and at some updates scores it.
func (t *Training) report(ctx context.Context, rate, norm float64) (Progress, error) {
	t.agreeOnTime()
	p := Progress{
		Update: int(t.done), Planned: t.Planned(), Rate: rate, GradientNorm: norm,
		Epoch: float64(t.done) / float64(t.config.batches(t.set.Rows())), Seconds: t.elapsed().Seconds(),
	}
	t.Monitor.Follow()
	if t.overtime() {
		t.reason = "time"
	}
	if t.done == 1 || int(t.done)%t.Every() == 0 || int(t.done) == t.end() || t.reason != "" {
		var err error
		if p.Evaluation, err = t.evaluate(ctx, p); err == nil && (int(t.done) == t.end() || t.reason != "") {
			p.Average, err = t.judgeAverage(ctx, p)
		}
		if err != nil {
			return p, fmt.Errorf("the model can't be scored (learning rate %g, gradient norm %g): %w", rate, norm, err)
		}
	}
	return p, nil
}

// evaluate scores the model, and takes it for the best if it is.
func (t *Training) evaluate(ctx context.Context, p Progress) (*Evaluation, error) {
	t.Current()
	e, err := t.score(ctx, p)
	if err != nil {
		return nil, err
	}
	if n, ok := t.config.Negative.(Mixer); ok {
		e.Findings = append(e.Findings, n.Mixing(t.done).Findings(t.Every())...)
	}
	if n, ok := t.config.Negative.(Sweeper); ok {
		e.Sweeps = n.Sweeps()
	}
	if e.Valid != nil {
		e.Best = t.choose(&e.Scores)
		t.average.see(e)
		if t.overfit.length == 0 { // the end keeps the rate that it began with
			t.overfit.see(e, t.trust.unpaced(e.Rate), t.bestNow.sure())
			t.beginEnd()
		}
	}
	if t.done > 1 { // units are independent but for one update, which hardly any rounds have followed
		t.trust.follow(e.LogZ.Stderr)
	}
	return e, nil
}

// score scores the model as it is on the host.
func (t *Training) score(ctx context.Context, p Progress) (*Evaluation, error) {
	now := monitor.Snapshot{Update: t.done}
	if n, ok := t.config.Negative.(Persistent); ok {
		now.Known = n.Visible()
	}
	scores, err := t.Monitor.Score(ctx, now)
	if err == nil {
		err = t.config.Compute.Err()
	}
	if err != nil {
		return nil, err
	}
	return &Evaluation{
		Update: p.Update, Epoch: p.Epoch, Seconds: p.Seconds, Rate: p.Rate, GradientNorm: p.GradientNorm, Scores: *scores,
	}, nil
}

// watched is what the monitor may know of the training.
func (t *Training) watched() monitor.Config {
	c := monitor.Config{
		Model: t.Model, Data: t.set, Valid: t.config.Valid, Seed: t.config.Seed, Compute: t.config.Compute, Cost: t.updateCost,
		Updates: t.Planned(), Epoch: t.config.batches(t.set.Rows()), Every: t.config.Every,
		Conditionals: t.conditionals, Trained: t.config.Trained || t.config.Wide, Likelihood: t.config.Likelihood,
	}
	if n, ok := t.config.Negative.(Laddered); ok {
		c.Ladder = n.Ladder()
	}
	return c
}

// updateCost is the number of elementary operations of an update.
func (t *Training) updateCost() float64 {
	return monitor.GibbsCost(t.Model, t.config.Batch, 0) + t.config.Negative.Cost() + 4*float64(len(t.Model.W))
}
