package cuda

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
)

// Products of numbers with numbers are those of the workers, also of zeros of both signs, and where operands are bound.
func TestDense(t *testing.T) {
	forEachForm(t, func(t *testing.T, p pair) {
		for _, s := range []struct{ rows, from, to int }{{1, 1, 1}, {3, 5, 7}, {5, 33, 129}, {70, 40, 31}, {9, 100, 200}} {
			name := fmt.Sprintf("%d×%d·%d", s.rows, s.from, s.to)
			x, w, bias := kerneltest.RandomFloats(s.rows*s.from, 1), kerneltest.RandomFloats(s.from*s.to, 2), kerneltest.RandomFloats(s.to, 3)
			for k := range x {
				switch k % 5 {
				case 1:
					x[k] = 0
				case 3:
					x[k] = float32(math.Copysign(0, -1))
				}
			}
			bias[0] = float32(math.Copysign(0, -1)) // to which nothing must be added
			for r := range s.rows {
				x[r*s.from] = 0
			}
			if s.from > 1 {
				p.gpu.Bind(w)
			}
			got, want := make([]float32, s.rows*s.to), make([]float32, s.rows*s.to)
			p.cpu.Affine(want, bias, w, x, s.rows)
			p.gpu.Affine(got, bias, w, x, s.rows)
			for k := range want {
				if math.Float32bits(got[k]) != math.Float32bits(want[k]) {
					t.Fatalf("%s: number %d is %v, want %v", name, k, got[k], want[k])
				}
			}
			gram, wantGram := make([]float64, s.rows*s.rows), make([]float64, s.rows*s.rows)
			p.cpu.Gram(wantGram, x, s.rows)
			p.gpu.Gram(gram, x, s.rows)
			for r := range s.rows {
				if low := r * s.rows; !slices.Equal(gram[low:low+r+1], wantGram[low:low+r+1]) {
					t.Fatalf("%s: row %d of the products of rows is %v, want %v", name, r, gram[low:low+r+1], wantGram[low:low+r+1])
				}
			}
		}
	})
}

func BenchmarkDense(b *testing.B) {
	m := newBench(b)
	const rows = 100
	x, w, bias := kerneltest.RandomFloats(rows*benchM, 1), kerneltest.RandomFloats(benchM*benchN, 2), kerneltest.RandomFloats(benchN, 3)
	m.c.Bind(w)
	dst, gram := make([]float32, rows*benchN), make([]float64, rows*rows)
	b.Run("affine", func(b *testing.B) { m.measure(b, func(int) { m.c.Affine(dst, bias, w, x, rows) }) })
	b.Run("gram", func(b *testing.B) { m.measure(b, func(int) { m.c.Gram(gram, x, rows) }) })
}

var _ kernel.Engine = (*Engine)(nil)
