package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
)

// fixedRealsOf is the definition of FixedReals: t and the integers.
func fixedRealsOf(src []float32, rows, cols int, short bool) (t int, q []int64) {
	largest := 0.0
	for j := range cols {
		for from := 0; from < rows; from += 128 {
			sum := 0.0
			for k := from; k < min(from+128, rows); k++ {
				sum += math.Abs(float64(src[k*cols+j]))
			}
			largest = max(largest, sum)
		}
	}
	t = 126
	for math.Ldexp(largest, t)+129*float64(min(rows, 128)) > 1<<23 {
		t--
	}
	if short {
		most := 0.0
		for _, x := range src {
			most = max(most, math.Abs(float64(x)))
		}
		for t = 126; math.Ldexp(most, t) > 1<<13; t-- {
		}
	}
	q = make([]int64, rows*cols)
	for i, x := range src {
		q[i] = int64(math.RoundToEven(math.Ldexp(float64(x), t)))
	}
	return t, q
}

// quantizedRow is the definition of a row's integers.
func quantizedRow(x []float32, short bool) (s int, p []int64) {
	most := int64(1<<15 - 1)
	if short {
		most = 1<<13 - 1
	}
	integer := func(y float32) int64 { return int64(math.RoundToEven(math.Ldexp(float64(y), s))) }
	largest := float32(0)
	for _, y := range x {
		largest = max(largest, y, -y)
	}
	for s = 126; integer(largest) > most || math.Ldexp(float64(largest), s) > 1<<20; s-- {
	}
	p = make([]int64, len(x))
	for k, y := range x {
		p[k] = integer(y)
	}
	return s, p
}

// checkMulReals compares MulReals and AddMulReals with their definition by ==, and with float64 within the stated
// error.
func checkMulReals(t testing.TB, x Reals, src []float32, cols int, scale float32) {
	t.Helper()
	checkProduct(t, x, src, cols, scale, false)
	checkProduct(t, x, src, cols, scale, true)
	checkBalanced(t, x, src, cols, scale)
}

// checkBalanced compares products with a balanced matrix, by ==, with those of a short one: of 2^e_k·src_kj and x_rk·2^−e_k,
// with the largest e_k ≤ 126 for which no number of row k is above 2^13.
func checkBalanced(t testing.TB, x Reals, src []float32, cols int, scale float32) {
	t.Helper()
	evened, shifted, largest := make([]float32, len(src)), NewReals(x.Rows, x.Cols), float32(0)
	for k := range x.Cols {
		most := float32(0)
		for _, y := range src[k*cols:][:cols] {
			most = max(most, y, -y)
		}
		if most == 0 {
			continue
		}
		e := 126
		for math.Ldexp(float64(most), e) > 1<<13 {
			e--
		}
		for j, y := range src[k*cols:][:cols] {
			evened[k*cols+j] = float32(math.Ldexp(float64(y), e))
		}
		for r := range x.Rows {
			shifted.Row(r)[k] = float32(math.Ldexp(float64(x.Row(r)[k]), -e))
		}
		largest = max(largest, float32(math.Ldexp(float64(most), e)))
	}
	if 0 < largest && largest <= 1<<12 {
		return // all numbers are so small that a short matrix has a larger scale
	}
	want, before := make([]float32, x.Rows*cols), kerneltest.RandomFloats(x.Rows*cols, 77)
	var f FixedReals
	plain := NewISA(1, Generic)
	plain.LoadShortReals(&f, evened, x.Cols, cols)
	plain.MulReals(want, shifted, &f, scale)
	forEachForm(func(c *Context) {
		c.LoadBalancedReals(&f, src, x.Cols, cols)
		band, got := guarded(len(want))
		c.MulReals(got, x, &f, scale)
		for i, y := range got {
			if y != want[i] && (y == y || want[i] == want[i]) {
				t.Fatalf("%d×%d×%d balanced, %v, %d workers: element (%d,%d) is %g, want %g", x.Rows, x.Cols, cols, c.ISA(), c.Workers(),
					i/cols, i%cols, y, want[i])
			}
		}
		copy(got, before)
		c.AddMulReals(got, x, &f, scale)
		for i, y := range got {
			if y != before[i]+want[i] && (y == y || want[i] == want[i]) {
				t.Fatalf("%d×%d×%d balanced, %v: element (%d,%d) with what was there is %g, want %g", x.Rows, x.Cols, cols, c.ISA(), i/cols,
					i%cols, y, before[i]+want[i])
			}
		}
		if !intact(band) {
			t.Fatalf("%d×%d×%d balanced, %v: written outside dst", x.Rows, x.Cols, cols, c.ISA())
		}
	})
}

