package kernel

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
	"github.com/harmonium-rbm/harmonium/rng"
)

// partsOf are parts of the given numbers of rows with scales between 0 and 1 and offsets, of which every third are nil.
// The first has the scale 1, and the second 0.
func partsOf(cols int, seed uint64, rows ...int) []Part {
	parts := make([]Part, len(rows))
	for k, n := range rows {
		parts[k] = Part{Rows: n, Scale: float32(rng.NewSource(rng.Seed(seed), uint64(k)).Float64())}
		if k < 2 {
			parts[k].Scale = float32(1 - k)
		}
		if k%3 != 0 {
			parts[k].Offset = kerneltest.RandomFloats(cols, seed+uint64(k))
		}
	}
	return parts
}

// partNumbers is the definition of a part's numbers, from those of Mul: Scale·x and the sum are rounded one after the
// other.
func partNumbers(x []float32, cols int, parts []Part) []float32 {
	y, at := slices.Clone(x), 0
	for _, part := range parts {
		for range part.Rows {
			for j := range cols {
				y[at] = float32(part.Scale * x[at])
				if part.Offset != nil {
					y[at] += part.Offset[j]
				}
				at++
			}
		}
	}
	return y
}

// softplusSums are the sums of rows in their order: columns of a panel by sumRow, and panels one after the other.
func softplusSums(y []float32, rows, cols int) []float64 {
	sums := make([]float64, rows)
	for r := range sums {
		for from := 0; from < cols; from += panelCols {
			var panel [panelCols]float32
			n := min(panelCols, cols-from)
			for j := range n {
				panel[j] = Softplus(y[r*cols+from+j])
			}
			sums[r] += sumRow(&panel, n)
		}
	}
	return sums
}

// methodsOf are those that a context has.
func methodsOf(c *Context) []method {
	if c.isa.hasTiles() {
		return []method{sparse, narrow, wide, tiled}
	}
	return []method{sparse, narrow, wide}
}

// forEachMethod calls f in every form, with several numbers of workers and by every method.
func forEachMethod(f func(c *Context, name string)) {
	forEachForm(func(c *Context) {
		for _, m := range methodsOf(c) {
			c.method = &m
			f(c, fmt.Sprintf("%v, method %d, %d workers", c.ISA(), m, c.Workers()))
			c.method = nil
		}
	})
}

// Parts begin at odd rows and in the middle of blocks of 1024, go over several blocks, or have no rows. All bits and
// sums are those of the numbers of Mul, scaled and shifted.
func TestPartsAreTheirDefinition(t *testing.T) {
	key, step := rng.Seed(13).Stream(rng.StreamHidden), uint64(1)<<33+5
	for _, lists := range [][2][]int{
		{{0}, {}},
		{{1}, {0, 1, 0}},
		{{1, 1, 1}, {2, 0, 1}},
		{{3, 0, 0, 4, 5, 1}, {13}},
		{{0, 71, 0, 29}, {33, 33, 34}},
		{{1023, 2, 1}, {1, 1024, 1}},
		{{517, 1901, 0, 81}, {1024, 1024, 451}},
	} {
		for _, shape := range [][2]int{{21, 1}, {70, 16}, {130, 33}, {9, 0}, {0, 5}, {37, 150}} {
			inner, cols := shape[0], shape[1]
			parts, others := partsOf(cols, 1, lists[0]...), partsOf(cols, 2, lists[1]...)
			rows := 0
			for _, n := range lists[0] {
				rows += n
			}
			x, src := randomBits(rows, inner, 128, uint64(rows)), kerneltest.RandomFloats(inner*cols, uint64(cols))
			var f Fixed
			one.Load(&f, src, inner, cols, kerneltest.RandomFloats(cols, 3))
			numbers := make([]float32, rows*cols)
			one.Mul(numbers, x, &f)
			drawn := partNumbers(numbers, cols, parts)
			bits, sums := NewBits(rows, cols), [3][]float64{
				softplusSums(drawn, rows, cols), softplusSums(partNumbers(numbers, cols, others), rows, cols), softplusSums(numbers, rows, cols),
			}
			for r := range rows {
				for j := range cols {
					block := key.Block(rng.At(step, uint32(r), uint32(j)))
					if SampleBit(rng.Uniform(block[j%4]), drawn[r*cols+j]) {
						bits.Row(r)[j/64] |= 1 << (j % 64)
					}
				}
			}
			forEachMethod(func(c *Context, name string) {
				got, to := NewBits(rows, cols), [3][]float64{make([]float64, rows), make([]float64, rows), make([]float64, rows)}
				want := []Sums{{To: to[0], Parts: parts}, {To: to[1], Parts: others}, {To: to[2]}, {}}
				check := func(what string) {
					t.Helper()
					for k := range to {
						if !slices.Equal(to[k], sums[k]) {
							t.Fatalf("%v, %v, %s, %s: sums %d are not those of their numbers", lists, shape, name, what, k)
						}
						clear(to[k])
					}
				}
				for i := range got.Words {
					got.Words[i] = math.MaxUint64 // what was there before must not show
				}
				c.SampleParts(got, x, &f, parts, key, step, want...)
				check("SampleParts")
				if !slices.Equal(got.Words, bits.Words) {
					t.Fatalf("%v, %v, %s: bits differ from the definition", lists, shape, name)
				}
				c.SumSoftplusParts(x, &f, want...)
				check("SumSoftplusParts")
				clear(got.Words)
				if c.SampleParts(got, x, &f, parts, key, step); !slices.Equal(got.Words, bits.Words) {
					t.Fatalf("%v, %v, %s: other bits without sums", lists, shape, name)
				}
			})
		}
	}
}

