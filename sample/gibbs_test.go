package sample_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/lecturetest"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// randomModel has parameters of order one, so that its distribution is far from uniform and from independent.
func randomModel(m, n int, visible, hidden rbm.Kind, seed uint64) *rbm.Model {
	model := rbm.NewModel(lecturetest.NewLayer(visible, m), lecturetest.NewLayer(hidden, n), rng.Seed(seed))
	source := rng.NewSource(rng.Seed(seed), 99)
	for _, p := range model.Parameters() {
		for k := range p.Values {
			p.Values[k] = float32(2*source.Float64() - 1)
		}
	}
	return model
}

// index reads a row as a binary number, unit 0 lowest.
func index(s rbm.Batch, r int) int { return int(s.Index(r)) }

// distribution is P(v) of all 2^m configurations, as the lecture sums it over the joint states that keep holds for.
func distribution(model *rbm.Model, keep func(v, h int) bool) []float64 {
	bits, _ := lecturetest.Bits(model)
	p, total := make([]float64, 1<<model.M()), 0.0
	for a, row := range bits.Joint() {
		for b, x := range row {
			if keep(a, b) {
				p[a] += x
				total += x
			}
		}
	}
	for a := range p {
		p[a] /= total
	}
	return p
}

func checkDistribution(t *testing.T, v rbm.Batch, p []float64) {
	t.Helper()
	lecturetest.Drawn(t, "visible states", lecturetest.Rows(v), p)
}

func everything(int, int) bool { return true }

// exactly draws configurations from a distribution of up to 2^m configurations, by inversion.
func exactly(p []float64, m, count int, key rng.Key) rbm.Batch {
	v, source := rbm.NewBatch(count, m), rng.NewSource(key, 0)
	for r := range count {
		index, u := uint64(0), source.Float64()-p[0]
		for ; u > 0 && int(index) < len(p)-1; u -= p[index] {
			index++
		}
		v.SetIndex(r, index)
	}
	return v
}

// kinds are those of package rbm, and one that it knows through rbm.Layer alone.
var kinds = []rbm.Kind{rbm.Bernoulli, rbm.Spin, lecturetest.Foreign}

// Chains that start at exact samples of P(v) stay distributed as P(v), for every kind of unit.
func TestGibbsDoesNotDrift(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long under the race detector, and is one goroutine")
	}
	const chains = 20000
	for _, visible := range kinds {
		for _, hidden := range kinds {
			t.Run(fmt.Sprint(visible, "-", hidden), func(t *testing.T) {
				model := randomModel(5, 4, visible, hidden, 11)
				p := distribution(model, everything)
				start := exactly(p, model.M(), chains, rng.Seed(1))
				checkDistribution(t, start, p)
				c := sample.NewChains(start, model.Hidden, rng.Seed(2))
				conditionals := rbm.NewConditionals(model, compute.New(1))
				for _, k := range []int{1, 2, 20} {
					c.Sweep(conditionals, k)
					checkDistribution(t, c.Visible, p)
				}
			})
		}
	}
}

// Chains that start anywhere reach P(v).
func TestGibbsForgetsItsStart(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long under the race detector, and is one goroutine")
	}
	model := randomModel(5, 4, rbm.Bernoulli, rbm.Bernoulli, 12)
	c := sample.NewChains(rbm.NewBatch(20000, 5), model.Hidden, rng.Seed(3))
	c.Sweep(rbm.NewConditionals(model, compute.New(1)), 200)
	checkDistribution(t, c.Visible, distribution(model, everything))
}

// Clamped units stay, and the others have the distribution given them.
func TestClampedGibbsSamplesTheConditional(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long under the race detector, and is one goroutine")
	}
	model := randomModel(5, 4, rbm.Bernoulli, rbm.Spin, 13)
	c := sample.NewChains(rbm.NewBatch(20000, 5), model.Hidden, rng.Seed(4))
	c.ClampVisible(1, true)
	c.ClampVisible(3, false)
	c.ClampHidden(2, true)
	c.Sweep(rbm.NewConditionals(model, compute.New(1)), 200)
	given := func(v, h int) bool { return v>>1&1 == 1 && v>>3&1 == 0 && h>>2&1 == 1 }
	for r := range c.Visible.Rows() {
		if !given(index(c.Visible, r), index(c.Hidden, r)) {
			t.Fatalf("chain %d left its clamps", r)
		}
	}
	checkDistribution(t, c.Visible, distribution(model, given))
}

func TestStartFromBiases(t *testing.T) {
	for _, units := range kinds {
		model := randomModel(6, 3, units, units, 14)
		clear(model.W)
		checkDistribution(t, sample.FromBiases(model, 20000, rng.Seed(5)), distribution(model, everything))
	}
}

// Half of the random starts are drawn without biases and weights, and half without weights alone.
func TestRandomStarts(t *testing.T) {
	const count = 20000
	for _, units := range kinds[:2] {
		model := randomModel(5, 3, units, units, 16)
		starts := sample.RandomStarts(model, 2*count, rng.Seed(5))
		clear(model.W)
		checkDistribution(t, starts.Slice(count, 2*count), distribution(model, everything))
		clear(model.B())
		checkDistribution(t, starts.Slice(0, count), distribution(model, everything))
	}
}

func TestFromRowsUsesEveryRowEquallyOften(t *testing.T) {
	data := rbm.NewBatch(4, 3)
	for r := range 4 {
		data.SetIndex(r, uint64(r))
	}
	v := sample.FromRows(data, 10, rng.Seed(6))
	counts := make([]int, 4)
	for r := range v.Rows() {
		counts[index(v, r)]++
	}
	if slices.Min(counts) != 2 || slices.Max(counts) != 3 {
		t.Errorf("rows drawn %v times, want 2 or 3 each", counts)
	}
}

// The number of workers, and stopping and going on, change nothing.
func TestGibbsRepeats(t *testing.T) {
	model := randomModel(70, 33, rbm.Spin, rbm.Bernoulli, 15)
	start := sample.FromBiases(model, 101, rng.Seed(7))
	run := func(workers int, parts ...int) rbm.Batch {
		c := sample.NewChains(start, model.Hidden, rng.Seed(8))
		for _, k := range parts {
			c.Sweep(rbm.NewConditionals(model, compute.New(workers)), k)
		}
		return c.Visible
	}
	want := run(1, 12)
	for _, workers := range []int{2, 7} {
		if !run(workers, 5, 7).Equal(want) {
			t.Errorf("%d workers and two parts give other chains than one worker and one part", workers)
		}
	}
}

func ExampleChains() {
	model := rbm.New(6, 3, rng.Seed(1)) // weights near zero
	model.B()[0] = 8                    // so unit 0 is nearly always 1
	start := sample.FromBiases(model, 1000, rng.Seed(1))

	chains := sample.NewChains(start, model.Hidden, rng.Seed(1))
	chains.Sweep(rbm.NewConditionals(model, nil), 10) // v → h → v, ten times

	on := 0
	for r := range chains.Visible.Rows() {
		if chains.Visible.Bit(r, 0) {
			on++
		}
	}
	fmt.Println(on > 990)
	// Output: true
}
