package kernel

import (
	"math"
	"slices"
)

// FixedReals is a Rows×Cols matrix in 24-bit fixed point: the right operand of [Context.MulReals]. Element x is stored
// as q = x·2^t, rounded to the nearest integer, halves to even. There is one t for the whole matrix: the largest t ≤
// 126 with
//
//	2^t·S + 129·n ≤ 2^23,   S = max Σ|x_kj| over a column's rows k in a chunk of 128,   n = min(Rows, 128).
//
// An integer is split into q = 2^8·hi + lo with |lo| ≤ 2^7. Since |q| ≤ 2^t·|x| + ½ and |hi| ≤ |q|/2^8 + ½, the bound
// gives Σ|hi| ≤ 2^15 for the rows of a chunk, and |hi| < 2^15. So for 16-bit integers |p| < 2^15 both Σ p·hi and Σ p·lo
// over two chunks fit 32 bits: |Σ p·hi| < 2·2^15·2^15 and |Σ p·lo| < 2·2^7·2^7·2^15.
//
// An element's error is at most 2^−(t+1); with |x| near 2^−4 and 128 rows or more, 2^−t is near 2^−20. A short matrix has
// integers of 14 bits instead ([Context.LoadShortReals]), and a balanced one a power of two of its own for each row as well
// ([Context.LoadBalancedReals]). The zero FixedReals is an empty matrix. A FixedReals may be loaded again and then reuses
// its memory.
type FixedReals struct {
	Rows, Cols int

	scale int       // t
	words []uint32  // panel after panel, pair of rows after pair of rows; a pair that lacks a row has zeros in its place
	short bool      // the integers have 14 bits, and a panel 32 columns: a pair of rows is 32 words
	tiled bool      // the words of a panel, which has 16 columns, are those of tiles.go instead
	sums  []float64 // of a task: the largest of a chunk, or if short the largest number

	balanced bool      // row k has a power of two of its own, besides t = 0
	units    []float32 // 2^e_k
	inverses []float32 // the factors of x_k: 2^−e_k, or 0 for a row of zeros
}

const (
	chunkRows  = 128               // of the bound
	spillPairs = 2 * chunkRows / 2 // pairs of rows whose sums fit 32 bits
	limbBits   = 8
	pairWords  = 2 * panelCols // a pair of rows: 16 words of hi, then 16 of lo; the even row is in a word's low half
	shortCols  = pairWords     // columns of a panel of short numbers

	// maxRealsRows keeps sums exact in float64: |Σ p·q| < 2^38 for a chunk, 2^53 for 2^15 chunks.
	maxRealsRows = chunkRows << 15

	// maxShortRows keeps the upper halves of sums of 32 products, which are below 2^15, within 32 bits.
	maxShortRows = 32 << 15
)

// width is the number of columns of a panel.
func (f *FixedReals) width() int {
	if f.short && !f.tiled {
		return shortCols
	}
	return panelCols
}

func (f *FixedReals) panels() int { return (f.Cols + f.width() - 1) / f.width() }
func (f *FixedReals) pairs() int  { return (f.Rows + 1) / 2 }

// panelWords is the number of words of a panel.
func (f *FixedReals) panelWords() int {
	if f.tiled {
		return f.chunks() * f.limbs() * tileWords
	}
	return f.pairs() * pairWords
}

// panel returns the words of panel p.
func (f *FixedReals) panel(p int) []uint32 {
	n := f.panelWords()
	return f.words[p*n : (p+1)*n]
}

// Resolution returns 2^−t, the distance of neighbouring fixed-point numbers.
func (f *FixedReals) Resolution() float64 { return math.Ldexp(1, -f.scale) }

// LoadReals stores src in f, a row-major rows×cols matrix. It panics on another length, on more than 2^22 rows and on
// numbers that are not finite.
func (c *Context) LoadReals(f *FixedReals, src []float32, rows, cols int) {
	checkOperand("LoadReals", src, rows, cols, nil, cols)
	f.short, f.balanced = false, false
	c.loadReals("LoadReals", f, src, rows, cols, false)
}

