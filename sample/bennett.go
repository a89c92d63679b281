package sample

import (
	"math"

	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// bennettGroups is the number of groups of replica sets, for the error, where there are as many sets.
const bennettGroups = 10

// Bennett estimates log Z of the model from the exchanges of a [Tempering]: the ratio of the Z of two neighbours
// follows from the work of taking the states of each to the other, by the acceptance ratio (C. H. Bennett, J. Comput.
// Phys. 22 (1976) 245), and log Z of the base is known.
//
// The error is that of the jackknife over groups of replica sets, which are independent of each other, so that it holds
// whatever the chains remember. It is at least Bennett's own error for works that are independent, which is large where
// neighbours have hardly any works in common. It counts nothing that no replica has seen, and is infinite for a single
// set.
type Bennett struct {
	tempering *Tempering
	pairs     []pair
	groups    int
}

// NewBennett observes a tempering from now on, for as long as its temperatures stay where they are.
func NewBennett(t *Tempering) *Bennett {
	b := &Bennett{tempering: t, pairs: make([]pair, len(t.betas)-1), groups: min(bennettGroups, t.sets)}
	t.ObserveWork = func(k int, up, down []float64) { b.pairs[k].add(up, down, b.groups) }
	return b
}

// Works is the least number of exchanges, over the pairs of neighbours, that a group of replica sets has tried.
func (b *Bennett) Works() int {
	least := math.MaxInt
	for k := range b.pairs {
		for _, up := range b.pairs[k].up[:b.groups] {
			least = min(least, len(up))
		}
	}
	return least
}

// LogZ is the estimate, once Works is not 0. Its ESS counts round trips.
func (b *Bennett) LogZ() LogZ {
	logZ := LogZWithoutWeights(b.tempering.line.Base())
	without := make([]float64, b.groups) // each group: what it changes
	least := 0.0
	for k := range b.pairs {
		difference, changes, variance := b.pairs[k].difference(b.groups)
		logZ -= difference
		least += variance
		for g, x := range changes {
			without[g] -= x
		}
	}
	mean := 0.0
	for _, x := range without {
		mean += x / float64(b.groups)
	}
	stderr := max(diag.JackknifeError(mean, without), math.Sqrt(least))
	return LogZ{Value: logZ, Stderr: stderr, ESS: float64(b.tempering.RoundTrips())}
}

// pair collects the work between two neighbouring temperatures, by group of replica sets.
type pair struct{ up, down [bennettGroups][]float64 }

func (p *pair) add(up, down []float64, groups int) {
	for r := range up {
		g := r * groups / len(up)
		p.up[g] = append(p.up[g], up[r])
		p.down[g] = append(p.down[g], down[r])
	}
}

// difference returns F = −log(Z_up/Z_down), the root of
//
//	Σ σ(F − up) − Σ σ(−F − down)
//
// by Newton's method, within bounds. One more step of it leaves a group out, which changes F by one of changes. The
// variance is that of n independent works each way, 1/Σ(σ(F−up)σ(up−F) + σ(−F−down)σ(F+down)) − 2/n.
func (p *pair) difference(groups int) (f float64, changes []float64, variance float64) {
	const leastSlope = 1e-100 // of works without overlap, so that errors stay finite
	sums, slopes, n := make([]float64, groups), make([]float64, groups), 0
	at := func(f float64) (sum, slope float64) {
		for g := range groups {
			sums[g], slopes[g] = 0, 0
			for i, up := range p.up[g] {
				a, b := rbm.Sigmoid(f-up), rbm.Sigmoid(-f-p.down[g][i])
				sums[g] += a - b
				slopes[g] += float64(a*(1-a)) + float64(b*(1-b))
			}
			sum += sums[g]
			slope += slopes[g]
		}
		return sum, slope
	}
	low, high := math.Inf(1), math.Inf(-1)
	for g := range groups {
		n += len(p.up[g])
		for i, up := range p.up[g] {
			low, high = min(low, up, -p.down[g][i]), max(high, up, -p.down[g][i])
		}
	}
	f = (low + high) / 2
	sum, slope := at(f)
	for range 100 {
		if sum > 0 {
			high = f
		} else {
			low = f
		}
		next := f - sum/slope
		if !(next > low && next < high) {
			next = (low + high) / 2
		}
		if sum == 0 || math.Abs(next-f) < 1e-9*(1+math.Abs(f)) {
			break
		}
		f = next
		sum, slope = at(f)
	}
	for g := range groups {
		changes = append(changes, sums[g]/max(slope-slopes[g], leastSlope))
	}
	return f, changes, max(1/max(slope, leastSlope)-2/float64(n), 0)
}
