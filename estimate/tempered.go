package estimate

import (
	"context"
	"math"

	"harmonium/rbm"
	"harmonium/sample"
)

const (
	replicaSets = 50 // of tempering
	groups      = 10 // of replica sets, for the error
	visitsApart = 4  // rounds between two looks at the modes that states are in
)

// tempered estimates log Z from the exchanges of parallel tempering in about chainSteps chain steps, a third of them as
// burn-in: the ratio of the Z of two neighbours follows from the work of taking the states of each to the other, by the
// acceptance ratio (C. H. Bennett, J. Comput. Phys. 22 (1976) 245). The error is that of the jackknife over groups of
// replica sets, which are independent of each other, so that it holds whatever the chains remember.
//
// seen are log Z_k of the modes by the states at the model, with errors by the same groups. states are the last of
// them.
func (e *estimator) tempered(ctx context.Context, chainSteps int64) (z sample.LogZ, seen []sample.LogZ, states rbm.Batch, err error) {
	key := e.runKey().Stream(streamTempering)
	t := sample.NewTempering(e.path, sample.FromBiases(e.base, replicaSets, key), sample.FirstTemperatures, key, e.o.Compute)
	end := e.done + chainSteps
	round := func() error {
		t.Round()
		e.report(t.ChainSteps())
		return ctx.Err()
	}
	for part := int64(12); part >= 3; part /= 2 { // spread after a twelfth, a sixth and a third
		for e.done < end-chainSteps+chainSteps/part {
			if err := round(); err != nil {
				return z, nil, states, err
			}
		}
		t.Respace(sample.MaxTemperatures)
	}
	pairs := make([]pair, len(t.Betas())-1)
	t.ObserveWork = func(k int, up, down []float64) { pairs[k].add(up, down) }
	visits, rounds := e.newVisits(), 0
	for e.done < end || !pairs[len(pairs)-1].enough() || !pairs[0].enough() {
		if err := round(); err != nil {
			return z, nil, states, err
		}
		if rounds++; rounds%visitsApart == 0 {
			visits.count(t.Visible())
		}
	}
	var logZ [groups + 1]float64 // without each group, and with all
	for g := range logZ {
		logZ[g] = sample.LogZWithoutWeights(e.base)
	}
	for k := range pairs {
		for g, x := range pairs[k].differences() {
			logZ[g] -= x
		}
	}
	mean, squares := 0.0, 0.0
	for _, x := range logZ[:groups] {
		mean += x / groups
	}
	for _, x := range logZ[:groups] {
		squares += (x - mean) * (x - mean)
	}
	z = sample.LogZ{Value: logZ[groups], Stderr: math.Sqrt(squares * (groups - 1) / groups), ESS: float64(t.RoundTrips())}
	return z, visits.shares(z), t.Visible(), nil
}

// pair collects the work between two neighbouring temperatures, by group of replica sets.
type pair struct{ up, down [groups][]float64 }

func (p *pair) add(up, down []float64) {
	for r := range up {
		g := r * groups / len(up)
		p.up[g] = append(p.up[g], up[r])
		p.down[g] = append(p.down[g], down[r])
	}
}

// enough asks for as many exchanges as make an acceptance ratio.
func (p *pair) enough() bool { return len(p.up[0]) >= 10*replicaSets/groups }

// differences returns F = −log(Z_up/Z_down) as estimated without each group, and last with all: the root of
//
//	Σ σ(F − up) − Σ σ(−F − down)
//
// by Newton's method, within bounds. One more step of it leaves a group out.
func (p *pair) differences() [groups + 1]float64 {
	var sums, slopes [groups]float64
	at := func(f float64) (sum, slope float64) {
		for g := range groups {
			sums[g], slopes[g] = 0, 0
			for i, up := range p.up[g] {
				a, b := rbm.Sigmoid(f-up), rbm.Sigmoid(-f-p.down[g][i])
				sums[g] += a - b
				slopes[g] += a*(1-a) + b*(1-b)
			}
			sum += sums[g]
			slope += slopes[g]
		}
		return sum, slope
	}
	low, high := math.Inf(1), math.Inf(-1)
	for g := range groups {
		for i, up := range p.up[g] {
			low, high = min(low, up, -p.down[g][i]), max(high, up, -p.down[g][i])
		}
	}
	f := (low + high) / 2
	for range 100 {
		sum, slope := at(f)
		if sum > 0 {
			high = f
		} else {
			low = f
		}
		next := f - sum/slope
		if !(next > low && next < high) {
			next = (low + high) / 2
		}
		if math.Abs(next-f) < 1e-9*(1+math.Abs(f)) {
			break
		}
		f = next
	}
	_, slope := at(f)
	var result [groups + 1]float64
	for g := range groups {
		result[g] = f + sums[g]/max(slope-slopes[g], math.SmallestNonzeroFloat64)
	}
	result[groups] = f
	return result
}

// visits counts the states at the model in each mode, by group of replica sets.
type visits struct {
	modes  *sample.Modes // nil for units that are no bits
	counts [][groups]float64
	labels []int
}

func (e *estimator) newVisits() *visits {
	v := &visits{modes: e.modes, labels: make([]int, replicaSets)}
	if e.modes != nil {
		v.counts = make([][groups]float64, len(e.modes.List))
	}
	return v
}

func (v *visits) count(states rbm.Batch) {
	if v.modes == nil {
		return
	}
	v.modes.Labels(v.labels, states)
	for r, k := range v.labels {
		v.counts[k][r*groups/replicaSets]++
	}
}

// shares returns log Z_k = log Z + log(part of the states in mode k). The errors are the spread of the parts over
// groups.
func (v *visits) shares(z sample.LogZ) []sample.LogZ {
	all := 0.0
	for _, of := range v.counts {
		for _, n := range of {
			all += n / groups // states of a group
		}
	}
	shares := make([]sample.LogZ, len(v.counts))
	for k, of := range v.counts {
		part, squares := 0.0, 0.0
		for _, n := range of {
			part += n / all / groups
		}
		for _, n := range of {
			squares += (n/all - part) * (n/all - part)
		}
		shares[k] = sample.LogZ{Value: math.Inf(-1)}
		if part > 0 {
			error := math.Sqrt(squares/(groups*(groups-1))) / part
			shares[k] = sample.LogZ{Value: z.Value + math.Log(part), Stderr: math.Hypot(z.Stderr, error)}
		}
	}
	return shares
}
