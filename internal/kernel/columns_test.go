package kernel

import (
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
)

// Sums over rows are added in their order, whatever the form and the number of workers.
func TestColumnSums(t *testing.T) {
	for _, shape := range rowShapes {
		rows, cols := shape[0], shape[1]
		x := Reals{rows, cols, kerneltest.RandomFloats(rows*cols, 1)}
		y := Reals{rows, cols, kerneltest.RandomFloats(rows*cols, 2)}
		for _, weights := range [][]float32{nil, kerneltest.RandomFloats(rows, 3)} {
			sums, squares, distances := make([]float64, cols), make([]float64, cols), make([]float64, cols)
			const shift = 5
			for r := range rows {
				for j := range cols {
					w, v := 1.0, float64(x.Row(r)[j])
					if weights != nil {
						w = float64(weights[r])
					}
					sums[j] += float64(w * v)
					squares[j] += float64(float64(w*v) * v)
					d := v - float64(y.Row((r + shift) % rows)[j])
					distances[j] += float64(d * d)
				}
			}
			forEachForm(func(c *Context) {
				first, second, third := filled(cols), filled(cols), filled(cols)
				c.ColumnMoments(first, second, x, weights)
				if c.ColumnDistances(third, x, y, shift); !slices.Equal(first, sums) || !slices.Equal(second, squares) {
					t.Fatalf("%v, %v, %d workers: moments differ from their definition", shape, c.ISA(), c.Workers())
				}
				if !slices.Equal(third, distances) {
					t.Fatalf("%v, %v, %d workers: distances differ from their definition", shape, c.ISA(), c.Workers())
				}
			})
		}
	}
}

// filled returns numbers that must all be written.
func filled(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = 77
	}
	return x
}

func TestTransposeReals(t *testing.T) {
	for _, shape := range append(rowShapes, [2]int{100, 784}, [2]int{32, 48}) {
		rows, cols := shape[0], shape[1]
		x := Reals{rows, cols, kerneltest.RandomFloats(rows*cols, 1)}
		want := make([]float32, rows*cols)
		for r := range rows {
			for j, y := range x.Row(r) {
				want[j*rows+r] = y
			}
		}
		forEachForm(func(c *Context) {
			band, got := guarded(rows * cols)
			if c.TransposeReals(Reals{cols, rows, got}, x); !slices.Equal(got, want) || !intact(band) {
				t.Fatalf("%v, %v, %d workers: is not the transpose", shape, c.ISA(), c.Workers())
			}
		})
	}
}

func TestShiftScale(t *testing.T) {
	for _, shape := range rowShapes {
		rows, cols := shape[0], shape[1]
		x, row, factors := numbersWithEnds(rows*cols, 1), kerneltest.RandomFloats(cols, 2), kerneltest.RandomFloats(cols, 3)
		want := slices.Clone(x)
		for i := range want {
			sum := want[i] + row[i%cols]
			want[i] = sum * factors[i%cols]
		}
		forEachForm(func(c *Context) {
			band, got := guarded(rows * cols)
			copy(got, x)
			if c.ShiftScale(got, row, factors); !sameNumbers(got, want) || !intact(band) {
				t.Fatalf("%v, %v, %d workers: differs from the definition", shape, c.ISA(), c.Workers())
			}
		})
	}
}

func TestQuadratics(t *testing.T) {
	for _, shape := range rowShapes {
		rows, cols := shape[0], shape[1]
		x, a, b := kerneltest.RandomFloats(rows*cols, 1), kerneltest.RandomFloats(cols, 2), kerneltest.RandomFloats(cols, 3)
		want := make([]float64, rows)
		for r := range want {
			var parts [sumParts]float64
			for j := range cols {
				y := float64(x[r*cols+j])
				slope := float64(float64(a[j])*y/2) - float64(b[j])
				parts[j%sumParts] += float64(slope * y)
			}
			want[r] = columnSum(&parts, 0)
		}
		forEachForm(func(c *Context) {
			got := filled(rows)
			if c.Quadratics(got, x, a, b); !slices.Equal(got, want) {
				t.Fatalf("%v, %v, %d workers: differs from the definition", shape, c.ISA(), c.Workers())
			}
		})
	}
}

// AddNumbers adds each number to its sum, in every form and at every length.
func TestAddNumbers(t *testing.T) {
	for n := range 70 {
		x, y := kerneltest.RandomFloats(n, 1), kerneltest.RandomFloats(n, 2)
		forEachForm(func(c *Context) {
			sums := make([]float64, n, n+1)
			c.AddNumbers(sums, x)
			c.AddNumbers(sums, y)
			for i, got := range sums {
				if want := float64(x[i]) + float64(y[i]); got != want {
					t.Fatalf("%v, %d numbers: sum %d is %g, want %g", c.ISA(), n, i, got, want)
				}
			}
			if past := sums[:n+1][n]; past != 0 {
				t.Fatalf("%v, %d numbers: written outside", c.ISA(), n)
			}
		})
	}
}
