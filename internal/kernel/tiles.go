package kernel

// AMX multiplies tiles of 8-bit integers: 16 rows of 64 with 64 rows of 16, 2^14 products an instruction. With it the
// sums of [Context.MulReals] are sums of limbs of a byte each: p = 2^8·p_1 + p_0 and q = 2^16·q_2 + 2^8·q_1 + q_0, where
// the highest are signed and the others are not, so that
//
//	Σ pq = 2^24·Σ p_1q_2 + 2^16·Σ (p_1q_1 + p_0q_2) + 2^8·Σ (p_1q_0 + p_0q_1) + Σ p_0q_0.
//
// Numbers of 16 bits have q_1 and q_0 alone, and three sums. Each of the sums fits 32 bits for up to maxTileRows rows,
// |Σ (p_1q_0 + p_0q_1)| ≤ 2^14·(2^7+2^8)·2^8 < 2^31, and float64 holds the whole exactly. So the results are those of
// the other forms.
const (
	maxTileRows = 1 << 14
	tileRows    = 16                   // of x, and columns of a panel
	tileInner   = 64                   // of a chunk: the bytes of a tile's row
	tileWords   = tileRows * 16        // of 32 bits
	rowTiles    = 2                    // of a chunk of x: p_1, p_0
	panelTiles  = 3                    // of a chunk of a panel: q_2, q_1, q_0, four rows a word
	rowOfTile   = tileWords / tileRows // in words
)

// hasTiles reports whether products of reals run on tiles.
func (isa ISA) hasTiles() bool { return isa == AVX512 && amx }

// chunks is the number of chunks of rows; the last one is filled up with zeros.
func (f *FixedReals) chunks() int { return (f.Rows + tileInner - 1) / tileInner }

// limbs is the number of tiles of a chunk of a panel: q_2, q_1, q_0, or without the first, four rows a word.
func (f *FixedReals) limbs() int {
	if f.short {
		return 2
	}
	return 3
}

// tiles returns the tiles of a panel from a chunk on.
func (f *FixedReals) tiles(panel, chunk int) []uint32 {
	return f.panel(panel)[chunk*f.limbs()*tileWords:]
}

// fillTiles fills the tiles of panels from…to−1.
func (l *realsWords) fillTiles(from, to int) {
	f := l.f
	full := max(from, min(to, f.Cols/panelCols)) // panels with all columns
	if l.transposed {
		whole := f.Rows / tileInner
		for p := from; p < full; p++ {
			if whole > 0 {
				l.isa.splitTilesTransposedAsm(&f.tiles(p, 0)[0], &l.src[p*panelCols*f.Rows], 4*f.Rows, whole, l.factor)
			}
			l.fillChunks(p, whole)
		}
		for p := full; p < to; p++ {
			l.fillChunks(p, 0)
		}
		return
	}
	n := f.panelWords()
	for k := 0; k < f.chunks()*tileInner; k += 4 {
		first := f.words[from*n+k/tileInner*f.limbs()*tileWords+k%tileInner/4*rowOfTile:]
		if k+4 <= f.Rows && full > from {
			l.isa.splitTiles(first, n, l.src[k*f.Cols+from*panelCols:], f.Cols, full-from, l.factor, f.short)
		}
		for p := from; p < to; p++ {
			if k+4 > f.Rows || p >= full {
				l.fillRows(first[(p-from)*n:], p, k)
			}
		}
	}
}

// fillRows writes rows k…k+3 of panel p, of which some or some columns are missing.
func (l *realsWords) fillRows(dst []uint32, p, k int) {
	var rows [4][panelCols]float32
	for i := range min(4, max(0, l.f.Rows-k)) {
		row := l.src[(k+i)*l.f.Cols:][:l.f.Cols]
		copy(rows[i][:], row[p*panelCols:])
	}
	l.isa.splitTiles(dst, 0, rows[0][:], panelCols, 1, l.factor, l.f.short)
}

