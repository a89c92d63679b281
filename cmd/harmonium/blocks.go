package main

import (
	"context"
	"fmt"
	"iter"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// block is a part of the rows of a data set.
type block struct {
	set    *data.Set
	rows   rbm.Batch // of the set
	from   int       // number of the first of them, from 0
	number int       // 0, 1, …
}

// Rows are taken in blocks of blockWork rows times weights, a fraction of a second, but at least leastRows and at most
// mostRows. The size depends on the model alone, as the random numbers of a drawn row do.
const (
	blockWork = 1 << 28
	leastRows = 16
	mostRows  = 1000
)

// blockSize is the number of rows of a block.
func blockSize(model *rbm.Model) int { return min(max(blockWork/len(model.W), leastRows), mostRows) }

// blocks yields the rows of a data set in blocks, shows how far they are, and ends with an error where it is
// interrupted, or where the device fails.
func (t *terminal) blocks(ctx context.Context, name string, model *rbm.Model, rows *data.Stream) iter.Seq2[block, error] {
	size := blockSize(model)
	return func(yield func(block, error) bool) {
		bar := t.progress(name, int64(rows.Rows()))
		defer bar.stop()
		from := 0
		for set, err := range rows.Blocks(size) {
			if err = badInput(err); err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(block{}, err)
				return
			}
			if !yield(block{set, set.States, from, from / size}, nil) {
				return
			}
			if err := t.compute.Err(); err != nil {
				yield(block{}, err)
				return
			}
			from += set.Rows()
			bar.set(int64(from), fmt.Sprintf("%d rows", from))
		}
	}
}

// eachBlock yields the numbers that f writes for each block, as many a row as there are columns, in memory that is used
// again.
func eachBlock[T data.Number](
	blocks iter.Seq2[block, error], columns int, f func(b block, numbers []T) error,
) iter.Seq2[data.Block[T], error] {
	return func(yield func(data.Block[T], error) bool) {
		var memory []T
		for b, err := range blocks {
			n := b.rows.Rows() * columns
			if len(memory) < n {
				memory = make([]T, n)
			}
			if err == nil {
				err = f(b, memory[:n])
			}
			if err != nil {
				yield(data.Block[T]{}, err)
				return
			}
			if !yield(data.Block[T]{Numbers: memory[:n], Names: b.set.Names}, nil) {
				return
			}
		}
	}
}

// onAll has all workers score the rows of a block, each a part of them with a function of its own.
func onAll(on *compute.Context, function func() func(rbm.Batch) []float64) func(rbm.Batch) []float64 {
	parts := make([]func(rbm.Batch) []float64, on.Workers())
	for k := range parts {
		parts[k] = function()
	}
	return func(v rbm.Batch) []float64 {
		scores := make([]float64, v.Rows())
		on.Parallel(len(parts), func(k int) {
			from, to := k*v.Rows()/len(parts), (k+1)*v.Rows()/len(parts)
			copy(scores[from:to], parts[k](v.Slice(from, to)))
		})
		return scores
	}
}

// scoreRows gathers a score of every row.
func scoreRows(
	ctx context.Context, t *terminal, name string, model *rbm.Model, set *data.Set, score func(rbm.Batch) []float64,
) ([]float64, error) {
	var scores []float64
	for b, err := range t.blocks(ctx, name, model, set.Stream()) {
		if err != nil {
			return nil, err
		}
		scores = append(scores, score(b.rows)...)
	}
	return scores, nil
}
