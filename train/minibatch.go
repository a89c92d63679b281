package train

import (
	"fmt"
	"math"

	"harmonium/data"
	"harmonium/rbm"
	"harmonium/rng"
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
		t.minibatch = rbm.NewBatch(len(index), t.set.Units())
	}
	t.minibatch.Gather(t.set.States, index)
	if t.set.Weights == nil {
		return t.minibatch, nil
	}
	t.weights = t.weights[:0]
	for _, r := range index {
		t.weights = append(t.weights, float32(t.set.Weights[r]*t.weightUnit))
	}
	return t.minibatch, t.weights
}

// withoutIdleRows drops rows of weight zero, so that every minibatch has a weight.
func withoutIdleRows(set *data.Set) *data.Set {
	var index []int
	unit := meanWeightUnit(set)
	for r, w := range set.Weights {
		if float32(w*unit) > 0 {
			index = append(index, r)
		}
	}
	if set.Weights == nil || len(index) == set.Rows() {
		return set
	}
	return set.Subset(index)
}

// checkWeights refuses rows without a finite mean weight above zero.
func checkWeights(name string, set *data.Set) error {
	if set == nil {
		return nil
	}
	for r, w := range set.Weights {
		if !(w >= 0) || math.IsInf(w, 1) {
			return fmt.Errorf("row %d of the %s has the weight %v, want a finite number that is not negative", r+1, name, w)
		}
	}
	switch total := set.TotalWeight(); {
	case total == 0:
		return fmt.Errorf("all %d rows of the %s have weight zero: want a row that counts", set.Rows(), name)
	case math.IsInf(total, 1) || math.IsInf(meanWeightUnit(set), 1):
		return fmt.Errorf("the weights of the %s add up to %v, want a sum from 10^-300 to 10^300: multiply all of them by one number",
			name, total)
	}
	return nil
}

func meanWeightUnit(set *data.Set) float64 { return float64(set.Rows()) / set.TotalWeight() }
