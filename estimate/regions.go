package estimate

import (
	"context"
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// regions are a partition of the configurations of a model of which not all modes that matter are well known. The first
// region is where AIS from the base ends. Each of the others is around states far from there, which chains from fixed points
// have come to.
//
// AIS from the means of region k estimates log Z_k = log Σ_{v in k} e^(−F(v)) as AIS from a mode does: a lower bound in
// probability, whether or not AIS from the base has found the region.
type regions struct {
	list  []region
	cells *sample.Cells
}

type region struct {
	means   []float32
	own     sample.LogZ // log Z_k by AIS from the means; −Inf where that was not needed
	part    float64     // Z_k/Z, by AIS from the base, and by that from the means where it has missed some
	missing bool        // AIS from the base has missed some of the region in this run,
	settled bool        // or was found to miss nothing that counts, now or in a run before
}

const (
	mostRegions   = 8     // looked for in a run
	settling      = 25    // sweeps of chains from fixed points before they are looked at
	leastInside   = 7     // of these chains in a region
	mostRefits    = 20    // of the means of a region
	coins         = 0.5   // rows of fair coins that count in these means
	wellVisited   = 100   // effective sample size of AIS from the base in a region that needs no AIS of its own
	lookChains    = 16    // of AIS from a region that shows whether it may matter,
	lookSteps     = 4     // in a quarter of the steps
	regionsPart   = 5     // tenths of the chain steps of AIS and reverse AIS in a run: most of AIS from all regions that may matter,
	fewestOwn     = 20    // and fewest steps of it
	regionMatters = 0.003 // least part of Z of a region
	rounding      = 1e-9  // of log Z_k, in nats
)

// The streams of random numbers of regions. Those of AIS from region k are k places further.
const (
	streamSettling rng.Stream = iota
	streamLook                = 1 << 10
	streamOwn                 = 1 << 11
)

// findRegions looks for more regions by chains from fixed points, and estimates log Z_k of those of which the chains of AIS
// from the base may have too little.
func (e *estimator) findRegions(ctx context.Context, ais *sample.WeightedChains, key rng.Key) error {
	if z := ais.LogZ().Value; math.IsNaN(z) || math.IsInf(z, 0) { // energies too large for AIS
		return nil
	}
	settle := key.Stream(streamSettling)
	chains := sample.NewChains(e.modes.Jumps().Samples(back, settle.Stream(rng.StreamStart)), e.model.Hidden, settle)
	for range settling {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		chains.Sweep(e.conditionals, 1)
		e.report(back)
	}
	e.seeStates(chains.Visible)
	if e.regions == nil {
		e.regions = &regions{list: make([]region, 1)}
	}
	largest := slices.Max(ais.LogWeights)
	ends := means(ais.Chains.Visible, func(r int) float64 { return math.Exp(ais.LogWeights[r] - largest) })
	e.regions.list[0] = region{means: ends, settled: true}
	e.divide(chains.Visible)
	e.regions.cells = e.cells()
	return e.measureRegions(ctx, ais, key)
}

// divide adds regions around states that are improbable in the regions so far, the least probable first.
func (e *estimator) divide(states rbm.Batch) {
	rows := states.Rows()
	labels, logP, tried := make([]int, rows), make([]float32, rows), make([]bool, rows)
	for range min(mostRegions, rows) {
		e.cells().Nearest(labels, logP, states)
		far := slices.Index(tried, false)
		for r, x := range logP {
			if !tried[r] && x < logP[far] {
				far = r
			}
		}
		tried[far] = true
		if μ := e.refit(states, far, e.regions.list[labels[far]].means); μ != nil {
			e.regions.list = append(e.regions.list, region{means: μ})
		}
	}
}

// refit returns the means of a region around one of some states, nil where too few of these are in it. It begins half way
// between the state and the region that it belonged to, and goes on as 2-means with all other regions as they are
// (S. P. Lloyd, IEEE Trans. Inf. Theory 28 (1982) 129).
func (e *estimator) refit(states rbm.Batch, around int, from []float32) []float32 {
	μ := means(states.Slice(around, around+1), func(int) float64 { return 1 })
	for i, x := range from {
		μ[i] = (μ[i] + x) / 2
	}
	labels, inside, now := make([]int, states.Rows()), 0, len(e.regions.list)
	for range mostRefits {
		e.cells(μ).Labels(labels, states)
		before := inside
		inside = 0
		for _, k := range labels {
			if k == now {
				inside++
			}
		}
		if inside < leastInside {
			return nil
		} else if inside == before {
			break
		}
		μ = means(states, func(r int) float64 {
			if labels[r] == now {
				return 1
			}
			return 0
		})
	}
	return μ
}

// cells are those of the regions and of more means.
func (e *estimator) cells(more ...[]float32) *sample.Cells {
	var all []float32
	for _, r := range e.regions.list {
		all = append(all, r.means...)
	}
	return sample.NewCells(e.model.Visible, append(all, slices.Concat(more...)...), e.o.Compute)
}

// means are the weighted means of the bits of v.
func means(v rbm.Batch, weight func(row int) float64) []float32 {
	sums, whole := make([]float64, v.Units()), coins
	for r := range v.Rows() {
		w := weight(r)
		whole += w
		for i := range v.On(r) {
			sums[i] += w
		}
	}
	means := make([]float32, len(sums))
	for i, x := range sums {
		means[i] = float32((x + coins/2) / whole)
	}
	return means
}

// measureRegions is AIS from the regions in which few chains of AIS from the base are, unless a first look finds them too
// small to matter, or a run before has found that AIS from the base has its part of them.
func (e *estimator) measureRegions(ctx context.Context, ais *sample.WeightedChains, key rng.Key) error {
	list, whole, before := e.regions.list, ais.LogZ(), e.done
	seen := ais.LogZOf(e.regions.cells, len(list))
	look := e.schedule((len(e.places) - 1) / lookSteps)
	var matter []int
	for k := range list {
		list[k].own = sample.LogZ{Value: math.Inf(-1)}
		if list[k].missing {
			matter = append(matter, k)
			continue
		} else if list[k].settled || seen[k].ESS >= wellVisited {
			continue
		}
		z, err := e.fromRegion(ctx, k, lookChains, look, key.Stream(streamLook+rng.Stream(k)))
		if err != nil {
			return err
		}
		if z.Value+2*z.Stderr > whole.Value+math.Log(regionMatters) {
			matter = append(matter, k)
		}
	}
	if steps := e.stepsOfRegions(len(matter)); steps >= fewestOwn {
		places := e.schedule(steps)
		for _, k := range matter {
			var err error
			if list[k].own, err = e.fromRegion(ctx, k, back, places, key.Stream(streamOwn+rng.Stream(k))); err != nil {
				return err
			}
		}
	}
	e.regionSteps = e.done - before
	_, shares := e.regions.complete(whole, seen)
	for k, part := range parts(shares) {
		r := &list[k]
		if r.part = part; !r.measured() {
			continue
		}
		r.missing = shares[k].Value > seen[k].Value+rounding
		ownError, chance := doubts(whole, r.own, whole.Value)
		r.settled = !r.missing && agreement*math.Hypot(ownError, chance) <= goal
	}
	return nil
}

// stepsOfRegions is the number of steps of AIS from each of count regions that a run pays for: no more than those of its AIS,
// and no more than the budget has beside the rest of the run.
func (e *estimator) stepsOfRegions(count int) int {
	steps := len(e.places) - 1
	whole, forward := cost(steps), chains*int64(steps)
	most := min(regionsPart*whole/10, e.o.Budget-e.done-(wholeRun*whole/10-forward))
	return min(steps, int(most)/(back*max(1, count)))
}

// complete adds to an estimate what it has missed by AIS from the regions: of each region, or of all that are measured taken
// as one, where that is more. What is within chance in each of several regions may be beyond it in all of them.
func (r *regions) complete(z sample.LogZ, seen []sample.LogZ) (whole sample.LogZ, shares []sample.LogZ) {
	own := make([]sample.LogZ, len(r.list))
	var inside, outside, measured []sample.LogZ
	for k := range own {
		if own[k] = r.list[k].own; r.list[k].measured() {
			inside, measured = append(inside, seen[k]), append(measured, own[k])
		} else {
			outside = append(outside, seen[k])
		}
	}
	whole, shares = join(z, seen, own, false)
	if len(measured) < 2 {
		return whole, shares
	}
	seenTogether := []sample.LogZ{sample.SumLogZ(outside...), sample.SumLogZ(inside...)}
	together, _ := join(z, seenTogether, []sample.LogZ{{Value: math.Inf(-1)}, sample.SumLogZ(measured...)}, false)
	if together.Value > whole.Value {
		whole = together
		for k := range shares {
			if r.list[k].measured() {
				shares[k] = own[k]
			}
		}
	}
	return whole, shares
}

// measured reports whether AIS from the region has an estimate.
func (r region) measured() bool { return !math.IsInf(r.own.Value, -1) }

// missing reports whether AIS from the base has missed some of a region.
func (r *regions) missing() bool {
	return r != nil && slices.ContainsFunc(r.list, func(r region) bool { return r.missing })
}

// fromRegion is AIS from the means of region k by count chains, which jump between the modes in it.
func (e *estimator) fromRegion(ctx context.Context, k, count int, places []float64, key rng.Key) (sample.LogZ, error) {
	line := rbm.NewLine(sample.IndependentAt(e.model, e.regions.list[k].means), e.model, e.conditionals)
	chains := sample.NewIndependent(line.Base(), count, key)
	chains.Jumps = e.modes.Jumps().Within(e.regions.cells, k)
	if _, err := chains.Anneal(ctx, line, places, func(int) { e.report(count) }); err != nil {
		return sample.LogZ{}, err
	}
	return chains.LogZOf(e.regions.cells, len(e.regions.list))[k], nil
}
