package kernel

import (
	"fmt"
	"math"
)

// A Fixed keeps its columns in panels of 16. A panel holds, row after row, 8 words of two columns each: the 32-bit
// integers lo and hi of a word are the signed sum hi·2^32 + lo, so that one 64-bit addition adds both columns,
// and as long as both sums stay in 32 bits they come back exactly (unpack). A row of a panel is a cache line, one
// AVX-512 register or two of AVX2.
const (
	panelWords = 8
	panelCols  = 2 * panelWords
)

// unitRows is the number of rows that are tabulated together: a quarter of a word of the states.
const unitRows = 16

// Fixed is a Rows×Cols matrix with an offset row in 32-bit fixed point: the right operand of [Context.Mul]. Element x is
// stored as q = x·2^s, rounded to the nearest integer, halves to even. There is one s for the whole matrix:
// the largest s ≤ 126 with
//
//	2^s·S + Rows + 1 ≤ 2^31 − 1,   S = max_j (|offset_j| + Σ_k |x_kj|),
//	2^s·M ≤ maxFixed,              M = max_kj |x_kj|,
//
// where the sums are taken in float64 in the order of columnSum. Rounding adds at most ½ for each of Rows+1
// summands (and the other half covers the error of S), so the sum of any subset of rows, with or without the offset,
// fits 32 bits. Each q has three bytes, which processors with products of bytes multiply one by one: that is as good as
// the float32 of M, and more would cost a quarter more time there. An error of a product is at most 2^−s·(ones+1)/2 plus
// the rounding of the result to float32; 2^−s is M·2^−22 at most, unless S decides.
//
// The zero Fixed is an empty matrix. A Fixed may be loaded again and then reuses its memory.
type Fixed struct {
	Rows, Cols int

	scale  int      // s
	first  int      // of the columns, among those of a larger matrix: see LoadColumns
	words  []uint64 // panel after panel, row after row; rows are padded with zeros, see paddedRows
	offset []uint64 // panel after panel
	tiled  bool     // words are those of bittiles.go instead, as the last product wanted them

	sums     []float64 // of a task of loading: the largest of a column
	elements []uint32  // and the largest element

	engine Engine // that has loaded it: then remote has all that
	remote RemoteFixed
}

// panels is the number of panels; the columns after the last are zero.
func (f *Fixed) panels() int { return (f.Cols + panelCols - 1) / panelCols }

// paddedRows is the number of rows held for a panel, whole words of the states: at least one is of zeros.
func (f *Fixed) paddedRows() int { return f.Rows&^(tileInner-1) + tileInner }

// panel returns the words of panel p.
func (f *Fixed) panel(p int) []uint64 {
	n := f.paddedRows() * panelWords
	return f.words[p*n : (p+1)*n]
}

// Resolution returns 2^−s, the distance of neighbouring fixed-point numbers.
func (f *Fixed) Resolution() float64 {
	if f.engine != nil {
		return f.remote.Resolution()
	}
	return math.Ldexp(1, -f.scale)
}

// on returns the operand on the engine that has loaded it.
func (f *Fixed) on(e Engine) RemoteFixed {
	f.checkLoadedBy(e)
	return f.remote
}

func (f *Fixed) checkLoadedBy(e Engine) {
	if f.engine != e {
		panicf("an operand of %d×%d numbers that another context has loaded", f.Rows, f.Cols)
	}
}

// loadOn has an engine load the operand.
func (f *Fixed) loadOn(e Engine, src []float32, rows, cols int, offset []float32, transposed bool) {
	if f.engine != e {
		*f = Fixed{engine: e, remote: e.NewFixed()}
	}
	f.Rows, f.Cols = rows, cols
	if transposed {
		f.Rows, f.Cols = cols, rows
	}
	f.remote.Load(src, rows, cols, offset, transposed)
}

// Load stores src in f, a row-major rows×cols matrix, and offset, the row that [Context.Mul] adds to every product (cols numbers,
// or nil for zeros). It panics on other lengths and on numbers that are not finite.
func (c *Context) Load(f *Fixed, src []float32, rows, cols int, offset []float32) {
	checkOperand("Load", src, rows, cols, offset, cols)
	if e := c.Engine(); e != nil {
		f.loadOn(e, src, rows, cols, offset, false)
		return
	}
	c.load("Load", f, load{src: src, offset: offset}, rows, cols)
}