func checkProduct(t testing.TB, x Reals, src []float32, cols int, scale float32, short bool) {
	t.Helper()
	exponent, q := fixedRealsOf(src, x.Cols, cols, short)
	want, added := make([]float32, x.Rows*cols), make([]float32, x.Rows*cols)
	before := kerneltest.RandomFloats(len(added), 77)
	for r := range x.Rows {
		s, p := quantizedRow(x.Row(r), short)
		for j := range cols {
			sum, exact, fs, xs := int64(0), 0.0, 0.0, 0.0
			for k, y := range x.Row(r) {
				w := float64(src[k*cols+j])
				sum += p[k] * q[k*cols+j]
				exact += float64(y) * w
				fs += math.Abs(w)
				xs += math.Abs(float64(y))
			}
			got := float32(float64(sum) * (float64(scale) * math.Ldexp(1, -s-exponent)))
			want[r*cols+j] = got
			added[r*cols+j] = before[r*cols+j] + got
			bound := math.Abs(float64(scale))*(math.Ldexp(fs, -s-1)+math.Ldexp(xs, -exponent-1)+math.Ldexp(float64(x.Cols), -s-exponent-2)) +
				ulp(float64(got)) + 1e-13*fs*xs*math.Abs(float64(scale))
			if exact *= float64(scale); math.Abs(exact) < math.MaxFloat32 && !(math.Abs(float64(got)-exact) <= bound) {
				t.Fatalf("%d×%d: element (%d,%d) is %g, want %g ± %g", x.Rows, x.Cols, r, j, got, exact, bound)
			}
		}
	}
	transposed := make([]float32, len(src))
	for k := range x.Cols {
		for j := range cols {
			transposed[j*x.Cols+k] = src[k*cols+j]
		}
	}
	var f FixedReals
	forEachForm(func(c *Context) {
		for _, load := range []string{"LoadReals", "LoadRealsTransposed", "LoadShortReals"} {
			switch {
			case short != (load == "LoadShortReals"):
				continue
			case load == "LoadReals":
				c.LoadReals(&f, src, x.Cols, cols)
			case short:
				c.LoadShortReals(&f, src, x.Cols, cols)
			default:
				c.LoadRealsTransposed(&f, transposed, cols, x.Cols)
			}
			name := fmt.Sprintf("%d×%d×%d, %s, %v, %d workers", x.Rows, x.Cols, cols, load, c.ISA(), c.Workers())
			band, dst := guarded(len(want))
			c.MulReals(dst, x, &f, scale)
			for i, y := range dst {
				if y != want[i] {
					t.Fatalf("%s: element (%d,%d) is %g, want %g", name, i/cols, i%cols, y, want[i])
				}
			}
			copy(dst, before)
			c.AddMulReals(dst, x, &f, scale)
			for i, y := range dst {
				if y != added[i] {
					t.Fatalf("%s: element (%d,%d) with what was there is %g, want %g", name, i/cols, i%cols, y, added[i])
				}
			}
			if !intact(band) {
				t.Fatalf("%s: written outside dst", name)
			}
		}
	})
}

func realsOf(values []float32, rows, cols int) Reals {
	x := NewReals(rows, cols)
	for i := range x.Values {
		x.Values[i] = values[(i*5+i/7)%len(values)]
	}
	return x
}

func TestMulRealsShapes(t *testing.T) {
	for _, rows := range []int{0, 1, 3, 4, 5, 130} {
		for _, inner := range []int{0, 1, 2, 3, 127, 128, 129, 256, 257} {
			if testing.Short() && rows > 5 && inner < 257 {
				continue
			}
			for _, cols := range []int{1, 15, 16, 17, 33} {
				x := Reals{rows, inner, kerneltest.RandomFloats(rows*inner, 1)}
				checkMulReals(t, x, kerneltest.RandomFloats(inner*cols, 2), cols, 0.7)
			}
		}
	}
	for _, inner := range []int{511, 512, 513, 5000} {
		checkMulReals(t, Reals{3, inner, kerneltest.RandomFloats(3*inner, 1)}, kerneltest.RandomFloats(inner*5, 2), 5, 1)
	}
	if x, f := NewReals(2, 0), new(FixedReals); true {
		dst := []float32{1, 1, 1, 1, 1, 1}
		one.LoadReals(f, nil, 0, 3)
		if one.MulReals(dst, x, f, 1); dst[0] != 0 || dst[5] != 0 {
			t.Errorf("a product without terms is %v", dst)
		}
	}
}

