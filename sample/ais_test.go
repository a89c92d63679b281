package sample_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/internal/lecturetest"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

func TestRespace(t *testing.T) {
	places, lengths := []float64{0, 0.5, 0.6, 1}, []float64{1, 2, 1}
	want := []float64{0, 0.5, 0.55, 0.6, 1} // the middle stretch holds half of the whole length
	got := sample.Respace(places, lengths, 4)
	for k := range want {
		if len(got) != len(want) || math.Abs(got[k]-want[k]) > 1e-15 {
			t.Fatalf("places %v, want %v", got, want)
		}
	}
	if even := sample.Respace(sample.Even(7), slices.Repeat([]float64{3}, 7), 7); !slices.IsSorted(even) || even[0] != 0 || even[7] != 1 {
		t.Errorf("even lengths give %v", even)
	}
}

// lineTo is the line from a base to a model.
func lineTo(base, model *rbm.Model, workers int) *rbm.Line {
	return rbm.NewLine(base, model, rbm.NewConditionals(model, compute.New(workers)))
}

// bases are independent units for a model: without hidden biases, with those of the model, and with others.
func bases(model *rbm.Model) map[string]*rbm.Model {
	own, others := model.Clone(), randomModel(model.M(), model.N(), model.Visible.Kind(), model.Hidden.Kind(), 38)
	clear(own.W)
	clear(others.W)
	return map[string]*rbm.Model{"no hidden biases": sample.IndependentModel(model), "its own biases": own, "other biases": others}
}

