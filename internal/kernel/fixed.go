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
		for k := range rows {
			for j, x := range src[k*cols+from : k*cols+to] {
				sums[j] += math.Abs(float64(x))
			}
		}
	})
	factor := f.chooseScale("Load")
	Parallel(workers, tasks, func(task int) {
		for p := task * 16; p < min((task+1)*16, f.panels()); p++ {
			f.loadPanel(p, src, offset, factor)
		}
	})
}

func (f *Fixed) loadPanel(p int, src, offset []float32, factor float64) {
	panel, from := f.panel(p), p*panelCols
	n := min(panelCols, f.Cols-from)
	var edge [panelCols]float32
	for k := range f.Rows {
		row := (*[panelCols]float32)(edge[:])
		if n == panelCols {
			row = (*[panelCols]float32)(src[k*f.Cols+from:])
		} else {
			copy(edge[:], src[k*f.Cols+from:][:n])
		}
		out := (*[panelWords]uint64)(panel[k*panelWords:])
		for i := range out {
			out[i] = pack(quantize(row[2*i], factor), quantize(row[2*i+1], factor))
		}
	}
	clear(panel[f.Rows*panelWords:])
	f.loadOffset(p, offset, factor)
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
		for j := range sums {
			sum := sums[j]
			for _, x := range src[(from+j)*cols : (from+j+1)*cols] {
				sum += math.Abs(float64(x))
			}
			sums[j] = sum
		}
	})
	factor := f.chooseScale("LoadTransposed")
	Parallel(workers, f.panels(), func(p int) { f.loadPanelTransposed(p, src, offset, factor) })
}

func (f *Fixed) loadPanelTransposed(p int, src, offset []float32, factor float64) {
	panel := f.panel(p)
	for i := range panelWords {
		j := p*panelCols + 2*i
		lo, hi := operandColumn(src, f.Rows, f.Cols, j), operandColumn(src, f.Rows, f.Cols, j+1)
		for k := range f.Rows {
			w := int64(0)
			if lo != nil {
				w = int64(quantize(lo[k], factor))
			}
			if hi != nil {
				w += int64(quantize(hi[k], factor)) << 32
			}
			panel[k*panelWords+i] = uint64(w)
		}
	}
	clear(panel[f.Rows*panelWords:])
	f.loadOffset(p, offset, factor)
}

// operandColumn returns row j of src, which is column j of the transpose, or nil behind the last.
func operandColumn(src []float32, n, cols, j int) []float32 {
	if j >= cols {
		return nil
	}
	return src[j*n : (j+1)*n]
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
