package estimate_test

import (
	"math"
	"reflect"
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
