package kernel

import (
	"math/bits"
	"sync"
)

// The method of the four Russians (Arlazarov, Dinic, Kronrod & Faradzev 1970): the 64 rows of an operand that meet one
// word of the states are split into 12 groups of 5 and one of 4. For each group all subset sums of its rows are
// tabulated once, and then a configuration needs one table entry per group instead of one product per row.
//
// The work is done a panel of 8 columns at a time, for at most blockRows configurations. An entry of a table is the 4
// words of a panel (two columns a word, see Fixed). The 13 tables of a word, 13 KiB, stay in the first-level cache, while
// the accumulators, 32 bytes a configuration, stream past them. The sums are sums of integers that cannot overflow, so
// that order, blocking and workers change nothing.
//
// Groups of 5 rows were chosen by measurement (2026-11, AMD Zen 5, one core; filling and looking up 12 words of a panel):
//
//	configurations     64    100    128    256   1024
//	groups of 4      10.2   13.3   16.0   27.9  102.0 µs
//	groups of 5      11.0   13.6   15.7   26.0   86.5 µs
//	groups of 6      13.3   15.7   17.6   26.8   81.1 µs
const (
	groupRows  = 5
	tableWords = panelWords << groupRows
	groups     = (64 + groupRows - 1) / groupRows
	blockRows  = 1024
)

// A table holds the sums of all subsets of a group's rows; entry e is the 4 words from 4e on.
type table [tableWords]uint64

// workspace is what one worker needs for a block of a panel.
type workspace struct {
	tables [groups]table
	acc    [blockRows][panelWords]uint64
}

var workspaces = sync.Pool{New: func() any { return new(workspace) }}

// Mul writes the product of the bits x with f, plus f's offset row, to dst (x.Rows×f.Cols, row-major):
//
//	dst[r,j] = 2^−s·(q_j + Σ_k x[r,k]·q[k,j]).
//
// The integer sum is exact; it is rounded to float32 once and then scaled, which is exact for normal numbers.
// It panics unless x.Cols is f.Rows and dst has x.Rows·f.Cols elements.
func Mul(workers int, dst []float32, x Bits, f *Fixed) {
	if x.Cols != f.Rows {
		panicf("Mul of %d×%d bits with a %d×%d matrix", x.Rows, x.Cols, f.Rows, f.Cols)
	}
	if len(dst) != x.Rows*f.Cols {
		panicf("Mul of %d rows and %d columns into %d numbers", x.Rows, f.Cols, len(dst))
	}
	tables := tablesPay(x)
	workers = workersFor(workers, x.Rows*x.Stride*f.Cols)
	blocks := (x.Rows + blockRows - 1) / blockRows
	Parallel(workers, f.panels()*blocks, func(task int) {
		p, from := task/blocks, task%blocks*blockRows
		w := workspaces.Get().(*workspace)
		acc := w.acc[:min(blockRows, x.Rows-from)]
		offset := [panelWords]uint64(f.offset[p*panelWords:])
		for r := range acc {
			acc[r] = offset
		}
		words := x.Words[from*x.Stride:]
		if tables {
			w.addProducts(acc, words, x.Stride, f.panel(p), f.Rows)
		} else {
			addRows(acc, words, x.Stride, f.panel(p))
		}
		f.store(dst[from*f.Cols:], acc, p)
		workspaces.Put(w)
	})
}

// tablesPay decides between tables and adding the rows of the set bits one by one, by counting operations: a set bit
// costs one addition of a row, a group of rows costs half of that for every configuration and some 38 for filling
// its table, once a block (2026-11, AMD Zen 5: 1.05, 0.5 and 38 ns).
func tablesPay(x Bits) bool {
	ones := 0
	for _, w := range x.Words[:x.Rows*x.Stride] {
		ones += bits.OnesCount64(w)
	}
	blocks := (x.Rows + blockRows - 1) / blockRows
	return 2*ones > (x.Cols+groupRows-1)/groupRows*(75*blocks+x.Rows)
}

// addRows adds the panel's rows of the set bits to the accumulators; row r of the bits begins at words[r·stride].
func addRows(acc [][panelWords]uint64, words []uint64, stride int, panel []uint64) {
	for r := range acc {
		s := acc[r]
		for k, w := range words[r*stride : (r+1)*stride] {
			rows := panel[k*64*panelWords:]
			for ; w != 0; w &= w - 1 {
				row := (*[panelWords]uint64)(rows[bits.TrailingZeros64(w)*panelWords:])
				s[0] += row[0]
				s[1] += row[1]
				s[2] += row[2]
				s[3] += row[3]
			}
		}
		acc[r] = s
	}
}

// addProducts does the same by tables, one word of the states after the other.
func (w *workspace) addProducts(acc [][panelWords]uint64, words []uint64, stride int, panel []uint64, rows int) {
	for k := range stride {
		n := (min(64, rows-k*64) + groupRows - 1) / groupRows // groups that have rows
		for g := range n {
			// The last group of a word has 4 rows and 16 entries; the rest of its table is never read.
			size := min(groupRows, 64-g*groupRows)
			w.tables[g].fill(panel[(k*64+g*groupRows)*panelWords:], size)
		}
		if n == groups {
			lookUp(acc, words[k:], stride, &w.tables)
		} else {
			lookUpSome(acc, words[k:], stride, w.tables[:n])
		}
	}
}

