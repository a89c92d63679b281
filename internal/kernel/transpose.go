package kernel

import "math/bits"

// Transpose writes the transpose of src to dst: bit (c,r) of dst is bit (r,c) of src. The two must not overlap.
// It panics unless dst is src.Cols×src.Rows.
func (c *Context) Transpose(dst, src Bits) {
	if dst.Rows != src.Cols || dst.Cols != src.Rows {
		panicf("Transpose of %d×%d bits into %d×%d", src.Rows, src.Cols, dst.Rows, dst.Cols)
	}
	c = c.own()
	src.All()
	dst.EditAll()
	t := c.transposes.get()
	tasks := (src.Cols + 63) / 64
	t.isa, t.dst, t.src, t.blocks = c.isa, dst, src, grow(t.blocks, tasks)
	c.parallel(c.workersFor(src.Rows*src.Cols/16), tasks, t)
	t.dst, t.src = Bits{}, Bits{}
	c.transposes.put(t)
}

type transposition struct {
	isa      ISA
	dst, src Bits
	blocks   [][64]uint64 // of tasks: a vector of theirs is a cache line, which it isn't on the stack
}

// do turns a column of words into 64 rows.
func (t *transposition) do(word int) {
	block := &t.blocks[word]
	rows := min(64, t.src.Cols-word*64)
	words, stride := t.dst.Words, t.dst.Stride
	for k := range stride {
		loadBlock(block, t.src, k*64, word)
		t.isa.transpose64(block)
		at := word*64*stride + k
		for _, w := range block[:rows] {
			words[at] = w
			at += stride
		}
	}
}

// RowCounts writes the number of ones in every row of x to dst. It panics unless len(dst) is x.Rows.
func RowCounts(dst []int, x Bits) {
	if len(dst) != x.Rows {
		panicf("RowCounts of %d rows into %d", x.Rows, len(dst))
	}
	for r := range dst {
		dst[r] = 0
		for _, w := range x.Row(r) {
			dst[r] += bits.OnesCount64(w)
		}
	}
}

// ColumnCounts writes the number of ones in every column of x to dst. It panics unless len(dst) is x.Cols.
func (c *Context) ColumnCounts(dst []int, x Bits) {
	if len(dst) != x.Cols {
		panicf("ColumnCounts of %d columns into %d", x.Cols, len(dst))
	}
	if s := x.spread(); s != nil {
		s.Counts(dst, x.first, x.Rows)
		return
	}
	clear(dst)
	x.All()
	isa := c.ISA()
	var block [64]uint64
	for r := 0; r < x.Rows; r += 64 {
		for word := range (x.Cols + 63) / 64 {
			loadBlock(&block, x, r, word)
			isa.transpose64(&block)
			counts := dst[word*64 : min((word+1)*64, x.Cols)]
			for i := range counts {
				counts[i] += bits.OnesCount64(block[i])
			}
		}
	}
}

// loadBlock copies one word of the 64 rows from row on; rows after the last are zero.
func loadBlock(block *[64]uint64, x Bits, row, word int) {
	n := min(64, x.Rows-row)
	words, stride, at := x.Words, x.Stride, row*x.Stride+word
	for i := range block[:n] {
		block[i] = words[at]
		at += stride
	}
	clear(block[n:])
}

// transpose64Generic transposes 64×64 bits by exchanging ever smaller off-diagonal blocks, 32×32 to 1×1
// (H. S. Warren, Hacker's Delight, 2nd edition, section 7-3, with the first column in the lowest bit).
func transpose64Generic(block *[64]uint64) {
	mask := uint64(0x00000000ffffffff)
	for size := uint(32); size != 0; size >>= 1 {
		for i := uint(0); i < 64; i = (i + size + 1) &^ size {
			lo, hi := &block[i&63], &block[(i+size)&63]
			swap := (*lo>>size ^ *hi) & mask
			*hi ^= swap
			*lo ^= swap << size
		}
		mask ^= mask << (size >> 1)
	}
}