// The form AVX512 has three kernels of products: for AMX, for VNNI, and for neither.
func TestMulRealsWithLess(t *testing.T) {
	defer func(a, v bool) { amx, vnni = a, v }(amx, vnni)
	for _, amx = range []bool{amx, false} {
		for _, vnni = range []bool{vnni, false} {
			for _, shape := range [][3]int{{1, 1, 16}, {7, 129, 17}, {9, 600, 33}, {131, 257, 48}} {
				x := Reals{shape[0], shape[1], kerneltest.RandomFloats(shape[0]*shape[1], 1)}
				checkMulReals(t, x, kerneltest.RandomFloats(shape[1]*shape[2], 2), shape[2], 1)
			}
		}
	}
}

// A matrix of tiles gives forms without tiles the products of one that was loaded by these.
func TestTilesForOtherForms(t *testing.T) {
	const rows, cols = 70, 37
	src, x := kerneltest.RandomFloats(rows*cols, 1), Reals{9, rows, kerneltest.RandomFloats(9*rows, 2)}
	for _, short := range []bool{false, true} {
		var f FixedReals
		plain := NewISA(1, Generic)
		if plain.LoadReals(&f, src, rows, cols); short {
			plain.LoadShortReals(&f, src, rows, cols)
		}
		tiles := FixedReals{Rows: rows, Cols: cols, scale: f.scale, short: short, tiled: true}
		tiles.words = make([]uint32, tiles.panels()*tiles.panelWords())
		for k := range rows {
			for j := range cols {
				q := uint32(quantize(src[k*cols+j], float32(math.Ldexp(1, f.scale))))
				for limb := range tiles.limbs() {
					word := &tiles.tiles(j/panelCols, k/tileInner)[limb*tileWords+k%tileInner/4*rowOfTile+j%panelCols]
					*word |= q >> (8 * (tiles.limbs() - 1 - limb)) & 0xff << (k % 4 * 8)
				}
			}
		}
		want, got := make([]float32, 9*cols), make([]float32, 9*cols)
		plain.MulReals(want, x, &f, 1)
		forEachForm(func(c *Context) {
			c.MulReals(got, x, &tiles, 1)
			for i, y := range got {
				if y != want[i] {
					t.Fatalf("%v, short %v: element %d is %g, want %g", c.ISA(), short, i, y, want[i])
				}
			}
		})
	}
}

// Tiles of a matrix with a power of two for each row have its integers: loading takes no instruction of AMX.
func TestTilesOfBalancedReals(t *testing.T) {
	if !slices.Contains(able, AVX512) {
		t.Skip("tiles are loaded by AVX-512")
	}
	defer func(a bool) { amx = a }(amx)
	for _, shape := range [][2]int{{70, 37}, {128, 64}, {3, 16}} {
		rows, cols := shape[0], shape[1]
		src, x := kerneltest.RandomFloats(rows*cols, 1), Reals{9, rows, kerneltest.RandomFloats(9*rows, 2)}
		for k := range rows {
			for j := range cols {
				src[k*cols+j] *= float32(math.Ldexp(1, k/2%7-k%3)) // in most groups of four rows, not the same for all
			}
		}
		var f FixedReals
		want, got := make([]float32, 9*cols), make([]float32, 9*cols)
		plain, wide := NewISA(1, Generic), NewISA(2, AVX512)
		plain.LoadBalancedReals(&f, src, rows, cols)
		plain.MulReals(want, x, &f, 1)
		amx = true
		wide.LoadBalancedReals(&f, src, rows, cols)
		amx = false
		wide.MulReals(got, x, &f, 1)
		if !f.tiled || !slices.Equal(got, want) {
			t.Errorf("%d×%d: products with a matrix of tiles (%v) differ", rows, cols, f.tiled)
		}
	}
}

// Sums of products of limbs fit 32 bits for as many rows as tiles are used for, with all integers at their ends.
func TestMulRealsLongest(t *testing.T) {
	for _, rows := range []int{maxTileRows, maxTileRows + 1} {
		x, src := NewReals(2, rows), make([]float32, rows)
		for k := range src {
			x.Row(0)[k], x.Row(1)[k], src[k] = -32767, 32767-float32(k%2), 1-float32(k%3)
		}
		checkMulReals(t, x, src, 1, 1)
	}
}

// Sums of 32 short numbers at their ends are as near to 32 bits as they come, beside what is left of those before.
func TestMulShortLongest(t *testing.T) {
	for _, inner := range []int{31, 32, 33, 64, 3001} {
		x, src := NewReals(9, inner), make([]float32, inner*33)
		for k := range inner {
			for r := range 9 {
				x.Row(r)[k] = 8191 - float32(r*k%2)
			}
			for j := range 33 {
				src[k*33+j] = float32(1-j%2*2) - float32(j*k%3)*0x1p-13
			}
		}
		checkProduct(t, x, src, 33, 1, true)
		for r := range 9 {
			x.Row(r)[0] *= -1
		}
		checkProduct(t, x, src, 33, 1, true)
	}
}

