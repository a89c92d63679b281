package estimate

import (
	"context"
	"math"
	"slices"

	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
)

// A part of what a run costs goes into shares of modes: in a first round by few chains in short runs, then of the modes that may
// matter.
const (
	modesPart     = 0.1  // of the chain steps of a run
	screening     = 0.25 // of these
	screenChains  = 16
	modeChains    = 40
	fewestSteps   = 8
	smallestShare = 1e-4 // of log Z that may matter
)

// findModes looks for modes, more at each run, and estimates their shares of Z.
func (e *estimator) findModes(ctx context.Context, steps int, key rng.Key) error {
	if e.modes == nil {
		return nil
	}
	if err := e.modes.Search(ctx, back, e.known, key); err != nil {
		return err
	}
	budget := modesPart * float64(cost(steps))
	if err := e.modeShares(ctx, e.all(), screenChains, steps, screening*budget, key.Stream(1)); err != nil {
		return err
	}
	return e.modeShares(ctx, e.promising(), modeChains, steps, (1-screening)*budget, key.Stream(2))
}

// all are the modes whose shares are unknown.
func (e *estimator) all() []int {
	var list []int
	for k, mode := range e.modes.List {
		if mode.LogZ.ESS == 0 {
			list = append(list, k)
		}
	}
	return list
}

// promising are the modes whose shares may be a part of Z that matters.
func (e *estimator) promising() []int {
	whole, list := e.modes.LogZ().Value, []int(nil)
	for _, mode := range e.modes.List {
		whole = max(whole, mode.Bound)
	}
	for k, mode := range e.modes.List {
		if max(mode.LogZ.Value, mode.Bound) > whole+math.Log(smallestShare) {
			list = append(list, k)
		}
	}
	return list
}

// modeShares estimates the shares of these modes, with so many chain steps in all.
func (e *estimator) modeShares(ctx context.Context, list []int, chains, steps int, budget float64, key rng.Key) error {
	if len(list) == 0 {
		return nil
	}
	steps = min(max(int(budget)/(len(list)*chains), fewestSteps), steps)
	for _, k := range list {
		if err := e.modes.AIS(ctx, k, chains, steps, e.conditionals, key.Stream(rng.Stream(k))); err != nil {
			return err
		}
		e.report(chains * steps)
	}
	return nil
}

// corrected is an estimate of log Z as the sum of its shares of the modes, each put together with that of AIS from the mode itself. An
// estimate whose chains are worth size independent ones sees a part p of Z with the standard error √(p(1−p)/size), so that it may well
// have seen nothing of a small part, and be right in the mean.
//
// Both are lower bounds in probability: where they differ by more than their errors the larger holds. Where they don't, the weighted mean of the two
// does, if the mode is well known; and the estimate's own share, if it is not.
func (e *estimator) corrected(z sample.LogZ, size float64, seen []sample.LogZ) (shares []sample.LogZ) {
	shares = slices.Clone(seen)
	for k, s := range seen {
		own := e.modes.List[k].LogZ
		p, q := math.Exp(own.Value-z.Value), math.Exp(s.Value-z.Value) // in units of the estimate
		ownError := p * own.Stderr
		if p-q > agreement*math.Hypot(ownError, math.Sqrt(p*(1+p)/size)) {
			shares[k] = own
			continue
		}
		seenError := max(q*s.Stderr, math.Sqrt(p/size))
		if q-p > agreement*math.Hypot(ownError, seenError) || !wellKnown(own) || p == 0 {
			continue
		}
		a, b := 1/(ownError*ownError), 1/(seenError*seenError)
		mean := (a*p + b*q) / (a + b)
		shares[k] = sample.LogZ{Value: z.Value + math.Log(mean), Stderr: 1 / math.Sqrt(a+b) / mean, ESS: own.ESS}
	}
	return shares
}

// wellKnown reports whether AIS from a mode has hardly had to weight its chains.
func wellKnown(own sample.LogZ) bool { return own.ESS >= modeChains/2 && own.Stderr <= goal }

// size is the number of independent chains that an estimate is worth.
func size(z sample.LogZ) float64 { return min(z.ESS, 1/(z.Stderr*z.Stderr)) }

