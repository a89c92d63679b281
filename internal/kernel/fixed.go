package kernel

import (
	"fmt"
	"math"
)

// A Fixed keeps its columns in panels of 8. A panel holds, row after row, 4 words of two columns each: the 32-bit
// integers lo and hi of a word are the signed sum hi·2^32 + lo, so that one 64-bit addition adds both columns,
// and as long as both sums stay in 32 bits they come back exactly (unpack).
const (
	panelWords = 4
	panelCols  = 2 * panelWords
)

// Fixed is a Rows×Cols matrix with an offset row in 32-bit fixed point: the right operand of [Mul]. Element x is
// stored as q = x·2^s, rounded to the nearest integer, halves to even. There is one s for the whole matrix:
// the largest s ≤ 126 with
//
//	2^s·S + Rows + 1 ≤ 2^31 − 1,   S = max_j (|offset_j| + Σ_k |x_kj|),
//
// where the sums are taken in float64, offset first, then row by row. Rounding adds at most ½ for each of Rows+1
// summands (and the other half covers the error of S), so the sum of any subset of rows, with or without the offset,
// fits 32 bits. An error of a product is at most 2^−s·(ones+1)/2 plus the rounding of the result to float32; with
// |x| near 2^−2 and 1000 rows, 2^−s is near 2^−22.
//
// The zero Fixed is an empty matrix. A Fixed may be loaded again and then reuses its memory.
type Fixed struct {
	Rows, Cols int

	scale  int      // s
	words  []uint64 // panel after panel, row after row; rows are padded with zeros to a multiple of 64
	offset []uint64 // panel after panel
	sums   []float64
}

// panels is the number of panels; the columns behind the last are zero.
func (f *Fixed) panels() int { return (f.Cols + panelCols - 1) / panelCols }

// paddedRows is the number of rows held for a panel.
func (f *Fixed) paddedRows() int { return (f.Rows + 63) &^ 63 }

// panel returns the words of panel p.
func (f *Fixed) panel(p int) []uint64 {
	n := f.paddedRows() * panelWords
	return f.words[p*n : (p+1)*n]
}

// Resolution returns 2^−s, the distance of neighbouring fixed-point numbers.
func (f *Fixed) Resolution() float64 { return math.Ldexp(1, -f.scale) }

// Load stores src, a row-major rows×cols matrix, and offset, the row that [Mul] adds to every product (cols numbers,
// or nil for zeros). It panics on other lengths and on numbers that are not finite.
func (f *Fixed) Load(workers int, src []float32, rows, cols int, offset []float32) {
	checkOperand("Load", src, rows, cols, offset, cols)
	f.resize(rows, cols)
	workers = workersFor(workers, 8*rows*cols)
	// A task is 16 panels: rows of 128 numbers, four cache lines and more at a time.
	tasks := (cols + 16*panelCols - 1) / (16 * panelCols)
	Parallel(workers, tasks, func(task int) {
		from, to := task*16*panelCols, min((task+1)*16*panelCols, cols)
		sums := f.sums[from:to]
		startSums(sums, offset, from)
		addColumnSums(sums, src[min(from, len(src)):], rows, cols)
	})
	factor := f.chooseScale("Load")
	Parallel(workers, tasks, func(task int) {
		f.loadPanels(task*16, min((task+1)*16, f.panels()), src, offset, factor)
	})
}

// addColumnSums adds Σ_k |src[k·stride+j]| to every sums[j], term after term, four rows a sweep.
func addColumnSums(sums []float64, src []float32, rows, stride int) {
	n := len(sums)
	for ; rows >= 4; rows -= 4 {
		a, b, c, d := src[:n], src[stride:][:n], src[2*stride:][:n], src[3*stride:][:n]
		for j, s := range sums {
			s += float64(abs(a[j]))
			s += float64(abs(b[j]))
			s += float64(abs(c[j]))
			s += float64(abs(d[j]))
			sums[j] = s
		}
		src = src[min(4*stride, len(src)):]
	}
	for k := range rows {
		for j, x := range src[k*stride:][:n] {
			sums[j] += float64(abs(x))
		}
	}
}

// loadPanels fills panels from…to−1, row by row: walking down one panel at a time would touch a new cache line of src
// at every step and, with a power of two of columns, always in the same few sets.
func (f *Fixed) loadPanels(from, to int, src, offset []float32, factor float64) {
	var edge [panelCols]float32
	for k := range f.Rows {
		for p := from; p < to; p++ {
			out := (*[panelWords]uint64)(f.words[(p*f.paddedRows()+k)*panelWords:])
			row := src[k*f.Cols+p*panelCols:]
			if n := f.Cols - p*panelCols; n < panelCols {
				copy(edge[:], row[:n])
				row = edge[:]
			}
			x := (*[panelCols]float32)(row)
			out[0] = pack(quantize(x[0], factor), quantize(x[1], factor))
			out[1] = pack(quantize(x[2], factor), quantize(x[3], factor))
			out[2] = pack(quantize(x[4], factor), quantize(x[5], factor))
			out[3] = pack(quantize(x[6], factor), quantize(x[7], factor))
		}
	}
	for p := from; p < to; p++ {
		clear(f.panel(p)[f.Rows*panelWords:])
		f.loadOffset(p, offset, factor)
	}
}

