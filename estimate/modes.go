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

// missed is the part of Z in modes of which an estimate has seen significantly less than AIS from the modes themselves, the sum of the
// differences; −Inf for none. An estimate whose chains are worth size independent ones sees a part p of Z with the standard error
// √(p(1−p)/size), so that it may well have missed small parts, and be right in the mean.
func (e *estimator) missed(z sample.LogZ, size float64, seen []sample.LogZ) sample.LogZ {
	var parts []sample.LogZ
	for k, s := range seen {
		own := e.modes.List[k].LogZ
		p, q := math.Exp(own.Value-z.Value), math.Exp(s.Value-z.Value) // in units of the estimate
		if error := math.Hypot(p*own.Stderr, math.Sqrt(p*(1+p)/size)); p-q > agreement*error {
			parts = append(parts, sample.LogZ{Value: z.Value + math.Log(p-q), Stderr: p * own.Stderr / (p - q)})
		}
	}
	return sample.SumLogZ(parts...)
}

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

// addMissed adds what AIS and tempering have missed.
func (b *Bracket) addMissed(ais, tempered sample.LogZ) {
	for _, x := range []struct {
		z      *sample.LogZ
		missed sample.LogZ
		nats   *float64
	}{{&b.AIS, ais, &b.MissedByAIS}, {&b.Tempered, tempered, &b.MissedByTempering}} {
		whole := sample.SumLogZ(*x.z, x.missed)
		whole.ESS = x.z.ESS
		*x.nats = whole.Value - x.z.Value
		*x.z = whole
	}
	b.ReverseEnds.Value += b.MissedByAIS
}
