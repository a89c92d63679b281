package estimate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"harmonium/diag"
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
)

// Options are those of LogZ.
type Options struct {
	Budget   int64                                           // chain steps; 0 means DefaultBudget
	Seed     uint64                                          // of the random numbers
	Workers  int                                             // 0 means all cores; results don't depend on it
	Progress func(done, total int64, expected time.Duration) // chain steps so far and at most, and how long those will take; may be nil
}

// DefaultBudget is a minute or two on two cores for 784×500 units, and LeastBudget that of the shortest run.
const (
	DefaultBudget = 25_000_000
	LeastBudget   = 2 * chains * (2*firstSteps + firstSteps/2) * 11 / 10
)

const (
	chains     = 400  // on the way there
	back       = 133  // on each of the three ways back
	firstSteps = 250  // of the shortest run
	longer     = 3    // times the steps of the run before
	fewest     = 1.5  // times: the last run, which takes what is left of the budget, is worth it
	goal       = 0.05 // nats: a standard error that is small enough
	agreement  = 3    // standard errors within which two estimates agree
)

// Bracket is log Z as estimated in five ways.
type Bracket struct {
	// Value is the mean of the way there and of tempering by their errors, and Stderr its standard error, widened by half of what all estimates
	// span.
	Value, Stderr float64
	// Lower and Upper are the ends of the bracket, two standard errors below the lowest of all these and above the highest.
	Lower, Upper float64
	There        Side // annealing, from the base to the model
	Back         Side // back from where the way there has ended
	FromData     Side // back from the data
	FromAnywhere Side // back from where chains come to that begin at fair coins and at the visible biases
	Tempered     Side // parallel tempering
	// Found is −F of the most probable configuration that a chain was in at the model. log Z is larger, for certain. Where this proves the
	// estimates wrong, Value and Lower are Found, and Upper and Stderr are infinite.
	Found float64

	Steps      int   // temperatures of the last annealing
	ChainSteps int64 // of all runs
	Findings   []diag.Finding
}

// Side is one estimate of log Z. ESS is the effective sample size of annealing's weights, and the number of tempering's round trips.
type Side struct{ Value, Stderr, ESS float64 }

// sides lists the estimates that count with their names. The way back from anywhere counts where it is higher than the way there: then its
// chains know of something that others don't. Where it is lower they may be caught where the model gives little weight, which says nothing.
func (b *Bracket) sides() (sides []Side, names []string) {
	sides = []Side{b.There, b.Back, b.FromData, b.Tempered}
	names = []string{"by annealing", "by the way back from there", "by the way back from the data", "by tempering"}
	if b.FromAnywhere.Value > b.There.Value {
		sides, names = append(sides, b.FromAnywhere), append(names, "by the way back from anywhere")
	}
	return sides, names
}

// ESS is the least effective sample size of the annealed estimates.
func (b *Bracket) ESS() float64 { return min(b.There.ESS, b.Back.ESS, b.FromData.ESS) }

// agrees reports whether two estimates differ by no more than their errors explain, or by too little to matter.
func (s Side) agrees(t Side) bool {
	return math.Abs(s.Value-t.Value) <= max(goal, agreement*math.Hypot(s.Stderr, t.Stderr))
}

// LogZ estimates log Z of a model. data are configurations that the model should give weight to, such as those it was trained on or is to be
// scored with; means are the probabilities of their units to be on, for the base. It returns an error if ctx is cancelled, or if
// the model and the data don't fit.
func LogZ(ctx context.Context, model *rbm.Model, data rbm.States, means []float64, o Options) (*Bracket, error) {
	if data.Units() != model.M() || len(means) != model.M() {
		return nil, fmt.Errorf("estimate: data of %d units and %d means for a model of %d visible ones", data.Units(), len(means), model.M())
	}
	if data.Rows() == 0 {
		return nil, errors.New("estimate: no data to begin chains at")
	}
	if o.Budget == 0 {
		o.Budget = DefaultBudget
	}
	if o.Budget < LeastBudget {
		return nil, fmt.Errorf("estimate: a budget of %d chain steps, want at least %d", o.Budget, LeastBudget)
	}
	e := newEstimator(model, data, means, o)
	var last *Bracket
	for steps := firstSteps; steps > 0; steps = nextSteps(steps, o.Budget-e.done) {
		b, err := e.run(ctx, steps)
		if err != nil {
			return nil, err
		}
		b.judge(last)
		last = b
		if len(b.Findings) == 0 && b.Stderr <= goal || b.hidden() {
			break
		}
	}
	last.ChainSteps = e.done
	return last, nil
}

