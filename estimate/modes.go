package estimate

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// Mode is a mode of the model with estimates of log Z_k = log Σ_{v in mode k} e^(−F(v)), in nats: by AIS from the mode
// itself (LogZ), and by the weighted chains of AIS and the states of tempering that ended in it. These are −Inf where
// none did.
type Mode struct {
	sample.Mode
	ByAIS, ByTempering sample.LogZ
	Share              float64 // Z_k/Z, by AIS and AIS from the mode together
}

const (
	modesPart   = 0.1  // chain steps of AIS from the modes, as a part of those of AIS and reverse AIS in a run
	matters     = 0.01 // least part of Z of a mode that has to be well known
	leastStderr = 0.01 // nats: least error of AIS from a mode, whose chains may all have missed a small part of it
)

// findModes looks for modes from other starts than in the run before, and estimates their shares of Z.
func (e *estimator) findModes(ctx context.Context, steps int, key rng.Key) error {
	if e.modes == nil {
		return nil
	}
	if e.runs == 0 {
		if err := e.modes.SearchColumns(ctx); err != nil {
			return err
		}
	}
	if err := e.modes.Search(ctx, back, e.known, key); err != nil {
		return err
	}
	e.least.Modes = e.modes.List[0].Bound
	if e.jumps = nil; !e.few() {
		e.jumps = e.modes.Jumps()
	}
	return e.modes.Measure(ctx, modesPart*float64(cost(steps)), steps, e.conditionals, key, e.report)
}

// complete is an estimate of log Z put together with AIS from each mode: the sum over the modes of what both say of
// their shares.
//
// Both are lower bounds in probability, so that the larger holds where they differ by more than their errors. Where
// they don't, the weighted mean does if the mode is well known, and the estimate itself if it is not; or the estimate
// in all of these modes, if it knows their sum better than they do one by one. Where the list of modes is cut their
// cells hold others too, of which AIS from the mode knows nothing: it only adds what is missing then.
//
// Where the list is cut, AIS from regions adds what is missing in the same way. The larger sum holds.
func (e *estimator) complete(z sample.LogZ, by seen) (whole sample.LogZ, shares []sample.LogZ) {
	if e.modes == nil {
		return z, nil
	}
	whole, shares = join(z, by.modes, e.own(), e.few())
	if apart, other := join(z, by.modes, e.own(), false); apart.Stderr < whole.Stderr {
		whole, shares = apart, other
	}
	if e.regions != nil {
		if other, _ := e.regions.complete(z, by.regions); other.Value > whole.Value {
			whole = other
		}
	}
	if x := whole.Value + whole.Stderr; math.IsNaN(x) || math.IsInf(x, 0) { // energies too large for AIS
		return z, nil
	}
	return whole, shares
}

// few reports whether the list of modes has all fixed points that were found. Where it hasn't, the cells of the listed
// modes hold others, so that neither shares nor starts can be told by it.
func (e *estimator) few() bool { return e.modes != nil && e.modes.Found <= sample.MostModes }

// seen are log Σ e^(−F(v)) over each mode and over each region, by the chains that are in them.
type seen struct{ modes, regions []sample.LogZ }

// join is complete with or without weighted means, by own, AIS from each part itself. An estimate whose chains are worth
// N independent ones sees a part p of Z with the standard error √(p(1−p)/N): it may well have seen nothing of a small
// part, and be right in the mean.
func join(z sample.LogZ, seen, apart []sample.LogZ, means bool) (whole sample.LogZ, shares []sample.LogZ) {
	shares = slices.Clone(seen)
	unit := z.Value
	for _, own := range apart {
		unit = max(unit, own.Value)
	}
	var sum, kept, squares float64 // in units of e^unit, as a part may be far above z: Σ_k Z_k, what is as seen, errors² of the rest
	for k, s := range seen {
		own := apart[k]
		p, q := math.Exp(own.Value-unit), math.Exp(s.Value-unit)
		ownError, chance := doubts(z, own, unit)
		seenError := max(q*s.Stderr, chance)
		part, error := q, 0.0
		switch {
		case p-q > agreement*math.Hypot(ownError, chance):
			part, error = p, ownError
		case means && p > 0 && wellKnown(own) && q-p < agreement*math.Hypot(ownError, seenError):
			a := (ownError / seenError) * (ownError / seenError)
			part, error = (p+a*q)/(1+a), ownError/math.Sqrt(1+a)
		default:
			kept += q
		}
		shares[k].Value = unit + math.Log(part)
		sum += part
		squares += error * error
	}
	squares += kept*kept*z.Stderr*z.Stderr + kept*max(0, math.Exp(z.Value-unit)-kept)/sizeOf(z)
	return sample.LogZ{Value: unit + math.Log(sum), Stderr: math.Sqrt(squares) / sum, ESS: z.ESS}, shares
}