// AIS and reverse AIS, on uneven places, give log Z within five of their errors.
func TestAnnealAlongALine(t *testing.T) {
	model := randomModel(30, 12, rbm.Bernoulli, rbm.Bernoulli, 31)
	truth, err := exact.LogZ(t.Context(), model, exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	places := sample.Respace(sample.Even(2), []float64{1, 3}, 200)
	for name, base := range bases(model) {
		line, steps := lineTo(base, model, 1), 0
		p, lengths, err := sample.AIS(t.Context(), line, places, 500, rng.Seed(1), func(step int) {
			if steps++; step != steps {
				t.Errorf("step %d after %d", step, steps-1)
			}
		})
		if err != nil || len(lengths) != 200 || steps != 200 || p.Chains.Sweeps != 200 {
			t.Fatalf("%s: error %v, %d lengths, %d steps", name, err, len(lengths), steps)
		}
		if z := p.LogZ(); math.Abs(z.Value-truth) > 5*z.Stderr || z.Stderr > 0.2 {
			t.Errorf("%s: by AIS log Z is %v ± %v, exactly %v", name, z.Value, z.Stderr, truth)
		}
		v, _, err := exact.Sample(t.Context(), model, 500, rng.Seed(2), exact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		back := sample.NewChains(v, model.Hidden, rng.Seed(3))
		z, lengths, err := sample.ReverseAIS(t.Context(), line, places, back, nil, nil, rng.Seed(3), nil)
		if err != nil || len(lengths) != 200 {
			t.Fatalf("%s: error %v, %d lengths", name, err, len(lengths))
		}
		if logZ := sample.LogZWithoutWeights(base) + z.Value; math.Abs(logZ-truth) > 5*z.Stderr || z.Stderr > 0.2 {
			t.Errorf("%s: by reverse AIS log Z is %v ± %v, exactly %v", name, logZ, z.Stderr, truth)
		}
	}
}

// The weighted chains at the end of AIS stand for the model, whether they jump or not: their weighted distribution is that
// of the model.
func TestAnnealedChainsAreSamplesOfTheModel(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds, and long under the race detector")
	}
	model := randomModel(5, 4, rbm.Spin, rbm.Bernoulli, 33)
	truth, err := exact.LogZ(t.Context(), model, exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	jumps := sample.FindJumps(model, rbm.NewBatch(1, 5), 4, rng.Seed(3), compute.New(1))
	for name, base := range bases(model) {
		values := map[float64]bool{}
		for _, jumps := range []*sample.Jumps{nil, jumps} {
			if jumps != nil && name != "other biases" {
				continue
			}
			p := sample.NewIndependent(base, 20000, rng.Seed(1))
			p.Jumps = jumps
			if _, err := p.Anneal(t.Context(), lineTo(base, model, 1), sample.Even(32), nil); err != nil {
				t.Fatal(err)
			}
			z := p.LogZ()
			if values[z.Value] = true; !(z.ESS > 15000) { // else copies would count in the test of the distribution
				t.Errorf("%s: ESS %v", name, z.ESS)
			}
			if math.Abs(z.Value-truth) > 4*z.Stderr {
				t.Errorf("%s: log Z is %v ± %v, exactly %v", name, z.Value, z.Stderr, truth)
			}
			largest := slices.Max(p.LogWeights)
			keep, source := []int{}, rng.NewSource(rng.Seed(2), 0)
			for r, w := range p.LogWeights {
				if source.Float64() < math.Exp(w-largest) {
					keep = append(keep, r)
				}
			}
			v := rbm.NewBatch(len(keep), 5)
			v.Gather(p.Chains.Visible, keep)
			if len(keep) < 2000 {
				t.Errorf("%s: %d of 20000 chains are left", name, len(keep))
			}
			checkDistribution(t, v, distribution(model, everything))
		}
		if name == "other biases" && len(values) != 2 {
			t.Errorf("%s: chains that jump have the same weights as those that don't", name)
		}
	}
}

func TestAnnealStopsEarly(t *testing.T) {
	model := randomModel(6, 4, rbm.Bernoulli, rbm.Bernoulli, 34)
	ctx, cancel := context.WithCancel(t.Context())
	last := 0
	p, _, err := sample.AIS(ctx, lineTo(sample.IndependentModel(model), model, 1), sample.Even(50), 10, rng.Seed(1), func(step int) {
		if last = step; step == 7 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || last != 7 || p.Chains.Sweeps != 7 {
		t.Errorf("error %v after %d steps and %d sweeps", err, last, p.Chains.Sweeps)
	}
}

// Without weights log Z is Γ_v(0) + Γ_h(0). AIS and reverse AIS give the lecture's log Z of the model, within five of
// their errors, for every pair of kinds of units; tempering keeps the distribution.
func TestLinesOfEveryKind(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds, and a minute under the race detector")
	}
	const m, n, chains = 5, 4, 5000
	truth := func(model *rbm.Model) float64 {
		bits, offset := lecturetest.Bits(model)
		return bits.LogZ() - offset
	}
	for _, visible := range kinds {
		for _, hidden := range kinds {
			model := randomModel(m, n, visible, hidden, 36)
			want, distributed := truth(model), distribution(model, everything)
			for name, base := range bases(model) {
				name = fmt.Sprintf("%v-%v, %s", visible, hidden, name)
				if got, want := sample.LogZWithoutWeights(base), truth(base); math.Abs(got-want) > 1e-6 {
					t.Errorf("%s: log Z without weights is %v, want %v", name, got, want)
				}
				line := lineTo(base, model, 2)
				p, _, err := sample.AIS(t.Context(), line, sample.Even(50), 500, rng.Seed(1), nil)
				if err != nil {
					t.Fatal(err)
				}
				if z := p.LogZ(); !(math.Abs(z.Value-want) <= 5*z.Stderr) || z.Stderr > 0.1 {
					t.Errorf("%s: log Z by AIS is %v ± %v, want %v", name, z.Value, z.Stderr, want)
				}
				start := exactly(distributed, m, chains, rng.Seed(2))
				back := sample.NewChains(start.Slice(0, 500), model.Hidden, rng.Seed(3))
				z, _, err := sample.ReverseAIS(t.Context(), line, sample.Even(50), back, nil, nil, rng.Seed(3), nil)
				if err != nil {
					t.Fatal(err)
				}
				if got := truth(base) + z.Value; !(math.Abs(got-want) <= 5*z.Stderr) || z.Stderr > 0.1 {
					t.Errorf("%s: log Z by reverse AIS is %v ± %v, want %v", name, got, z.Stderr, want)
				}
				if !strings.HasSuffix(name, "other biases") {
					continue // of the bases this is the most general
				}
				tempering := sample.NewTempering(line, start, 3, rng.Seed(4))
				for range 10 {
					tempering.Round()
				}
				checkDistribution(t, tempering.Visible(), distributed)
				for k, rate := range tempering.SwapRates() {
					if !(rate > 0.1 && rate < 1) {
						t.Errorf("%s: temperatures %d and %d exchange with probability %v", name, k, k+1, rate)
					}
				}
			}
		}
	}
}

// The lengths of steps tell where on a line the model changes: at places that stay at the base for their first half, in
// both directions.
func TestAnnealMeasuresItsSteps(t *testing.T) {
	const steps = 50
	model := randomModel(30, 12, rbm.Bernoulli, rbm.Bernoulli, 35)
	base := sample.IndependentModel(model)
	line, places := lineTo(base, model, 1), slices.Concat(make([]float64, steps/2), sample.Even(steps/2))
	p := sample.NewIndependent(base, 300, rng.Seed(1))
	check := func(lengths []float64, err error) {
		t.Helper()
		if err != nil || len(lengths) != steps {
			t.Fatalf("error %v, %d lengths", err, len(lengths))
		}
		for k, x := range lengths {
			if first := k < steps/2; first != (x == 0) || x > 1 {
				t.Errorf("step %d has the length %v", k+1, x)
			}
		}
	}
	check(p.Anneal(t.Context(), line, places, nil))
	slices.Reverse(places)
	lengths, err := p.Anneal(t.Context(), line, places, nil)
	slices.Reverse(lengths)
	check(lengths, err)
}
