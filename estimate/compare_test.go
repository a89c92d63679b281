package estimate_test

import (
	"math"
	"testing"

	"harmonium/estimate"
	"harmonium/rbm"
	"harmonium/rng"
)

// Two sets from one model can't be told apart; sets from two models can; copies are found out.
// The models are symmetric under a flip of all spins: their means agree, their covariances do not.
func TestCriticise(t *testing.T) {
	model := patterned(30, 3, 0.8, rbm.Spin, rbm.Spin, 1)
	other := patterned(30, 3, 0.8, rbm.Spin, rbm.Spin, 2)
	v, _ := drawn(t, model, 3000)
	half := func(from, to int) rbm.Batch { return v.Slice(from, to) }
	far, _ := drawn(t, other, 1000)

	small, ratios := 0, 0.0
	for k := range 5 {
		c := estimate.Compare(model.Visible, half(600*k, 600*k+300), half(600*k+300, 600*k+600), rng.Seed(uint64(k)))
		ratios += c.Covariances.RMS / c.Covariances.Expected / 5
		if math.Abs(c.Accuracy-0.5) > 4*c.AccuracyStderr {
			t.Errorf("accuracy %.3f ± %.3f between sets of one model", c.Accuracy, c.AccuracyStderr)
		}
		if c.PValue < 0.05 {
			small++
		}
		if r := c.Means.RMS / c.Means.Expected; r < 0.5 || r > 1.7 {
			t.Errorf("means differ %.2f times as much as they should", r)
		}
	}
	if small > 2 || ratios < 0.8 || ratios > 1.2 {
		t.Errorf("%d of 5 tests tell sets of one model apart; covariances differ %.2f times as much as they should", small, ratios)
	}

	c := estimate.Compare(model.Visible, far, half(0, 1000), rng.Seed(1))
	if c.PValue > 0.005 || c.Accuracy < 0.7 || c.Covariances.RMS < 3*c.Covariances.Expected {
		t.Errorf("samples of another model pass: %+v", c)
	}
	copies := estimate.Compare(model.Visible, half(0, 400), half(0, 400), rng.Seed(1))
	if copies.Accuracy > 0.1 || copies.Means.RMS != 0 {
		t.Errorf("copies pass: %+v", copies)
	}
}
