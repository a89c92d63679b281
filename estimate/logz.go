package estimate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// Options are those of LogZ.
type Options struct {
	Budget   int64                                           // chain steps; 0 means DefaultBudget
	Seed     uint64                                          // of the random numbers
	Compute  *compute.Context                                // nil means the default; results don't depend on it
	Progress func(done, total int64, expected time.Duration) // chain steps so far and at most, and how long those will take; may be nil

	// Training are configurations that the model was trained on, if they are known and others than data. Chains begin
	// there too, so that modes that data don't show are seen.
	Training rbm.Batch
}

// DefaultBudget is a minute or two on two cores for 784×500 units, and LeastBudget that of the shortest run.
const (
	DefaultBudget = 25_000_000
	LeastBudget   = chains * (2*firstSteps + firstSteps/2) * wholeRun / 10
)

const (
	chains     = 400  // of AIS
	back       = 133  // of reverse AIS from each kind of starts, a third of AIS; also starts of each kind of a search for modes
	firstSteps = 250  // of the shortest run
	wholeRun   = 23   // tenths of its cost: tempering takes as much, and less than a tenth more to end a round, and modes modesPart
	longer     = 3    // times the steps of the run before
	fewest     = 1.5  // times the steps of the run before: less is not worth a last run with what is left of the budget
	goal       = 0.05 // nats: a standard error that is small enough
	jumpEvery  = 8    // sweeps before reverse AIS after which chains may jump again
	agreement  = 3    // standard errors within which two estimates agree
)