// sure is a limit of an estimate, agreement standard errors away, of Z and not of log Z.
func sure(z sample.LogZ, sign float64) float64 {
	return z.Value + math.Log(max(1+sign*agreement*z.Stderr, 0))
}

// seenByTempering turns the parts of its states that were in each mode, by group of replica sets, into shares of Z.
func seenByTempering(tempered sample.LogZ, counts [][groups]int) []sample.LogZ {
	seen := make([]sample.LogZ, len(counts))
	whole := 0.0
	for _, c := range counts {
		for _, n := range c {
			whole += float64(n)
		}
	}
	for k, c := range counts {
		var mean, squares float64
		for _, n := range c {
			mean += float64(n) / whole
		}
		for _, n := range c {
			d := float64(n)/whole*groups - mean
			squares += d * d
		}
		seen[k] = sample.LogZ{Value: tempered.Value + math.Log(mean)}
		if mean > 0 {
			seen[k].Stderr = math.Hypot(tempered.Stderr, math.Sqrt(squares/(groups*(groups-1)))/mean)
		}
	}
	return seen
}

// remember keeps states to look for modes from in the next run.
func (e *estimator) remember(states ...rbm.Batch) {
	rows := 0
	for _, s := range states {
		rows += s.Rows()
	}
	e.known = rbm.NewBatch(rows, e.model.M())
	at := 0
	for _, s := range states {
		e.known.Slice(at, at+s.Rows()).Copy(s)
		at += s.Rows()
	}
}

// Mode is a mode of the model, and how much of it the estimates have seen.
type Mode struct {
	sample.Mode
	SeenByAIS, SeenByTempering sample.LogZ // log of the mode's share of Z
}

func (e *estimator) listModes(ais, tempered []sample.LogZ) []Mode {
	list := make([]Mode, len(e.modes.List))
	for k, mode := range e.modes.List {
		list[k] = Mode{mode, ais[k], tempered[k]}
	}
	slices.SortStableFunc(list, func(a, b Mode) int {
		switch x, y := a.best(), b.best(); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	return list
}

func (m *Mode) best() float64 {
	return max(m.LogZ.Value, m.SeenByAIS.Value, m.SeenByTempering.Value)
}

// portions are the parts of their sum.
func portions(shares []sample.LogZ) []float64 {
	whole, list := sample.SumLogZ(shares...).Value, make([]float64, len(shares))
	for k, s := range shares {
		list[k] = math.Exp(s.Value - whole)
	}
	return list
}

// exhaust reports whether all modes that matter by their shares are well known, so that chains that come from elsewhere can only find more.
func (e *estimator) exhaust(shares []sample.LogZ) bool {
	const matters = 0.01
	for k, p := range portions(shares) {
		if own := e.modes.List[k].LogZ; p > matters && (!wellKnown(own) || math.Abs(own.Value-shares[k].Value) > agreement*goal) {
			return false
		}
	}
	return true
}

// startWeights are logarithms of weights that give the modes their shares among chains, as far as there are chains in a mode.
// covered is the part of Z in these.
func (e *estimator) startWeights(v rbm.Batch, shares []float64) (weights []float64, covered float64) {
	if shares == nil {
		return nil, 1
	}
	labels := make([]int, v.Rows())
	e.modes.Labels(labels, v)
	counts := make([]float64, len(shares))
	for _, k := range labels {
		counts[k]++
	}
	for k, n := range counts {
		if n > 0 {
			covered += shares[k]
		}
	}
	if covered == 0 {
		return nil, 0
	}
	weights = make([]float64, len(labels))
	for r, k := range labels {
		weights[r] = math.Log(shares[k] / covered * float64(len(labels)) / counts[k])
	}
	return weights, covered
}

// broaden moves the base half of the way to the means that the model has by the shares of its modes.
func (e *estimator) broaden() {
	whole := e.modes.LogZ().Value
	if math.IsInf(whole, -1) {
		return
	}
	means := slices.Clone(e.means)
	for i := range means {
		means[i] /= 2
	}
	for _, mode := range e.modes.List {
		share := math.Exp(mode.LogZ.Value - whole)
		for i, μ := range mode.Visible {
			means[i] += share * float64(μ) / 2
		}
	}
	e.base.SetBiasesFromMeans(means)
}
