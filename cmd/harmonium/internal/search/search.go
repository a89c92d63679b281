// Package search looks for settings of training by successive halving (K. Jamieson and A. Talwalkar, AISTATS 2016): all
// trials are trained for a part of the whole training, the better third of them for three times as much, and so on. The
// log-likelihood of validation data decides, with its errors: a trial whose difference to the best is within them is
// not dropped.
//
//	search.json  the trials and what is decided
//	trial-001/   the run directory of a trial
//
// Each rung ends with a learning rate of zero, as trainings do, and the next one goes on from there as a finished
// training does ([train.Continuation]). What the trials do depends on the plan alone, so that a search that is killed
// goes on to the same winner.
package search

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"sync"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/train"
)

// Search is an open search.
type Search struct {
	Dir  string
	Plan *Plan

	release func() error
	files   []string // new places of input files
}

// Close lets other processes go on with the search.
func (s *Search) Close() error { return s.release() }

// Path is the run directory of a trial.
func (s *Search) Path(t *Trial) string { return filepath.Join(s.Dir, t.Name) }

// Observer is told what happens. Its functions are called by several goroutines at the same time.
type Observer struct {
	Rung    func(number, trials int)              // a rung begins, counted from 0
	Trained func(trial int, part float64)         // how much of a rung a trial has done, from 0 to 1
	Warn    func(format string, arguments ...any) // of damage to a run
}

// Run goes on with the search to its end, or until ctx is cancelled. As many trials as there are contexts at most are
// trained side by side.
func (s *Search) Run(ctx context.Context, contexts func(trials int) []*compute.Context, o Observer) error {
	for s.Plan.Decided < len(s.Plan.Rungs) {
		alive := s.Plan.alive()
		if len(alive) == 0 {
			return nil // all have diverged
		}
		o.Rung(s.Plan.Decided, len(alive))
		outcomes, err := s.rung(ctx, alive, contexts(len(alive)), o)
		if err != nil {
			return err
		}
		s.Plan.decide(alive, outcomes)
		if err := s.save(); err != nil {
			return err
		}
	}
	return nil
}

// outcome is what a trial has come to in a rung.
type outcome struct {
	score    Score
	standing Standing
	diverged string
}

// rung trains the trials side by side, those with the most hidden units first, as they take longest.
func (s *Search) rung(ctx context.Context, trials []*Trial, contexts []*compute.Context, o Observer) ([]outcome, error) {
	order := make([]int, len(trials))
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(trials[b].Hidden, trials[a].Hidden) })
	next := make(chan int, len(order))
	for _, k := range order {
		next <- k
	}
	close(next)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	outcomes, failed := make([]outcome, len(trials)), make([]error, len(contexts))
	var group sync.WaitGroup
	for w, on := range contexts {
		group.Go(func() {
			for k := range next {
				failed[w] = s.advance(ctx, trials[k], &outcomes[k], on, func(part float64) { o.Trained(k, part) }, o.Warn)
				if failed[w] != nil {
					cancel()
					return
				}
			}
		})
	}
	group.Wait()
	for _, err := range failed {
		if err != nil && !errors.Is(err, context.Canceled) {
			return nil, err
		}
	}
	return outcomes, ctx.Err()
}

// advance trains a trial to the bounds of the rung.
func (s *Search) advance(
	ctx context.Context, t *Trial, to *outcome, on *compute.Context, done func(float64), warn func(string, ...any),
) error {
	r, training, err := s.open(t, on, warn)
	if err != nil {
		return fmt.Errorf("%s: %w", s.Path(t), err)
	}
	defer r.Close()
	if !training.Early() {
		end := s.Plan.Rungs[s.Plan.Decided]
		if err := r.Continue(training, train.Bounds{Epochs: end.Epochs, Updates: end.Updates}); err != nil {
			return fmt.Errorf("%s: %w", s.Path(t), err)
		}
	}
	begun := training.Done()
	err = r.Record(ctx, training, func(p train.Progress) {
		done(float64(p.Update-begun) / float64(max(1, p.Planned-begun)))
	})
	switch {
	case training.Err() != nil: // by its settings, and so it would again
		to.diverged, to.standing.Value = training.Err().Error(), math.NaN()
		return nil
	case err != nil:
		return fmt.Errorf("%s: %w", s.Path(t), err)
	case ctx.Err() != nil && training.Finished() == "":
		return ctx.Err()
	}
	done(1)
	return to.see(r, training)
}

// open opens the run of a trial, or begins it.
func (s *Search) open(t *Trial, on *compute.Context, warn func(string, ...any)) (*run.Run, *train.Training, error) {
	c := s.Plan.config(t)
	r, err := run.Reopen(s.Path(t), s.files...)
	if err != nil {
		if _, errOpen := run.Open(s.Path(t)); errOpen == nil { // it is a run
			return nil, nil, err
		}
		training, err := run.Prepare(c, on)
		if err != nil {
			return nil, nil, err
		}
		r, err := run.Create(s.Path(t), c)
		return r, training, err
	}
	if !r.Config.SameRun(c) {
		return nil, nil, errors.Join(fmt.Errorf("the run has other settings or data than %s says: want the one that the search began",
			filepath.Join(s.Dir, PlanName)), r.Close())
	}
	training, err := run.Prepare(r.Config, on)
	if err != nil {
		return nil, nil, errors.Join(err, r.Close())
	}
	warnings, err := r.Resume(training)
	if err != nil {
		return nil, nil, errors.Join(err, r.Close())
	}
	for _, w := range warnings {
		warn("warning: %s", w)
	}
	return r, training, nil
}

// see takes the evaluation of the model that the run keeps.
func (to *outcome) see(r *run.Run, training *train.Training) error {
	kept, err := r.Kept()
	if err != nil {
		return err
	}
	if kept == nil || kept.ValidLL == nil {
		return fmt.Errorf("%s has no evaluation on validation data", r.Dir)
	}
	findings := append([]diag.Finding{}, kept.Judge(training)...)
	if kept.Scores().UpperBounds() { // as in all evaluations, then
		findings = append(findings, kept.Findings...)
	}
	to.score = Score{
		Updates: training.Done(), Seconds: training.Seconds(), ValidLL: *kept.ValidLL, LogZStderr: kept.LogZStderr, Findings: findings,
	}
	to.standing = Standing{Value: float64(kept.ValidLL.Value), LogZStderr: kept.LogZStderr, Doubtful: len(findings) > 0}
	to.standing.Rows, to.standing.Weights, err = training.Monitor.ValidRows(training.Best(), kept.LogZ)
	return err
}

// decide takes over the outcomes of a rung, and drops trials unless the rung is the last.
func (p *Plan) decide(trials []*Trial, outcomes []outcome) {
	standings := make([]Standing, len(outcomes))
	for k := range outcomes {
		standings[k] = outcomes[k].standing
	}
	top, differences, on := judge(standings)
	p.Decided++
	last := p.Decided == len(p.Rungs)
	for k, t := range trials {
		if t.Diverged = outcomes[k].diverged; t.Diverged != "" {
			t.Dropped = true
			continue
		}
		score := outcomes[k].score
		if k != top {
			score.Difference = differences[k]
		}
		t.Scores = append(t.Scores, score)
		t.Dropped = !on[k] && !last
	}
}