// LoadTransposed stores the transpose of src, a row-major rows×cols matrix, so that f becomes cols×rows, and offset
// (rows numbers, or nil for zeros). The result is that of [Fixed.Load] with the transposed matrix.
// It panics on other lengths and on numbers that are not finite.
func (f *Fixed) LoadTransposed(workers int, src []float32, rows, cols int, offset []float32) {
	checkOperand("LoadTransposed", src, rows, cols, offset, rows)
	f.resize(cols, rows)
	workers = workersFor(workers, 8*rows*cols)
	Parallel(workers, f.panels(), func(p int) {
		from, to := p*panelCols, min((p+1)*panelCols, rows)
		sums := f.sums[from:to]
		startSums(sums, offset, from)
		addRowSums(sums, src[from*cols:], cols)
	})
	factor := f.chooseScale("LoadTransposed")
	Parallel(workers, f.panels(), func(p int) { f.loadPanelTransposed(p, src, offset, factor) })
}

// addRowSums adds Σ_k |src[j·n+k]| to every sums[j], term after term: four rows at once, as a single sum would wait for
// each addition.
func addRowSums(sums []float64, src []float32, n int) {
	for len(sums) >= 4 {
		a, b, c, d := src[:n], src[n:][:n], src[2*n:][:n], src[3*n:][:n]
		s0, s1, s2, s3 := sums[0], sums[1], sums[2], sums[3]
		for k := range a {
			s0 += float64(abs(a[k]))
			s1 += float64(abs(b[k]))
			s2 += float64(abs(c[k]))
			s3 += float64(abs(d[k]))
		}
		sums[0], sums[1], sums[2], sums[3] = s0, s1, s2, s3
		sums, src = sums[4:], src[4*n:]
	}
	for j := range sums {
		for _, x := range src[j*n : (j+1)*n] {
			sums[j] += float64(abs(x))
		}
	}
}

func (f *Fixed) loadPanelTransposed(p int, src, offset []float32, factor float64) {
	panel := f.panel(p)
	for i := range panelWords {
		lo, hi := f.sourceRow(src, p*panelCols+2*i), f.sourceRow(src, p*panelCols+2*i+1)
		switch {
		case lo == nil: // both columns are behind the last
			for k := range f.Rows {
				panel[k*panelWords+i] = 0
			}
		case hi == nil:
			for k, x := range lo {
				panel[k*panelWords+i] = pack(quantize(x, factor), 0)
			}
		default:
			hi = hi[:len(lo)]
			for k, x := range lo {
				panel[k*panelWords+i] = pack(quantize(x, factor), quantize(hi[k], factor))
			}
		}
	}
	clear(panel[f.Rows*panelWords:])
	f.loadOffset(p, offset, factor)
}

// sourceRow returns row j of the source of LoadTransposed, which is column j of f, or nil behind the last.
func (f *Fixed) sourceRow(src []float32, j int) []float32 {
	if j >= f.Cols {
		return nil
	}
	return src[j*f.Rows : (j+1)*f.Rows]
}

func (f *Fixed) loadOffset(p int, offset []float32, factor float64) {
	out := f.offset[p*panelWords : (p+1)*panelWords]
	clear(out)
	if offset == nil {
		return
	}
	for i, x := range offset[p*panelCols : min((p+1)*panelCols, f.Cols)] {
		out[i/2] += uint64(int64(quantize(x, factor)) << (i % 2 * 32))
	}
}

func (f *Fixed) resize(rows, cols int) {
	f.Rows, f.Cols = rows, cols
	f.words = grow(f.words, f.panels()*f.paddedRows()*panelWords)
	f.offset = grow(f.offset, f.panels()*panelWords)
	f.sums = grow(f.sums, cols)
}

// grow returns n elements of unspecified content, in the memory of s if it suffices.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

func startSums(sums []float64, offset []float32, from int) {
	if offset == nil {
		clear(sums)
		return
	}
	for j := range sums {
		sums[j] = math.Abs(float64(offset[from+j]))
	}
}

// maxScale keeps 2^s and 2^−s normal float32 numbers. It binds for matrices below 2^−96, which are as good as zero.
const maxScale = 126

// chooseScale sets s from the column sums by the rule in the comment of Fixed and returns 2^s.
func (f *Fixed) chooseScale(name string) float64 {
	largest := 0.0
	for _, s := range f.sums {
		largest = max(largest, s) // NaN wins
	}
	if largest-largest != 0 {
		panicf("%s of a matrix with an element that is not finite", name)
	}
	room := float64(math.MaxInt32 - 1 - f.Rows)
	f.scale = maxScale
	if largest > 0 {
		_, e := math.Frexp(room / largest) // room/largest is in [2^(e−1), 2^e)
		f.scale = min(e-1, maxScale)
		if math.Ldexp(largest, f.scale) > room {
			f.scale-- // the quotient was rounded up to a power of two
		}
	}
	return math.Ldexp(1, f.scale)
}

// quantize returns x·factor rounded to the nearest integer, halves to even, for results of magnitude < 2^31: the
// product is exact, and adding 1.5·2^52 leaves the rounded integer in the low bits.
func quantize(x float32, factor float64) int32 {
	return int32(math.Float64bits(float64(float64(x)*factor) + 0x1.8p52))
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
