package train_test

import (
	"testing"

	"harmonium/data"
	"harmonium/exact"
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/train"
)

// A model gives all its weight to a mode, all units on, that data of few ones have nothing to do with and that no chain from the data
// comes to. The scouts find it, and it is unlearned.
func TestScoutsFindHiddenModes(t *testing.T) {
	const m, n = 60, 4
	model := rbm.New(m, n, rng.Seed(1))
	for i := range m {
		for j := range n {
			model.W[i*n+j] = 2
		}
		model.B[i] = -3
	}
	for j := range n {
		model.C[j] = -40
	}
	set := &data.Set{States: rbm.NewStates(200, m)}
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
	training, err := train.Start(model, set, train.Config{KeepBiases: true, Updates: 2000, Every: 2000})
	if err != nil {
		t.Fatal(err)
	}
	finish(t, training)
	if after := kl(); before < 100 || after > 10 {
		t.Errorf("KL is %.1f before and %.1f after training, want more than 100 and a few", before, after)
	}
}
