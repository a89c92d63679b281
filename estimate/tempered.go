package estimate

import (
	"context"
	"math"

	"harmonium/rbm"
	"harmonium/sample"
)

// Tempering runs on so many replica sets, which begin with firstTemperatures and may get mostTemperatures. A third of the rounds go before.
const (
	replicaSets       = 50
	firstTemperatures = 12
	mostTemperatures  = 64
	groups            = 10 // of replica sets, for the error
)

// tempered estimates log Z from the exchanges of parallel tempering with about so many chain steps: the ratio of the Z of two
// neighbours follows from what a step to the other costs the states of each, by the acceptance ratio (C. H. Bennett, J. Comput.
// Phys. 22 (1976) 245). The error is that of the jackknife over groups of replica sets, which are independent of each other, so
// that it holds whatever the chains remember.
func (e *estimator) tempered(ctx context.Context, chainSteps int64) (z sample.LogZ, seen []sample.LogZ, states rbm.Batch, err error) {
	key := e.key.Stream(runStream(e.runs)).Stream(4)
	t := sample.NewTempering(e.path, sample.FromBiases(e.base, replicaSets, key), firstTemperatures, key, e.o.Compute)
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
		t.Respace(mostTemperatures)
	}
	pairs := make([]pair, len(t.Betas())-1)
	t.Works = func(k int, up, down []float64) { pairs[k].add(up, down) }
	counts, labels := make([][groups]int, len(e.modes.List)), make([]int, replicaSets)
	for e.done < end || !pairs[len(pairs)-1].enough() || !pairs[0].enough() {
		if err := round(); err != nil {
			return z, nil, states, err
		}
		e.modes.Labels(labels, t.Visible())
		for r, k := range labels {
			counts[k][r*groups/replicaSets]++
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
	return z, seenByTempering(z, counts), t.Visible(), nil
}

// pair collects what steps between two neighbouring temperatures cost, by group of replica sets.
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
				a, b := sigmoid(f-up), sigmoid(-f-p.down[g][i])
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

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
