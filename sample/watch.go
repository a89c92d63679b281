package sample

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// watch observes the chains of a Draw: the free energy F(v), the mode k(v), and the projections u·v on the leading left
// singular vectors of W. Chains that are caught may agree on any one of these: modes can have equal free energies, and
// the search for modes may miss some.
type watch struct {
	model      *rbm.Conditionals
	directions *rbm.Conditionals // of a model whose hidden inputs are the projections
	count      int               // of directions
	modes      *Survey
	compute    *compute.Context
}

func newWatch(model *rbm.Model, modes *Survey, on *compute.Context) *watch {
	w := &watch{model: rbm.NewConditionals(model, on), modes: modes, compute: on}
	w.directions, w.count = newDirections(model, on)
	return w
}

const (
	directions     = 3  // left singular vectors that are watched
	iterationSteps = 20 // of subspace iteration: R̂ needs directions in which modes differ, and no digits of them
)

// newDirections returns the conditionals of a model whose hidden inputs are u·v for the leading left singular vectors u
// of W, by subspace iteration u ← W Wᵀ u. Where W has fewer of them, as W = 0, any other directions are watched.
func newDirections(model *rbm.Model, on *compute.Context) (observer *rbm.Conditionals, count int) {
	m, n := model.M(), model.N()
	count = min(directions, m, n)
	source := rng.NewSource(rng.Seed(0).Stream(rng.StreamRestart), 0)
	u := make([][]float64, count)
	for k := range u {
		u[k] = make([]float64, m)
		for i := range u[k] {
			u[k][i] = source.Float64() - 0.5
		}
	}
	h := make([]float64, n)
	for range iterationSteps { // u ← W Wᵀ u, kept orthogonal
		for k := range u {
			clear(h)
			for i, x := range u[k] {
				for j, w := range model.W[i*n : (i+1)*n] {
					h[j] += float64(x * float64(w))
				}
			}
			if slices.ContainsFunc(h, func(x float64) bool { return x != 0 }) {
				for i := range u[k] {
					u[k][i] = 0
					for j, w := range model.W[i*n : (i+1)*n] {
						u[k][i] += float64(float64(w) * h[j])
					}
				}
			}
			for _, before := range u[:k] {
				subtractProjection(u[k], before)
			}
			normalise(u[k])
		}
	}
	inputs := &rbm.Model{Visible: model.Visible.Clone(), Hidden: rbm.NewLayer(rbm.Bernoulli, count), W: make([]float32, m*count)}
	for k := range u {
		for i, x := range u[k] {
			inputs.W[i*count+k] = float32(x)
		}
	}
	return rbm.NewConditionals(inputs, on), count
}

// subtractProjection makes x orthogonal to a unit vector, x − (x·u) u.
func subtractProjection(x, unit []float64) {
	sum := 0.0
	for i := range x {
		sum += float64(x[i] * unit[i])
	}
	for i := range x {
		x[i] -= float64(sum * unit[i])
	}
}

// normalise divides x by its norm, unless that is 0.
func normalise(x []float64) {
	sum := 0.0
	for _, x := range x {
		sum += float64(x * x)
	}
	if sum == 0 {
		return
	}
	for i := range x {
		x[i] /= math.Sqrt(sum)
	}
}

// trace has what a watch observed of every chain, once every stride sweeps.
type trace struct {
	*watch
	stride     int
	quantities []quantity // F and the projections
	labels     [][]uint8  // the modes that each chain was in; MostModes fits a byte
	trips      int        // round trips of tempering; 0 for Gibbs

	energies []float64 // scratch
	inputs   []float32
	places   []int
}

// quantity is a function of v along every chain.
type quantity struct {
	name   string
	chains [][]float64
}

