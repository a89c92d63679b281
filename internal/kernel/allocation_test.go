//go:build !race

// Under the race detector sync.Pool forgets some of its contents on purpose, and counts of allocations say nothing.

package kernel

import (
	"testing"

	"harmonium/internal/kerneltest"
	"harmonium/rng"
)

// Products, loads and draws allocate nothing once the memory of the first call is there.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	const rows, inner, cols = 200, 300, 128
	x, src, dst := randomBits(rows, inner, 128, 1), kerneltest.RandomFloats(inner*cols, 2), make([]float32, rows*cols)
	bits, turned := NewBits(rows, cols), NewBits(inner, rows)
	var f, g Fixed
	for _, workers := range []int{1, 2} {
		c := New(workers)
		step := func() {
			c.Load(&f, src, inner, cols, nil)
			c.LoadTransposed(&g, src, inner, cols, nil)
			c.Mul(dst, x, &f)
			c.Probabilities(dst, nil, x, &f)
			c.Sample(bits, nil, x, &f, rng.Seed(1), 1, 0)
			c.Sigmoids(dst, dst)
			c.Transpose(turned, x)
		}
		step()
		if allocs := testing.AllocsPerRun(50, step); allocs > 0 {
			t.Errorf("%d workers: %v allocations", workers, allocs)
		}
	}
}
