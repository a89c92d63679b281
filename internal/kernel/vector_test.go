package kernel

import (
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
)

// CenterColumns against its definition by ==, in every form, with rows of a wide range and numbers that are not finite.
func TestCenterColumns(t *testing.T) {
	values := kerneltest.RandomFloats(3000, 1)
	for i := range values {
		values[i] *= float32(math.Ldexp(1, i%40-20))
	}
	values[777], values[1500], values[2001] = float32(math.Inf(1)), float32(math.NaN()), float32(math.Copysign(0, -1))
	for _, shape := range [][2]int{{1, 1}, {1, 16}, {2, 15}, {3, 17}, {21, 50}, {21, 96}, {5, 500}, {40, 33}} {
		rows, cols := shape[0], shape[1]
		src := values[:rows*cols]
		centered, means := slices.Clone(src), make([]float32, cols)
		for j := range cols {
			sum := 0.0
			for k := range rows {
				sum += float64(src[k*cols+j])
			}
			means[j] = float32(sum / float64(rows))
			for k := range rows {
				centered[k*cols+j] -= means[j]
			}
		}
		forEachForm(func(c *Context) {
			band, x := guarded(len(src))
			meansBand, got := guarded(cols)
			copy(x, src)
			if c.CenterColumns(got, x); !sameNumbers(x, centered) || !sameNumbers(got, means) {
				t.Errorf("%d×%d, %v: other numbers", rows, cols, c.ISA())
			}
			if !intact(band) || !intact(meansBand) {
				t.Errorf("%d×%d, %v: written outside", rows, cols, c.ISA())
			}
		})
	}
	one.CenterColumns(nil, nil)
	one.CenterColumns(make([]float32, 3), nil)
}
