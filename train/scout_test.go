package train

import (
	"testing"

	"harmonium/data"
	"harmonium/exact"
	"harmonium/rbm"
	"harmonium/rng"
)

// A model gives all its weight to a mode, all units on, that data of few ones have nothing to do with and that no chain from the data
// comes to. The scouts find it, and it is unlearned.
func TestScoutsFindHiddenModes(t *testing.T) {
	const m = 60
	model := hiddenMode(m, 4)
	set := &data.Set{States: rbm.NewBatch(200, m)}
	for r := range 200 {
		for i := range m {
			set.States.SetBit(r, i, (7*r+13*i)%20 == 0)
		}
	}
	kl := func() float64 {
		t.Helper()
		x, err := exact.DataKL(t.Context(), model, set.States, nil, exact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	before := kl()
	training, err := Start(model, set, Config{KeepBiases: true, Updates: 2000, Every: 2000})
	if err != nil {
		t.Fatal(err)
	}
	for range training.Steps(t.Context()) {
	}
	if after := kl(); before < 100 || after > 10 {
		t.Errorf("KL is %.1f before and %.1f after training, want more than 100 and a few", before, after)
	}
}

// hiddenMode gives nearly all its weight to one mode, all units on, with 140 nats more than all units off.
func hiddenMode(m, n int) *rbm.Model {
	model := rbm.New(m, n, rng.Seed(1))
	for i := range m {
		for j := range n {
			model.W[i*n+j] = 2
		}
		model.B()[i] = -3
	}
	for j := range n {
		model.C()[j] = -40
	}
	return model
}
