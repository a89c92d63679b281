package kernel

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
	"github.com/harmonium-rbm/harmonium/rng"
)

// fixedOf is the definition of Fixed: the scale exponent and the integers, in exact or generous arithmetic.
func fixedOf(src []float32, rows, cols int, offset []float32) (s int, q, o []int64) {
	largest := 0.0
	for j := range cols {
		sum := 0.0
		if offset != nil {
			sum = math.Abs(float64(offset[j]))
		}
		for k := range rows {
			sum += math.Abs(float64(src[k*cols+j]))
		}
		largest = max(largest, sum)
	}
	s = 126
	element := 0.0
	for _, x := range src {
		element = max(element, math.Abs(float64(x)))
	}
	for math.Ldexp(largest, s)+float64(rows)+1 > math.MaxInt32 || math.Ldexp(element, s) > 127*65793 {
		s--
	}
	q, o = make([]int64, rows*cols), make([]int64, cols)
	for i, x := range src {
		q[i] = int64(math.RoundToEven(math.Ldexp(float64(x), s)))
	}
	for j, x := range offset {
		o[j] = int64(math.RoundToEven(math.Ldexp(float64(x), s)))
	}
	return s, q, o
}

// naive is the definition of Mul, with int64 sums; it fails where a subset of the summands would leave 32 bits.
func naive(t testing.TB, x Bits, src []float32, cols int, offset []float32) []float32 {
	t.Helper()
	s, q, o := fixedOf(src, x.Cols, cols, offset)
	dst := make([]float32, x.Rows*cols)
	for j := range cols {
		total := max(o[j], -o[j])
		for k := range x.Cols {
			total += max(q[k*cols+j], -q[k*cols+j])
		}
		if total > math.MaxInt32 {
			t.Fatalf("column %d can reach %d, more than 32 bits", j, total)
		}
		for r := range x.Rows {
			sum := o[j]
			for k := range x.Cols {
				if bit(x, r, k) {
					sum += q[k*cols+j]
				}
			}
			dst[r*cols+j] = float32(math.Ldexp(float64(float32(sum)), -s))
		}
	}
	return dst
}

// checkMul compares Mul after Load and after LoadTransposed, for several numbers of workers, with naive by ==.
func checkMul(t testing.TB, x Bits, src []float32, cols int, offset []float32) {
	t.Helper()
	want := naive(t, x, src, cols, offset)
	transposed := make([]float32, len(src))
	for k := range x.Cols {
		for j := range cols {
			transposed[j*x.Cols+k] = src[k*cols+j]
		}
	}
	var f Fixed
	forEachForm(func(c *Context) {
		for _, load := range []string{"Load", "LoadTransposed"} {
			if load == "Load" {
				c.Load(&f, src, x.Cols, cols, offset)
			} else {
				c.LoadTransposed(&f, transposed, cols, x.Cols, offset)
			}
			for _, m := range methodsOf(c) {
				c.method = &m
				band, dst := guarded(len(want))
				c.Mul(dst, x, &f)
				c.method = nil
				if !intact(band) {
					t.Fatalf("%s, %v, method %d, %d workers: Mul wrote outside dst", load, c.ISA(), m, c.Workers())
				}
				for i := range want {
					if math.Float32bits(dst[i]) != math.Float32bits(want[i]) {
						t.Fatalf("%d×%d·%d, %s, %v, method %d, %d workers: element (%d,%d) is %g, want %g",
							x.Rows, x.Cols, cols, load, c.ISA(), m, c.Workers(), i/cols, i%cols, dst[i], want[i])
					}
				}
			}
		}
	})
}

