package sample_test

import (
	"math"
	"testing"

	"harmonium/compute"
	"harmonium/exact"
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
)

// magnet is a model with two modes, all units mostly +1 and all mostly −1, of which the first is the heavier.
func magnet(m, n int, w, field float32) (model, base *rbm.Model) {
	model = rbm.NewModel(rbm.NewLayer(rbm.Spin, m), rbm.NewLayer(rbm.Spin, n), rng.Seed(1))
	for k := range model.W {
		model.W[k] = w
	}
	for i := range model.B() {
		model.B()[i] = field
	}
	base = model.Clone()
	clear(base.W)
	clear(base.B())
	return model, base
}

func up(v rbm.Batch, r int) bool { return 2*v.Ones(r) > v.Units() }

// Gibbs chains stay in the mode where they started; tempered ones visit both, as often as they should.
func TestTemperingMovesBetweenModes(t *testing.T) {
	const m, n, sets = 40, 8, 20
	model, base := magnet(m, n, 0.3, 0.01)
	v, _, err := exact.Sample(t.Context(), model, 20000, rng.Seed(1), exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := 0.0
	for r := range v.Rows() {
		if up(v, r) {
			want += 1 / float64(v.Rows())
		}
	}
	start := rbm.NewBatch(sets, m) // all −1

	gibbs := sample.NewChains(start, n, rng.Seed(2))
	gibbs.Sweep(rbm.NewConditionals(model, compute.New(1)), 5000)
	for r := range sets {
		if up(gibbs.Visible, r) {
			t.Fatal("plain Gibbs changes modes: the test shows nothing")
		}
	}

	p := sample.NewTempering(sample.Path{base, model}, start, 8, rng.Seed(3), compute.New(1))
	for _, rounds := range []int{200, 400, 800} {
		for range rounds {
			p.Round()
		}
		p.Respace(30)
	}
	const rounds = 3000
	got, squares := 0.0, 0.0
	counts := make([]float64, sets)
	for range rounds {
		p.Round()
		for r := range sets {
			if up(p.Visible(), r) {
				counts[r] += 1. / rounds
			}
		}
	}
	for _, c := range counts {
		got += c / sets
	}
	for _, c := range counts {
		squares += (c - got) * (c - got) / (sets - 1)
	}
	stderr := math.Sqrt(squares/sets + want*(1-want)/20000)
	if math.Abs(got-want) > 4*stderr || stderr > 0.05 {
		t.Errorf("%.3f ± %.3f of the states are in the upper mode, should be %.3f", got, stderr, want)
	}
	if p.RoundTrips() < 1000 {
		t.Errorf("%d round trips in %d rounds of %d sets", p.RoundTrips(), rounds, sets)
	}
	t.Logf("upper mode %.3f ± %.3f (%.3f), %d round trips, swap rates %.2f, β %.3f",
		got, stderr, want, p.RoundTrips(), p.SwapRates(), p.Betas())
	for k, rate := range p.SwapRates() {
		if rate < 0.3 || rate > 0.8 {
			t.Errorf("neighbours %d and %d exchange with probability %.2f; all should be near a half", k, k+1, rate)
		}
	}
}

// With a clamped unit the states are those of the model given the unit, at every temperature.
func TestTemperingClamped(t *testing.T) {
	const m, n, sets = 12, 4, 50
	model, base := magnet(m, n, 0.35, 0)
	p := sample.NewTempering(sample.Path{base, model}, rbm.NewBatch(sets, m), 4, rng.Seed(4), compute.New(2))
	p.ClampVisible(3, true)
	for range 100 {
		p.Round()
	}
	p.Respace(10)
	upper, total := 0.0, 0.0
	for range 2000 {
		p.Round()
		for r := range sets {
			if !p.Visible().Bit(r, 3) {
				t.Fatal("a clamped unit moved")
			}
			total++
			if p.Visible().Bit(r, 5) {
				upper++
			}
		}
	}
	// P(s_5 = +1 | s_3 = +1) = (1 + ⟨s_3 s_5⟩)/2 where both are even.
	v, _, err := exact.Sample(t.Context(), model, 100000, rng.Seed(1), exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := 0.0
	for r := range v.Rows() {
		if v.Bit(r, 3) == v.Bit(r, 5) {
			want += 1 / float64(v.Rows())
		}
	}
	if got := upper / total; math.Abs(got-want) > 0.01 {
		t.Errorf("P(s_5|s_3) is %.3f, should be %.3f", got, want)
	}
}
