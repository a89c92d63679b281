package estimate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"harmonium/compute"
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
)

// Options are those of LogZ.
type Options struct {
	Budget   int64                                           // chain steps; 0 means DefaultBudget
	Seed     uint64                                          // of the random numbers
	Compute  *compute.Context                                // nil means the default; results don't depend on it
	Progress func(done, total int64, expected time.Duration) // chain steps so far and at most, and how long those will take; may be nil

	// Between are models between the base and the model for annealing and tempering to pass, such as those saved along a training. None: the
	// straight line, which is shorter (docs/decisions/0030).
	Between []*rbm.Model
}

// DefaultBudget is a minute or two on two cores for 784×500 units, and LeastBudget that of the shortest run.
const (
	DefaultBudget = 25_000_000
	LeastBudget   = 2 * chains * (2*firstSteps + firstSteps/2) * 115 / 100
)

const (
	chains     = 400  // of AIS
	back       = 133  // of reverse AIS from each kind of starts
	firstSteps = 250  // of the shortest run
	longer     = 3    // times the steps of the run before
	fewest     = 1.5  // times: the last run, which takes what is left of the budget, is worth it
	goal       = 0.05 // nats: a standard error that is small enough
	agreement  = 3    // standard errors within which two estimates agree
)

// LogZ estimates log Z of a model. data are configurations that the model should give weight to, such as those it was trained on
// or is to be scored with; means are the probabilities of their units to be on, for the base. It returns an error if ctx is
// cancelled, or if the model and the data don't fit.
func LogZ(ctx context.Context, model *rbm.Model, data rbm.Batch, means []float64, o Options) (*Bracket, error) {
	if data.Units() != model.M() || len(means) != model.M() {
		return nil, fmt.Errorf("estimate: data of %d units and %d means for a model of %d visible ones", data.Units(), len(means), model.M())
	}
	for k, between := range o.Between {
		if !between.Fits(model) {
			return nil, fmt.Errorf("estimate: model %d on the path has %d %v and %d %v units, the model %d %v and %d %v", k,
				between.M(), between.Visible.Kind(), between.N(), between.Hidden.Kind(),
				model.M(), model.Visible.Kind(), model.N(), model.Hidden.Kind())
		}
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

// cost is the number of chain steps of AIS, of the sweeps before reverse AIS, and of reverse AIS. Tempering takes as many, and less than a
// tenth more to end a round.
func cost(steps int) int64 { return int64(chains) * int64(2*steps+warmUp(steps)) }

// warmUp is the number of sweeps that chains make at the model before reverse AIS.
func warmUp(steps int) int { return steps / 2 }

// nextSteps is the length of the run after one of so many steps, with what is left of the budget; 0 if it isn't worth it.
func nextSteps(steps int, left int64) int {
	left = left * 10 / 23
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
	path         sample.Path
	data         rbm.Batch
	places       []float64 // of the last annealing
	lengths      []float64 // of its steps, summed over AIS and reverse AIS
	conditionals *rbm.Conditionals
	modes        *sample.Modes // nil where the units are no bits
	known        rbm.Batch     // states to look for modes from
	means        []float64
	random       rbm.Batch
	key          rng.Key
	runs         uint32
	o            Options
	begun        time.Time
	done         int64
}

func newEstimator(model *rbm.Model, data rbm.Batch, means []float64, o Options) *estimator {
	base := sample.IndependentModel(model)
	base.SetBiasesFromMeans(means)
	path := slices.Concat(sample.Path{base}, o.Between, sample.Path{model})
	e := &estimator{
		model: model, base: base, path: path, data: data, o: o, begun: time.Now(),
		conditionals: rbm.NewConditionals(model, o.Compute), key: rng.Seed(o.Seed).Stream(rng.StreamEstimate),
		modes: sample.NewModes(model, o.Compute), means: means,
	}
	e.known = sample.FromRows(data, back, e.key)
	return e
}

// run makes all five estimates with so many steps.
func (e *estimator) run(ctx context.Context, steps int) (*Bracket, error) {
	key := e.key.Stream(runStream(e.runs))
	if err := e.findModes(ctx, steps, key.Stream(6)); err != nil {
		return nil, err
	}
	if e.runs == 0 {
		e.broaden()
	}
	e.places, e.lengths = e.schedule(steps), make([]float64, steps)
	ais, lengths, err := sample.AIS(ctx, e.path, e.places, chains, e.conditionals, key.Stream(1), func(int) { e.report(chains) })
	if err != nil {
		return nil, err
	}
	e.add(lengths)
	b := &Bracket{Steps: steps, AIS: ais.LogZ()}
	b.Found = math.Inf(-1)
	seenByAIS := e.modes.Shares(ais)
	corrected := e.corrected(b.AIS, size(b.AIS), seenByAIS)
	shares := portions(corrected)
	ais.Resample()
	ended := rbm.NewBatch(back, e.model.M())
	ended.Gather(ais.Chains.Visible, spread()) // copies of a chain stand side by side
	for _, reverse := range []struct {
		estimate *sample.LogZ
		start    rbm.Batch
		shares   []float64
		covered  *float64
		key      rng.Key
	}{
		{&b.ReverseEnds, ended, nil, new(float64), key.Stream(2)}, {&b.ReverseData, sample.FromRows(e.data, back, key), shares, &b.coveredByData, key.Stream(3)},
		{&b.ReverseRandom, sample.RandomStarts(e.model, back, key.Stream(5)), shares, &b.coveredByRandom, key.Stream(5)},
	} {
		z, covered, free, err := e.reverse(ctx, reverse.start, reverse.shares, reverse.key)
		if err != nil {
			return nil, err
		}
		*reverse.estimate, *reverse.covered = z, covered
		for r, f := range free {
			if -f > b.Found {
				b.Found = -f
			}
			_ = r
		}
	}
	tempered, seenByTempering, states, err := e.tempered(ctx, cost(steps))
	if err != nil {
		return nil, err
	}
	b.Tempered = tempered
	b.exhaustive = e.exhaust(corrected)
	b.addMissed(sample.SumLogZ(corrected...), sample.SumLogZ(e.corrected(tempered, size(tempered), seenByTempering)...))
	b.Modes = e.listModes(seenByAIS, seenByTempering)
	e.remember(e.random, sample.FromRows(e.data, back, key), states)
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

// reverse is reverse AIS from chains that first make some sweeps at the model. free are F of the chains at the model.
func (e *estimator) reverse(ctx context.Context, start rbm.Batch, shares []float64, key rng.Key) (
	z sample.LogZ, covered float64, free []float64, err error,
) {
	chains := sample.NewChains(start, e.model.N(), key)
	for range warmUp(len(e.places) - 1) {
		if ctx.Err() != nil {
			return z, 0, nil, ctx.Err()
		}
		chains.Sweep(e.conditionals, 1)
		e.report(start.Rows())
	}
	free = make([]float64, start.Rows())
	e.random = chains.Visible.Clone()
	e.conditionals.FreeEnergy(free, chains.Visible)
	weights, covered := e.startWeights(chains.Visible, shares)
	z, lengths, err := sample.ReverseAIS(ctx, e.path, e.places, chains, weights, e.conditionals, key, func(int) { e.report(start.Rows()) })
	if err != nil {
		return z, 0, nil, err
	}
	e.add(lengths)
	e.conditionals.Update(e.model)
	z.Value += sample.LogZWithoutWeights(e.base)
	return z, covered, free, nil
}

// add sums up the lengths of the steps.
func (e *estimator) add(lengths []float64) {
	for k, x := range lengths {
		e.lengths[k] += x
	}
}

// schedule returns the places of the next annealing: evenly spaced at first, and then so that the steps of a run are alike in
// what they add to the spread of the weights, by the lengths that they had in the run before, all but the part even of them.
func (e *estimator) schedule(steps int) []float64 {
	if e.places == nil {
		return sample.Even(steps)
	}
	const even = 0.3
	whole := 0.0
	for _, x := range e.lengths {
		whole += x
	}
	lengths := make([]float64, len(e.lengths))
	for k, x := range e.lengths {
		lengths[k] = even * (e.places[k+1] - e.places[k])
		if whole > 0 {
			lengths[k] += (1 - even) * x / whole
		}
	}
	return sample.Respace(e.places, lengths, steps)
}

func (e *estimator) report(chainSteps int) {
	e.done += int64(chainSteps)
	if e.o.Progress != nil {
		pace := float64(time.Since(e.begun)) / float64(e.done)
		e.o.Progress(e.done, e.o.Budget, time.Duration(pace*float64(e.o.Budget)))
	}
}
