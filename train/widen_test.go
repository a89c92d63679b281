package train_test

import (
	"math"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// New hidden units leave P(v) as it is to second order in their weights: log P of the data changes by about ½ Var₀(h)
// Σ_j x_j², x_j² ≈ 10⁻⁴ Σ_i Var v_i, which is 10⁻⁴ a unit for 9 bits, and 16 times that for spins on both sides.
func TestWidenedModelsAreTheSame(t *testing.T) {
	set := drawnBars(t, 200)
	for _, c := range []struct {
		visible, hidden rbm.Kind
		most            float64
	}{
		{rbm.Bernoulli, rbm.Bernoulli, 1e-3}, {rbm.Spin, rbm.Spin, 1.6e-2}, {rbm.Bernoulli, rbm.ReLU, 4e-3}, {rbm.Spin, rbm.Bernoulli, 4e-3},
	} {
		model := rbm.NewModel(rbm.NewLayer(c.visible, 9), rbm.NewLayer(c.hidden, 3), rng.Seed(2))
		for k := range model.W { // far from independent units
			model.W[k] *= 60
		}
		for j := range model.C() {
			model.C()[j] = 0.3
		}
		wide, err := train.Widen(model, 8, set.Means(), rng.Seed(3))
		if err != nil {
			t.Fatal(err)
		}
		if n := wide.N(); n != 8 || wide.C()[2] != 0.3 || wide.W[8+1] != model.W[3+1] || wide.W[5] == wide.W[6] {
			t.Errorf("%s, %s: %d hidden units, or other parameters than the model's", c.visible, c.hidden, n)
		}
		before, after := model.FreeEnergy(set.States), wide.FreeEnergy(set.States)
		for r := range before {
			if more := after[r] - before[r] - (after[0] - before[0]); math.Abs(more) > c.most {
				t.Fatalf("%s, %s: F of row %d changes by %v more than that of the first, want %v at most", c.visible, c.hidden, r, more, c.most)
			}
		}
		same, err := train.Widen(model, 3, set.Means(), rng.Seed(3))
		if err != nil || same == model || same.W[4] != model.W[4] {
			t.Errorf("as many hidden units: %v", err)
		}
		_, err = train.Widen(model, 2, set.Means(), rng.Seed(3))
		if want := "hidden is 2, but the model has 3 hidden units: want as many or more"; err == nil || err.Error() != want {
			t.Errorf("fewer: %v, want %s", err, want)
		}
	}
	fixed := rbm.NewModel(rbm.NewLayer(rbm.Bernoulli, 9), rbm.NewCategorical(3), rng.Seed(2))
	if _, err := train.Widen(fixed, 4, set.Means(), rng.Seed(3)); err == nil || !strings.Contains(err.Error(), "whose number is fixed") {
		t.Errorf("more states: %v", err)
	}
}

// trained is a model of bars and stripes with its modes.
func trained(t *testing.T, hidden int) *rbm.Model {
	t.Helper()
	training := start(t, hidden, bars(t), train.Config{Updates: 800, Batch: 14, Rate: 0.02, Negative: &train.Exact{}})
	finish(t, training)
	return training.Model
}

// The chains of a training of a model that is trained already, or wide, are at the model: their distribution is that of
// the model after an update that moves nothing. Chains that begin at independent units of the model's own biases are not.
func TestTrainedModelsBeginAtEquilibrium(t *testing.T) {
	if testing.Short() {
		t.Skip("hundreds of updates")
	}
	set, model := bars(t), trained(t, 14)
	distribution, err := exact.Distribution(t.Context(), model, exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const chains, tiny = 400, 1e-12
	distance := func(v rbm.Batch) float64 { // total variation of the chains and the model
		counts := make([]float64, len(distribution))
		for r := range v.Rows() {
			counts[v.Index(r)] += 1. / float64(v.Rows())
		}
		sum := 0.0
		for k, p := range distribution {
			sum += math.Abs(counts[k]-p) / 2
		}
		return sum
	}
	for _, c := range []struct {
		name          string
		trained, wide bool
		train.PCD
	}{
		{"replicas", true, false, train.PCD{Replicas: 20}},
		{"chains alone", true, false, train.PCD{}},
		{"wide", false, true, train.PCD{Replicas: 20}},
		{"not trained", false, false, train.PCD{}},
	} {
		negative := c.PCD
		negative.Chains, negative.Steps = chains, 1
		training, err := train.Start(model.Clone(), set, train.Config{
			Trained: c.trained, Wide: c.wide, KeepBiases: true, Negative: &negative, Optimizer: &train.SGD{}, Rate: tiny, Updates: 1, Every: 1,
		})
		if err != nil {
			t.Fatal(err)
		}
		finish(t, training)
		// 14 patterns of about the same probability, 400 chains: the distance of independent samples is 0.4·√(14/400) = 0.07.
		if d := distance(negative.Visible()); (d < 0.2) != (c.trained || c.wide) {
			t.Errorf("%s: chains at a total variation of %v from the model", c.name, d)
		}
	}
}