// cost is the number of chain steps of annealing: there, warming up, and back. Tempering takes as many, and less than a tenth more to end a
// round.
func cost(steps int) int64 { return int64(chains) * int64(2*steps+warmUp(steps)) }

// warmUp is the number of sweeps that chains make at the model before they go back.
func warmUp(steps int) int { return steps / 2 }

// nextSteps is the length of the run after one of so many steps, with what is left of the budget; 0 if it isn't worth it.
func nextSteps(steps int, left int64) int {
	left = left * 10 / 22
	if next := longer * steps; cost(next) <= left {
		return next
	}
	next := int(float64(left) / float64(chains) / 2.5)
	if float64(next) < fewest*float64(steps) {
		return 0
	}
	return next
}

type estimator struct {
	model, base  *rbm.Model
	data         rbm.States
	conditionals *rbm.Conditionals
	key          rng.Key
	runs         uint32
	o            Options
	begun        time.Time
	done         int64
}

func newEstimator(model *rbm.Model, data rbm.States, means []float64, o Options) *estimator {
	base := model.Clone()
	clear(base.W)
	clear(base.C)
	base.SetMeans(means)
	return &estimator{
		model: model, base: base, data: data, o: o, begun: time.Now(),
		conditionals: rbm.NewConditionals(model, o.Workers), key: rng.Seed(o.Seed).Stream(rng.StreamEstimate),
	}
}

// run goes there and back in so many steps.
func (e *estimator) run(ctx context.Context, steps int) (*Bracket, error) {
	key := e.key.Stream(runStream(e.runs))
	there := sample.Independent(e.base, chains, key.Stream(1))
	if err := e.anneal(ctx, there, e.base, e.model, steps); err != nil {
		return nil, err
	}
	b := &Bracket{Steps: steps}
	b.There.Value, b.There.Stderr, b.There.ESS = there.Weigh()

	b.Found = math.Inf(-1)
	there.Resample()
	ended := rbm.NewStates(back, e.model.M())
	ended.Gather(there.Chains.Visible, spread()) // copies of a chain stand side by side
	for _, way := range []struct {
		side  *Side
		start rbm.States
		key   rng.Key
	}{
		{&b.Back, ended, key.Stream(2)}, {&b.FromData, sample.FromRows(e.data, back, key), key.Stream(3)},
		{&b.FromAnywhere, sample.Anywhere(e.model, back, key.Stream(5)), key.Stream(5)},
	} {
		side, found, err := e.back(ctx, way.start, way.key, steps)
		if err != nil {
			return nil, err
		}
		*way.side, b.Found = side, max(b.Found, found)
	}
	tempered, err := e.tempered(ctx, cost(steps))
	if err != nil {
		return nil, err
	}
	b.Tempered = tempered
	b.combine()
	e.runs++
	return b, nil
}

// runStream gives every run random numbers of its own.
func runStream(run uint32) rng.Stream { return rng.Stream(run) }

// spread lists places all over the chains.
func spread() []int {
	index := make([]int, back)
	for k := range index {
		index[k] = k * chains / back
	}
	return index
}

// back warms chains up at the model and leads them to the base, whose log Z is known. found is the largest −F of the chains at the model.
func (e *estimator) back(ctx context.Context, start rbm.States, key rng.Key, steps int) (side Side, found float64, err error) {
	chains := sample.Start(start, e.model.N(), key)
	for range warmUp(steps) {
		if ctx.Err() != nil {
			return Side{}, 0, ctx.Err()
		}
		chains.Sweep(e.conditionals, 1)
		e.report(start.Rows())
	}
	p := sample.NewPopulation(chains, key)
	p.Settle(e.conditionals)
	found = -slices.Min(p.Free)
	if err := e.anneal(ctx, p, e.model, e.base, steps); err != nil {
		return Side{}, 0, err
	}
	e.conditionals.Update(e.model)
	fall, stderr, ess := p.Weigh()
	return Side{sample.LogZWithoutWeights(e.base) - fall, stderr, ess}, found, nil
}

func (e *estimator) anneal(ctx context.Context, p *sample.Population, from, to *rbm.Model, steps int) error {
	return p.Anneal(ctx, from, to, steps, e.conditionals, func(int) { e.report(len(p.LogWeights)) })
}

func (e *estimator) report(chainSteps int) {
	e.done += int64(chainSteps)
	if e.o.Progress != nil {
		pace := float64(time.Since(e.begun)) / float64(e.done)
		e.o.Progress(e.done, e.o.Budget, time.Duration(pace*float64(e.o.Budget)))
	}
}

