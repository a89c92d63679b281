//go:build !race

// Under the race detector sync.Pool forgets some of its contents on purpose, and counts of allocations say nothing.

package kernel

import (
	"runtime/debug"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Products, loads and draws allocate nothing once the memory of the first call is there.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection empties sync.Pool
	const rows, inner, cols = 200, 300, 128
	x, src, dst := randomBits(rows, inner, 128, 1), kerneltest.RandomFloats(inner*cols, 2), make([]float32, rows*cols)
	bits, turned := NewBits(rows, cols), NewBits(inner, rows)
	parts := []Part{{Rows: 77, Scale: 0.5}, {rows - 77, 0.3, make([]float32, cols)}}
	sums := [2][]float64{make([]float64, rows), make([]float64, rows)}
	reals, states := Reals{rows, inner, kerneltest.RandomFloats(rows*inner, 3)}, slices.Repeat([]int{4}, cols/4)
	var f, g Fixed
	var h FixedReals
	runs := 50
	if testing.Short() {
		runs = 5 // an emulator takes seconds for each ten
	}
	for _, workers := range []int{1, 2} {
		c := New(workers)
		step := func() {
			c.Load(&f, src, inner, cols, nil)
			c.LoadTransposed(&g, src, inner, cols, nil)
			c.Mul(dst, x, &f)
			c.Probabilities(dst, nil, x, &f)
			c.Sample(bits, nil, x, &f, rng.Seed(1), 1, 0)
			c.SampleParts(bits, x, &f, parts, rng.Seed(1), 1, Sums{To: sums[0], Parts: parts}, Sums{To: sums[1]})
			c.SumSoftplusParts(x, &f, Sums{To: sums[0], Parts: parts}, Sums{To: sums[1]})
			c.Sigmoids(dst, dst)
			c.Transpose(turned, x)
			c.LoadReals(&h, src, inner, cols)
			c.MulReals(dst, reals, &h, 1)
			c.AddRow(dst, 0.5, dst[:cols])
			c.Draw(bits, dst, rng.Seed(1), 1)
			c.DrawCategories(bits, dst, states, rng.Seed(1), 1)
			c.Normals(dst, dst, dst[:cols], rng.Seed(1), 1, 0)
			c.SumSoftpluses(sums[0], dst)
			c.SumLogSumExp(sums[0], dst, states)
			c.Softmax(dst, dst, states)
		}
		step()
		allocs := testing.AllocsPerRun(runs, step)
		for try := 0; allocs > 0 && try < 3; try++ { // a worker makes its memory when it is scheduled for the first time
			allocs = testing.AllocsPerRun(runs, step)
		}
		if allocs > 0 {
			t.Errorf("%d workers: %v allocations", workers, allocs)
		}
	}
}
