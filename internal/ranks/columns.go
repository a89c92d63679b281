package ranks

import (
	"github.com/harmonium-rbm/harmonium/internal/group"
	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/rng"
)

// After a step each rank has some rows of W ([Engine.Ascend]). Of the next operands, W and Wᵀ, it then takes some columns
// alone: so it gets an R-th of what it lacks of W, rounds an R-th of it, and fills tables for an R-th of the units.
// It computes P(h|v), or draws bits, of all rows for its units, and bits cross after each half sweep. That pays where the
// rows of a product are few beside those of W. For many rows the operand is completed, and rows are divided
// (engine.go).

// fixed is an operand: the same on all ranks, or some of its columns on each.
type fixed struct {
	e          *Engine
	rows, cols int

	whole kernel.Fixed
	// Where columns are divided: those of this rank. They begin at a word of bits.
	part   kernel.Fixed
	bounds []int // nil: all columns are in whole
	used   bool  // since it was loaded, by a product that needs whole
}

// NewFixed returns an empty matrix.
func (e *Engine) NewFixed() kernel.RemoteFixed { return &fixed{e: e} }

// panelCols is the number of columns of a panel: see [kernel.Sums].
const panelCols = 16

// leastColumns is the number of weights whose rounding and tables take longer than the exchanges: some 50 µs of a core.
const leastColumns = 1 << 15

// divideColumns returns bounds of columns in words of bits, or nil where a rank would have none or all take little time.
func (e *Engine) divideColumns(rows, cols int) []int {
	if rows*cols < leastColumns || wholeWords(min(rows, cols)) < 64*e.g.Size() {
		return nil
	}
	return group.Split(cols, 64, e.g.Size())
}

// Load loads the columns of this rank where W is divided by rows, and else all of them; all of them as well where a product
// has needed them the last time.
func (f *fixed) Load(src []float32, rows, cols int, offset []float32, transposed bool) {
	defer f.e.begin()()
	e, used := f.e, f.used
	f.rows, f.cols, f.bounds, f.used = rows, cols, nil, false
	if transposed {
		f.rows, f.cols = cols, rows
	}
	if b := e.find(src); b != nil && b.bounds != nil && !used {
		if bounds := e.divideColumns(f.rows, f.cols); bounds != nil {
			f.loadColumns(src, group.Over(b.bounds, cols), bounds, offset, transposed)
			return
		}
	}
	e.fetch(src)
	if f.whole.Rows == 0 { // one of the two has memory, which the other takes over
		f.whole, f.part = f.part, kernel.Fixed{}
	}
	if transposed {
		e.on.LoadTransposed(&f.whole, src, rows, cols, offset)
	} else {
		e.on.Load(&f.whole, src, rows, cols, offset)
	}
}

// loadColumns loads the operand's columns within bounds from W, of which each rank has the rows within `of`.
func (f *fixed) loadColumns(W []float32, of, bounds []int, offset []float32, transposed bool) {
	e := f.e
	if f.bounds = bounds; f.whole.Rows > 0 {
		f.part, f.whole = f.whole, kernel.Fixed{}
	}
	from, to := e.mine(bounds)
	if offset != nil {
		offset = offset[from:to]
	}
	if !transposed {
		e.scratch.columns = grow(e.scratch.columns, f.rows*(to-from))
		e.columnsOfRows(e.scratch.columns, W, of, bounds)
		e.on.LoadColumns(&f.part, e.scratch.columns, f.rows, to-from, offset, false, from, e.agree)
		return
	}
	// Columns of Wᵀ are rows of W. Most of them are here.
	n, size := f.rows, e.g.Size()
	in, out := make([]int, size+1), make([]int, size+1)
	first, end := e.mine(of)
	for r := range in {
		out[r] = min(max(bounds[r], first), end)
		in[r] = min(max(of[r], from), to)
	}
	group.Exchange(e.g, W, group.Times(in, n), W, group.Times(out, n))
	e.on.LoadColumns(&f.part, W[from*n:to*n], to-from, n, offset, true, from, e.agree)
}