// fill writes the sums of all subsets of n ≥ 1 rows: entry e holds the rows of e's set bits.
// It doubles the table with every row: T[e + 2^k] = T[e] + row_k.
func (t *table) fill(rows []uint64, n int) {
	a, b, c, d := rows[0], rows[1], rows[2], rows[3]
	t[0], t[1], t[2], t[3] = 0, 0, 0, 0
	t[4], t[5], t[6], t[7] = a, b, c, d
	for k := 1; k < n; k++ {
		row := (*[panelWords]uint64)(rows[k*panelWords:])
		a, b, c, d = row[0], row[1], row[2], row[3]
		size := uint(panelWords) << k
		for i := uint(0); i < size; i += 8 { // two entries; the masks spare the bounds checks
			lo := (*[8]uint64)(t[i&(tableWords-8):])
			hi := (*[8]uint64)(t[(i+size)&(tableWords-8):])
			hi[0] = lo[0] + a
			hi[1] = lo[1] + b
			hi[2] = lo[2] + c
			hi[3] = lo[3] + d
			hi[4] = lo[4] + a
			hi[5] = lo[5] + b
			hi[6] = lo[6] + c
			hi[7] = lo[7] + d
		}
	}
}

// lookUp adds, for every configuration, the 13 entries that one word of it selects. It is lookUpSome written out:
// this is where the time of a product goes, and so the compiler keeps the sums in registers and needs no bounds checks.
// An index is 4 words times the 5 bits of a group: the mask 124 is 4·31.
func lookUp(acc [][panelWords]uint64, words []uint64, stride int, t *[groups]table) {
	for r := range acc {
		w, a := words[r*stride], &acc[r]
		s0, s1, s2, s3 := a[0], a[1], a[2], a[3]
		i := w << 2 & 124
		s0, s1, s2, s3 = s0+t[0][i], s1+t[0][i+1], s2+t[0][i+2], s3+t[0][i+3]
		i = w >> 3 & 124
		s0, s1, s2, s3 = s0+t[1][i], s1+t[1][i+1], s2+t[1][i+2], s3+t[1][i+3]
		i = w >> 8 & 124
		s0, s1, s2, s3 = s0+t[2][i], s1+t[2][i+1], s2+t[2][i+2], s3+t[2][i+3]
		i = w >> 13 & 124
		s0, s1, s2, s3 = s0+t[3][i], s1+t[3][i+1], s2+t[3][i+2], s3+t[3][i+3]
		i = w >> 18 & 124
		s0, s1, s2, s3 = s0+t[4][i], s1+t[4][i+1], s2+t[4][i+2], s3+t[4][i+3]
		i = w >> 23 & 124
		s0, s1, s2, s3 = s0+t[5][i], s1+t[5][i+1], s2+t[5][i+2], s3+t[5][i+3]
		i = w >> 28 & 124
		s0, s1, s2, s3 = s0+t[6][i], s1+t[6][i+1], s2+t[6][i+2], s3+t[6][i+3]
		i = w >> 33 & 124
		s0, s1, s2, s3 = s0+t[7][i], s1+t[7][i+1], s2+t[7][i+2], s3+t[7][i+3]
		i = w >> 38 & 124
		s0, s1, s2, s3 = s0+t[8][i], s1+t[8][i+1], s2+t[8][i+2], s3+t[8][i+3]
		i = w >> 43 & 124
		s0, s1, s2, s3 = s0+t[9][i], s1+t[9][i+1], s2+t[9][i+2], s3+t[9][i+3]
		i = w >> 48 & 124
		s0, s1, s2, s3 = s0+t[10][i], s1+t[10][i+1], s2+t[10][i+2], s3+t[10][i+3]
		i = w >> 53 & 124
		s0, s1, s2, s3 = s0+t[11][i], s1+t[11][i+1], s2+t[11][i+2], s3+t[11][i+3]
		i = w >> 58 & 124
		s0, s1, s2, s3 = s0+t[12][i], s1+t[12][i+1], s2+t[12][i+2], s3+t[12][i+3]
		a[0], a[1], a[2], a[3] = s0, s1, s2, s3
	}
}

// lookUpSome does the same for the last word, whose rows fill only some of the groups.
func lookUpSome(acc [][panelWords]uint64, words []uint64, stride int, tables []table) {
	for r := range acc {
		w, a := words[r*stride], &acc[r]
		s0, s1, s2, s3 := a[0], a[1], a[2], a[3]
		for g := range tables {
			t, i := &tables[g], w<<2&124
			s0, s1, s2, s3 = s0+t[i], s1+t[i+1], s2+t[i+2], s3+t[i+3]
			w >>= groupRows
		}
		a[0], a[1], a[2], a[3] = s0, s1, s2, s3
	}
}

// store converts the accumulators of panel p to float32 and writes them to the panel's columns of dst.
func (f *Fixed) store(dst []float32, acc [][panelWords]uint64, p int) {
	scale := float32(f.Resolution())
	from, n := p*panelCols, min(panelCols, f.Cols-p*panelCols)
	if n == panelCols {
		for r := range acc {
			convert((*[panelCols]float32)(dst[r*f.Cols+from:]), &acc[r], scale)
		}
		return
	}
	var edge [panelCols]float32
	for r := range acc {
		convert(&edge, &acc[r], scale)
		copy(dst[r*f.Cols+from:][:n], edge[:n])
	}
}

func convert(dst *[panelCols]float32, sum *[panelWords]uint64, scale float32) {
	lo, hi := unpack(sum[0])
	dst[0], dst[1] = float32(lo)*scale, float32(hi)*scale
	lo, hi = unpack(sum[1])
	dst[2], dst[3] = float32(lo)*scale, float32(hi)*scale
	lo, hi = unpack(sum[2])
	dst[4], dst[5] = float32(lo)*scale, float32(hi)*scale
	lo, hi = unpack(sum[3])
	dst[6], dst[7] = float32(lo)*scale, float32(hi)*scale
}