// newTrace returns an empty trace of at most about length observations of each chain, in a number of sweeps.
func (w *watch) newTrace(chains, sweeps, length int) *trace {
	t := &trace{watch: w, stride: max(1, (sweeps+length-1)/length),
		energies: make([]float64, chains), inputs: make([]float32, chains*w.count), places: make([]int, chains)}
	t.quantities = append(t.quantities, quantity{name: "the free energy"})
	for k := range w.count {
		t.quantities = append(t.quantities, quantity{name: fmt.Sprintf("direction %d of W", k+1)})
	}
	length = sweeps/t.stride + 1
	for k := range t.quantities {
		for range chains {
			t.quantities[k].chains = append(t.quantities[k].chains, make([]float64, 0, length))
		}
	}
	for range chains {
		t.labels = append(t.labels, make([]uint8, 0, length))
	}
	return t
}

// add observes the chains at their states v.
func (t *trace) add(v rbm.Batch) {
	add := func(k, r int, x float64) { t.quantities[k].chains[r] = append(t.quantities[k].chains[r], x) }
	t.model.FreeEnergy(t.energies, v)
	for r, f := range t.energies {
		add(0, r, f)
	}
	t.directions.HiddenInputs(t.inputs, v)
	for at, x := range t.inputs {
		add(1+at%t.count, at/t.count, float64(x))
	}
	if t.modes.several() {
		t.modes.Labels(t.places, v)
		for r, k := range t.places {
			t.labels[r] = append(t.labels[r], uint8(k))
		}
	}
}

// halve forgets every second observation, so that the trace has room for twice as many sweeps.
func (t *trace) halve() {
	for _, q := range t.quantities {
		for r, chain := range q.chains {
			q.chains[r] = everySecond(chain)
		}
	}
	for r, chain := range t.labels {
		t.labels[r] = everySecond(chain)
	}
	t.stride *= 2
}

// everySecond keeps the elements 0, 2, 4, … of x.
func everySecond[T any](x []T) []T {
	n := (len(x) + 1) / 2
	for k := range n {
		x[k] = x[2*k]
	}
	return x[:n]
}

// length is the number of sweeps that the trace covers so far.
func (t *trace) length() int { return len(t.quantities[0].chains[0]) * t.stride }

// seen returns the part of all observations in each mode.
func (t *trace) seen() []float64 {
	seen := make([]float64, t.modes.count())
	for _, chain := range t.labels {
		for _, k := range chain {
			seen[k]++
		}
	}
	if all := len(t.labels) * len(t.labels[0]); all > 0 {
		for k := range seen {
			seen[k] /= float64(all)
		}
	}
	return seen
}

// watched returns the watchedModes largest modes, in order, of those that have watchedShare of the observations or of Z
// and leave as much to the others. The indicator of a mode that has everything says nothing.
func (t *trace) watched() []int {
	if !t.modes.several() {
		return nil
	}
	share, seen := slices.Clone(t.modes.Share), t.seen()
	var modes []int
	for k := range share {
		most := 1 - min(share[k], seen[k]) // of all others
		if share[k] = max(share[k], seen[k]); min(share[k], most) >= watchedShare {
			modes = append(modes, k)
		}
	}
	slices.SortStableFunc(modes, func(a, b int) int { return cmp.Compare(share[b], share[a]) })
	modes = modes[:min(len(modes), watchedModes)]
	slices.Sort(modes)
	return modes
}

// rhat returns the largest R̂ of all that is watched, and its name. It is NaN for chains that are too short.
func (t *trace) rhat() (rhat float64, name string) {
	values := make([]float64, len(t.quantities))
	t.compute.Each(values, func(k int) float64 { return diag.Rhat(t.quantities[k].chains) })
	larger := func(x float64, of string) {
		if name == "" || x > rhat {
			rhat, name = x, of
		}
	}
	for k, x := range values {
		larger(x, t.quantities[k].name)
	}
	if t.modes.several() {
		all, each := t.vector().Rhat()
		for _, k := range t.watched() {
			larger(each[k], nameOf(k))
		}
		larger(all, namesOfAll)
	}
	return rhat, name
}

const namesOfAll = "the modes' shares"

// nameOf names the indicator of mode k.
func nameOf(k int) string { return fmt.Sprintf("the share of mode %d", k+1) }