// LogZ estimates log Z of a model. data are configurations that the model should give weight to, such as those it was
// trained on or is to be scored with. means and variances are theirs, for the base: means are the probabilities of
// their units to be on, and variances may be nil where no unit is a real number. It returns an error if ctx is
// cancelled, if the model and the data don't fit, or if Z may be infinite
// ([rbm.Model.Coupling]).
func LogZ(ctx context.Context, model *rbm.Model, data rbm.Batch, means, variances []float64, o Options) (*Bracket, error) {
	if data.Units() != model.M() || len(means) != model.M() || variances != nil && len(variances) != model.M() {
		return nil, fmt.Errorf("estimate: data of %d units, %d means and %d variances for a model of %d visible units",
			data.Units(), len(means), len(variances), model.M())
	}
	if o.Training.Rows() > 0 && o.Training.Units() != model.M() {
		return nil, fmt.Errorf("estimate: training data of %d units for a model of %d visible ones", o.Training.Units(), model.M())
	}
	if data.Rows() == 0 {
		return nil, errors.New("estimate: no data to begin chains at")
	}
	if coupling := model.Coupling(1); coupling >= 1 {
		return nil, fmt.Errorf("estimate: the model's real units are coupled by %.3g, want less than 1: from there on Z may be infinite",
			coupling)
	}
	if o.Budget == 0 {
		o.Budget = DefaultBudget
	}
	if o.Budget < LeastBudget {
		return nil, fmt.Errorf("estimate: a budget of %d chain steps, want at least %d", o.Budget, LeastBudget)
	}
	e := newEstimator(model, data, means, variances, o)
	var last *Bracket
	for steps := firstSteps; steps > 0; steps = e.nextSteps(steps) {
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

// Memory is about how many bytes LogZ takes beside the model and the data. A search for modes, the largest of which
// begins in all columns of W, is over when tempering begins.
func Memory(model *rbm.Model) float64 {
	searching, kept := sample.SearchMemory(model, max(2*model.N(), sample.SearchKinds*back))
	return kept + sample.ChainMemory(model, chains) + max(searching, sample.TemperingMemory(model, replicaSets))
}

// cost is the number of chain steps of AIS, of the sweeps before reverse AIS, and of reverse AIS.
func cost(steps int) int64 { return int64(chains) * int64(2*steps+warmUp(steps)) }

// warmUp is the number of sweeps that chains make at the model before reverse AIS.
func warmUp(steps int) int { return steps / 2 }

// nextSteps is the number of steps of the next run, with what is left of the budget; 0 if it isn't worth it.
func (e *estimator) nextSteps(steps int) int {
	tenths := wholeRun + 10*e.regionSteps/cost(steps)
	if !e.few() { // it may need a second tempering
		tenths += 10
	}
	left := (e.o.Budget - e.done) * 10 / tenths
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
	data         rbm.Batch
	means        []float64 // of data
	places       []float64 // of the last run of AIS
	lengths      []float64 // of its steps, summed over AIS and reverse AIS
	conditionals *rbm.Conditionals
	modes        *sample.Modes // nil where [sample.CheckModes] has an error
	jumps        *sample.Jumps // of chains before reverse AIS, where more modes were found than are listed; or nil
	regionSteps  int64         // chain steps of AIS from regions in this run
	regions      *regions      // where not all modes that matter are well known; or nil
	known        rbm.Batch     // starts of the next search for modes, beside its own
	key          rng.Key
	runs         uint32
	least        sample.Least
	lowest       rbm.Batch // the row of lowest F seen so far
	o            Options
	begun        time.Time
	done         int64
}

func newEstimator(model *rbm.Model, data rbm.Batch, means, variances []float64, o Options) *estimator {
	base := sample.IndependentModel(model)
	base.SetMoments(means, variances)
	e := &estimator{
		model: model, base: base, data: data, means: means, o: o, begun: time.Now(),
		conditionals: rbm.NewConditionals(model, o.Compute), key: rng.Seed(o.Seed).Stream(rng.StreamEstimate),
	}
	if sample.CheckModes(model) == nil {
		e.modes = sample.NewModes(model, o.Compute)
	}
	e.seeData()
	e.known = stack(e.lowest, e.rows(back, e.key))
	return e
}

// line goes from the base, as it is, to the model.
func (e *estimator) line() *rbm.Line { return rbm.NewLine(e.base, e.model, e.conditionals) }

// The streams of random numbers of a run.
const (
	streamAIS rng.Stream = iota + 1
	streamEnds
	streamData
	streamTempering
	streamRandom
	streamModes
	streamKnown
	streamJumps
	streamTemperingAgain
	streamRegions
)

// runKey gives every run random numbers of its own.
func (e *estimator) runKey() rng.Key { return e.key.Stream(rng.Stream(e.runs)) }

// run makes all five estimates, those by AIS with the given number of steps, and a sixth where it can settle them.
func (e *estimator) run(ctx context.Context, steps int) (*Bracket, error) {
	if err := e.findModes(ctx, steps, e.runKey().Stream(streamModes)); err != nil {
		return nil, err
	}
	e.broaden()
	e.regionSteps = 0
	e.places, e.lengths = e.schedule(steps), make([]float64, steps)
	b := &Bracket{Steps: steps}
	ends, byAIS, shares, err := e.forward(ctx, b)
	if err != nil {
		return nil, err
	}
	random, err := e.backward(ctx, b, ends, shares)
	if err != nil {
		return nil, err
	}
	key := e.runKey().Stream(streamTempering)
	tempered, byTempering, states, err := e.tempered(ctx, sample.FromBiases(e.base, replicaSets, key), cost(steps), key)
	if err != nil {
		return nil, err
	}
	b.Tempered, _ = e.complete(tempered, byTempering)
	b.MissedByTempering = b.Tempered.Value - tempered.Value
	b.Modes = e.list(byAIS, byTempering.modes, shares)
	e.known = stack(random, states, e.lowest, e.rows(back, e.runKey().Stream(streamKnown)))
	b.Least = e.least
	b.combine()
	if !e.few() && b.undecided() && e.done+cost(steps) <= e.o.Budget { // the few modes have their shares by AIS from them
		key := e.runKey().Stream(streamTemperingAgain)
		starts := stack(e.rows(replicaSets/2, key), spread(random, replicaSets/2))
		z, by, _, err := e.tempered(ctx, starts, cost(steps), key)
		if err != nil {
			return nil, err
		}
		if z.ESS >= travelled {
			b.TemperedAgain, _ = e.complete(z, by)
			b.combine()
		}
	}
	e.runs++
	return b, nil
}

// forward is AIS. byAIS are the shares of the modes by its chains, and shares those by AIS from the modes too. ends are
// samples of its end points.
func (e *estimator) forward(ctx context.Context, b *Bracket) (ends rbm.Batch, byAIS, shares []sample.LogZ, err error) {
	key := e.runKey().Stream(streamAIS)
	line := e.line()
	ais := sample.NewIndependent(line.Base(), chains, key)
	ais.Jumps = e.jumps
	lengths, err := ais.Anneal(ctx, line, e.places, func(int) { e.report(chains) })
	if err != nil {
		return ends, nil, nil, err
	}
	e.add(lengths)
	by := e.seen(ais)
	b.AIS, shares = e.complete(ais.LogZ(), by)
	if e.modes != nil && !e.settled(shares) {
		if err := e.findRegions(ctx, ais, e.runKey().Stream(streamRegions)); err != nil {
			return ends, nil, nil, err
		}
		by = e.seen(ais)
		b.AIS, shares = e.complete(ais.LogZ(), by)
	}
	b.MissedByAIS = b.AIS.Value - ais.LogZ().Value
	b.settledModes = e.settled(shares)
	ais.Resample()
	return spread(ais.Chains.Visible, back), by.modes, shares, nil // copies of a chain stand side by side
}

// backward is reverse AIS from end points, data and random restarts. It returns the states that the random restarts
// came to at the model.
func (e *estimator) backward(ctx context.Context, b *Bracket, ends rbm.Batch, shares []sample.LogZ) (random rbm.Batch, err error) {
	key := e.runKey()
	if b.ReverseEnds, _, _, err = e.reverse(ctx, ends, nil, key.Stream(streamEnds)); err != nil {
		return random, err
	}
	b.ReverseEnds.Value += b.MissedByAIS
	starts := e.rows(back, key)
	if b.ReverseData, b.coveredByData, _, err = e.reverse(ctx, starts, shares, key.Stream(streamData)); err != nil {
		return random, err
	}
	starts = sample.RandomStarts(e.model, back, key.Stream(streamRandom))
	b.ReverseRandom, b.coveredByRandom, random, err = e.reverse(ctx, starts, shares, key.Stream(streamRandom))
	return random, err
}

// rows returns count rows of data, or half of them of the training data where these are known.
func (e *estimator) rows(count int, key rng.Key) rbm.Batch {
	if e.o.Training.Rows() == 0 {
		return sample.FromRows(e.data, count, key)
	}
	return stack(sample.FromRows(e.data, (count+1)/2, key), sample.FromRows(e.o.Training, count/2, key.Stream(1)))
}

// seen returns log Σ e^(−F(v)) over the modes and the regions by weighted chains of the model.
func (e *estimator) seen(p *sample.WeightedChains) (by seen) {
	if e.modes != nil {
		by.modes = e.modes.Shares(p)
	}
	if e.regions != nil {
		by.regions = p.LogZOf(e.regions.cells, len(e.regions.list))
	}
	return by
}

// stack returns the rows of all batches, one below the other.
func stack(batches ...rbm.Batch) rbm.Batch {
	rows, like := 0, batches[0]
	for _, b := range batches {
		if b.Rows() > 0 {
			rows, like = rows+b.Rows(), b
		}
	}
	whole, at := like.Like(rows), 0
	for _, b := range batches {
		if b.Rows() > 0 {
			whole.Slice(at, at+b.Rows()).Copy(b)
			at += b.Rows()
		}
	}
	return whole
}

// spread returns count rows of a batch, at equal distances.
func spread(b rbm.Batch, count int) rbm.Batch {
	index := make([]int, count)
	for k := range index {
		index[k] = k * b.Rows() / count
	}
	rows := b.Like(count)
	rows.Gather(b, index)
	return rows
}

// reverse is reverse AIS from chains that first make warmUp sweeps at the model, where they are at states at. With
// shares the chains get weights that give each mode its share among them; covered is the part of Z in modes with
// chains. Where the list of modes is cut, so that there are no such weights, chains jump between all modes that were
// found, and so come to have their shares by themselves. A mode that jumps don't know keeps its chains.
func (e *estimator) reverse(ctx context.Context, start rbm.Batch, shares []sample.LogZ, key rng.Key) (
	z sample.LogZ, covered float64, at rbm.Batch, err error,
) {
	chains := sample.NewChains(start, e.model.Hidden, key)
	for sweep := range warmUp(len(e.places) - 1) {
		if ctx.Err() != nil {
			return z, 0, at, ctx.Err()
		}
		if e.jumps != nil && sweep%jumpEvery == 0 {
			e.jumps.Move(chains.Visible, e.conditionals.FreeEnergy, key.Stream(streamJumps), uint64(sweep))
		}
		chains.Sweep(e.conditionals, 1)
		e.report(start.Rows())
	}
	at = chains.Visible.Clone()
	e.seeStates(at)
	var weights []float64
	if e.modes == nil {
		covered = 1 // for all that is known
	}
	if shares != nil {
		weights, covered = e.startWeights(at, parts(shares))
	}
	z, lengths, err := sample.ReverseAIS(ctx, e.line(), e.places, chains, weights, e.jumps, key, func(int) { e.report(start.Rows()) })
	if err != nil {
		return z, 0, at, err
	}
	e.add(lengths)
	z.Value += sample.LogZWithoutWeights(e.base)
	return z, covered, at, nil
}

// add sums up the lengths of the steps.
func (e *estimator) add(lengths []float64) {
	for k, x := range lengths {
		e.lengths[k] += x
	}
}

// schedule returns the places of the next run of AIS: evenly spaced at first, and then so that the steps of a run are
// alike in what they add to the spread of the weights, by the lengths that they had in the run before, all but the part
// even of them.
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
