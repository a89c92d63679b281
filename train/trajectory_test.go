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
	if len(kept) < 2 {
		t.Fatalf("%d models were kept, want two or more", len(kept))
	}
	samples := func(model *rbm.Model, seed uint64) rbm.Batch {
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
	training, err := Start(rbm.New(9, 3, rng.Seed(1)), &data.Set{States: rbm.NewBatch(40, 9)}, Config{Negative: &CD{}, Updates: 2000})
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
		y := training.trajectory
		for p := range training.Steps(t.Context()) {
			if p.Update%100 != 0 {
				continue
			}
			truth, err := exact.LogZ(t.Context(), y.mean, exact.Options{})
			if err != nil {
				t.Fatal(err)
			}
			z := y.witnesses.LogZ()
			if errors := (z.Value - truth) / z.Stderr; !(math.Abs(errors) < 4) || z.Stderr > 0.5 || z.ESS < witnessCount/2 || lost(y.longest) {
				t.Errorf("rate %v, update %d: log Z of the mean is %+v, exactly %v; longest step %v", rate, p.Update, z, truth, y.longest)
			}
		}
	}
}

// New witnesses take the place of old ones that have lost track, that are too low, or that know less; not of better ones. Afterwards they follow the
// training.
func TestRenew(t *testing.T) {
	set, err := data.BarsSample(4, 4, 500, rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*trajectory)
		want   bool
	}{
		"lost":                      {func(y *trajectory) { y.longest = lostTrack }, true},
		"too low":                   {func(y *trajectory) { y.witnesses.Known = [2]float64{y.witnesses.Known[0] - 20, 0} }, true},
		"uncertain":                 {func(y *trajectory) { y.witnesses.Known[1] = 10 }, true},
		"higher, if not well known": {func(y *trajectory) { y.witnesses.Known = [2]float64{y.witnesses.Known[0] + 20, 10} }, false},
	} {
		training, err := Start(rbm.New(16, 10, rng.Seed(1)), set, Config{Updates: 400, Batch: 50})
		if err != nil {
			t.Fatal(err)
		}
		y := training.trajectory
		for p := range training.Steps(t.Context()) {
			if p.Update != 200 {
				continue
			}
			c.change(y)
			old := y.witnesses
			y.renew(200, rng.Seed(2))
			if renewed := y.witnesses != old; renewed != c.want {
				t.Errorf("%s: begun anew: %v, want %v", name, renewed, c.want)
			}
		}
		if !c.want {
			continue
		}
		truth, err := exact.LogZ(t.Context(), y.mean, exact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if z := y.witnesses.LogZ(); lost(y.longest) || !(math.Abs(z.Value-truth) < 4*z.Stderr) {
			t.Errorf("%s: 200 updates later log Z of the mean is %+v, exactly %v; longest step %v", name, z, truth, y.longest)
		}
	}
}

// The witnesses make no more steps than are paid for, also where each update moves the model far.
func TestWitnessesArePaidFor(t *testing.T) {
	set, err := data.BarsSample(4, 4, 500, rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	for name, negative := range map[string]Negative{"cheap": &PCD{Steps: 1}, "costly": &PCD{Steps: 100, Chains: 300}} {
		training, err := Start(rbm.New(16, 10, rng.Seed(1)), set, Config{Updates: 1000, Rate: 1, Batch: 50, Every: 2000, Negative: negative})
		if err != nil {
			t.Fatal(err)
		}
		y := training.trajectory
		lent, pay := y.paid, y.pay(training, 1000)
		for range training.Steps(t.Context()) {
		}
		made := float64(y.witnesses.Chains.Sweeps + keepCost*y.seen)
		if y.seen == 0 || made > lent+pay || lent > max(1+keepCost, pay) {
			t.Errorf("%s: %v steps for %d looks, where %v were lent and %v paid for", name, made, y.seen, lent, pay)
		}
	}
}