// LoadShortReals is [Context.LoadReals] in 14-bit fixed point, for numbers that are not worth more: t is the largest ≤ 126
// with which no |q| is above 2^13. Products with f take 14 bits of a row of x as well, |p| < 2^13, and half the time:
// a sum of 32 products fits 32 bits without limbs, 32·2^13·(2^13−1) = 2^31 − 2^18. A matrix of more than 2^20 rows is
// loaded as by LoadReals.
func (c *Context) LoadShortReals(f *FixedReals, src []float32, rows, cols int) {
	checkOperand("LoadShortReals", src, rows, cols, nil, cols)
	f.short, f.balanced = rows <= maxShortRows, false
	c.loadReals("LoadShortReals", f, src, rows, cols, false)
}

// LoadBalancedReals is [Context.LoadShortReals] with a power of two for each row, so that numbers of a row are rounded
// relative to the largest of that row:
//
//	q_kj = f_kj·2^e_k,   Σ_k x_rk·f_kj = Σ_k (x_rk·2^−e_k)·q_kj,
//
// with the largest e_k ≤ 126 for which no |q_kj| is above 2^13, and a factor of 0 in place of 2^−e_k where all f_kj are 0.
// So f_kj has an error of 2^−13 of the largest of row k at most, and x_rk one that comes to 2^−12 of the largest term
// x_rk·f_kj of row r at most: rows of very large and of very small numbers cost the others nothing. It is for numbers
// that are drawn or averaged, not scored. A matrix of more than 2^20 rows is loaded as by LoadReals.
func (c *Context) LoadBalancedReals(f *FixedReals, src []float32, rows, cols int) {
	checkOperand("LoadBalancedReals", src, rows, cols, nil, cols)
	f.short = rows <= maxShortRows
	f.balanced = f.short
	c.loadReals("LoadBalancedReals", f, src, rows, cols, false)
}

// LoadRealsTransposed stores the transpose of src in f, a row-major rows×cols matrix, so that f becomes cols×rows. The
// result is that of [Context.LoadReals] with the transposed matrix.
func (c *Context) LoadRealsTransposed(f *FixedReals, src []float32, rows, cols int) {
	checkOperand("LoadRealsTransposed", src, rows, cols, nil, cols)
	f.short, f.balanced = false, false
	c.loadReals("LoadRealsTransposed", f, src, cols, rows, true)
}

// A realsLoad is the work of LoadReals and LoadRealsTransposed, in two sections as that of Load: the sums that decide
// about the scale, and the words.
type realsLoad struct {
	isa        ISA
	f          *FixedReals
	src        []float32
	transposed bool
	factor     float32
}

type (
	realsSums  realsLoad
	realsUnits realsLoad
	realsWords realsLoad
)

// unitBlock is the number of rows of a task of realsUnits.
const unitBlock = 32

func (c *Context) loadReals(name string, f *FixedReals, src []float32, rows, cols int, transposed bool) {
	if rows > maxRealsRows {
		panicf("%s of %d rows, at most %d", name, rows, maxRealsRows)
	}
	c = c.own()
	f.Rows, f.Cols, f.tiled = rows, cols, c.isa.hasTiles() && rows > 0 && rows <= maxTileRows
	f.words = grow(f.words, f.panels()*f.panelWords())
	tasks := (f.Cols + loadPanels*panelCols - 1) / (loadPanels * panelCols)
	l := c.realsLoads.get()
	*l = realsLoad{isa: c.isa, f: f, src: src, transposed: transposed}
	workers := c.workersFor(rows * cols)
	if f.balanced {
		f.units, f.inverses = grow(f.units, rows), grow(f.inverses, rows)
		blocks := (rows + unitBlock - 1) / unitBlock
		f.sums = grow(f.sums, blocks)
		c.parallel(workers, blocks, (*realsUnits)(l))
	} else {
		f.sums = grow(f.sums, tasks)
		c.parallel(workers, tasks, (*realsSums)(l))
	}
	largest := 0.0
	for _, sum := range f.sums {
		largest = max(largest, sum) // NaN wins
	}
	if largest-largest == 0 {
		l.factor = f.chooseScale(largest)
		c.parallel(workers, tasks, (*realsWords)(l))
	}
	*l = realsLoad{}
	c.realsLoads.put(l)
	if largest-largest != 0 {
		panicf("%s of a matrix with an element that is not finite", name)
	}
}

