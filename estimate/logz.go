package estimate

import (
	"context"
	"errors"
	"fmt"
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

	// Training are configurations that the model was trained on, if they are known and others than data. Chains begin there too, so that
	// modes that data don't show are seen.
	Training rbm.Batch

	// Between are models that AIS and tempering pass between the base and the model, such as those saved along a training. None: the
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
		return nil, fmt.Errorf("estimate: data of %d units and %d means for a model of %d visible ones",
			data.Units(), len(means), model.M())
	}
	if err := sample.CheckBetween(o.Between, model); err != nil {
		return nil, fmt.Errorf("estimate: %w", err)
	}
	if o.Training.Rows() > 0 && o.Training.Units() != model.M() {
		return nil, fmt.Errorf("estimate: training data of %d units for a model of %d visible ones", o.Training.Units(), model.M())
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
		if len(b.Findings) == 0 && b.Stderr <= goal {
			break
		}
	}
	last.ChainSteps = e.done
	return last, nil
}

// Memory is about how many bytes LogZ takes beside the model and the data.
func Memory(model *rbm.Model) float64 {
	return sample.ChainMemory(model, chains) + sample.TemperingMemory(model, replicaSets)
}

// cost is the number of chain steps of AIS, of the sweeps before reverse AIS, and of reverse AIS. Tempering takes as many, and less than a
// tenth more to end a round.
func cost(steps int) int64 { return int64(chains) * int64(2*steps+warmUp(steps)) }

// warmUp is the number of sweeps that chains make at the model before reverse AIS.
func warmUp(steps int) int { return steps / 2 }

// nextSteps is the number of steps of the next run, with what is left of the budget; 0 if it isn't worth it.
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
	means        []float64 // of data
	places       []float64 // of the last run of AIS
	lengths      []float64 // of its steps, summed over AIS and reverse AIS
	conditionals *rbm.Conditionals
	modes        *sample.Modes // nil where the units are no bits
	known        rbm.Batch     // states to look for modes from in the next run
	key          rng.Key
	runs         uint32
	least        sample.Least
	lowest       rbm.Batch // the row of lowest F seen so far
	o            Options
	begun        time.Time
	done         int64
}

func newEstimator(model *rbm.Model, data rbm.Batch, means []float64, o Options) *estimator {
	base := sample.IndependentModel(model)
	base.SetBiasesFromMeans(means)
	path := slices.Concat(sample.Path{base}, o.Between, sample.Path{model})
	e := &estimator{
		model: model, base: base, path: path, data: data, means: means, o: o, begun: time.Now(),
		conditionals: rbm.NewConditionals(model, o.Compute), key: rng.Seed(o.Seed).Stream(rng.StreamEstimate),
	}
	if model.CheckBits() == nil {
		e.modes = sample.NewModes(model, o.Compute)
	}
	e.seeData()
	e.known = stack(e.lowest, e.rows(back, e.key))
	return e
}

// run makes all five estimates, those by AIS with the given number of steps.
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
	b := &Bracket{Steps: steps}
	byAIS := e.shares(ais)
	whole, shares := e.complete(ais.LogZ(), byAIS)
	b.AIS, b.MissedByAIS = whole, whole.Value-ais.LogZ().Value
	b.settledModes = e.settled(shares)

	ais.Resample()
	ended := rbm.NewBatch(back, e.model.M())
	ended.Gather(ais.Chains.Visible, spread()) // copies of a chain stand side by side
	var random rbm.Batch
	if b.ReverseEnds, _, _, err = e.reverse(ctx, ended, nil, key.Stream(2)); err != nil {
		return nil, err
	}
	b.ReverseEnds.Value += b.MissedByAIS
	starts := e.rows(back, key)
	if b.ReverseData, b.coveredByData, _, err = e.reverse(ctx, starts, shares, key.Stream(3)); err != nil {
		return nil, err
	}
	starts = sample.RandomStarts(e.model, back, key.Stream(5))
	if b.ReverseRandom, b.coveredByRandom, random, err = e.reverse(ctx, starts, shares, key.Stream(5)); err != nil {
		return nil, err
	}

	tempered, byTempering, states, err := e.tempered(ctx, cost(steps))
	if err != nil {
		return nil, err
	}
	b.Tempered, _ = e.complete(tempered, byTempering)
	b.MissedByTempering = b.Tempered.Value - tempered.Value
	b.Modes = e.list(byAIS, byTempering, shares)
	e.known = stack(random, states, e.lowest, e.rows(back, key.Stream(7)))
	b.Least = e.least
	b.combine()
	e.runs++
	return b, nil
}

// rows are rows of data, or of these and of training data, half of each.
func (e *estimator) rows(count int, key rng.Key) rbm.Batch {
	if e.o.Training.Rows() == 0 {
		return sample.FromRows(e.data, count, key)
	}
	return stack(sample.FromRows(e.data, (count+1)/2, key), sample.FromRows(e.o.Training, count/2, key.Stream(1)))
}

// shares are the shares of the modes by weighted chains of the model.
func (e *estimator) shares(p *sample.WeightedChains) []sample.LogZ {
	if e.modes == nil {
		return nil
	}
	return e.modes.Shares(p)
}

// stack copies rows one below the other.
func stack(batches ...rbm.Batch) rbm.Batch {
	rows := 0
	for _, b := range batches {
		rows += b.Rows()
	}
	whole, at := rbm.NewBatch(rows, batches[0].Units()), 0
	for _, b := range batches {
		if b.Rows() > 0 {
			whole.Slice(at, at+b.Rows()).Copy(b)
			at += b.Rows()
		}
	}
	return whole
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

// reverse is reverse AIS from chains that first make some sweeps at the model. shares, unless nil, are those of the modes, which weights
// give to the chains: covered is the part of Z in modes that chains are in. at is where the chains are before they go back.
func (e *estimator) reverse(ctx context.Context, start rbm.Batch, shares []sample.LogZ, key rng.Key) (
	z sample.LogZ, covered float64, at rbm.Batch, err error,
) {
	chains := sample.NewChains(start, e.model.N(), key)
	for range warmUp(len(e.places) - 1) {
		if ctx.Err() != nil {
			return z, 0, at, ctx.Err()
		}
		chains.Sweep(e.conditionals, 1)
		e.report(start.Rows())
	}
	at = chains.Visible.Clone()
	e.see(at)
	var weights []float64
	if shares != nil {
		weights, covered = e.startWeights(at, parts(shares))
	}
	z, lengths, err := sample.ReverseAIS(
		ctx, e.path, e.places, chains, weights, e.conditionals, key, func(int) { e.report(start.Rows()) })
	if err != nil {
		return z, 0, at, err
	}
	e.add(lengths)
	e.conditionals.Update(e.model)
	z.Value += sample.LogZWithoutWeights(e.base)
	return z, covered, at, nil
}

// add sums up the lengths of the steps.
func (e *estimator) add(lengths []float64) {
	for k, x := range lengths {
		e.lengths[k] += x
	}
}

// schedule returns the places of the next run of AIS: evenly spaced at first, and then so that the steps of a run are alike in
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
