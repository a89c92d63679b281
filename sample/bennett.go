package sample

import (
	"math"

	"harmonium/rbm"
)

// bennettGroups is the number of groups of replica sets, for the error.
const bennettGroups = 10

// Bennett estimates log Z of the model from the exchanges of a [Tempering]: the ratio of the Z of two neighbours follows from the work of
// taking the states of each to the other, by the acceptance ratio (C. H. Bennett, J. Comput. Phys. 22 (1976) 245), and log Z of the base
// is known. The error is that of the jackknife over groups of replica sets, which are independent of each other, so that it holds whatever
// the chains remember. It counts nothing that no replica has seen.
type Bennett struct {
	tempering *Tempering
	pairs     []pair
}

// NewBennett observes a tempering from now on, for as long as its temperatures stay where they are.
func NewBennett(t *Tempering) *Bennett {
	b := &Bennett{tempering: t, pairs: make([]pair, len(t.betas)-1)}
	t.ObserveWork = func(k int, up, down []float64) { b.pairs[k].add(up, down) }
	return b
}

// Works is the least number of exchanges, over the pairs of neighbours, that each group of replica sets has tried.
func (b *Bennett) Works() int {
	least := math.MaxInt
	for k := range b.pairs {
		least = min(least, len(b.pairs[k].up[0]))
	}
	return least
}

// LogZ is the estimate, once Works is not 0. Its ESS counts round trips.
func (b *Bennett) LogZ() LogZ {
	var logZ [bennettGroups + 1]float64 // without each group, and with all
	for g := range logZ {
		logZ[g] = LogZWithoutWeights(b.tempering.line.Base())
	}
	for k := range b.pairs {
		for g, x := range b.pairs[k].differences() {
			logZ[g] -= x
		}
	}
	mean, squares := 0.0, 0.0
	for _, x := range logZ[:bennettGroups] {
		mean += x / bennettGroups
	}
	for _, x := range logZ[:bennettGroups] {
		squares += (x - mean) * (x - mean)
	}
	stderr := math.Sqrt(squares * (bennettGroups - 1) / bennettGroups)
	return LogZ{Value: logZ[bennettGroups], Stderr: stderr, ESS: float64(b.tempering.RoundTrips())}
}

// pair collects the work between two neighbouring temperatures, by group of replica sets.
type pair struct{ up, down [bennettGroups][]float64 }

func (p *pair) add(up, down []float64) {
	for r := range up {
		g := r * bennettGroups / len(up)
		p.up[g] = append(p.up[g], up[r])
		p.down[g] = append(p.down[g], down[r])
	}
}

// differences returns F = −log(Z_up/Z_down) as estimated without each group, and last with all: the root of
//
//	Σ σ(F − up) − Σ σ(−F − down)
//
// by Newton's method, within bounds. One more step of it leaves a group out.
func (p *pair) differences() [bennettGroups + 1]float64 {
	var sums, slopes [bennettGroups]float64
	at := func(f float64) (sum, slope float64) {
		for g := range bennettGroups {
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
	for g := range bennettGroups {
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
	var result [bennettGroups + 1]float64
	for g := range bennettGroups {
		result[g] = f + sums[g]/max(slope-slopes[g], math.SmallestNonzeroFloat64)
	}
	result[bennettGroups] = f
	return result
}