// do chooses the powers of two of a block of rows, and writes the largest number to sums[block].
func (l *realsUnits) do(block int) {
	f, most := l.f, uint32(0)
	for k := block * unitBlock; k < min((block+1)*unitBlock, f.Rows); k++ {
		largest := l.isa.largest(l.src[k*f.Cols:][:f.Cols])
		most = max(most, largest)
		e := scaleFor(float64(math.Float32frombits(largest)), 1<<13)
		if f.units[k], f.inverses[k] = float32(math.Ldexp(1, e)), float32(math.Ldexp(1, -e)); largest == 0 {
			f.inverses[k] = 0
		}
	}
	f.sums[block] = float64(math.Float32frombits(most))
}

// chooseScale sets t by the rule in the comment of FixedReals from S and returns 2^t.
func (f *FixedReals) chooseScale(largest float64) float32 {
	if f.balanced {
		f.scale = 0
		return 1
	}
	bound := float64(1<<23 - 129*min(f.Rows, chunkRows))
	if f.short {
		bound = 1 << 13
	}
	f.scale = scaleFor(largest, bound)
	return float32(math.Ldexp(1, f.scale))
}

// do writes the largest sum of a chunk of the task's columns to sums[task].
func (l *realsSums) do(task int) {
	const width = loadPanels * panelCols
	f, largest := l.f, 0.0
	first, cols := task*width, min(width, l.f.Cols-task*width)
	if f.short {
		var parts [16]uint32
		for k := range f.Rows {
			l.isa.raise(&parts, l.src[k*f.Cols+first:][:cols])
		}
		f.sums[task] = float64(math.Float32frombits(slices.Max(parts[:])))
		return
	}
	for from := 0; from < f.Rows; from += chunkRows {
		rows := min(chunkRows, f.Rows-from)
		var parts [width][sumParts]float64
		var elements [16]uint32 // the scale of sums needs none
		if l.transposed {
			l.isa.addRowMagnitudes(parts[:cols], &elements, l.src[first*f.Rows+from:], f.Rows, rows)
		} else {
			var sums [sumParts][width]float64
			l.isa.addColumnMagnitudes(&sums, &elements, l.src[from*f.Cols+first:], f.Cols, cols, rows)
			for k := range sums {
				for j, sum := range sums[k][:cols] {
					parts[j][k] = sum
				}
			}
		}
		for j := range cols {
			largest = max(largest, columnSum(&parts[j], 0))
		}
	}
	f.sums[task] = largest
}

// do fills the task's panels.
func (l *realsWords) do(task int) {
	f, from, to := l.f, task*loadPanels, min((task+1)*loadPanels, (l.f.Cols+panelCols-1)/panelCols)
	if f.short && !f.tiled {
		l.pack(task)
		return
	}
	if f.tiled {
		t := l.tiles()
		t.fill(from, to)
		return
	}
	full := min(to, f.Cols/panelCols) // panels with all columns
	if l.transposed {
		for p := from; p < to; p++ {
			done := 0
			if p < full {
				done = f.Rows &^ (panelCols - 1)
				l.isa.splitTransposed(f.panel(p), l.src[p*panelCols*f.Rows:], f.Rows, done, l.factor)
			}
			l.splitSome(p, done/2)
		}
		return
	}
	n := f.pairs() * pairWords
	for pair := range f.Rows / 2 {
		even, odd := l.src[2*pair*f.Cols:][:f.Cols], l.src[(2*pair+1)*f.Cols:][:f.Cols]
		if full > from {
			l.isa.splitRows(f.words[from*n+pair*pairWords:], n, even[from*panelCols:full*panelCols], odd[from*panelCols:full*panelCols], l.factor)
		}
	}
	for p := from; p < to; p++ {
		if p < full {
			l.splitSome(p, f.Rows/2)
		} else {
			l.splitSome(p, 0)
		}
	}
}

