package kernel

// AMX multiplies tiles of 8-bit integers: 16 rows of 64 with 64 rows of 16, 2^14 products an instruction. With it the
// sums of [Context.MulReals] are sums of limbs of a byte each: p = 2^8·p_1 + p_0 and q = 2^16·q_2 + 2^8·q_1 + q_0, where
// the highest are signed and the others are not, so that
//
//	Σ pq = 2^24·Σ p_1q_2 + 2^16·Σ (p_1q_1 + p_0q_2) + 2^8·Σ (p_1q_0 + p_0q_1) + Σ p_0q_0.
//
// Short numbers have q_1 and q_0 alone, and three sums. Each of the sums fits 32 bits for up to maxTileRows rows,
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

// A tileLoad writes the tiles of an operand: chunk after chunk of a panel, the highest limb of its numbers first, four
// rows a word.
type tileLoad struct {
	isa          ISA
	words        []uint32
	panel, limbs int // words of a panel, and limbs of a number
	rows, cols   int
	src          []float32
	transposed   bool
	factor       float32
	weights      []float32 // of the rows; nil: 1
}

// at returns the tiles of a panel from a chunk on.
func (l *tileLoad) at(panel, chunk int) []uint32 {
	return l.words[panel*l.panel+chunk*l.limbs*tileWords:]
}

func (l *tileLoad) chunks() int { return (l.rows + tileInner - 1) / tileInner }

// fill fills the tiles of panels from…to−1.
func (l *tileLoad) fill(from, to int) {
	full := max(from, min(to, l.cols/panelCols)) // panels with all columns
	if l.transposed {
		whole := l.rows / tileInner
		for p := from; p < full; p++ {
			if whole > 0 {
				l.isa.splitTilesTransposedAsm(&l.at(p, 0)[0], &l.src[p*panelCols*l.rows], 4*l.rows, whole, l.factor)
			}
			l.fillChunks(p, whole)
		}
		for p := full; p < to; p++ {
			l.fillChunks(p, 0)
		}
		return
	}
	for k := 0; k < l.chunks()*tileInner; k += 4 {
		first := l.at(from, k/tileInner)[k%tileInner/4*rowOfTile:]
		factor, alike := l.factorOf(k)
		if alike && full > from {
			l.isa.splitTiles(first, l.panel, l.src[k*l.cols+from*panelCols:], l.cols, full-from, factor, l.limbs == 2)
		}
		for p := from; p < to; p++ {
			if !alike || p >= full {
				l.fillRows(first[(p-from)*l.panel:], p, k)
			}
		}
	}
}

// factorOf returns the factor of rows k…k+3, if they are all there and have the same.
func (l *tileLoad) factorOf(k int) (factor float32, alike bool) {
	if k+4 > l.rows {
		return 0, false
	}
	if l.weights == nil {
		return l.factor, true
	}
	w := l.weights[k : k+4]
	return l.factor * w[0], w[0] == w[1] && w[0] == w[2] && w[0] == w[3]
}

// fillRows writes rows k…k+3 of panel p, of which some or some columns are missing, or which have weights of their own.
func (l *tileLoad) fillRows(dst []uint32, p, k int) {
	var rows [4][panelCols]float32
	for i := range min(4, max(0, l.rows-k)) {
		row := l.src[(k+i)*l.cols:][:l.cols]
		copy(rows[i][:], row[p*panelCols:])
		if l.weights != nil {
			for j := range rows[i] {
				rows[i][j] *= l.weights[k+i]
			}
		}
	}
	l.isa.splitTiles(dst, 0, rows[0][:], panelCols, 1, l.factor, l.limbs == 2)
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
func (l *tileLoad) fillChunks(p, chunk int) {
	for ; chunk < l.chunks(); chunk++ {
		var columns [panelCols][tileInner]float32
		for j := range min(panelCols, l.cols-p*panelCols) {
			column := l.src[(p*panelCols+j)*l.rows:][:l.rows]
			copy(columns[j][:], column[chunk*tileInner:])
		}
		l.isa.splitTilesTransposedAsm(&l.at(p, chunk)[0], &columns[0][0], 4*tileInner, 1, l.factor)
	}
}

// tiles is what loads tiles instead of pairs.
func (l *realsWords) tiles() tileLoad {
	f := l.f
	t := tileLoad{
		isa: l.isa, words: f.words, panel: f.panelWords(), limbs: f.limbs(), rows: f.Rows, cols: f.Cols,
		src: l.src, transposed: l.transposed, factor: l.factor,
	}
	if f.balanced {
		t.weights = f.units
	}
	return t
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
	g := &FixedReals{Rows: f.Rows, Cols: f.Cols, scale: f.scale, short: f.short, balanced: f.balanced, units: f.units, inverses: f.inverses}
	g.words = make([]uint32, g.panels()*g.panelWords())
	for k := range g.Rows {
		for column := range g.Cols {
			q, j := f.atTile(column/panelCols, k, column%panelCols), column%g.width()
			at, shift := g.panel(column / g.width())[k/2*pairWords:][:pairWords], k%2*16
			if g.short {
				at[j] |= uint32(uint16(q)) << shift
				continue
			}
			hi, lo := split(q)
			at[j] |= uint32(uint16(hi)) << shift
			at[panelCols+j] |= uint32(uint16(lo)) << shift
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
