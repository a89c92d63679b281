//go:build !race

// Under the race detector sync.Pool forgets some of its contents on purpose, and counts of allocations say nothing.

package train_test

import (
	"iter"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/train"
)

// Between evaluations an update by chains alone allocates nothing, but for what package sync throws away from time to
// time: on average less than one allocation.
func TestUpdatesAllocateNothing(t *testing.T) {
	for name, c := range map[string]train.Config{
		"pcd":   {Negative: &train.PCD{}},
		"plain": {Plain: true, Optimizer: &train.SGD{}, Negative: &train.PCD{Steps: 1, Chains: 50}},
	} {
		c.Updates, c.Every, c.Compute = 1000, 1000, compute.New(2)
		training := start(t, 20, drawnBars(t, 100), c) // five minibatches of 20: all of one shape
		next, stop := iter.Pull(training.Steps(t.Context()))
		next()
		if allocs := testing.AllocsPerRun(100, func() { next() }); allocs > 1 {
			t.Errorf("%s: %v allocations an update", name, allocs)
		}
		stop()
	}
}