// vector is the modes that the chains were in.
func (t *trace) vector() diag.Labels { return diag.Labels{Chains: t.labels, Classes: t.modes.count()} }

// correlated is a quantity with its autocorrelations, the slowest of which counts.
type correlated struct {
	name         string
	correlations []diag.Correlation

	// The indicator of a mode has beside those of all modes its own, known by this number of independent visits.
	own    diag.Correlation
	visits float64
}

// knownVisits is the number of independent visits of a mode by which its own autocorrelation is known as well as that of
// all modes tells it: those of single modes are mostly within a factor 2 of it, and visits tell it within 1/√visits.
const knownVisits = 8

// time is the variance of the mean of n samples of a chain, so many observations apart, over that of independent ones.
func (c correlated) time(apart float64, n int) float64 {
	time := 0.0
	for _, correlation := range c.correlations {
		time = max(time, correlation.Time(apart, n))
	}
	if c.visits > 0 {
		own := c.own.Time(apart, n)
		time += float64((own - time) * (c.visits / (c.visits + knownVisits)))
	}
	return time
}

// correlate returns quantity k with its autocorrelations: bulk and tails of the free energy, which is the first, count. A
// quantity that is the same in all sweeps of all chains says nothing of them, and its mean is known: it counts as
// uncorrelated.
func (t *trace) correlate(k int) correlated {
	q := t.quantities[k]
	if q.constant() {
		return correlated{name: q.name, correlations: []diag.Correlation{diag.Uncorrelated(len(q.chains) * len(q.chains[0]))}}
	}
	c := correlated{name: q.name, correlations: []diag.Correlation{diag.BulkCorrelation(q.chains)}}
	if k == 0 {
		c.correlations = append(c.correlations, diag.TailCorrelations(q.chains)...)
	}
	return c
}

// correlateModes returns the modes' shares as one vector, and the indicators of all modes in order. There are several.
func (t *trace) correlateModes() (all correlated, modes []correlated) {
	together, each := t.vector().Correlations()
	if length := len(t.labels[0]); length >= fewestObservations && math.IsNaN(together.ESS()) { // all in one mode
		together = diag.Uncorrelated(len(t.labels) * length)
	}
	all = correlated{name: namesOfAll, correlations: []diag.Correlation{together}}
	seen := t.seen()
	for k, own := range each {
		mode := correlated{name: nameOf(k), correlations: all.correlations, own: own}
		if own.ESS() > 0 {
			mode.visits = seen[k] * together.ESS()
		}
		modes = append(modes, mode)
	}
	return all, modes
}

// eachWatched returns f of each thing that is watched, with the names, the free energy first; and all modes where there
// are several.
func (t *trace) eachWatched(f func(correlated) float64) (values []float64, names []string, modes []correlated) {
	values = make([]float64, len(t.quantities))
	t.compute.Each(values, func(k int) float64 { return f(t.correlate(k)) })
	for _, q := range t.quantities {
		names = append(names, q.name)
	}
	if !t.modes.several() {
		return values, names, nil
	}
	all, modes := t.correlateModes()
	add := func(c correlated) { values, names = append(values, f(c)), append(names, c.name) }
	add(all)
	for _, k := range t.watched() {
		add(modes[k])
	}
	return values, names, modes
}

// fewestObservations of a chain give an effective sample size, as in diag.ESS.
const fewestObservations = 10

// constant reports whether all numbers are equal, and enough of them for an effective sample size.
func (q quantity) constant() bool {
	first := q.chains[0]
	return len(first) >= fewestObservations && !slices.ContainsFunc(q.chains, func(chain []float64) bool {
		return slices.ContainsFunc(chain, func(x float64) bool { return x != first[0] })
	})
}

// changes counts how often chains went from one of the watched modes to another.
func (t *trace) changes() (changes int) {
	watched := t.watched()
	for _, chain := range t.labels {
		last := -1
		for _, label := range chain {
			k := int(label)
			if k == last || !slices.Contains(watched, k) {
				continue
			}
			if last >= 0 {
				changes++
			}
			last = k
		}
	}
	return changes
}
