package kernel

import "unsafe"

// Products of bits on the tiles of AMX (see tiles.go): q = 2^16·q_2 + 2^8·q_1 + q_0 with bytes that are unsigned but for
// the highest, so that
//
//	Σ_k x_k q_k = Σ_l 2^(8l)·Σ_k x_k q_kl   modulo 2^32,
//
// which is the sum itself, as it fits 32 bits. The bits of a block are turned into bytes once. The first product by tiles
// turns panels into tiles where they lie, chunk after chunk of 64 rows, and the next operand is loaded as tiles at once.

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
			f.join(p)
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
	for chunk := range (t.f.Rows + tileInner - 1) / tileInner {
		tiles, from := words[chunk*chunkTiles:][:chunkTiles], chunk*chunkWords
		if (chunk+1)*chunkTiles <= from {
			t.c.isa.splitPanelAsm(&tiles[0], &words[from])
			continue
		}
		t.c.isa.splitPanelAsm(&w.split[0], &words[from])
		copy(tiles, w.split[:])
	}
	t.c.workspaces.put(w)
}

// join makes the words of a panel's tiles.
func (f *Fixed) join(panel int) {
	words := f.panel(panel)
	tiles := append([]uint64(nil), words...)
	at := func(k, j int) int32 {
		q := uint32(0)
		for limb := range bitLimbs {
			b := 8*(k/tileInner*chunkTiles) + 4*(limb*tileWords+k%tileInner/4*rowOfTile+j) + k%4
			q = q<<8 | uint32(tiles[b/8]>>(b%8*8))&0xff
		}
		return int32(q<<8) >> 8
	}
	for k := range f.Rows {
		for i := range panelWords {
			words[k*panelWords+i] = pack(at(k, 2*i), at(k, 2*i+1))
		}
	}
	clear(words[f.Rows*panelWords:])
}

// tiles is what loads tiles instead of words.
func (l *loadWords) tiles() tileLoad {
	f := l.f
	words := unsafe.Slice((*uint32)(unsafe.Pointer(&f.words[0])), 2*len(f.words))
	return tileLoad{
		isa: l.c.isa, words: words, panel: 2 * f.paddedRows() * panelWords, limbs: bitLimbs, rows: f.Rows, cols: f.Cols,
		src: l.src, transposed: l.transposed, factor: l.factor, weights: l.weights,
	}
}

// addTiles adds the sums of a panel to the accumulators.
func (p *product) addTiles(w *workspace, acc [][panelWords]uint64, panel int) {
	if len(acc) == 0 {
		return
	}
	operand, chunks := p.f.panel(panel), p.x.Stride
	blocks := (chunks + blockChunks - 1) / blockChunks
	block := (chunks + blocks - 1) / blocks
	for from := 0; from < chunks; from += block {
		p.c.isa.addTilesAsm(&acc[0], len(acc), &p.bytes[from*tileWords], 4*chunks*tileWords, &operand[from*chunkTiles],
			min(block, chunks-from), &w.limbs)
	}
}
