package sample_test

import (
	"math"
	"slices"
	"testing"

	"harmonium/compute"
	"harmonium/exact"
	"harmonium/internal/lecturetest"
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
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

// AIS and reverse AIS, on a straight path and on one with a detour, on uneven places, give log Z within five of its errors, and take the
// weighted chains to the ends of the path.
func TestAnnealAlongPaths(t *testing.T) {
	model := randomModel(30, 12, rbm.Bernoulli, rbm.Bernoulli, 31)
	base, detour := sample.IndependentModel(model), randomModel(30, 12, rbm.Bernoulli, rbm.Bernoulli, 32)
	truth, err := exact.LogZ(t.Context(), model, exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	places := sample.Respace(sample.Even(2), []float64{1, 3}, 200)
	for name, path := range map[string]sample.Path{"straight": {base, model}, "detour": {base, detour, model}} {
		c := rbm.NewConditionals(model, compute.New(1))
		p, lengths, err := sample.AIS(t.Context(), path, places, 500, c, rng.Seed(1), nil)
		if err != nil || len(lengths) != 200 {
			t.Fatalf("%s: error %v, %d lengths", name, err, len(lengths))
		}
		if z := p.LogZ(); math.Abs(z.Value-truth) > 5*z.Stderr || z.Stderr > 0.2 {
			t.Errorf("%s: by AIS log Z is %v ± %v, exactly %v", name, z.Value, z.Stderr, truth)
		}
		for r, free := range model.FreeEnergy(p.Chains.Visible) {
			if math.Abs(free-p.FreeEnergies[r]) > 1e-3 { // fixed point against float64
				t.Fatalf("%s: F of chain %d is %v, of the model %v", name, r, p.FreeEnergies[r], free)
			}
		}
		v, _, err := exact.Sample(t.Context(), model, 500, rng.Seed(2), exact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		z, lengths, err := sample.ReverseAIS(t.Context(), path, places, sample.NewChains(v, 12, rng.Seed(3)), nil, c, rng.Seed(3), nil)
		if err != nil || len(lengths) != 200 {
			t.Fatalf("%s: error %v, %d lengths", name, err, len(lengths))
		}
		if logZ := sample.LogZWithoutWeights(base) + z.Value; math.Abs(logZ-truth) > 5*z.Stderr || z.Stderr > 0.2 {
			t.Errorf("%s: by reverse AIS log Z is %v ± %v, exactly %v", name, logZ, z.Stderr, truth)
		}
	}
}

// Without weights log Z is Γ_v(0) + Γ_h(0). AIS and reverse AIS give the lecture's log Z of the model, within five of their errors, for
// every pair of kinds of units; tempering keeps the distribution.
func TestPathsOfEveryKind(t *testing.T) {
	const m, n, chains = 5, 4, 5000
	truth := func(model *rbm.Model) float64 {
		bits, offset := lecturetest.Bits(model)
		return bits.LogZ() - offset
	}
	for _, visible := range kinds {
		for _, hidden := range kinds {
			model := randomModel(m, n, visible, hidden, 36)
			base := sample.IndependentModel(model)
			if got, want := sample.LogZWithoutWeights(base), truth(base); math.Abs(got-want) > 1e-6 {
				t.Errorf("%v-%v: log Z without weights is %v, want %v", visible, hidden, got, want)
			}
			path, c, want := sample.Path{base, model}, rbm.NewConditionals(model, compute.New(2)), truth(model)
			p, _, err := sample.AIS(t.Context(), path, sample.Even(50), 500, c, rng.Seed(1), nil)
			if err != nil {
				t.Fatal(err)
			}
			if z := p.LogZ(); !(math.Abs(z.Value-want) <= 5*z.Stderr) || z.Stderr > 0.1 {
				t.Errorf("%v-%v: log Z by AIS is %v ± %v, want %v", visible, hidden, z.Value, z.Stderr, want)
			}
			distributed := distribution(model, everything)
			start := exactly(distributed, m, chains, rng.Seed(2))
			back := sample.NewChains(start.Slice(0, 500), n, rng.Seed(3))
			z, _, err := sample.ReverseAIS(t.Context(), path, sample.Even(50), back, nil, c, rng.Seed(3), nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := truth(base) + z.Value; !(math.Abs(got-want) <= 5*z.Stderr) || z.Stderr > 0.1 {
				t.Errorf("%v-%v: log Z by reverse AIS is %v ± %v, want %v", visible, hidden, got, z.Stderr, want)
			}
			tempering := sample.NewTempering(path, start, 3, rng.Seed(4), compute.New(2))
			for range 10 {
				tempering.Round()
			}
			checkDistribution(t, tempering.Visible(), distributed)
			for k, rate := range tempering.SwapRates() {
				if !(rate > 0.1 && rate < 1) {
					t.Errorf("%v-%v: temperatures %d and %d exchange with probability %v", visible, hidden, k, k+1, rate)
				}
			}
		}
	}
}

// The lengths of steps tell where on a path the model changes: on a path that stays where it is for its first half, in both directions.
func TestAnnealMeasuresItsSteps(t *testing.T) {
	const steps = 50
	model := randomModel(30, 12, rbm.Bernoulli, rbm.Bernoulli, 35)
	base := sample.IndependentModel(model)
	c, path, places := rbm.NewConditionals(model, compute.New(1)), sample.Path{base, base, model}, sample.Even(steps)
	p := sample.NewIndependent(base, 300, rng.Seed(1))
	check := func(lengths []float64, err error) {
		t.Helper()
		if err != nil || len(lengths) != steps {
			t.Fatalf("error %v, %d lengths", err, len(lengths))
		}
		for k, x := range lengths {
			if first := k < steps/2; first != (x < 1e-3) || x > 1 { // fixed point is not exact
				t.Errorf("step %d has the length %v", k+1, x)
			}
		}
	}
	check(p.Anneal(t.Context(), path, places[1:], c, nil))
	slices.Reverse(places)
	lengths, err := p.Anneal(t.Context(), path, places[1:], c, nil)
	slices.Reverse(lengths)
	check(lengths, err)
}

// Chains at exact samples that are tempered along a detour stay samples of the model.
func TestTemperingAlongAPathDoesNotDrift(t *testing.T) {
	const sets = 20000
	model := randomModel(5, 4, rbm.Bernoulli, rbm.Bernoulli, 33)
	base, detour := sample.IndependentModel(model), randomModel(5, 4, rbm.Bernoulli, rbm.Bernoulli, 34)
	v, _, err := exact.Sample(t.Context(), model, sets, rng.Seed(1), exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := sample.NewTempering(sample.Path{base, detour, model}, v, 4, rng.Seed(2), compute.New(1))
	for range 20 { // the lower temperatures come to their own distributions
		p.Round()
	}
	want := distribution(model, everything)
	for _, rounds := range []int{1, 2, 20} {
		for range rounds {
			p.Round()
		}
		p.Respace(6)
		checkDistribution(t, p.Visible(), want)
	}
	if p.Betas()[0] != 0 || p.Betas()[len(p.Betas())-1] != 1 {
		t.Errorf("the temperatures are at %v", p.Betas())
	}
	p.Compress(0.5)
	if β := p.Betas(); β[len(β)-1] != 1 || β[len(β)-2] > 0.5 {
		t.Errorf("compressed to half the temperatures are at %v", β)
	}
}
