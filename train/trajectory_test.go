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

// Neighbours among the models that are kept along a training exchange exact samples in 10 to 40 % of all cases: keepBelow is about the
// witnesses, and the step at which it is passed may be long. The last one leads to the model.
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

// Negative phases without chains that go on keep a trajectory too, as witnesses follow every training.
func TestTrajectoryOfCD(t *testing.T) {
	training, err := Start(rbm.New(9, 3, rng.Seed(1)), &data.Set{States: rbm.NewStates(40, 9)}, Config{Negative: &CD{}, Updates: 60})
	if err != nil {
		t.Fatal(err)
	}
	kept := 0
	for p := range training.Steps(t.Context()) {
		if p.Kept != nil {
			kept++
		}
	}
	if kept == 0 {
		t.Error("CD kept no model")
	}
}

// The witnesses know log Z of the mean within four of their errors all along the training.
func TestWitnesses(t *testing.T) {
	for _, rate := range []float64{0.001, 0.01, 0.1} {
		set, err := data.BarsSample(4, 4, 500, rng.Seed(1))
		if err != nil {
			t.Fatal(err)
		}
		training, err := Start(rbm.New(16, 10, rng.Seed(1)), set, Config{Updates: 1000, Rate: rate, Batch: 50})
		if err != nil {
			t.Fatal(err)
		}
		y := training.along
		for p := range training.Steps(t.Context()) {
			if p.Update%100 != 0 {
				continue
			}
			truth, err := exact.LogZ(t.Context(), y.mean, exact.Options{})
			if err != nil {
				t.Fatal(err)
			}
			logZ, stderr, ess := y.witnesses.Weigh()
			if z := (logZ - truth) / stderr; !(math.Abs(z) < 4) || stderr > 0.5 || ess < witnesses/2 || y.lost != 0 {
				t.Errorf("rate %v, update %d: log Z of the mean is %v ± %v, exactly %v; ESS %v, lost %d", rate, p.Update, logZ, stderr, truth, ess, y.lost)
			}
		}
	}
}

// Witnesses that have lost track begin anew, and follow again.
func TestRenew(t *testing.T) {
	set, err := data.BarsSample(4, 4, 500, rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	training, err := Start(rbm.New(16, 10, rng.Seed(1)), set, Config{Updates: 400, Batch: 50})
	if err != nil {
		t.Fatal(err)
	}
	y := training.along
	for range training.Steps(t.Context()) {
	}
	y.lost = 1
	for r := range y.witnesses.LogWeights {
		y.witnesses.LogWeights[r] = -1000
	}
	y.renew(200, rng.Seed(2))
	truth, err := exact.LogZ(t.Context(), y.mean, exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if logZ, stderr, _ := y.witnesses.Weigh(); y.lost != 0 || !(math.Abs(logZ-truth) < 4*stderr) {
		t.Errorf("begun anew, log Z of the mean is %v ± %v, exactly %v; lost %d", logZ, stderr, truth, y.lost)
	}
}