// Values at the ends of float32, rows of a wide range, ties, and sums as near to 32 bits as the scale allows.
func TestMulRealsExtremes(t *testing.T) {
	values := kerneltest.Extremes()
	values["wide"] = []float32{1, 1e-3, 0x1p-15, 0x1p-16, 0x1.8p-15, -1e-7, 0}
	values["largest"] = []float32{32767, -32767, 32766.5, 32767.5, 0.5, -1.5}
	values["rounded up"] = []float32{32767.5, 1}
	values["equal"] = []float32{0.75}
	for name, of := range values {
		t.Run(name, func(t *testing.T) {
			for _, inner := range []int{1, 5, 128, 301} {
				random := kerneltest.RandomFloats(inner*17, 3)
				checkMulReals(t, realsOf(of, 6, inner), random, 17, 1)
				src, _ := kerneltest.Operand(of, inner, 17)
				checkMulReals(t, Reals{6, inner, kerneltest.RandomFloats(6*inner, 4)}, src, 17, 1)
				checkMulReals(t, realsOf(of, 6, inner), src, 17, 0.25)
			}
		})
	}
	// One column has all the weight of the bound, in one row or in all.
	for _, inner := range []int{128, 256, 600} {
		src := make([]float32, inner*2)
		for k := range inner {
			src[2*k], src[2*k+1] = 1, 0x1p-20
		}
		checkMulReals(t, realsOf([]float32{1}, 5, inner), src, 2, 1)
		src[1] = 128
		checkMulReals(t, realsOf([]float32{-1}, 5, inner), src, 2, 1)
	}
}

// A row's result doesn't depend on the others, and one that is not finite gives NaN alone.
func TestMulRealsRowsAreApart(t *testing.T) {
	const rows, inner, cols = 9, 70, 20
	values := kerneltest.RandomFloats(rows*inner, 1)
	var f FixedReals
	one.LoadReals(&f, kerneltest.RandomFloats(inner*cols, 2), inner, cols)
	forEachForm(func(c *Context) {
		want, got := make([]float32, rows*cols), make([]float32, rows*cols)
		c.MulReals(want, Reals{rows, inner, values}, &f, 1)
		x := NewReals(rows, inner)
		copy(x.Values, values)
		x.Row(2)[3], x.Row(4)[69], x.Row(8)[0] = float32(math.NaN()), float32(math.Inf(-1)), 1e30
		c.MulReals(got, x, &f, 1)
		for i, y := range got {
			switch r := i / cols; {
			case r == 2 || r == 4:
				if y == y {
					t.Fatalf("%v: a row that is not finite gives %g", c.ISA(), y)
				}
			case r < 8 && y != want[i]:
				t.Fatalf("%v: row %d is %g beside other rows, want %g", c.ISA(), r, y, want[i])
			}
		}
	})
}

func TestFixedRealsResolution(t *testing.T) {
	var f FixedReals
	one.LoadReals(&f, []float32{1, -1}, 2, 1)
	if got := f.Resolution(); got != 0x1p-21 { // 2^21·2 + 258 ≤ 2^23 < 2^22·2 + 258
		t.Errorf("resolution of two ones is %g, want 2^−21", got)
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a matrix with %g is loaded", bad)
				}
			}()
			one.LoadReals(&f, []float32{1, float32(bad)}, 1, 2)
		}()
	}
}

func FuzzMulReals(f *testing.F) {
	f.Add(uint8(3), uint8(70), uint8(9), uint64(1), []byte{0, 0, 128, 63, 1, 0, 0, 0, 255, 255, 127, 127})
	f.Fuzz(func(t *testing.T, rows, inner, cols uint8, seed uint64, values []byte) {
		x := Reals{int(rows), int(inner), kerneltest.RandomFloats(int(rows)*int(inner), seed)}
		src, numbers := kerneltest.RandomFloats(int(inner)*int(cols), seed+1), numbersOf(values)
		s := rand.New(rand.NewPCG(seed, 1))
		for _, y := range numbers {
			if y-y == 0 && len(src) > 0 {
				src[s.IntN(len(src))] = y
			}
			if y-y == 0 && len(x.Values) > 0 {
				x.Values[s.IntN(len(x.Values))] = y
			}
		}
		checkMulReals(t, x, src, int(cols), 1)
	})
}