// LoadTransposed stores the transpose of src in f, a row-major rows×cols matrix, so that f becomes cols×rows, and offset
// (rows numbers, or nil for zeros). The result is that of [Context.Load] with the transposed matrix.
// It panics on other lengths and on numbers that are not finite.
func (c *Context) LoadTransposed(f *Fixed, src []float32, rows, cols int, offset []float32) {
	checkOperand("LoadTransposed", src, rows, cols, offset, rows)
	if e := c.Engine(); e != nil {
		f.loadOn(e, src, rows, cols, offset, true)
		return
	}
	c.load("LoadTransposed", f, load{src: src, offset: offset, transposed: true}, cols, rows)
}

// LoadWeighted is [Context.Load] of weights[r]·src[r,j], each rounded to float32, of numbers src from 0 to 1. The scale is
// that of S = sum and M = max |weights|, whatever src has; Σ |weights| must not be above sum, but for rounding.
func (c *Context) LoadWeighted(f *Fixed, src []float32, rows, cols int, weights []float32, sum float64) {
	checkOperand("LoadWeighted", src, rows, cols, nil, cols)
	f.resize(c.ISA(), rows, cols)
	l := c.own().loads.get()
	defer l.release()
	*l = load{c: c.own(), f: f, src: src, weights: weights, factor: f.chooseScale(sum, LargestShare(weights))}
	c.own().parallel(c.own().workersFor(rows*cols), (f.panels()+loadPanels-1)/loadPanels, (*loadWords)(l))
}

// resize makes room. Words are loaded where the form has no tiles.
func (f *Fixed) resize(isa ISA, rows, cols int) {
	f.tiled = f.tiled && isa.hasTiles()
	f.engine, f.remote, f.first = nil, nil, 0
	f.Rows, f.Cols = rows, cols
	f.words = grow(f.words, f.panels()*f.paddedRows()*panelWords)
	f.offset = grow(f.offset, f.panels()*panelWords)
	f.sums, f.elements = grow(f.sums, f.panels()), grow(f.elements, f.panels())
}

// grow returns n elements of unspecified content, in the memory of s if it suffices.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// maxScale keeps 2^s and 2^−s normal float32 numbers. It binds for matrices below 2^−96, which are as good as zero.
const maxScale = 126

// maxFixed bounds the elements' integers: three digits of base 256 from −127 to 127.
const maxFixed = 127 * (1 + 1<<8 + 1<<16)

// chooseScale sets s by the rule in the comment of Fixed from S and M, and returns 2^s.
func (f *Fixed) chooseScale(sum float64, element float32) float32 {
	f.scale = min(scaleFor(sum, float64(math.MaxInt32-1-f.Rows)), scaleFor(float64(element), maxFixed))
	return f.factor()
}

// factor is 2^s.
func (f *Fixed) factor() float32 { return float32(math.Ldexp(1, f.scale)) }

// scaleFor returns the largest s ≤ maxScale with 2^s·largest ≤ room.
func scaleFor(largest, room float64) int {
	if largest == 0 {
		return maxScale
	}
	_, e := math.Frexp(room / largest) // room/largest is in [2^(e−1), 2^e)
	s := min(e-1, maxScale)
	if math.Ldexp(largest, s) > room {
		s-- // the quotient was rounded up to a power of two
	}
	return s
}

// quantize returns x·factor rounded to the nearest integer, halves to even, for a power of two and results of
// magnitude < 2^31. The product is exact or too small to matter, and in float64 adding 1.5·2^52 leaves the rounded
// integer in the low bits.
func quantize(x, factor float32) int32 {
	return int32(math.Float64bits(float64(float32(x*factor)) + 0x1.8p52))
}

// pack returns the word hi·2^32 + lo.
func pack(lo, hi int32) uint64 { return uint64(int64(hi)<<32 + int64(lo)) }

// unpack is the inverse of pack: hi is rounded to the nearest multiple of 2^32, since lo < 2^31 in magnitude.
func unpack(w uint64) (lo, hi int32) { return int32(w), int32((w + 1<<31) >> 32) }

func checkOperand(name string, src []float32, rows, cols int, offset []float32, offsets int) {
	if rows < 0 || cols < 0 || len(src) != rows*cols {
		panicf("%s of %d numbers as %d×%d", name, len(src), rows, cols)
	}
	if offset != nil && len(offset) != offsets {
		panicf("%s with an offset of %d numbers, want %d", name, len(offset), offsets)
	}
}

func panicf(format string, args ...any) { panic("kernel: " + fmt.Sprintf(format, args...)) }
