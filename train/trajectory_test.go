package train

import (
	"math"
	"testing"

	"harmonium/data"
	"harmonium/exact"
	"harmonium/ising"
	"harmonium/rbm"
	"harmonium/rng"
)

// Neighbours among the models that are kept along a training exchange exact samples in 10 to 40 % of all cases: keepBelow is about the persistent
// chains, which are ahead of the means that are kept. The last one leads to the model.
func TestTrajectory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds, and a minute under the race detector")
	}
	states, _, err := ising.Sample(t.Context(), 10, 2.3, 1000, rng.Seed(1), ising.Options{})
	if err != nil {
		t.Fatal(err)
	}
	model := rbm.New(100, 16, rng.Seed(1))
	training, err := Start(model, &data.Set{States: states}, Config{Updates: 3000, Every: 3000, Rate: 0.003})
	if err != nil {
		t.Fatal(err)
	}
	var kept []*rbm.Model
	for p := range training.Steps(t.Context()) {
		if p.Kept != nil {
			kept = append(kept, p.Kept)
		}
	}
	if len(kept) < 2 || training.NeedsTrajectory() {
		t.Fatalf("%d models were kept, want two or more; the training needs them: %v", len(kept), training.NeedsTrajectory())
	}
	samples := func(model *rbm.Model, seed uint64) rbm.States {
		v, _, err := exact.Sample(t.Context(), model, 2000, rng.Seed(seed), exact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	rate := func(a, b *rbm.Model) float64 {
		va, vb := samples(a, 1), samples(b, 2)
		aa, bb, ab, ba := a.FreeEnergy(va), b.FreeEnergy(vb), a.FreeEnergy(vb), b.FreeEnergy(va)
		sum := 0.0
		for r := range aa {
			sum += math.Exp(min(0, aa[r]+bb[r]-ab[r]-ba[r]))
		}
		return sum / float64(len(aa))
	}
	for k := range len(kept) - 1 {
		x := rate(kept[k], kept[k+1])
		if x < 0.1 || x > 0.4 {
			t.Errorf("models %d and %d exchange %.2f of their states, want 0.1 to 0.4", k, k+1, x)
		}
	}
	if x := rate(kept[len(kept)-1], model); x < 0.02 {
		t.Errorf("the last model kept exchanges %.2f of its states with the model", x)
	}
}

// The negative phase without chains that go on keeps no trajectory.
func TestNoTrajectoryWithoutChains(t *testing.T) {
	training, err := Start(rbm.New(9, 3, rng.Seed(1)), &data.Set{States: rbm.NewStates(40, 9)}, Config{Negative: &CD{}, Updates: 60})
	if err != nil {
		t.Fatal(err)
	}
	for p := range training.Steps(t.Context()) {
		if p.Kept != nil {
			t.Fatal("CD kept a model")
		}
	}
}