// splitSome fills panel p from a pair on.
func (l *realsWords) splitSome(p, from int) {
	f := l.f
	words, first, cols := f.panel(p), p*panelCols, min(panelCols, f.Cols-p*panelCols)
	for pair := from; pair < f.pairs(); pair++ {
		var rows [2][panelCols]float32
		for k := range min(2, f.Rows-2*pair) {
			for j := range cols {
				if l.transposed {
					rows[k][j] = l.src[(first+j)*f.Rows+2*pair+k]
				} else {
					rows[k][j] = l.src[(2*pair+k)*f.Cols+first+j]
				}
			}
		}
		splitPair((*[pairWords]uint32)(words[pair*pairWords:]), &rows[0], &rows[1], l.factor)
	}
}

func splitRowsGeneric(dst []uint32, stride int, even, odd []float32, factor float32) {
	for at := 0; len(even) > 0; at += stride {
		splitPair((*[pairWords]uint32)(dst[at:]), (*[panelCols]float32)(even), (*[panelCols]float32)(odd), factor)
		even, odd = even[panelCols:], odd[panelCols:]
	}
}

// splitTransposedGeneric writes rows of a panel, where column j of it is row j of src, stride numbers apart.
func splitTransposedGeneric(dst []uint32, src []float32, stride, rows int, factor float32) {
	for k := 0; k < rows; k += 2 {
		var even, odd [panelCols]float32
		for j := range panelCols {
			even[j], odd[j] = src[j*stride+k], src[j*stride+k+1]
		}
		splitPair((*[pairWords]uint32)(dst[k/2*pairWords:]), &even, &odd, factor)
	}
}

// splitPair writes the limbs of two rows.
func splitPair(dst *[pairWords]uint32, even, odd *[panelCols]float32, factor float32) {
	for j := range panelCols {
		hi0, lo0 := split(quantize(even[j], factor))
		hi1, lo1 := split(quantize(odd[j], factor))
		dst[j], dst[panelCols+j] = pairOf(hi0, hi1), pairOf(lo0, lo1)
	}
}

// split returns q as 2^8·hi + lo with −2^7 ≤ lo < 2^7.
func split(q int32) (hi, lo int32) {
	hi = (q + 1<<(limbBits-1)) >> limbBits
	return hi, q - hi<<limbBits
}

// pack fills the task's panels of short numbers.
func (l *realsWords) pack(task int) {
	const width = loadPanels * panelCols
	f, none := l.f, [width]float32{}
	first, cols := task*width, min(width, l.f.Cols-task*width)
	whole, n := cols/shortCols*shortCols, f.panelWords()
	for pair := range f.pairs() {
		even, odd := l.src[2*pair*f.Cols+first:][:cols], none[:cols]
		if 2*pair+1 < f.Rows {
			odd = l.src[(2*pair+1)*f.Cols+first:][:cols]
		}
		factors := [2]float32{l.factor, l.factor}
		if f.balanced {
			copy(factors[:], f.units[2*pair:])
		}
		words := f.words[first/shortCols*n+pair*pairWords:]
		l.isa.packRows(words, n, even[:whole], odd[:whole], factors)
		if whole < cols {
			var rest [2][shortCols]float32
			copy(rest[0][:], even[whole:])
			copy(rest[1][:], odd[whole:])
			l.isa.packRows(words[whole/shortCols*n:], n, rest[0][:], rest[1][:], factors)
		}
	}
}

func packRowsGeneric(dst []uint32, stride int, even, odd []float32, factors [2]float32) {
	for j, x := range even {
		dst[j/shortCols*stride+j%shortCols] = pairOf(quantize(x, factors[0]), quantize(odd[j], factors[1]))
	}
}

// pairOf puts two 16-bit integers into a word.
func pairOf(even, odd int32) uint32 { return uint32(uint16(even)) | uint32(odd)<<16 }

// limbs returns the integers of a pair's column.
func limbs(words *[pairWords]uint32, j int) (even, odd int32) {
	hi, lo := words[j], words[panelCols+j]
	return int32(int16(hi))<<limbBits + int32(int16(lo)), int32(hi)>>16<<limbBits + int32(lo)>>16
}