// doubts are two errors of a part of Z, in units of e^unit: that of own, AIS from that part itself, and that by which z may
// have seen less or more of such a part by chance.
func doubts(z, own sample.LogZ, unit float64) (ownError, chance float64) {
	p, size := math.Exp(own.Value-unit), sizeOf(z)
	chance = math.Sqrt(p) * math.Sqrt((math.Exp(z.Value-unit)+p)/size) // of a part p/(z+p) of all chains
	return p * max(own.Stderr, leastStderr), chance
}

// sizeOf is the number of independent chains that an estimate is worth.
func sizeOf(z sample.LogZ) float64 { return min(z.ESS, 1/(z.Stderr*z.Stderr)) }

// wellKnown reports whether AIS from a mode has an effective sample size of half its chains, and an error below goal.
func wellKnown(own sample.LogZ) bool { return own.ESS >= sample.ModeChains/2 && own.Stderr <= goal }

// parts returns Z_k/Σ_l Z_l.
func parts(shares []sample.LogZ) []float64 {
	whole, list := sample.SumLogZ(shares...).Value, make([]float64, len(shares))
	for k, s := range shares {
		list[k] = math.Exp(s.Value - whole)
	}
	return list
}

// settled reports whether every mode that matters is well known, and AIS from it agrees with its share.
func (e *estimator) settled(shares []sample.LogZ) bool {
	if !e.few() {
		return false
	}
	for k, p := range parts(shares) {
		if own := e.modes.List[k].LogZ; p > matters && (!wellKnown(own) || math.Abs(own.Value-shares[k].Value) > agreement*goal) {
			return false
		}
	}
	return len(shares) > 0
}

// startWeights returns log weights, of mean weight 1, that give each mode with chains at v its part of Z among them.
// covered is the part of Z in these modes. Where the modes are not few, and where none can be looked for, the weights
// are nil, which is all equal, and count as covering everything.
func (e *estimator) startWeights(v rbm.Batch, parts []float64) (logWeights []float64, covered float64) {
	if !e.few() {
		return nil, 1
	}
	labels, counts := make([]int, v.Rows()), make([]float64, len(parts))
	e.modes.Labels(labels, v)
	for _, k := range labels {
		counts[k]++
	}
	for k, n := range counts {
		if n > 0 {
			covered += parts[k]
		}
	}
	if covered == 0 {
		return nil, 0
	}
	logWeights = make([]float64, len(labels))
	for r, k := range labels {
		logWeights[r] = math.Log(parts[k] / covered * float64(len(labels)) / counts[k])
	}
	return logWeights, covered
}

// broaden sets the means of the base half way between those of the data and those of the model, Σ_k (Z_k/Z) μ_k, so
// that chains from the base come to both: of the modes, where these are few and well known before the first run, and of
// the regions, where AIS of the run before has missed a part.
func (e *estimator) broaden() {
	between := make([]float64, len(e.means))
	for i, μ := range e.means {
		between[i] = μ / 2
	}
	add := func(part float64, means []float32) {
		for i, μ := range means {
			between[i] += float64(part * float64(μ) / 2)
		}
	}
	switch {
	case e.few() && e.runs == 0:
		own := e.own()
		if !e.settled(own) {
			return
		}
		for k, part := range parts(own) {
			add(part, e.modes.List[k].Visible)
		}
	case e.regions.missing():
		for _, r := range e.regions.list {
			add(r.part, r.means)
		}
	default:
		return
	}
	e.base.SetMoments(between, nil)
}

// own are log Z_k by AIS from the modes.
func (e *estimator) own() []sample.LogZ {
	own := make([]sample.LogZ, len(e.modes.List))
	for k, m := range e.modes.List {
		own[k] = m.LogZ
	}
	return own
}

// list returns the modes with all their estimates, the largest share first.
func (e *estimator) list(ais, tempered, shares []sample.LogZ) []Mode {
	if e.modes == nil || shares == nil {
		return nil
	}
	list := make([]Mode, len(e.modes.List))
	for k, p := range parts(shares) {
		list[k] = Mode{e.modes.List[k], ais[k], tempered[k], p}
	}
	slices.SortStableFunc(list, func(a, b Mode) int { return cmp.Compare(b.Share, a.Share) })
	return list
}
