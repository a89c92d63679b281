package kernel

import (
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
	"github.com/harmonium-rbm/harmonium/rng"
)

// numbersWithEnds are numbers of about ±20, among them ends of float32.
func numbersWithEnds(n int, seed uint64) []float32 {
	x := kerneltest.RandomFloats(n, seed)
	inf := float32(math.Inf(1))
	ends := []float32{0, -100, 100, 1e-40, inf, -inf, math.MaxFloat32, float32(math.Copysign(0, -1)), float32(math.NaN())}
	for i := range x {
		if x[i] *= 20; i%23 == 5 {
			x[i] = ends[i/23%len(ends)]
		}
	}
	return x
}

var rowShapes = [][2]int{{0, 5}, {3, 0}, {1, 1}, {2, 3}, {3, 16}, {5, 17}, {70, 64}, {7, 65}, {33, 500}, {3, 9000}}

func TestDrawIsItsDefinition(t *testing.T) {
	key, step := rng.Seed(3).Stream(rng.StreamHidden), uint64(1)<<35+9
	for _, shape := range rowShapes {
		rows, cols := shape[0], shape[1]
		x, want := numbersWithEnds(rows*cols, 5), NewBits(rows, cols)
		for r := range rows {
			for j := range cols {
				if block := key.Block(rng.At(step, uint32(r), uint32(j))); SampleBit(rng.Uniform(block[j%4]), x[r*cols+j]) {
					want.Row(r)[j/64] |= 1 << (j % 64)
				}
			}
		}
		forEachForm(func(c *Context) {
			got := NewBits(rows, cols)
			for i := range got.Words {
				got.Words[i] = math.MaxUint64
			}
			if c.Draw(got, x, key, step); !slices.Equal(got.Words, want.Words) {
				t.Fatalf("%v, %v, %d workers: differs from the definition", shape, c.ISA(), c.Workers())
			}
		})
	}
}

// Draw has the bits of Sample for the numbers of Mul, and SumSoftpluses the sums of SumSoftplus.
func TestDrawIsSample(t *testing.T) {
	const rows, inner, cols = 77, 90, 150
	x, key := randomBits(rows, inner, 100, 1), rng.Seed(1)
	var f Fixed
	one.Load(&f, kerneltest.RandomFloats(inner*cols, 2), inner, cols, kerneltest.RandomFloats(cols, 3))
	numbers, want, sums := make([]float32, rows*cols), NewBits(rows, cols), make([]float64, rows)
	one.Mul(numbers, x, &f)
	one.Sample(want, sums, x, &f, key, 7, 0)
	forEachForm(func(c *Context) {
		got, to := NewBits(rows, cols), make([]float64, rows)
		c.Draw(got, numbers, key, 7)
		c.SumSoftpluses(to, numbers)
		if !slices.Equal(got.Words, want.Words) || !slices.Equal(to, sums) {
			t.Errorf("%v, %d workers: differs from Sample", c.ISA(), c.Workers())
		}
	})
}

func TestSumSoftpluses(t *testing.T) {
	for _, shape := range rowShapes {
		rows, cols := shape[0], shape[1]
		x := numbersWithEnds(rows*cols, 6)
		for i, y := range x {
			if y != y {
				x[i] = 1
			}
		}
		want := softplusSums(x, rows, cols)
		forEachForm(func(c *Context) {
			got := make([]float64, rows)
			if c.SumSoftpluses(got, x); !slices.Equal(got, want) {
				t.Fatalf("%v, %v, %d workers: other sums", shape, c.ISA(), c.Workers())
			}
		})
	}
}

func TestAddRow(t *testing.T) {
	for _, shape := range rowShapes {
		rows, cols := shape[0], shape[1]
		x, row := numbersWithEnds(rows*cols, 7), kerneltest.RandomFloats(cols, 8)
		want := make([]float32, rows*cols)
		for i, y := range x {
			want[i] = float32(0.3*y) + row[i%cols]
		}
		forEachForm(func(c *Context) {
			band, got := guarded(len(x))
			copy(got, x)
			if c.AddRow(got, 0.3, row); !sameNumbers(got, want) || !intact(band) {
				t.Fatalf("%v, %v, %d workers: other numbers", shape, c.ISA(), c.Workers())
			}
		})
	}
}

// siteShapes are rows and the numbers of states.
var siteShapes = []struct {
	rows   int
	states []int
}{
	{0, []int{3}}, {3, nil}, {1, []int{1}}, {2, []int{2, 2}}, {5, []int{3, 1, 4, 21, 2}}, {7, []int{100}},
	{16, slices.Repeat([]int{4}, 8)}, {43, slices.Repeat([]int{21}, 53)}, {3, slices.Repeat([]int{3}, 2000)},
}

func siteNumbers(rows int, states []int, seed uint64) (x []float32, cols int) {
	for _, n := range states {
		cols += n
	}
	x = kerneltest.RandomFloats(rows*cols, seed)
	for i := range x {
		x[i] *= 4
		if i%11 == 3 && i/max(1, cols)%2 == 0 {
			x[i] *= 50
		}
	}
	// A first, a middle and a last state of probability 0, where there are others.
	at := 0
	for s, n := range states {
		if n > 2 {
			for r := range rows {
				x[r*cols+at+(s+r)%3*(n-1)/2] = float32(math.Inf(-1))
			}
		}
		at += n
	}
	return x, cols
}