// One part with the scale 1 and no offsets gives the bits and sums of Sample.
func TestPartOfScaleOneIsSample(t *testing.T) {
	const rows, inner, cols = 1100, 90, 70
	x, key := randomBits(rows, inner, 100, 1), rng.Seed(1)
	var f Fixed
	one.Load(&f, kerneltest.RandomFloats(inner*cols, 2), inner, cols, kerneltest.RandomFloats(cols, 3))
	want, sums := NewBits(rows, cols), make([]float64, rows)
	one.Sample(want, sums, x, &f, key, 7, 0)
	forEachMethod(func(c *Context, name string) {
		for _, offset := range [][]float32{nil, make([]float32, cols)} {
			got, to, part := NewBits(rows, cols), make([]float64, rows), []Part{{rows, 1, offset}}
			c.SampleParts(got, x, &f, part, key, 7, Sums{To: to, Parts: part})
			if !slices.Equal(got.Words, want.Words) || !slices.Equal(to, sums) {
				t.Errorf("%s: differs from Sample", name)
			}
		}
	})
}

func TestMisuseOfPartsPanics(t *testing.T) {
	const rows, inner, cols = 5, 3, 20
	x, dst := NewBits(rows, inner), NewBits(rows, cols)
	var f Fixed
	one.Load(&f, make([]float32, inner*cols), inner, cols, nil)
	whole := []Part{{Rows: rows, Scale: 1}}
	for name, bad := range map[string][]Part{
		"too few rows":     {{Rows: 2}, {Rows: 2}},
		"too many rows":    {{Rows: 2}, {Rows: 4}},
		"negative rows":    {{Rows: -1}, {Rows: 6}},
		"no parts":         {},
		"too few offsets":  {{Rows: 2}, {Rows: 3, Offset: make([]float32, cols-1)}},
		"too many offsets": {{Rows: 5, Offset: make([]float32, 32)}},
	} {
		for where, call := range map[string]func(){
			"SampleParts": func() { one.SampleParts(dst, x, &f, bad, rng.Seed(1), 0) },
			"SampleParts's sums": func() {
				one.SampleParts(dst, x, &f, whole, rng.Seed(1), 0, Sums{To: make([]float64, rows), Parts: bad})
			},
			"SumSoftplusParts": func() { one.SumSoftplusParts(x, &f, Sums{To: make([]float64, rows), Parts: bad}) },
			"a second list of sums": func() {
				one.SumSoftplusParts(x, &f, Sums{To: make([]float64, rows), Parts: whole}, Sums{To: make([]float64, rows), Parts: bad})
			},
			"sums of other rows":       func() { one.SumSoftplusParts(x, &f, Sums{To: make([]float64, rows+1), Parts: whole}) },
			"SampleParts of other dst": func() { one.SampleParts(NewBits(rows, cols+1), x, &f, whole, rng.Seed(1), 0) },
		} {
			t.Run(name+" "+where, func(t *testing.T) {
				defer func() {
					if message, _ := recover().(string); len(message) < 8 || message[:8] != "kernel: " {
						t.Errorf("panic %q, want one with the prefix kernel:", message)
					}
				}()
				call()
			})
		}
	}
	want := make([]float64, rows) // what panicked has left nothing for the next product
	one.SumSoftplusParts(x, &f, Sums{To: want, Parts: whole})
	for _, sum := range want {
		if math.Abs(sum-cols*math.Ln2) > 1e-5 {
			t.Errorf("after the panics a sum is %v, want %v", sum, cols*math.Ln2)
		}
	}
}
