package kernel

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
)

// widelySpread returns n numbers of both signs and of all sizes, some of them denormal and zeros of both signs.
func widelySpread(n int, seed uint64) []float32 {
	x := kerneltest.RandomFloats(n, seed)
	for i := range x {
		x[i] *= float32(math.Ldexp(1, i%250-125))
		switch i % 31 {
		case 7:
			x[i] = math.SmallestNonzeroFloat32
		case 11:
			x[i] = float32(math.Copysign(0, -1))
		case 23:
			x[i] = -0x1.234p-130
		}
	}
	return x
}

var infinity, notANumber = float32(math.Inf(1)), float32(math.NaN())

// sameSum is ==, where NaN is the same as NaN.
func sameSum(a, b float64) bool { return a == b || a != a && b != b }

// The kernels that add magnitudes and keep the largest one against their definition, in every form, at every length.
func TestAddMagnitudes(t *testing.T) {
	for n := range 70 {
		for at, special := range []float32{1, infinity, -infinity, notANumber, -math.MaxFloat32} {
			rows, stride := (n+at)%4, n+at%3
			x := widelySpread(rows*stride, uint64(n))
			if rows*n > 0 {
				x[(rows-1)*stride+n*2/3] = special
			}
			for _, isa := range ISAs() {
				sums, want, parts, largest := make([]float64, n+1), make([]float64, n+1), [16]uint32{3: 5}, uint32(5)
				for j := range sums {
					sums[j] = float64(float64(j) * 0.3) // not part of a fused addition below
					want[j] = sums[j]
				}
				for r := range rows {
					for j, y := range x[r*stride:][:n] {
						want[j] += math.Abs(float64(y))
						largest = max(largest, math.Float32bits(y)&^(1<<31))
					}
				}
				isa.addMagnitudes(sums[:n], &parts, x, stride, rows)
				if !slices.EqualFunc(sums, want, sameSum) {
					t.Fatalf("%v, %d×%d numbers with %g: sums are %g, want %g", isa, rows, n, special, sums, want)
				}
				if got := slices.Max(parts[:]); got != largest {
					t.Fatalf("%v, %d×%d numbers with %g: the largest has bits %x, want %x", isa, rows, n, special, got, largest)
				}
			}
		}
	}
}

func TestAddRowMagnitudes(t *testing.T) {
	for _, shape := range [][2]int{
		{0, 0}, {1, 0}, {1, 1}, {3, 8}, {4, 7}, {4, 8}, {5, 17}, {8, 16}, {11, 40}, {16, 1}, {16, 64}, {16, 83}, {18, 24},
	} {
		rows, n := shape[0], shape[1]
		for _, stride := range []int{n, n + 3} {
			for at := range max(rows*n, 1) {
				x := widelySpread(rows*stride, uint64(at))
				special := []float32{1, infinity, -infinity, notANumber, math.MaxFloat32}[at%5]
				if rows*n > 0 {
					x[at/n*stride+at%n] = special
				}
				for _, isa := range ISAs() {
					sums, want := make([][sumParts]float64, rows+1), make([][sumParts]float64, rows+1)
					parts, largest := [16]uint32{9: 5}, uint32(5)
					for j := range rows {
						sums[j][5], want[j][5] = float64(j)*0.3, float64(j)*0.3
						for k, y := range x[j*stride:][:n] {
							want[j][k%sumParts] += math.Abs(float64(y))
							largest = max(largest, math.Float32bits(y)&^(1<<31))
						}
					}
					isa.addRowMagnitudes(sums[:rows], &parts, x, stride, n)
					for j := range sums {
						if !slices.EqualFunc(sums[j][:], want[j][:], sameSum) {
							t.Fatalf("%v, %d×%d numbers, stride %d, with %g: sums of row %d are %g, want %g",
								isa, rows, n, stride, special, j, sums[j], want[j])
						}
					}
					if got := slices.Max(parts[:]); got != largest {
						t.Fatalf("%v, %d×%d numbers with %g: the largest has bits %x, want %x", isa, rows, n, special, got, largest)
					}
				}
			}
		}
	}
}