func TestMulShapes(t *testing.T) {
	sizes := []int{0, 1, 2, 5, 6, 7, 8, 9, 16, 17, 63, 64, 65, 100, 128, 130, 257}
	for i, rows := range sizes {
		for k, inner := range sizes {
			if testing.Short() && (i+k)%2 == 1 {
				continue // each size still meets every other one
			}
			cols := sizes[(i*5+k*3+1)%len(sizes)] // every pair of rows and inner sizes, all sizes of columns
			t.Run(fmt.Sprintf("%dx%dx%d", rows, inner, cols), func(t *testing.T) {
				seed := uint64(i*100 + k)
				var offset []float32
				if (i+k)%3 != 0 {
					offset = kerneltest.RandomFloats(cols, seed+1)
				}
				checkMul(t, randomBits(rows, inner, 128, seed), kerneltest.RandomFloats(inner*cols, seed), cols, offset)
			})
		}
	}
}

func TestMulLarge(t *testing.T) {
	x := randomBits(2500, 200, 128, 1) // more than two blocks of rows
	checkMul(t, x, kerneltest.RandomFloats(200*21, 2), 21, kerneltest.RandomFloats(21, 3))
}

func TestMulExtremeStates(t *testing.T) {
	for _, ones := range []int{0, 1, 255, 256} {
		x := randomBits(300, 333, ones, 5)
		checkMul(t, x, kerneltest.RandomFloats(333*19, 6), 19, kerneltest.RandomFloats(19, 7))
		// All of one sign: the sums come as near to 32 bits as the scale allows.
		positive := kerneltest.RandomFloats(333*19, 8)
		for i := range positive {
			positive[i] = 1 - positive[i]*0x1p-20
		}
		checkMul(t, x, positive, 19, nil)
	}
}

func TestMulExtremeValues(t *testing.T) {
	x := randomBits(70, 65, 128, 9)
	for name, values := range kerneltest.Extremes() {
		t.Run(name, func(t *testing.T) {
			for _, cols := range []int{1, 8, 13} {
				src, offset := kerneltest.Operand(values, x.Cols, cols)
				checkMul(t, x, src, cols, offset)
			}
		})
	}
}

// Against float64: within the stated error, 2^−s·(ones+1)/2 and half a unit in the last place of the result.
func TestMulError(t *testing.T) {
	const rows, inner, cols = 64, 784, 50
	x, src, offset := randomBits(rows, inner, 100, 10), kerneltest.RandomFloats(inner*cols, 11), kerneltest.RandomFloats(cols, 12)
	var f Fixed
	one.Load(&f, src, inner, cols, offset)
	dst := make([]float32, rows*cols)
	one.Mul(dst, x, &f)
	for i, got := range dst {
		r, j, want, ones := i/cols, i%cols, float64(offset[i%cols]), 1.0
		for k := range inner {
			if bit(x, r, k) {
				want += float64(src[k*cols+j])
				ones++
			}
		}
		bound := f.Resolution()*ones/2 + ulp(want)/2 + 1e-12
		if diff := math.Abs(float64(got) - want); diff > bound {
			t.Fatalf("element (%d,%d): %g, want %g, off by %g, bound %g", r, j, got, want, diff, bound)
		}
	}
	if f.Resolution() > 0x1p-21 { // S ≈ 784/2: 2^31/392 = 2^22.4
		t.Errorf("resolution %g is coarser than 2^-21", f.Resolution())
	}
}

func TestFixedReusesMemory(t *testing.T) {
	src := kerneltest.RandomFloats(100*50, 1)
	var f Fixed
	one.Load(&f, src, 100, 50, nil)
	for _, shape := range [][2]int{{100, 50}, {50, 100}, {10, 9}} {
		n := shape[0] * shape[1]
		if allocs := testing.AllocsPerRun(5, func() {
			one.Load(&f, src[:n], shape[0], shape[1], nil)
			one.LoadTransposed(&f, src[:n], shape[0], shape[1], nil)
		}); allocs > 10 { // closures; the matrix itself would not pass the next check either
			t.Errorf("%v: %v allocations", shape, allocs)
		}
		// What an earlier, larger matrix left in memory must not show.
		checkReload(t, &f, src[:n], shape[0], shape[1])
	}
}