// combine takes the mean of the two estimates that are sound if they reach everything, and widens its error by half of what all estimates span.
func (b *Bracket) combine() {
	b.Lower, b.Upper = math.Inf(1), math.Inf(-1)
	low, high := math.Inf(1), math.Inf(-1)
	sides, _ := b.sides()
	for _, s := range sides {
		low, high = min(low, s.Value), max(high, s.Value)
		b.Lower, b.Upper = min(b.Lower, s.Value-2*s.Stderr), max(b.Upper, s.Value+2*s.Stderr)
	}
	there, tempered := weight(b.There), weight(b.Tempered)
	b.Value = (there*b.There.Value + tempered*b.Tempered.Value) / (there + tempered)
	b.Stderr = math.Hypot(1/math.Sqrt(there+tempered), (high-low)/2)
	b.Lower, b.Upper = min(b.Lower, b.Value-2*b.Stderr), max(b.Upper, b.Value+2*b.Stderr)
	if b.hidden() { // nothing is left but what holds for certain
		b.Value, b.Lower, b.Upper, b.Stderr = b.Found, b.Found, math.Inf(1), math.Inf(1)
	}
}

// hidden reports whether a configuration was found that is more probable than the estimates of log Z allow.
func (b *Bracket) hidden() bool { return b.Found > max(b.There.Value, b.Tempered.Value) }

func weight(s Side) float64 { return 1 / max(s.Stderr*s.Stderr, 1e-18) }

// open reports whether two of the estimates disagree, and describes them all.
func (b *Bracket) open() (open bool, all string) {
	sides, names := b.sides()
	for k, s := range sides {
		for _, t := range sides[:k] {
			open = open || !s.agrees(t)
		}
		if k > 0 {
			all += ", "
		}
		all += fmt.Sprintf("%.2f ± %.2f %s", s.Value, s.Stderr, names[k])
	}
	return open, all
}

// judge lists what speaks against the estimate; shorter is the run before, or nil.
func (b *Bracket) judge(shorter *Bracket) {
	if b.hidden() {
		b.Findings = append(b.Findings, diag.Finding{
			Code: "hidden-mode",
			Message: fmt.Sprintf("a configuration with F = %.1f was found, so that log Z is more than %.1f; annealing gives %.1f, and tempering %.1f",
				-b.Found, b.Found, b.There.Value, b.Tempered.Value),
			Value: diag.Number(b.Found - b.There.Value), Threshold: 0,
			Consequence: "almost all of the model's weight is on configurations unlike the data, and any likelihood that leaves them out is too high",
			Remedy:      "train by harmonium train --negative pcd, whose scouts see such modes while they are small, or take a model from earlier in the training",
		})
		return
	}
	if open, all := b.open(); open {
		b.Findings = append(b.Findings, diag.Finding{
			Code: "bracket-open", Message: "log Z is " + all, Value: diag.Number(b.Upper - b.Lower), Threshold: agreement,
			Consequence: fmt.Sprintf("log Z lies between about %.1f and %.1f if at least one of them reaches all states that matter, and higher if none does",
				b.Lower, b.Upper),
			Remedy: "raise --budget; a model whose chains mix badly may stay out of reach: train it with more steps or a lower learning rate",
		})
	}
	if b.Tempered.ESS < ladders {
		b.Findings = append(b.Findings, diag.Finding{
			Code: "few-round-trips", Message: fmt.Sprintf("%.0f states travelled between the model and the base on %d tempered ladders", b.Tempered.ESS, ladders),
			Value: diag.Number(b.Tempered.ESS), Threshold: ladders,
			Consequence: "tempering says little about modes that are hard to reach", Remedy: "raise --budget",
		})
	}
	switch {
	case shorter == nil:
		b.Findings = append(b.Findings, diag.Finding{
			Code: "one-run", Message: "there was no second, longer run to compare with", Value: diag.Number(b.Steps), Threshold: firstSteps * longer,
			Consequence: "states that both ways miss may have gone unnoticed", Remedy: "raise --budget",
		})
	case !b.There.agrees(shorter.There):
		b.Findings = append(b.Findings, diag.Finding{
			Code: "not-settled",
			Message: fmt.Sprintf("annealing in %d steps gives %.2f ± %.2f, in %d steps %.2f ± %.2f",
				shorter.Steps, shorter.There.Value, shorter.There.Stderr, b.Steps, b.There.Value, b.There.Stderr),
			Value: diag.Number(b.There.Value - shorter.There.Value), Threshold: agreement,
			Consequence: "log Z may go on rising with longer runs, and log-likelihoods falling", Remedy: "raise --budget",
		})
	}
}