// The words of an operand are its definition's integers, and zeros where it has no rows or columns; in every form.
func TestLoadedWords(t *testing.T) {
	for _, shape := range [][2]int{
		{1, 1}, {1, 16}, {2, 15}, {16, 16}, {15, 33}, {17, 31}, {40, 129}, {33, 250}, {64, 128}, {65, 144}, {100, 20}, {48, 300},
	} {
		rows, cols := shape[0], shape[1]
		src, offset, transposed := kerneltest.RandomFloats(rows*cols, 1), kerneltest.RandomFloats(cols, 2), make([]float32, rows*cols)
		src[rows*cols/2], src[rows*cols/3] = -0x1p-130, float32(math.Copysign(0, -1))
		weights, sum := make([]float32, rows), 0.0
		for k := range rows {
			weights[k] = float32(k%7) - 2.5
			sum += math.Abs(float64(weights[k]))
			for j := range cols {
				transposed[j*rows+k] = src[k*cols+j]
			}
		}
		scale, q, o := fixedOf(src, rows, cols, offset)
		forEachForm(func(c *Context) {
			for name, load := range map[string]func(f *Fixed){
				"Load":           func(f *Fixed) { c.Load(f, src, rows, cols, offset) },
				"LoadTransposed": func(f *Fixed) { c.LoadTransposed(f, transposed, cols, rows, offset) },
				"LoadWeighted":   func(f *Fixed) { c.LoadWeighted(f, src, rows, cols, weights, sum) },
			} {
				f, q, o := Fixed{words: slices.Repeat([]uint64{1<<40 + 3}, 1<<16)}, q, o
				load(&f)
				if name == "LoadWeighted" {
					q, o = make([]int64, rows*cols), make([]int64, cols)
					for i, x := range src {
						q[i] = int64(quantize(x, f.factor()*weights[i/cols]))
					}
				} else if f.scale != scale {
					t.Errorf("%s of %d×%d, %v: scale %d, want %d", name, rows, cols, c.ISA(), f.scale, scale)
				}
				word := func(q []int64, row, p, i int) uint64 {
					var pair [2]int64
					for k := range pair {
						if j := p*panelCols + 2*i + k; j < cols && row < len(q)/cols {
							pair[k] = q[row*cols+j]
						}
					}
					return uint64(pair[1]<<32 + pair[0])
				}
				for p := range f.panels() {
					for at, got := range f.panel(p) {
						if want := word(q, at/panelWords, p, at%panelWords); got != want {
							t.Fatalf("%s of %d×%d, %v: panel %d, word %d is %x, want %x", name, rows, cols, c.ISA(), p, at, got, want)
						}
					}
					for i, got := range f.offset[p*panelWords:][:panelWords] {
						if want := word(o, 0, p, i); got != want {
							t.Fatalf("%s of %d×%d, %v: panel %d, offset %d is %x, want %x", name, rows, cols, c.ISA(), p, i, got, want)
						}
					}
				}
			}
		})
	}
}

// The largest sum is that of columnSum to the last bit: its terms, of very different sizes, are added in that order in every form.
func TestLoadedSums(t *testing.T) {
	for _, shape := range [][2]int{{60, 7}, {77, 16}, {333, 29}, {100, 130}} {
		rows, cols := shape[0], shape[1]
		src, transposed := kerneltest.RandomFloats(rows*cols, 1), make([]float32, rows*cols)
		largest, element := 0.0, uint32(0)
		for j := range cols {
			var parts [sumParts]float64
			for k := range rows {
				x := &src[k*cols+j]
				*x *= float32(math.Ldexp(1, (7*k+j)%40-20))
				transposed[j*rows+k] = *x
				parts[k%sumParts] += math.Abs(float64(*x))
				element = max(element, math.Float32bits(*x)&^(1<<31))
			}
			largest = max(largest, columnSum(&parts, 0))
		}
		eachForm(func(c *Context) {
			var f [2]Fixed
			c.Load(&f[0], src, rows, cols, nil)
			c.LoadTransposed(&f[1], transposed, cols, rows, nil)
			for i, f := range f {
				tasks := f.panels()
				if i == 0 {
					tasks = (tasks + loadPanels - 1) / loadPanels
				}
				if got := slices.Max(f.sums[:tasks]); got != largest {
					t.Errorf("%d×%d, %v, load %d: the largest sum is %.17g, want %.17g", rows, cols, c.ISA(), i, got, largest)
				}
				if got := slices.Max(f.elements[:tasks]); got != element {
					t.Errorf("%d×%d, %v, load %d: the largest element has bits %x, want %x", rows, cols, c.ISA(), i, got, element)
				}
			}
		})
	}
}

// A number that is not finite is refused wherever it is, in every form.
func TestLoadOfInfinities(t *testing.T) {
	const rows, cols = 19, 149
	src := kerneltest.RandomFloats(rows*cols, 1)
	for _, isa := range ISAs() {
		c := NewISA(1, isa)
		var f Fixed
		for at := 0; at < len(src); at += 7 {
			kept := src[at]
			src[at] = []float32{infinity, -infinity, notANumber}[at%3]
			for name, load := range map[string]func(){
				"Load":           func() { c.Load(&f, src, rows, cols, nil) },
				"LoadTransposed": func() { c.LoadTransposed(&f, src, rows, cols, nil) },
			} {
				func() {
					defer func() {
						if message := fmt.Sprint(recover()); !strings.HasSuffix(message, "not finite") {
							t.Errorf("%v: %s of %g at %d: panic %q", isa, name, src[at], at, message)
						}
					}()
					load()
				}()
			}
			src[at] = kept
		}
	}
}
