package estimate

import (
	"fmt"
	"math"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Comparison compares samples of a model with data that the model should resemble. Real numbers count in standard
// deviations of the data.
//
// The distance d of two rows has d² = Σ of: 1 for each bit and each categorical site that differs, and (Δ/2σ)² for each
// real number, where σ is its standard deviation in the data. Independent real numbers of one source so add ½ in the
// mean, as fair coins do. For bits d² is the Hamming distance.
type Comparison struct {
	Means       Deviation // of the units' means
	Covariances Deviation // of the covariances of all pairs of units
	// Accuracy is how often a configuration is nearer to one of its own kind than to one of the other, by d, over both
	// kinds: ½ where they can't be told apart, near 1 where samples look unlike data, and near 0 where they are copies
	// of it (A. Yale et al., Neurocomputing 416 (2020) 244). AccuracyStderr is its standard error as if all comparisons
	// were independent.
	Accuracy, AccuracyStderr float64
	// Distance is the energy distance 2⟨d(x,y)⟩ − ⟨d(x,x′)⟩ − ⟨d(y,y′)⟩ (G. J. Székely and M. L. Rizzo, J. Stat. Plan.
	// Inference 143 (2013) 1249), and PValue how often it is as large for rows that are dealt out at random.
	Distance, PValue float64
}

// Deviation is a root mean square difference, and what it would be between two sets of these sizes from one source.
type Deviation struct{ RMS, Expected float64 }

// The numbers of rows that Distance and Accuracy take at most, and of random deals for PValue.
const (
	comparedRows = 500
	deals        = 499
)

// Compare compares samples of a model with this visible layer, which should be independent, with rows of data. It
// panics if the sets differ in their units or have fewer than two rows.
func Compare(visible rbm.Layer, samples, data rbm.Batch, key rng.Key) Comparison {
	if samples.Units() != data.Units() || samples.Rows() < 2 || data.Rows() < 2 {
		panic(fmt.Sprintf("estimate: Compare of %d samples of %d units and %d rows of %d",
			samples.Rows(), samples.Units(), data.Rows(), data.Units()))
	}
	var c Comparison
	scales := newScales(data)
	c.Means, c.Covariances = deviations(newColumns(samples, scales), newColumns(data, scales))
	source := rng.NewSource(key.Stream(rng.StreamBootstrap), 0)
	d := distances(metric{rbm.SitesOf(visible), scales}, some(samples, source), some(data, source))
	c.Accuracy, c.AccuracyStderr = d.accuracy()
	c.Distance, c.PValue = d.test(source)
	return c
}

// some draws comparedRows rows, or all.
func some(v rbm.Batch, source *rng.Source) rbm.Batch {
	order := make([]int, v.Rows())
	source.Perm(order)
	order = order[:min(comparedRows, len(order))]
	chosen := v.Like(len(order))
	chosen.Gather(v, order)
	return chosen
}

func deviations(a, b columns) (means, covariances Deviation) {
	m := len(a.means)
	var first, second moment
	for i, p := range a.means {
		q := b.means[i]
		first.add(p-q, a.variance(i)/a.rows+b.variance(i)/b.rows)
		for j := range i {
			x, vx := a.covariance(i, j)
			y, vy := b.covariance(i, j)
			second.add(x-y, vx/a.rows+vy/b.rows)
		}
	}
	return first.over(m), second.over(m * (m - 1) / 2)
}

// moment sums squares of differences, and their expectations.
type moment struct{ squares, expected float64 }

func (d *moment) add(difference, variance float64) {
	d.squares += difference * difference
	d.expected += variance
}

func (d *moment) over(n int) Deviation {
	count := float64(max(n, 1))
	return Deviation{math.Sqrt(d.squares / count), math.Sqrt(max(0, d.expected) / count)}
}

// distanceTable holds d of all pairs of rows, the samples first.
type distanceTable struct {
	samples, rows int
	d             []float64
}

func distances(by metric, samples, data rbm.Batch) distanceTable {
	n := samples.Rows() + data.Rows()
	t := distanceTable{samples: samples.Rows(), rows: n, d: make([]float64, n*n)}
	all := samples.Like(n)
	all.Slice(0, samples.Rows()).Copy(samples)
	all.Slice(samples.Rows(), n).Copy(data)
	for k := range n {
		for l := range k {
			t.d[k*n+l] = math.Sqrt(by.squared(all, k, l))
			t.d[l*n+k] = t.d[k*n+l]
		}
	}
	return t
}

// accuracy counts rows that are nearer to their own kind; a tie counts half.
func (t distanceTable) accuracy() (value, stderr float64) {
	right := [2]float64{}
	for k := range t.rows {
		nearest := [2]float64{math.Inf(1), math.Inf(1)} // among samples, among data
		for l := range t.rows {
			if l != k {
				kind := t.kind(l)
				nearest[kind] = min(nearest[kind], t.d[k*t.rows+l])
			}
		}
		own := t.kind(k)
		switch {
		case nearest[own] < nearest[1-own]:
			right[own]++
		case nearest[own] == nearest[1-own]:
			right[own] += 0.5
		}
	}
	a, b := right[0]/float64(t.samples), right[1]/float64(t.rows-t.samples)
	return (a + b) / 2, math.Sqrt(a*(1-a)/float64(t.samples)+b*(1-b)/float64(t.rows-t.samples)) / 2
}

func (t distanceTable) kind(k int) int {
	if k < t.samples {
		return 0
	}
	return 1
}

// test is the energy distance with its permutation test.
func (t distanceTable) test(source *rng.Source) (distance, pValue float64) {
	order := make([]int, t.rows)
	for k := range order {
		order[k] = k
	}
	distance = t.energy(order)
	above := 1
	for range deals {
		source.Perm(order)
		if t.energy(order) >= distance {
			above++
		}
	}
	return distance, float64(above) / (deals + 1)
}

// energy is the distance between the first rows of the order, as many as there are samples, and the others.
func (t distanceTable) energy(order []int) float64 {
	kind := make([]int, t.rows)
	for _, k := range order[t.samples:] {
		kind[k] = 1
	}
	var sums [3]float64 // of pairs with none, one and two of the others
	for k := range t.rows {
		row := t.d[k*t.rows : k*t.rows+k]
		for l, d := range row {
			sums[kind[k]+kind[l]] += d
		}
	}
	a, b := float64(t.samples), float64(t.rows-t.samples)
	return 2*sums[1]/(a*b) - sums[0]/(a*(a-1)/2) - sums[2]/(b*(b-1)/2)
}
