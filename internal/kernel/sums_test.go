package kernel

import (
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
	"github.com/harmonium-rbm/harmonium/rng"
)

// The sums of log(1+e^x) have the same bits from all three functions, in every form, and are those of Mul's numbers.
func TestSums(t *testing.T) {
	for _, shape := range [][3]int{{1, 1, 1}, {7, 30, 16}, {100, 64, 33}, {600, 20, 500}, {1500, 100, 20}, {3, 0, 5}, {0, 3, 5}, {4, 3, 0}} {
		rows, inner, cols := shape[0], shape[1], shape[2]
		x, src := randomBits(rows, inner, 100, 3), kerneltest.RandomFloats(inner*cols, 4)
		var f Fixed
		var first []float64
		forEachForm(func(c *Context) {
			c.Load(&f, src, inner, cols, kerneltest.RandomFloats(cols, 5))
			inputs, probs, bits := make([]float32, rows*cols), make([]float32, rows*cols), NewBits(rows, cols)
			c.Mul(inputs, x, &f)
			sums := [3][]float64{make([]float64, rows), make([]float64, rows), make([]float64, rows)}
			c.SumSoftplus(sums[0], x, &f)
			c.Probabilities(probs, sums[1], x, &f)
			c.Sample(bits, sums[2], x, &f, rng.Seed(1), 1, 0)
			for r := range rows {
				want := 0.0
				for _, y := range inputs[r*cols : (r+1)*cols] {
					want += float64(Softplus(y))
				}
				if got := sums[0][r]; math.Abs(got-want) > 1e-12*want {
					t.Fatalf("%v, %v: sum of row %d is %v, want %v", shape, c.ISA(), r, got, want)
				}
				if sums[1][r] != sums[0][r] || sums[2][r] != sums[0][r] || first != nil && first[r] != sums[0][r] {
					t.Fatalf("%v, %v, %d workers: sums of row %d differ: %v, %v, %v", shape, c.ISA(), c.Workers(), r, sums[0][r], sums[1][r], sums[2][r])
				}
			}
			if first == nil {
				first = sums[0]
			}
		})
	}
}
