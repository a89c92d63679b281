package train

import (
	"cmp"
	"slices"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// nextMinibatch gathers the rows of this update. Every epoch goes through all rows once, in a fresh order.
func (t *Training) nextMinibatch() (rbm.Batch, []float32) {
	rows, batches := t.set.Rows(), t.config.batches(t.set.Rows())
	epoch, k := int(t.done)/batches, int(t.done)%batches
	if epoch != t.orderOf {
		deal(t.order, t.strata, batches, rng.NewSource(rng.Seed(t.config.Seed).Stream(rng.StreamShuffle), uint64(epoch)))
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

// deal orders the rows for an epoch of stratified minibatches (P. Zhao and T. Zhang, arXiv 1405.3080): each stratum of
// as many rows as there are batches gives one row to each of them, at random. A minibatch then has its share of every
// group of rows that are alike, and its gradient less noise. Every row is in one minibatch of an epoch.
//
// Batch k has the places from k·rows/batches to (k+1)·rows/batches of the order. The last stratum is smaller where the
// division has a remainder, and its rows go to batches with a place left.
func deal(order, strata []int, batches int, source *rng.Source) {
	rows := len(order)
	to, next := make([]int, batches), make([]int, batches)
	for k := range next {
		next[k] = k * rows / batches
	}
	for stratum := range slices.Chunk(strata, batches) {
		source.Perm(to)
		for _, k := range to {
			if len(stratum) > 0 && next[k] < (k+1)*rows/batches {
				order[next[k]] = stratum[0]
				next[k]++
				stratum = stratum[1:]
			}
		}
	}
}

// mostStratified bounds the rows that are brought into strata, in bytes, as they are copied. Of more rows strata are
// drawn at random.
const mostStratified = 64 << 20

// stratify finds the strata. Grey values are bits as they are drawn for the first epoch.
func (t *Training) stratify() {
	rows, key := t.set.Rows(), rng.Seed(t.config.Seed).Stream(rng.StreamShuffle).Stream(1)
	t.strata = make([]int, rows)
	rng.NewSource(key, 0).Perm(t.strata)
	if t.set.Redraw(0, t.config.Compute); rows*(t.set.States.Bits()/8) < mostStratified {
		v := t.set.States.Like(rows) // all of them, which may be on several processes
		v.Gather(t.set.States, t.strata)
		order := alike(v, t.config.batches(rows))
		for k, r := range order {
			order[k] = t.strata[r]
		}
		t.strata = order
	}
}

// alike orders the rows of v so that rows with many bits in common stand next to each other. It halves the rows by
// d(v,a) − d(v,b), with the Hamming distances to two rows that are far apart, and then each half, down to strata of size
// rows.
func alike(v rbm.Batch, size int) []int {
	order, nearer := make([]int, v.Rows()), make([]int, v.Rows())
	for r := range order {
		order[r] = r
	}
	farthest := func(rows []int, from int) (at int) {
		most := -1
		for _, r := range rows {
			if d := v.Distance(r, v, from); d > most {
				at, most = r, d
			}
		}
		return at
	}
	var halve func(rows []int)
	halve = func(rows []int) {
		half := (len(rows)/size + 1) / 2 * size
		if half == 0 || half == len(rows) {
			return
		}
		a := farthest(rows, rows[0])
		b := farthest(rows, a)
		for _, r := range rows {
			nearer[r] = v.Distance(r, v, a) - v.Distance(r, v, b)
		}
		slices.SortStableFunc(rows, func(r, s int) int { return cmp.Compare(nearer[r], nearer[s]) })
		halve(rows[:half])
		halve(rows[half:])
	}
	halve(order)
	return order
}
