package monitor_test

import (
	"math"
	"slices"
	"testing"

	"harmonium/data"
	"harmonium/exact"
	"harmonium/ising"
	"harmonium/monitor"
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/train"
)

// Neighbours among the models that are frozen along a training exchange exact samples in 10 to 40 % of all cases: exchangeBelow is about
// the AIS chains, and the step at which it is passed may be long. The last one leads to the model.
func TestLadder(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds, and a minute under the race detector")
	}
	states, _, err := ising.Sample(t.Context(), 10, 2.3, 1000, rng.Seed(1), ising.Options{})
	if err != nil {
		t.Fatal(err)
	}
	model := rbm.New(100, 16, rng.Seed(1))
	training, err := train.Start(model, &data.Set{States: states}, train.Config{Updates: 3000, Every: 3000, Rate: 0.003})
	if err != nil {
		t.Fatal(err)
	}
	var kept []*rbm.Model
	for p := range training.Steps(t.Context()) {
		if p.Frozen != nil {
			kept = append(kept, p.Frozen)
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

// Negative phases without persistent chains make a ladder too, as weighted chains follow every training: models of rising
// log-likelihood, and at the end the chains know log Z of the mean within four of their errors.
func TestLadderWithoutPersistentChains(t *testing.T) {
	set, err := data.BarsSample(4, 4, 500, rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	for name, negative := range map[string]train.Negative{"cd": &train.CD{}, "exact": &train.Exact{}} {
		training, err := train.Start(rbm.New(16, 10, rng.Seed(1)), set, train.Config{Negative: negative, Updates: 1000, Batch: 50, Rate: 0.03})
		if err != nil {
			t.Fatal(err)
		}
		score := func(model *rbm.Model) float64 {
			mean, _, err := exact.LogLikelihood(t.Context(), model, set.States, nil, exact.Options{})
			if err != nil {
				t.Fatal(err)
			}
			return mean
		}
		var scores []float64
		for p := range training.Steps(t.Context()) {
			if p.Frozen != nil {
				scores = append(scores, score(p.Frozen))
			}
		}
		mean, _ := training.Monitor.Mean()
		scores = append(scores, score(mean), score(training.Model))
		if len(scores) < 4 || !slices.IsSorted(scores) {
			t.Errorf("%s: log-likelihoods of the models kept, the mean and the model are %v, want two models kept or more, and rising ones",
				name, scores)
		}
		truth, err := exact.LogZ(t.Context(), mean, exact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if z := training.Monitor.Chains().LogZ(); !(math.Abs(z.Value-truth) < 4*z.Stderr) || z.Stderr > 1 {
			t.Errorf("%s: log Z of the mean is %+v, exactly %v", name, z, truth)
		}
	}
}

// Large models are kept in less number, and not in the first updates alone. A negative phase along the models kept can do with none.
func TestLadderIsBounded(t *testing.T) {
	for _, c := range []struct {
		visible, hidden int
		want            uint64
	}{{16, 10, 200}, {784, 500, 170}, {20000, 500, 6}, {20000, 2000, 1}, {100000, 20000, 0}} {
		if got := monitor.MostFrozen(c.visible*c.hidden + c.visible + c.hidden); got != c.want {
			t.Errorf("%d×%d: %d models may be frozen, want %d", c.visible, c.hidden, got, c.want)
		}
	}
	set, err := data.BarsSample(4, 4, 500, rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		room uint64
		want int
	}{{200, 3}, {3, 3}, {2, 2}, {1, 1}, {0, 0}} {
		training, err := train.Start(rbm.New(16, 10, rng.Seed(1)), set, train.Config{
			Negative: &train.PT{Steps: 1, Ladder: true, Chains: 20, Temperatures: 3}, Updates: 1000, Batch: 50, Rate: 0.1, Every: 1000,
		})
		if err != nil {
			t.Fatal(err)
		}
		training.Monitor.SetRoom(c.room)
		var kept []int
		for p := range training.Steps(t.Context()) {
			if p.Frozen != nil {
				kept = append(kept, p.Update)
			}
		}
		if training.Err() != nil || len(kept) != c.want || len(training.Monitor.Ladder()) != c.want {
			t.Errorf("room for %d: models were kept at updates %v, error %v; want %d", c.room, kept, training.Err(), c.want)
		}
		if c.room == 2 && len(kept) == 2 && kept[len(kept)-1] < 500 {
			t.Errorf("room for 2: models were kept at updates %v, want the second in the second half of 1000", kept)
		}
	}
}
