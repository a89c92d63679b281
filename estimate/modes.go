package estimate

import (
	"cmp"
	"context"
	"math"
	"slices"

	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
)

// Mode is a mode of the model: a fixed point of mean-field theory, and what was seen of its share of Z, log Σ_{v in mode} e^(−F(v)).
type Mode struct {
	sample.Mode                    // LogZ is by AIS from the mode itself
	ByAIS, ByTempering sample.LogZ // by the chains of these that ended there
	Share              float64     // of Z, by all of them
}

// Shares of modes take modesPart of the chain steps of a run.
const (
	modesPart   = 0.07
	matters     = 0.01 // part of Z in a mode that is worth a word
	leastStderr = 0.01 // of AIS from a mode, whose chains may all have missed a little of it
)

// findModes looks for modes from other starts than in the run before, and estimates their shares of Z.
func (e *estimator) findModes(ctx context.Context, steps int, key rng.Key) error {
	if e.modes == nil {
		return nil
	}
	if err := e.modes.Search(ctx, back, e.known, key); err != nil {
		return err
	}
	e.least.Modes = e.modes.List[0].Bound
	return e.modes.Measure(ctx, modesPart*float64(cost(steps)), steps, e.conditionals, key, e.report)
}

// complete is an estimate of log Z put together with AIS from each mode: the sum over the modes of what both say of
// their shares.
//
// Both are lower bounds in probability, so that the larger holds where they differ by more than their errors. Where they
// don't, the weighted mean does if the mode is well known, and the estimate itself if it is not; or the estimate in all of these
// modes, if it knows their sum better than they do one by one.
func (e *estimator) complete(z sample.LogZ, seen []sample.LogZ) (whole sample.LogZ, shares []sample.LogZ) {
	if e.modes == nil {
		return z, nil
	}
	whole, shares = e.join(z, seen, true)
	if apart, own := e.join(z, seen, false); apart.Stderr < whole.Stderr {
		return apart, own
	}
	return whole, shares
}

// join is complete with or without weighted means. An estimate whose chains are worth N independent ones sees a part p of Z
// with the standard error √(p(1−p)/N): it may well have seen nothing of a small part, and be right in the mean.
func (e *estimator) join(z sample.LogZ, seen []sample.LogZ, means bool) (whole sample.LogZ, shares []sample.LogZ) {
	size := min(z.ESS, 1/(z.Stderr*z.Stderr))
	shares = slices.Clone(seen)
	var sum, kept, squares float64 // in units of the estimate: all parts, those of the estimate alone, and errors of the others
	for k, s := range seen {
		own := e.modes.List[k].LogZ
		p, q := math.Exp(own.Value-z.Value), math.Exp(s.Value-z.Value)
		chance := math.Sqrt(p * (1 + p) / size) // of p/(1+p) of all chains, in the units of p
		ownError, seenError := p*max(own.Stderr, leastStderr), max(q*s.Stderr, chance)
		part, error := q, 0.0
		switch {
		case p-q > agreement*math.Hypot(ownError, chance):
			part, error = p, ownError
		case means && p > 0 && wellKnown(own) && q-p < agreement*math.Hypot(ownError, seenError):
			a, b := 1/(ownError*ownError), 1/(seenError*seenError)
			part, error = (a*p+b*q)/(a+b), 1/math.Sqrt(a+b)
		default:
			kept += q
		}
		shares[k].Value = z.Value + math.Log(part)
		sum += part
		squares += error * error
	}
	squares += kept*kept*z.Stderr*z.Stderr + kept*max(0, 1-kept)/size
	return sample.LogZ{Value: z.Value + math.Log(sum), Stderr: math.Sqrt(squares) / sum, ESS: z.ESS}, shares
}

// wellKnown reports whether the chains of AIS from a mode have hardly had to be weighted.
func wellKnown(own sample.LogZ) bool { return own.ESS >= sample.ModeChains/2 && own.Stderr <= goal }

// parts are what shares are of their sum.
func parts(shares []sample.LogZ) []float64 {
	whole, list := sample.SumLogZ(shares...).Value, make([]float64, len(shares))
	for k, s := range shares {
		list[k] = math.Exp(s.Value - whole)
	}
	return list
}

// settled reports whether all modes that matter are well known, and nothing else has been seen where they are.
func (e *estimator) settled(shares []sample.LogZ) bool {
	for k, p := range parts(shares) {
		if own := e.modes.List[k].LogZ; p > matters && (!wellKnown(own) || math.Abs(own.Value-shares[k].Value) > agreement*goal) {
			return false
		}
	}
	return len(shares) > 0
}

// startWeights are log weights of mean 1 that give modes their parts of Z among chains at v, as far as there are chains in them; covered is
// the part of Z in these modes.
func (e *estimator) startWeights(v rbm.Batch, parts []float64) (logWeights []float64, covered float64) {
	if e.modes == nil {
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

// broaden gives the base the mean of the data's means and the model's own, as its modes have them, if these are well known.
func (e *estimator) broaden() {
	if e.modes == nil {
		return
	}
	own := make([]sample.LogZ, len(e.modes.List))
	for k, m := range e.modes.List {
		own[k] = m.LogZ
	}
	if !e.settled(own) {
		return
	}
	between := make([]float64, len(e.means))
	for i, μ := range e.means {
		between[i] = μ / 2
	}
	for k, p := range parts(own) {
		for i, μ := range e.modes.List[k].Visible {
			between[i] += float64(p * float64(μ) / 2)
		}
	}
	e.base.SetBiasesFromMeans(between)
}

// list puts together what is known of the modes, the largest first.
func (e *estimator) list(ais, tempered, shares []sample.LogZ) []Mode {
	if e.modes == nil {
		return nil
	}
	list := make([]Mode, len(e.modes.List))
	for k, p := range parts(shares) {
		list[k] = Mode{e.modes.List[k], ais[k], tempered[k], p}
	}
	slices.SortStableFunc(list, func(a, b Mode) int { return cmp.Compare(b.Share, a.Share) })
	return list
}
