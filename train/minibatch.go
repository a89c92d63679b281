package train

import (
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// nextMinibatch gathers the rows of this update. Every epoch goes through all rows once, in a fresh order.
func (t *Training) nextMinibatch() (rbm.Batch, []float32) {
	rows, batches := t.set.Rows(), t.config.batches(t.set.Rows())
	epoch, k := int(t.done)/batches, int(t.done)%batches
	if epoch != t.orderOf {
		rng.NewSource(rng.Seed(t.config.Seed).Stream(rng.StreamShuffle), uint64(epoch)).Perm(t.order)
		t.orderOf = epoch
		t.set.Redraw(uint64(epoch), t.config.Compute)
	}
	index := t.order[k*rows/batches : (k+1)*rows/batches]
	if t.minibatch.Rows() != len(index) {
		t.minibatch = t.set.States.Like(len(index))
	}
	t.gaps.fill(t, index)
	t.minibatch.Gather(t.set.States, index)
	if t.set.Bases != nil {
		t.bases = t.bases[:0]
		for _, r := range index {
			t.bases = append(t.bases, t.set.Bases[r])
		}
	}
	if t.set.Weights == nil {
		return t.minibatch, nil
	}
	t.weights = t.weights[:0]
	for _, r := range index {
		t.weights = append(t.weights, float32(t.set.Weights[r]*t.weightUnit))
	}
	return t.minibatch, t.weights
}
