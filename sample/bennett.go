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
	jumps     *pair // q of the jumps and the model; nil where they don't count
	groups    int
}

// NewBennett observes a tempering from now on, for as long as its temperatures stay where they are.
func NewBennett(t *Tempering) *Bennett {
	b := &Bennett{tempering: t, pairs: make([]pair, len(t.betas)-1), groups: min(bennettGroups, t.sets)}
	t.ObserveWork = func(k int, up, down []float64) { b.pairs[k].add(up, down, b.groups) }
	return b
}

// WithJumps observes jumps too, from now on. Their proposals are independent samples of q, whose Z is 1, so that the
// works between q and the model give log Z by Bennett's acceptance ratio as well: with less error than the exchanges
// where many jumps are taken, as it hardly depends on how many replicas are in which mode. LogZ is then the mean of the
// two. It is that of the exchanges alone where jumps have a larger error and are lower, as works that hardly overlap miss
// much and know little of it, or have more than twice the error.
func (b *Bennett) WithJumps() *Bennett {
	b.jumps = new(pair)
	b.tempering.ObserveJumps = func(set int, up, down float64) {
		g := set * b.groups / b.tempering.sets
		b.jumps.up[g], b.jumps.down[g] = append(b.jumps.up[g], up), append(b.jumps.down[g], down)
	}
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
	z, _ := b.logZ()
	return z
}

// Drift is by how much the second half of the works has changed the estimate, once Works is 2. Its error is that of the
// estimate where the replicas are at equilibrium all the time.
func (b *Bennett) Drift() float64 {
	z, jumps := b.logZ()
	half := float64((1 - jumps) * b.byExchanges((*pair).half).logZ)
	if jumps > 0 {
		half += float64(jumps * b.byJumps((*pair).half).logZ)
	}
	return z.Value - half
}

// logZ is LogZ, and the weight of jumps in it.
func (b *Bennett) logZ() (z LogZ, jumps float64) {
	e := b.byExchanges((*pair).whole)
	if b.jumps != nil && b.jumps.works(b.groups) > 1 { // one in each half
		if o := b.byJumps((*pair).whole); o.countsBeside(e) {
			e, jumps = e.and(o)
		}
	}
	return LogZ{Value: e.logZ, Stderr: e.error(), ESS: float64(b.tempering.RoundTrips())}, jumps
}

// byExchanges is the estimate by a part of the exchanges between neighbours, from the base on.
func (b *Bennett) byExchanges(part func(*pair) *pair) ratio {
	e := ratio{logZ: LogZWithoutWeights(b.tempering.line.Base()), changes: make([]float64, b.groups)}
	for k := range b.pairs {
		e.subtract(part(&b.pairs[k]).difference(b.groups))
	}
	return e
}

// byJumps is the estimate by a part of the jumps, from q on.
func (b *Bennett) byJumps(part func(*pair) *pair) ratio {
	e := ratio{changes: make([]float64, b.groups)}
	e.subtract(part(b.jumps).difference(b.groups))
	return e
}

// ratio is an estimate of log Z from sums of free energy differences.
type ratio struct {
	logZ     float64
	changes  []float64 // by leaving each group out
	variance float64   // if works were independent
	between  float64   // variance of a mean of two by what they differ by
}

func (e *ratio) subtract(difference float64, changes []float64, variance float64) {
	e.logZ -= difference
	for g, x := range changes {
		e.changes[g] -= x
	}
	e.variance += variance
}

// error is the jackknife's, and at least that of independent works, with the variance between two estimates.
func (e *ratio) error() float64 {
	mean := 0.0
	for _, x := range e.changes {
		mean += x / float64(len(e.changes))
	}
	return math.Hypot(max(diag.JackknifeError(mean, e.changes), math.Sqrt(e.variance)), math.Sqrt(e.between))
}

// countsBeside reports whether an estimate by jumps is to be averaged with one by exchanges.
func (o ratio) countsBeside(e ratio) bool {
	most := 1.0
	if o.logZ > e.logZ {
		most = 2
	}
	return o.error() <= most*e.error() && !math.IsInf(o.error(), 1)
}

// and is the mean of two estimates with the weights 1/(σ² + τ²), and the weight of the second. The groups of both are the
// same, so that the jackknife counts what they have in common. Where they differ by more than the error σ_d of the difference
// d, one of them has missed something, and each has the variance τ² = (d² − σ_d²)/2 more: random effects (R. DerSimonian and
// N. Laird, Control. Clin. Trials 7 (1986) 177).
func (e ratio) and(o ratio) (mean ratio, weight float64) {
	d := ratio{logZ: e.logZ - o.logZ, variance: e.variance + o.variance}
	for g, x := range e.changes {
		d.changes = append(d.changes, x-o.changes[g])
	}
	between := max(0, (math.Pow(d.logZ, 2)-math.Pow(d.error(), 2))/2)
	u, v := 1/(math.Pow(e.error(), 2)+between+tinyVariance), 1/(math.Pow(o.error(), 2)+between+tinyVariance)
	u, v = u/(u+v), v/(u+v)
	mean = ratio{
		logZ:     float64(u*e.logZ) + float64(v*o.logZ),
		variance: float64(u*u*e.variance) + float64(v*v*o.variance),
		between:  (float64(u*u) + float64(v*v)) * between,
	}
	for g, x := range e.changes {
		mean.changes = append(mean.changes, float64(u*x)+float64(v*o.changes[g]))
	}
	return mean, v
}

// tinyVariance is that of estimates which are exact but for rounding.
const tinyVariance = 1e-12

// pair collects the work between two neighbouring temperatures, by group of replica sets.
type pair struct{ up, down [bennettGroups][]float64 }

func (p *pair) add(up, down []float64, groups int) {
	for r := range up {
		g := r * groups / len(up)
		p.up[g] = append(p.up[g], up[r])
		p.down[g] = append(p.down[g], down[r])
	}
}

func (p *pair) whole() *pair { return p }

// half is the first half of the works of each group.
func (p *pair) half() *pair {
	h := new(pair)
	for g := range p.up {
		h.up[g], h.down[g] = p.up[g][:len(p.up[g])/2], p.down[g][:len(p.down[g])/2]
	}
	return h
}

// works is the least number of works of a group.
func (p *pair) works(groups int) int {
	least := math.MaxInt
	for _, up := range p.up[:groups] {
		least = min(least, len(up))
	}
	return least
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