// agree is that of [kernel.Context.LoadColumns].
func (e *Engine) agree(sum float64, element uint32) (float64, uint32) {
	type share struct {
		sum     float64
		element uint32
	}
	for _, s := range group.All(e.g, share{sum, element}) {
		sum, element = max(sum, s.sum), max(element, s.element)
	}
	return sum, element
}

// columnsOfRows makes this rank's columns of a matrix, all rows of them, of rows of it, all columns of them: x has the
// whole matrix's place, of which each rank has the rows within rows.
func (e *Engine) columnsOfRows(dst, x []float32, rows, columns []int) {
	n := columns[len(columns)-1]
	first, end := e.mine(rows)
	from, to := e.mine(columns)
	mine := x[first*n : end*n]
	e.scratch.packed = grow(e.scratch.packed, len(mine))
	packed := e.scratch.packed
	e.on.Parallel(e.g.Size(), func(r int) {
		if end == first {
			return
		}
		if r == e.g.Rank() {
			copyColumns(dst[first*(to-from):], to-from, mine[from:], n, end-first, to-from)
			return
		}
		width := columns[r+1] - columns[r]
		copyColumns(packed[(end-first)*columns[r]:], width, mine[columns[r]:], n, end-first, width)
	})
	group.Exchange(e.g, dst, group.Times(rows, to-from), packed, group.Times(columns, end-first))
}

// rowsOfColumns is the inverse of columnsOfRows.
func (e *Engine) rowsOfColumns(dst, x []float32, rows, columns []int) {
	n := columns[len(columns)-1]
	first, end := e.mine(rows)
	from, to := e.mine(columns)
	mine := dst[first*n : end*n]
	e.scratch.packed = grow(e.scratch.packed, len(mine))
	packed := e.scratch.packed
	group.Exchange(e.g, packed, group.Times(columns, end-first), x, group.Times(rows, to-from))
	e.on.Parallel(e.g.Size(), func(r int) {
		if r == e.g.Rank() {
			copyColumns(mine[from:], n, x[first*(to-from):], to-from, end-first, to-from)
			return
		}
		width := columns[r+1] - columns[r]
		copyColumns(mine[columns[r]:], n, packed[(end-first)*columns[r]:], width, end-first, width)
	})
}

// copyColumns copies rows of width numbers between matrices whose rows are of other lengths.
func copyColumns[T any](dst []T, to int, src []T, from, rows, width int) {
	for r := range rows {
		copy(dst[r*to:r*to+width], src[r*from:r*from+width])
	}
}

// operand returns the whole matrix, which completes it.
func operand(f kernel.RemoteFixed) *kernel.Fixed {
	x := f.(*fixed)
	if x.bounds == nil {
		return &x.whole
	}
	words, offset := x.e.on.Widen(&x.whole, &x.part, x.cols)
	panels := group.Over(x.bounds, panelCols)
	each := panels[len(panels)-1]
	group.Gather(x.e.g, words, group.Times(panels, len(words)/each))
	group.Gather(x.e.g, offset, group.Times(panels, len(offset)/each))
	x.bounds = nil
	return &x.whole
}

// columns returns the operand where the columns of a product with it are to be divided, or nil: where rows are many, bits
// that cross are more than numbers of W.
func columns(f kernel.RemoteFixed, rows int) *fixed {
	x := f.(*fixed)
	many := rows > 8*min(x.rows, x.cols)
	if x.used = x.used || many; many || rows == 0 || x.bounds == nil {
		return nil
	}
	return x
}

// Resolution is that of the operand.
func (f *fixed) Resolution() float64 {
	if f.bounds != nil {
		return f.part.Resolution()
	}
	return f.whole.Resolution()
}