func checkReload(t *testing.T, f *Fixed, src []float32, rows, cols int) {
	t.Helper()
	var fresh Fixed
	one.Load(f, src, rows, cols, nil)
	one.Load(&fresh, src, rows, cols, nil)
	if f.scale != fresh.scale || !slices.Equal(f.words, fresh.words) || !slices.Equal(f.offset, fresh.offset) {
		t.Errorf("%d×%d: a reloaded matrix differs from a fresh one", rows, cols)
	}
}

func TestMisusePanics(t *testing.T) {
	var f Fixed
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	for name, call := range map[string]func(){
		"NaN":             func() { one.Load(&f, []float32{1, nan}, 1, 2, nil) },
		"−Inf":            func() { one.LoadTransposed(&f, []float32{1, inf}, 1, 2, nil) },
		"NaN offset":      func() { one.Load(&f, []float32{1, 2}, 1, 2, []float32{0, nan}) },
		"length":          func() { one.Load(&f, make([]float32, 5), 2, 3, nil) },
		"offset length":   func() { one.LoadTransposed(&f, make([]float32, 6), 2, 3, make([]float32, 3)) },
		"inner dimension": func() { one.Load(&f, make([]float32, 6), 2, 3, nil); one.Mul(nil, NewBits(0, 3), &f) },
		"dst length":      func() { one.Load(&f, make([]float32, 6), 2, 3, nil); one.Mul(nil, NewBits(1, 2), &f) },
		"Transpose":       func() { one.Transpose(NewBits(2, 3), NewBits(2, 3)) },
		"ColumnCounts":    func() { one.ColumnCounts(make([]int, 1), NewBits(2, 3)) },
		"AddRow":          func() { one.AddRow(make([]float32, 5), 1, make([]float32, 2)) },
		"Draw":            func() { one.Draw(NewBits(2, 3), make([]float32, 5), rng.Seed(1), 1) },
		"DrawCategories":  func() { one.DrawCategories(NewBits(2, 3), make([]float32, 6), []int{2}, rng.Seed(1), 1) },
		"MulReals":        func() { one.MulReals(nil, NewReals(0, 3), new(FixedReals), 1) },
		"MulReals length": func() { one.MulReals(make([]float32, 1), NewReals(0, 0), new(FixedReals), 1) },
		"LoadReals":       func() { one.LoadReals(new(FixedReals), make([]float32, 5), 2, 3) },
		"states":          func() { one.Softmax(nil, nil, []int{0}) },
		"Softmax":         func() { one.Softmax(make([]float32, 3), make([]float32, 3), []int{2}) },
		"Sigmoids":        func() { one.Sigmoids(make([]float32, 1), nil) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if message, _ := recover().(string); len(message) < 8 || message[:8] != "kernel: " {
					t.Errorf("panic %q, want one with the prefix kernel:", message)
				}
			}()
			call()
		})
	}
}

func FuzzMul(f *testing.F) {
	f.Add(uint8(3), uint8(70), uint8(9), uint8(128), uint64(1), []byte{0, 0, 128, 63})
	f.Add(uint8(1), uint8(1), uint8(1), uint8(255), uint64(2), []byte{1, 0, 0, 0, 255, 255, 127, 127})
	f.Fuzz(func(t *testing.T, rows, inner, cols, ones uint8, seed uint64, values []byte) {
		src := kerneltest.RandomFloats(int(inner)*int(cols), seed)
		for i := 0; i+4 <= len(values) && i/4 < len(src); i += 4 {
			bits := uint32(values[i]) | uint32(values[i+1])<<8 | uint32(values[i+2])<<16 | uint32(values[i+3])<<24
			if y := math.Float32frombits(bits); y-y == 0 {
				src[i/4] = y
			}
		}
		checkMul(t, randomBits(int(rows), int(inner), int(ones), seed), src, int(cols), kerneltest.RandomFloats(int(cols), seed+1))
	})
}
