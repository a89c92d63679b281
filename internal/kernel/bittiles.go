package kernel

// Products of bits on the tiles of AMX (see tiles.go): q = 2^16·q_2 + 2^8·q_1 + q_0 with bytes that are unsigned but for
// the highest, so that
//
//	Σ_k x_k q_k = Σ_l 2^(8l)·Σ_k x_k q_kl   modulo 2^32,
//
// which is the sum itself, as it fits 32 bits. The bits of a block are turned into bytes once. A panel is turned into
// tiles where it lies, when the first product by tiles comes: chunk after chunk of 64 rows, the lowest byte of its
// numbers first, four rows a word. A last chunk of fewer rows has shorter tiles; what is read behind them meets zeros.

// The times of a chunk of 64 rows of a panel, in units of a look-up of AVX-512: to split it, to put it together again, to
// multiply it with 16 rows of x; and that of a row's sums.
const (
	splitCost = 450
	joinCost  = 4 * splitCost
	tileCosts = 160
	sumsCost  = 10
)

const (
	bitLimbs    = 3
	chunkWords  = tileInner * panelWords // of a chunk of a panel
	chunkTiles  = bitLimbs * tileWords / 2
	blockChunks = 8 // that go together, at most: they, and those of two groups of rows, stay in the first-level cache
)

// tileCost is what a panel costs.
func tileCost(x Bits, f *Fixed) float64 {
	groups := (x.Rows + tileRows - 1) / tileRows
	cost := float64(x.Stride)*float64(tileCosts*groups) + sumsCost*float64(x.Rows)
	if !f.tiled {
		cost += splitCost * float64(x.Stride)
	}
	return cost
}

// do turns the bits of 16 rows into bytes.
func (e *expanding) do(group int) {
	words, rows := (*product)(e).block(e.first)
	stride := e.x.Stride
	tiles := e.bytes[group*stride*tileWords:]
	for r := group * tileRows; r < (group+1)*tileRows; r++ {
		row := tiles[r%tileRows*rowOfTile:]
		if r < rows {
			e.c.isa.expandBitsAsm(&row[0], &words[r*stride], stride)
			continue
		}
		for k := range stride {
			clear(row[k*tileWords:][:rowOfTile])
		}
	}
}

// shape makes tiles of the panels, or words.
func (f *Fixed) shape(c *Context, tiled bool) {
	switch {
	case tiled == f.tiled:
	case tiled:
		t := c.tilings.get()
		*t = tiling{c, f}
		c.parallel(c.workersFor(len(f.words)), f.panels(), t)
		*t = tiling{}
		c.tilings.put(t)
	default:
		for p := range f.panels() {
			join(f.panel(p))
		}
	}
	f.tiled = tiled
}

// A tiling is the work of making tiles.
type tiling struct {
	c *Context
	f *Fixed
}

// do makes tiles of a panel.
func (t *tiling) do(panel int) {
	words, w := t.f.panel(panel), t.c.workspaces.get()
	for from, to := 0, 0; from < len(words); from, to = from+chunkWords, to+chunkTiles {
		n := min(len(words)-from, chunkWords)
		tiles, limb := words[to:][:n/4*bitLimbs], 2*n
		if to+len(tiles) <= from {
			t.c.isa.splitPanelAsm(&tiles[0], limb, &words[from], n/(4*panelWords))
			continue
		}
		t.c.isa.splitPanelAsm(&w.split[0], limb, &words[from], n/(4*panelWords))
		copy(tiles, w.split[:])
	}
	t.c.workspaces.put(w)
}

// join makes the words of a panel's tiles.
func join(words []uint64) {
	tiles := append([]uint64(nil), words...)
	for k := range len(words) / panelWords {
		chunk := k / tileInner
		limb := 2 * min(len(words)-chunk*chunkWords, chunkWords) // in bytes
		for j := 0; j < panelCols; j += 2 {
			at := 8*chunk*chunkTiles + k%tileInner/4*tileRow + k%4 + 4*j
			words[k*panelWords+j/2] = pack(joined(tiles, at, limb), joined(tiles, at+4, limb))
		}
	}
}

// tileRow is the number of bytes of a tile's row.
const tileRow = 4 * rowOfTile

// joined returns the number whose lowest byte is given.
func joined(tiles []uint64, at, limb int) int32 {
	q := uint32(0)
	for l := range bitLimbs {
		b := at + l*limb
		q |= uint32(tiles[b/8]>>(b%8*8)) & 0xff << (8 * l)
	}
	return int32(q<<8) >> 8
}

// addTiles adds the sums of a panel to the accumulators.
func (p *product) addTiles(w *workspace, acc [][panelWords]uint64, panel int) {
	if len(acc) == 0 {
		return
	}
	operand, chunks := p.f.panel(panel), p.x.Stride
	whole := min(len(operand)/chunkWords, chunks)
	blocks := (chunks + blockChunks - 1) / blockChunks
	block := (chunks + blocks - 1) / blocks
	for from := 0; from < chunks; from += block {
		n, last := min(block, whole-from), 0
		if whole < chunks && from+block > whole {
			last = 2 * (len(operand) - whole*chunkWords)
		}
		p.c.isa.addTilesAsm(&acc[0], len(acc), &p.bytes[from*tileWords], chunks*tileWords*4, &operand[from*chunkTiles], n, last, &w.limbs)
	}
}
