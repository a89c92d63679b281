package ranks

import (
	"github.com/harmonium-rbm/harmonium/internal/group"
	"github.com/harmonium-rbm/harmonium/internal/kernel"
)

// bits are the rows of a bit matrix that this rank has: all of them, or those within its bounds.
type bits struct {
	e      *Engine
	rows   kernel.Bits
	bounds []int // nil: all rows are here
}

// NewBits returns a matrix of zeros.
func (e *Engine) NewBits(rows, cols int) kernel.RemoteBits {
	return &bits{e: e, rows: kernel.Bits{Rows: rows, Cols: cols, Stride: (cols + 63) / 64}}
}

// Upload takes the host's rows for its own: there is one memory.
func (b *bits) Upload(src kernel.Bits) { b.rows.Words, b.bounds = src.Words, nil }

// Download completes the rows.
func (b *bits) Download(dst kernel.Bits) {
	defer b.e.begin()()
	if from, to := 0, b.rows.Rows; len(dst.Words) > 0 && &dst.Words[0] != &b.rows.Words[0] {
		if b.bounds != nil {
			from, to = b.e.mine(b.bounds)
		}
		copy(dst.Words[from*dst.Stride:to*dst.Stride], b.rows.Words[from*dst.Stride:to*dst.Stride])
		b.rows.Words = dst.Words
	}
	b.complete()
}

// complete gets the rows that are on other ranks.
func (b *bits) complete() {
	if b.bounds != nil {
		group.Gather(b.e.g, b.rows.Words, group.Times(b.bounds, b.rows.Stride))
		b.bounds = nil
	}
}

func of(x kernel.Span) *bits { return x.Of.(*bits) }

// all returns all rows of a span, complete.
func all(x kernel.Span) kernel.Bits {
	of(x).complete()
	return of(x).rows.Slice(x.First, x.First+x.Rows)
}

// part returns rows from…to−1 of a span, which are here.
func part(x kernel.Span, from, to int) kernel.Bits { return of(x).rows.Slice(x.First+from, x.First+to) }

// Keep is that of [kernel.SpreadBits].
func (b *bits) Keep() { b.bounds = group.Split(b.rows.Rows, 1, b.e.g.Size()) }

// Gather is that of [kernel.SpreadBits]: each rank sends its rows, those of rank 0 first.
func (b *bits) Gather(dst kernel.Bits, first int, index []int) {
	defer b.e.begin()()
	if b.bounds == nil {
		for r, i := range index {
			copy(dst.Edit(r), b.rows.Row(first+i))
		}
		return
	}
	size := b.e.g.Size()
	ranks, bounds := make([]int, len(index)), make([]int, size+1)
	for r, i := range index {
		ranks[r] = b.rankOf(first + i)
		bounds[ranks[r]+1]++
	}
	for rank := range size {
		bounds[rank+1] += bounds[rank]
	}
	next := append([]int(nil), bounds...)
	places, rows := make([]int, len(index)), kernel.NewBits(len(index), b.rows.Cols)
	for r, i := range index {
		places[r] = next[ranks[r]]
		next[ranks[r]]++
		if ranks[r] == b.e.g.Rank() {
			copy(rows.Edit(places[r]), b.rows.Row(first+i))
		}
	}
	group.Gather(b.e.g, rows.Words, group.Times(bounds, rows.Stride))
	for r, place := range places {
		copy(dst.Edit(r), rows.Row(place))
	}
}

// rankOf is the rank that has a row.
func (b *bits) rankOf(row int) int {
	for rank := range b.e.g.Size() {
		if row < b.bounds[rank+1] {
			return rank
		}
	}
	panic("ranks: a row that nobody has")
}

// Counts is that of [kernel.SpreadBits]: sums of integers.
func (b *bits) Counts(dst []int, first, rows int) {
	defer b.e.begin()()
	from, to := first, first+rows
	if b.bounds != nil {
		mine, end := b.e.mine(b.bounds)
		from, to = max(from, mine), min(to, end)
	}
	clear(dst)
	if from < to {
		b.e.on.ColumnCounts(dst, b.rows.Slice(from, to))
	}
	if b.bounds == nil {
		return
	}
	all := make([]int, len(dst)*b.e.g.Size())
	copy(all[b.e.g.Rank()*len(dst):], dst)
	group.Gather(b.e.g, all, group.Split(len(all), len(dst), b.e.g.Size()))
	clear(dst)
	for k, n := range all {
		dst[k%len(dst)] += n
	}
}