// The three functions against their definition, and against float64.
func TestCategories(t *testing.T) {
	key, step := rng.Seed(4).Stream(rng.StreamVisible), uint64(1)<<36+1
	for _, shape := range siteShapes {
		x, cols := siteNumbers(shape.rows, shape.states, 1)
		probabilities, want, sums := make([]float32, len(x)), NewBits(shape.rows, cols), make([]float64, shape.rows)
		for r := range shape.rows {
			at := 0
			for _, n := range shape.states {
				site, total := x[r*cols+at:][:n], 0.0
				m := slices.Max(site)
				for _, y := range site {
					total += float64(Exp(y - m))
				}
				sums[r] += float64(m) + math.Log(total)
				u, sum := rng.Uniform(key.Block(rng.At(step, uint32(r), uint32(at)))[at%4]), float32(0)
				for _, y := range site {
					sum += Exp(y - m)
				}
				threshold, running, found := float32(u*sum), float32(0), false
				for a, y := range site {
					running += Exp(y - m)
					exact := 0.0
					for _, z := range site {
						exact += math.Exp(float64(z) - float64(y))
					}
					p := float32(float64(Exp(y-m)) * (1 / total))
					if probabilities[r*cols+at+a] = p; math.Abs(float64(p)*exact-1) > 0x1p-24*(4+float64(m-y)) && p > 0x1p-120 {
						t.Fatalf("a probability of %g, want %g", p, 1/exact)
					}
					if !found && running > threshold {
						if found = true; p == 0 && Exp(y-m) == 0 {
							t.Fatalf("a state of probability 0 is drawn")
						}
						want.Row(r)[(at+a)/64] |= 1 << ((at + a) % 64)
					}
				}
				at += n
			}
		}
		forEachForm(func(c *Context) {
			bits, dst, to := NewBits(shape.rows, cols), make([]float32, len(x)), make([]float64, shape.rows)
			for i := range bits.Words {
				bits.Words[i] = math.MaxUint64
			}
			c.DrawCategories(bits, x, shape.states, key, step)
			if !slices.Equal(bits.Words, want.Words) {
				t.Fatalf("%d sites, %v, %d workers: other states", len(shape.states), c.ISA(), c.Workers())
			}
			if c.Softmax(dst, x, shape.states); !slices.Equal(dst, probabilities) {
				t.Fatalf("%d sites, %v, %d workers: other probabilities", len(shape.states), c.ISA(), c.Workers())
			}
			copy(dst, x)
			if c.Softmax(dst, dst, shape.states); !slices.Equal(dst, probabilities) {
				t.Fatalf("%d sites, %v, %d workers: other probabilities in place", len(shape.states), c.ISA(), c.Workers())
			}
			c.SumLogSumExp(to, x, shape.states)
			for r, sum := range to {
				if !(math.Abs(sum-sums[r]) <= 1e-13*(math.Abs(sums[r])+float64(cols))) {
					t.Fatalf("%d sites, %v: sum of row %d is %v, want %v", len(shape.states), c.ISA(), r, sum, sums[r])
				}
			}
		})
	}
}

// Sums of log Σ e^x have the same bits in all forms.
func TestSumLogSumExpForms(t *testing.T) {
	for _, shape := range siteShapes {
		x, _ := siteNumbers(shape.rows, shape.states, 2)
		var want []float64
		forEachForm(func(c *Context) {
			got := make([]float64, shape.rows)
			c.SumLogSumExp(got, x, shape.states)
			if want == nil {
				want = got
			} else if !slices.Equal(got, want) {
				t.Fatalf("%d sites, %v, %d workers: other sums", len(shape.states), c.ISA(), c.Workers())
			}
		})
	}
}

// A site without a finite number, or with NaN, still has one state.
func TestDrawCategoriesAlwaysDrawsOne(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	x := []float32{nan, nan, -inf, -inf, inf, inf, 0, nan, 1, nan, inf, 0}
	states, want := []int{2, 2, 2, 2, 2, 2}, NewBits(1, len(x))
	NewISA(1, Generic).DrawCategories(want, x, states, rng.Seed(1), 1)
	for s := range states {
		if bit(want, 0, 2*s) == bit(want, 0, 2*s+1) {
			t.Errorf("site %d of %v has not one state", s, x[2*s:2*s+2])
		}
	}
	forEachForm(func(c *Context) {
		got := NewBits(1, len(x))
		if c.DrawCategories(got, x, states, rng.Seed(1), 1); !slices.Equal(got.Words, want.Words) {
			t.Errorf("%v: other states", c.ISA())
		}
	})
}

// Frequencies are the probabilities within five standard errors.
func TestDrawCategoriesFrequency(t *testing.T) {
	const rows = 1 << 14
	states := []int{3, 5, 21}
	row, cols := siteNumbers(1, states, 9)
	x, probabilities, counts := slices.Repeat(row, rows), make([]float32, cols), make([]int, cols)
	dst := NewBits(rows, cols)
	all.DrawCategories(dst, x, states, rng.Seed(8), 3)
	one.Softmax(probabilities, row, states)
	one.ColumnCounts(counts, dst)
	for j, count := range counts {
		p := float64(probabilities[j])
		if sigma := math.Sqrt(rows * p * (1 - p)); math.Abs(float64(count)-rows*p) > 5*sigma {
			t.Errorf("unit %d: %d of %d, want %.1f ± %.1f", j, count, rows, rows*p, sigma)
		}
	}
}
