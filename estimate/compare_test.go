package estimate_test

import (
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/estimate"
	"github.com/harmonium-rbm/harmonium/internal/kindtest"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
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

// Sets from one model of real numbers, sites and bits can't be told apart, whatever the scale of the numbers; those of
// a model with other weights can.
func TestCompareKinds(t *testing.T) {
	for _, pair := range kindtest.Pairs(0.6) {
		if pair.Name != "mixed-relu" && pair.Name != "gaussian-drelu" {
			continue
		}
		model, truth := pair.Model, kindtest.Of(pair.Model)
		a, b := truth.Sample(250, rng.Seed(1)), truth.Sample(250, rng.Seed(2))
		c := estimate.Compare(model.Visible, a, b, rng.Seed(3))
		if c.PValue < 0.01 || math.Abs(c.Accuracy-0.5) > 4*c.AccuracyStderr || c.Means.RMS > 2*c.Means.Expected ||
			c.Covariances.RMS > 2*c.Covariances.Expected || c.Covariances.RMS < 0.2*c.Covariances.Expected {
			t.Errorf("%s: %+v between sets of one model", pair.Name, c)
		}
		for _, v := range []rbm.Batch{a, b} { // in other units
			for r := range v.Rows() {
				for k := range v.Reals(r) {
					v.Reals(r)[k] = 1024*v.Reals(r)[k] + 64
				}
			}
		}
		scaled := estimate.Compare(model.Visible, a, b, rng.Seed(3))
		if math.Abs(scaled.Distance-c.Distance) > 1e-5 || math.Abs(scaled.Means.RMS-c.Means.RMS) > 1e-4 || scaled.Accuracy != c.Accuracy {
			t.Errorf("%s: %+v in other units, %+v before", pair.Name, scaled, c)
		}
		other := model.Clone()
		for k := range other.W {
			other.W[k] *= -1
		}
		other.B()[model.M()-1]++
		a, b = kindtest.Of(other).Sample(250, rng.Seed(4)), truth.Sample(250, rng.Seed(5))
		if c := estimate.Compare(model.Visible, a, b, rng.Seed(3)); c.PValue > 0.01 || c.Means.RMS < 3*c.Means.Expected {
			t.Errorf("%s: samples of another model pass: %+v", pair.Name, c)
		}
	}
}

// A site of another state counts as much as a bit, and a real number two standard deviations away as well.
func TestCompareDistances(t *testing.T) {
	visible, err := rbm.NewMixed(rbm.NewLayer(rbm.Bernoulli, 1), rbm.NewCategorical(3), rbm.NewLayer(rbm.Gaussian, 1))
	if err != nil {
		t.Fatal(err)
	}
	rows := func(bit bool, state int, real float32) rbm.Batch { // two alike
		v := visible.NewBatch(2)
		for r := range 2 {
			v.SetBit(r, 0, bit)
			for a := range 3 {
				v.SetBit(r, 1+a, a == state)
			}
			v.Reals(r)[0] = real
		}
		return v
	}
	data := rows(false, 0, 1)
	data.Reals(1)[0] = -1 // standard deviation 1
	within := 1.0         // the distance of the two rows of data: (2/2)² = 1
	for name, samples := range map[string]rbm.Batch{"bit": rows(true, 0, 0), "state": rows(false, 2, 0)} {
		want := 2*math.Sqrt(1+0.25) - within
		if c := estimate.Compare(visible, samples, data, rng.Seed(1)); math.Abs(c.Distance-want) > 1e-12 {
			t.Errorf("another %s: distance %v, should be %v", name, c.Distance, want)
		}
	}
}