// splitTiles writes 4 rows of panels, stride words apart, from rows of numbers, cols numbers apart.
func (isa ISA) splitTiles(dst []uint32, stride int, x []float32, cols, panels int, factor float32, short bool) {
	if short {
		isa.splitShortTilesAsm(&dst[0], 4*stride, &x[0], 4*cols, panels, factor)
	} else {
		isa.splitTilesAsm(&dst[0], 4*stride, &x[0], 4*cols, panels, factor)
	}
}

// mulTiles writes, or adds, the products of rows, one a factor, with the first cols columns of a panel.
func (isa ISA) mulTiles(
	dst []float32, x, panel []uint32, f *FixedReals, factors []float64, cols int, adds bool, sums *[8 * tileWords]int32,
) {
	columns, added := uint64(1)<<cols-1, uint64(0)
	if adds {
		added = columns
	}
	rows := len(factors)
	if f.short {
		isa.mulShortTilesAsm(&dst[0], 4*f.Cols, rows, &x[0], &panel[0], f.chunks(), &factors[0], columns, added, sums)
	} else {
		isa.mulTilesAsm(&dst[0], 4*f.Cols, rows, &x[0], &panel[0], f.chunks(), &factors[0], columns, added, sums)
	}
}

// fillChunks writes the chunks of panel p of the transpose from one on, in which some rows or columns are missing.
func (l *realsWords) fillChunks(p, chunk int) {
	f := l.f
	for ; chunk < f.chunks(); chunk++ {
		var columns [panelCols][tileInner]float32
		for j := range min(panelCols, f.Cols-p*panelCols) {
			column := l.src[(p*panelCols+j)*f.Rows:][:f.Rows]
			copy(columns[j][:], column[chunk*tileInner:])
		}
		l.isa.splitTilesTransposedAsm(&f.tiles(p, chunk)[0], &columns[0][0], 4*tileInner, 1, l.factor)
	}
}

// quantizeTiles writes the bytes of row r of a group of rows; x may be shorter than its chunks.
func (isa ISA) quantizeTiles(dst []uint32, r int, x []float32, factor float32) {
	dst = dst[r*rowOfTile:]
	whole := len(x) / tileInner
	if whole > 0 {
		isa.quantizeTileAsm(&dst[0], &x[0], whole, factor)
	}
	if rest := x[whole*tileInner:]; len(rest) > 0 {
		var last [tileInner]float32
		copy(last[:], rest)
		isa.quantizeTileAsm(&dst[whole*rowTiles*tileWords], &last[0], 1, factor)
	}
}

// clearTiles writes zeros instead.
func clearTiles(dst []uint32, r, chunks int) {
	for tile := range chunks * rowTiles {
		clear(dst[tile*tileWords+r*rowOfTile:][:rowOfTile])
	}
}

// paired returns the same matrix for forms without tiles.
func (f *FixedReals) paired() *FixedReals {
	g := &FixedReals{Rows: f.Rows, Cols: f.Cols, scale: f.scale}
	g.words = make([]uint32, g.panels()*g.panelWords())
	for p := range g.panels() {
		for k := range g.Rows {
			for j := range panelCols {
				at := (*[pairWords]uint32)(g.panel(p)[k/2*pairWords:])
				hi, lo := split(f.atTile(p, k, j))
				shift := k % 2 * 16
				at[j] |= uint32(uint16(hi)) << shift
				at[panelCols+j] |= uint32(uint16(lo)) << shift
			}
		}
	}
	return g
}

// atTile returns the integer in row k and column j of panel p.
func (f *FixedReals) atTile(p, k, j int) int32 {
	tiles, q, unused := f.tiles(p, k/tileInner), uint32(0), 32-8*f.limbs()
	for limb := range f.limbs() {
		word := tiles[limb*tileWords+k%tileInner/4*rowOfTile+j]
		q = q<<8 | word>>(k%4*8)&0xff
	}
	return int32(q<<unused) >> unused
}
