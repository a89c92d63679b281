package kernel_test

import (
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
)

// A matrix that is loaded in place of another, whose scale may be the same or not, has the products of one that is
// loaded into new memory.
func TestLoadAgain(t *testing.T) {
	const rows, cols, states = 70, 40, 20
	numbers := kerneltest.RandomFloats(rows*cols, 1)
	x := kernel.NewBits(states, rows)
	for r := range states {
		for k := range rows {
			if (r*k+k)%3 == 0 {
				x.Edit(r)[k/64] |= 1 << (k % 64)
			}
		}
	}
	for _, isa := range kernel.ISAs() {
		on := kernel.NewISA(2, isa)
		var again [2]kernel.Fixed
		for _, factor := range []float32{1, 1.01, 1e-6, 300, 299, 0, 1} {
			src := slices.Clone(numbers)
			for k := range src {
				src[k] *= factor
			}
			for k, load := range []func(f *kernel.Fixed){
				func(f *kernel.Fixed) { on.Load(f, src, rows, cols, nil) },
				func(f *kernel.Fixed) { on.LoadTransposed(f, src, cols, rows, nil) },
			} {
				var fresh kernel.Fixed
				load(&fresh)
				load(&again[k])
				got, want := make([]float32, states*cols), make([]float32, states*cols)
				on.Mul(got, x, &again[k])
				on.Mul(want, x, &fresh)
				if again[k].Resolution() != fresh.Resolution() || !slices.Equal(got, want) {
					t.Errorf("%v: numbers times %g are others where they are loaded again", isa, factor)
				}
			}
		}
	}
}
