package kernel

// Products of bits on the tiles of AMX (see tiles.go): q = Σ_l 2^(8l)·q_l with four unsigned bytes, so that
//
//	Σ_k x_k q_k = Σ_l 2^(8l)·Σ_k x_k q_kl   modulo 2^32,
//
// which is the sum itself, as it fits 32 bits. The bits of a block are turned into bytes once, and a panel into bytes for
// each block.

// The times of a chunk of 64 rows of a panel, in units of a look-up of AVX-512: to split it, to multiply it with 16 rows
// of x; and that of a row's sums.
const (
	splitCost = 450
	tileCosts = 220
	sumsCost  = 20
)

// tileCost is what a panel costs.
func tileCost(x Bits, blocks int) float64 {
	groups := (x.Rows + tileRows - 1) / tileRows
	return float64(x.Stride)*float64(splitCost*blocks+tileCosts*groups) + sumsCost*float64(x.Rows)
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

// sumTiles fills the accumulators of a panel.
func (p *product) sumTiles(w *workspace, acc [][panelWords]uint64, panel int) {
	if len(acc) == 0 {
		return
	}
	const chunkWords = 4 * tileWords
	operand, chunks := p.f.panel(panel), p.x.Stride
	w.split = grow(w.split, chunks*chunkWords)
	rows := min(p.f.paddedRows(), chunks*tileInner)
	p.c.isa.splitPanelAsm(&w.split[0], &operand[0], rows/4)
	if rest := rows % tileInner; rest > 0 {
		last := w.split[(chunks-1)*chunkWords:]
		for limb := range 4 {
			clear(last[limb*tileWords:][rest/4*rowOfTile : tileWords])
		}
	}
	offset := (*[panelWords]uint64)(p.f.offset[panel*panelWords:])
	p.c.isa.addTilesAsm(&acc[0], len(acc), &p.bytes[0], &w.split[0], chunks, offset, &w.limbs)
}