// write calls make, which writes this rank's columns of rows, and gathers those of the others to dst.
func (f *fixed) write(dst []float32, rows int, make func(dst []float32)) {
	e := f.e
	s, at := &e.scratch, group.Times(f.bounds, rows)
	s.packed = grow(s.packed, len(dst))
	from, to := e.mine(at)
	make(s.packed[from:to])
	group.Gather(e.g, s.packed, at)
	e.on.Parallel(e.g.Size(), func(r int) {
		width := f.bounds[r+1] - f.bounds[r]
		copyColumns(dst[f.bounds[r]:], f.cols, s.packed[at[r]:], width, rows, width)
	})
}

// sample draws this rank's columns of all rows, and gathers the others.
func (f *fixed) sample(
	dst, x kernel.Span, parts []kernel.Part, key rng.Key, step uint64, firstChain uint32, sums []kernel.Sums,
) {
	e := f.e
	e.drawColumns(dst, f.bounds, func(dst kernel.Bits) {
		f.sum(sums, x.Rows, func(sums []kernel.Sums) {
			e.on.SamplePartsFrom(dst, all(x), &f.part, f.columnsOf(parts), key, step, firstChain, sums...)
		})
	})
}

// drawColumns calls draw with a matrix of this rank's columns, and completes dst by those of the others.
func (e *Engine) drawColumns(dst kernel.Span, bounds []int, draw func(dst kernel.Bits)) {
	to := of(dst)
	if len(to.rows.Words) == 0 {
		to.rows = kernel.NewBits(to.rows.Rows, to.rows.Cols)
	}
	if dst.Rows < to.rows.Rows {
		to.complete()
	}
	to.bounds = nil
	rows, s := to.rows.Slice(dst.First, dst.First+dst.Rows), &e.scratch
	words := group.Over(bounds, 64)
	s.bits = grow(s.bits, rows.Rows*rows.Stride)
	at := group.Times(words, rows.Rows)
	from, end := e.mine(at)
	first, last := e.mine(bounds)
	draw(kernel.Bits{Rows: rows.Rows, Cols: last - first, Stride: (last - first + 63) / 64, Words: s.bits[from:end]})
	group.Gather(e.g, s.bits, at)
	for r := range e.g.Size() {
		width := words[r+1] - words[r]
		copyColumns(rows.Words[words[r]:], rows.Stride, s.bits[at[r]:], width, rows.Rows, width)
	}
}

// columnsOf returns parts with the offsets of this rank's columns.
func (f *fixed) columnsOf(parts []kernel.Part) []kernel.Part {
	from, to := f.e.mine(f.bounds)
	list := append([]kernel.Part(nil), parts...)
	for k, p := range parts {
		if p.Offset != nil {
			list[k].Offset = p.Offset[from:to]
		}
	}
	return list
}

// sum calls make, which writes sums over this rank's columns, and adds them up with those of the others.
func (f *fixed) sum(sums []kernel.Sums, rows int, make func([]kernel.Sums)) {
	e, s := f.e, &f.e.scratch
	var mine []kernel.Sums
	panels := group.Over(f.bounds, panelCols)
	count := panels[len(panels)-1] * rows
	for _, sum := range sums {
		if sum.To != nil {
			mine = append(mine, kernel.Sums{Parts: f.columnsOf(sum.Parts)})
		}
	}
	s.terms = grow(s.terms, len(mine)*count)
	from, to := e.mine(group.Times(panels, rows))
	for k := range mine {
		mine[k].Terms = s.terms[k*count:][from:to]
	}
	make(mine)
	k := 0
	for _, sum := range sums {
		if sum.To == nil {
			continue
		}
		terms := s.terms[k*count : (k+1)*count]
		group.Gather(e.g, terms, group.Times(panels, rows))
		clear(sum.To)
		for at := 0; at < count; at += rows {
			for r, x := range terms[at : at+rows] {
				sum.To[r] += x
			}
		}
		k++
	}
}
