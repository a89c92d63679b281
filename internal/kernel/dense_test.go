package kernel

import (
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
)

// Affine is its formula in every form to the bit: rows without terms, terms that are 0, all widths on both sides of a
// register and of the columns that are taken at once.
func TestAffine(t *testing.T) {
	for _, from := range []int{0, 1, 7, 40} {
		for _, to := range []int{0, 1, 15, 16, 17, 63, 64, 65, 100, 128, 163} {
			for _, rows := range []int{0, 1, 5, 16, 33} {
				bias, w, x := kerneltest.RandomFloats(to, 1), kerneltest.RandomFloats(from*to, 2), kerneltest.RandomFloats(rows*from, 3)
				for k := range x {
					if k%3 == 0 || from > 0 && k/from == 2 {
						x[k] = 0
					}
				}
				want := make([]float32, rows*to)
				for r := range rows {
					for j := range to {
						sum := bias[j]
						for i := range from {
							if a := x[r*from+i]; a != 0 {
								sum += float32(a * w[i*to+j])
							}
						}
						want[r*to+j] = sum
					}
				}
				forEachForm(func(c *Context) {
					got := make([]float32, rows*to)
					if c.Affine(got, bias, w, x, rows); !slices.Equal(got, want) {
						t.Fatalf("%d rows of %d×%d, %v: %v, want %v", rows, from, to, c.ISA(), got, want)
					}
				})
			}
		}
	}
}
