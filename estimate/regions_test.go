package estimate_test

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/estimate"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// glassWithPattern returns a model of m units with random weights to n hidden ones, which have a score of modes that are no
// independent units, and of a pattern of as many further units that one more hidden unit ties together. The pattern is on
// with the log-odds given, or nearly always off as in v, samples of the model for which it is, with their means.
func glassWithPattern(t testing.TB, odds float64, seed uint64) (model *rbm.Model, v rbm.Batch, means []float64) {
	const m, n, pattern, bias, weight = 30, 16, 24, -4, 8
	make := func(odds float64) *rbm.Model {
		model := rbm.New(m+pattern, n+1, rng.Seed(seed))
		source := rng.NewSource(rng.Seed(seed), 7)
		clear(model.W)
		for i := range m {
			for j := range n {
				w := float32(2 * (source.Float64() + source.Float64() + source.Float64() - 1.5)) // about N(0, 1)
				model.W[i*(n+1)+j] = w
				model.B()[i] -= w / 2
				model.C()[j] -= w / 2
			}
		}
		for i := m; i < m+pattern; i++ {
			model.B()[i], model.W[i*(n+1)+n] = bias, weight
		}
		gain := math.Log1p(math.Exp(weight+bias)) - math.Log1p(math.Exp(bias)) // of log Z of a unit of the pattern
		model.C()[n] = float32(odds - pattern*gain)
		return model
	}
	v, means = drawn(t, make(-100), 500)
	for i := range means {
		means[i] = min(max(means[i], 0.005), 0.995)
	}
	return make(odds), v, means
}

// A quarter of Z is in a pattern that data, biases and all that is switched on slowly don't know, and in so many modes that
// what is missed of each is within chance. All of them together are not.
func TestLogZFindsRegions(t *testing.T) {
	for _, seed := range []uint64{0, 27} {
		model, v, means := glassWithPattern(t, -1, seed)
		truth, err := exact.LogZ(t.Context(), model, exact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		b := judged(t, model, v, means)
		missed := math.Log1p(math.Exp(-1.))
		if b.MissedByAIS < 0.7*missed || b.MissedByTempering < 0.7*missed {
			t.Errorf("seed %d: AIS has missed %v nats and tempering %v, want about %v", seed, b.MissedByAIS, b.MissedByTempering, missed)
		}
		if len(b.Findings) > 0 || !(math.Abs(b.Value-truth) < 3*b.Stderr && b.Stderr < 0.1) {
			t.Errorf("seed %d: log Z is %v ± %v, exactly %v; %v", seed, b.Value, b.Stderr, truth, b.Findings)
		}
	}
}

// What was missed is the same on several workers and on the least instruction set.
func TestLogZOfRegionsRepeats(t *testing.T) {
	model, v, means := glassWithPattern(t, -1, 0)
	var want *estimate.Bracket
	for _, on := range []*compute.Context{compute.New(1), compute.NewISA(7, compute.ISAs()[0])} {
		got, err := estimate.LogZ(t.Context(), model, v, means, nil, estimate.Options{Budget: 800_000, Compute: on})
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
		}
		if want.MissedByAIS == 0 {
			t.Fatal("AIS has missed nothing: the test shows nothing")
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%v with %d workers gives log Z = %v ± %v, want %v ± %v",
				on.ISA(), on.Workers(), got.Value, got.Stderr, want.Value, want.Stderr)
		}
	}
}

// The same model of columns with two categories has the same log Z, and what was missed is found as well.
func TestLogZFindsRegionsOfSites(t *testing.T) {
	bits, rows, probabilities := glassWithPattern(t, -1, 0)
	truth, err := exact.LogZ(t.Context(), bits, exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, n := bits.M(), bits.N()
	model := rbm.NewModel(rbm.NewCategorical(slices.Repeat([]int{2}, m)...), rbm.NewLayer(rbm.Bernoulli, n), rng.Seed(1))
	clear(model.W)
	copy(model.C(), bits.C())
	means := make([]float64, 2*m)
	for i := range m { // the second category is on
		copy(model.W[(2*i+1)*n:(2*i+2)*n], bits.W[i*n:(i+1)*n])
		model.B()[2*i], model.B()[2*i+1] = 0, bits.B()[i]
		means[2*i], means[2*i+1] = 1-probabilities[i], probabilities[i]
	}
	v := model.Visible.NewBatch(rows.Rows())
	for r := range rows.Rows() {
		v.SetRow(r, func(i int) bool { return rows.Bit(r, i/2) == (i%2 == 1) })
	}
	b := judged(t, model, v, means)
	if b.MissedByAIS < 0.2 || len(b.Findings) > 0 || !(math.Abs(b.Value-truth) < 3*b.Stderr && b.Stderr < 0.1) {
		t.Errorf("log Z is %v ± %v, exactly %v, %v of it missed by AIS; %v", b.Value, b.Stderr, truth, b.MissedByAIS, b.Findings)
	}
}
