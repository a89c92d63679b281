package train

import (
	"context"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Chains that forget at once are swept once an update; chains that can't forget, as often as is allowed; and back.
func TestSweepsAdapt(t *testing.T) {
	const m, n, chains = 20, 10, 50
	free := rbm.New(m, n, rng.Seed(1))
	caughtModel := free.Clone()
	for k := range caughtModel.W {
		caughtModel.W[k] = 2
	}
	for i := range m {
		caughtModel.B()[i] = -float32(n) // all on and all off are equally likely, and far apart
	}
	for j := range n {
		caughtModel.C()[j] = -float32(m)
	}
	pcd := &PCD{Chains: chains, Adapt: true}
	if err := pcd.Start(Setup{Model: free, Batch: chains, Key: rng.Seed(1), Compute: compute.New(1)}); err != nil {
		t.Fatal(err)
	}
	statistics := rbm.NewStatistics(free)
	update := uint64(0)
	run := func(model *rbm.Model, updates int) {
		conditionals := rbm.NewConditionals(model, compute.New(1))
		for range updates {
			if err := pcd.Phase(context.Background(), statistics, Update{Number: update, Model: model, Conditionals: conditionals}); err != nil {
				t.Fatal(err)
			}
			update++
		}
	}
	run(free, 20)
	if pcd.Sweeps() != 1 {
		t.Errorf("%d sweeps of chains that forget at once", pcd.Sweeps())
	}
	run(caughtModel, 100)
	if want := 1 << mostDoublings; pcd.Sweeps() != want {
		t.Errorf("%d sweeps of chains that are caught, want %d", pcd.Sweeps(), want)
	}
	run(free, 20)
	if pcd.Sweeps() != 1 {
		t.Errorf("%d sweeps of chains that forget again", pcd.Sweeps())
	}
}
