package kernel

import "unsafe"

// The kernels in plain Go. They go over the two halves of a panel one after the other: 4 words are what the compiler
// keeps in registers.
const (
	halfWords = panelWords / 2
	groupRows = 5
	tableLen  = halfWords << groupRows
	groups    = (64 + groupRows - 1) / groupRows // of a word: 12 of 5 rows and one of 4
)

// A table holds the sums of all subsets of a group's rows; entry e is the 4 words from 4e on.
type table [tableLen]uint64

// fillGeneric sets every accumulator to the offset.
func fillGeneric(acc [][panelWords]uint64, offset *[panelWords]uint64) {
	for r := range acc {
		acc[r] = *offset
	}
}

// addListedGeneric adds the panel's rows of the listed bits to the accumulators.
func addListedGeneric(acc [][panelWords]uint64, l *listing, panel []uint64) {
	offsets := l.offsets
	for _, o := range l.order {
		n := int(o>>32) * listGroup
		list := offsets[:n]
		offsets = offsets[n:]
		for half := 0; half < panelWords; half += halfWords {
			a := (*[halfWords]uint64)(acc[uint32(o)][half:])
			s0, s1, s2, s3 := a[0], a[1], a[2], a[3]
			for _, offset := range list {
				row := (*[halfWords]uint64)(panel[int(offset/8)+half:])
				s0, s1, s2, s3 = s0+row[0], s1+row[1], s2+row[2], s3+row[3]
			}
			a[0], a[1], a[2], a[3] = s0, s1, s2, s3
		}
	}
}

// addWordGeneric adds the products of one word of the states, words[r·stride] of row r, by tables of quarters·16 rows
// of a panel.
func addWordGeneric(acc [][panelWords]uint64, words []uint64, stride int, panel []uint64, memory *[tableWords]uint64, quarters int) {
	tables := (*[groups]table)(unsafe.Pointer(memory))
	rows := quarters * unitRows
	n := (rows + groupRows - 1) / groupRows
	for half := 0; half < panelWords; half += halfWords {
		for g := range n {
			tables[g].fill(panel[g*groupRows*panelWords+half:], min(groupRows, rows-g*groupRows))
		}
		if n == groups {
			lookUp(acc, words, stride, tables, half)
		} else {
			lookUpSome(acc, words, stride, tables[:n], half)
		}
	}
}

// fill writes the sums of all subsets of n ≥ 1 rows, half a panel each: entry e holds the rows of e's set bits.
// It doubles the table with every row: T[e + 2^k] = T[e] + row_k.
func (t *table) fill(rows []uint64, n int) {
	a, b, c, d := rows[0], rows[1], rows[2], rows[3]
	t[0], t[1], t[2], t[3] = 0, 0, 0, 0
	t[4], t[5], t[6], t[7] = a, b, c, d
	for k := 1; k < n; k++ {
		row := (*[halfWords]uint64)(rows[k*panelWords:])
		a, b, c, d = row[0], row[1], row[2], row[3]
		size := uint(halfWords) << k
		for i := uint(0); i < size; i += 8 { // two entries; the masks spare the bounds checks
			lo := (*[8]uint64)(t[i&(tableLen-8):])
			hi := (*[8]uint64)(t[(i+size)&(tableLen-8):])
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
func lookUp(acc [][panelWords]uint64, words []uint64, stride int, t *[groups]table, half int) {
	for r := range acc {
		w, a := words[r*stride], (*[halfWords]uint64)(acc[r][half:])
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
func lookUpSome(acc [][panelWords]uint64, words []uint64, stride int, tables []table, half int) {
	for r := range acc {
		w, a := words[r*stride], (*[halfWords]uint64)(acc[r][half:])
		s0, s1, s2, s3 := a[0], a[1], a[2], a[3]
		for g := range tables {
			t, i := &tables[g], w<<2&124
			s0, s1, s2, s3 = s0+t[i], s1+t[i+1], s2+t[i+2], s3+t[i+3]
			w >>= groupRows
		}
		a[0], a[1], a[2], a[3] = s0, s1, s2, s3
	}
}

// storeGeneric rounds accumulators to float32 and writes them as rows of 16 numbers, stride apart. dst may be the
// memory of acc with a stride of 16.
func storeGeneric(dst []float32, stride int, acc [][panelWords]uint64, in *inputs) {
	for r := range acc {
		sum := acc[r]
		row := (*[panelCols]float32)(dst[r*stride:])
		for i, w := range sum {
			lo, hi := unpack(w)
			row[2*i], row[2*i+1] = in.at(lo, 2*i), in.at(hi, 2*i+1)
		}
	}
}
