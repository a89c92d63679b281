package cuda

import (
	"slices"
	"unsafe"

	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/rng"
)

// A product is struct Product of _cuda/product.h.
type product struct {
	x, digits, offset, scale uintptr
	plane                    uint64
	rows, words, pitch       int32
	inner, cols              int32
	rowBlocks, splits        int32
}

// A draw is struct Draw of _cuda/product.h.
type draw struct {
	dst               uintptr
	rounds            [10]rng.Key
	stepLow, stepHigh uint32
	firstChain        uint32
	pitch             int32
}

// sums is struct Sums of _cuda/finish.h.
type sums struct {
	terms, offset, scale uintptr
	rows, cols           int32
	splits, first        int32
}

// A part is struct Part of _cuda/finish.h, parts are struct Parts, and a list is struct List.
type (
	part struct {
		offset uintptr
		first  int32
		scale  float32
	}
	parts struct {
		list uintptr
		n    int32
	}
	list struct {
		parts parts
		to    uintptr
	}
)

// The tile of a product that a block of threads takes, in rows and columns. The kernel fused with drawing, on Hopper,
// takes wider tiles (_cuda/hopper.h): its shared memory has six stages of digits and states with two barriers each, and
// the sums of a tile.
const (
	blockRows  = 256
	blockCols  = 64
	wideCols   = 128
	wideBlock  = 512 // threads
	wideShared = 6*(512*16+blockRows*8+2*8) + blockRows*wideCols*4
)

// sumBytes bounds the memory for the sums of a product, so that they stay in the device's cache: larger products are
// taken in pieces.
const sumBytes = 16 << 20

func (f *Fixed) product(x kernel.Span, first, rows int) product {
	bits := x.Of.(*Bits)
	return product{
		x: bits.at(x.First + first), digits: f.digits.address, offset: f.offset.address, scale: f.scale.address, plane: f.plane(),
		rows: int32(rows), words: int32(bits.words), pitch: int32(bits.pitch), inner: int32(x.Cols), cols: int32(f.cols),
		rowBlocks: int32(blocks(rows, blockRows)), splits: 1,
	}
}

// multiply calls finish with the integer sums of the product of x and f, for one piece of the rows after the other. A
// product of few tiles has its sums split into terms, so that all multiprocessors have something to do.
func (e *Engine) multiply(x kernel.Span, remote kernel.RemoteFixed, finish func(s *sums)) {
	f := remote.(*Fixed)
	if x.Rows == 0 || f.cols == 0 {
		return
	}
	pitch := blockCols * blocks(f.cols, blockCols)
	piece := max(1, sumBytes/4/pitch/blockRows) * blockRows
	for first := 0; first < x.Rows; first += piece {
		rows := min(piece, x.Rows-first)
		p := f.product(x, first, rows)
		tiles := int(p.rowBlocks) * blocks(f.cols, blockCols)
		p.splits = int32(max(1, min(e.multiprocessors/tiles, int(p.words))))
		e.resize(&e.terms, 4*int(p.splits)*rows*pitch)
		e.launch("product", int(p.rowBlocks*p.splits), blocks(f.cols, blockCols), 256, unsafe.Pointer(&p),
			unsafe.Pointer(&e.terms.address))
		finish(&sums{e.terms.address, p.offset, p.scale, p.rows, p.cols, p.splits, int32(first)})
	}
}

// numbersOf has a kernel, write_inputs or write_sigmoids, write the numbers of a product to an address, each times the
// weight of its row unless weights is 0. factor multiplies the inputs.
func (e *Engine) numbersOf(kernel string, to uintptr, s *sums, factor float32, weights uintptr) {
	to += uintptr(4 * int(s.first) * int(s.cols))
	if weights != 0 {
		weights += uintptr(4 * int(s.first))
	}
	fours := blocks(int(s.cols), blockCols) * blockCols / 4
	e.launch(kernel, blocks(int(s.rows)*fours, 256), 1, 256, unsafe.Pointer(s), unsafe.Pointer(&to), unsafe.Pointer(&factor),
		unsafe.Pointer(&weights))
}

// Multiply is [kernel.Engine.Multiply].
func (e *Engine) Multiply(dst []float32, x kernel.Span, f kernel.RemoteFixed, scale float32) {
	defer e.begin()()
	to := e.fill(dst)
	e.multiply(x, f, func(s *sums) { e.numbersOf("write_inputs", to, s, scale, 0) })
}

// Probabilities is [kernel.Engine.Probabilities].
func (e *Engine) Probabilities(dst []float32, sumsTo []float64, x kernel.Span, f kernel.RemoteFixed) {
	defer e.begin()()
	to := e.fill(dst)
	_, lists := e.tables(f, nil, kernel.Sums{To: sumsTo})
	e.multiply(x, f, func(s *sums) {
		e.numbersOf("write_sigmoids", to, s, 1, 0)
		e.sumSoftpluses(s, lists)
	})
}

// SumSoftplus is [kernel.Engine.SumSoftplus].
func (e *Engine) SumSoftplus(x kernel.Span, f kernel.RemoteFixed, to ...kernel.Sums) {
	defer e.begin()()
	_, lists := e.tables(f, nil, to...)
	e.multiply(x, f, func(s *sums) { e.sumSoftpluses(s, lists) })
}

// sumSoftpluses writes the sums of lists, two at a time.
func (e *Engine) sumSoftpluses(s *sums, lists []list) {
	const warps = 4
	for two := range slices.Chunk(lists, 2) {
		e.launch("sum_softpluses", blocks(int(s.rows), warps), len(two), 32*warps, unsafe.Pointer(s), unsafe.Pointer(&two[0]),
			unsafe.Pointer(&two[len(two)-1]))
	}
}

// Sample is [kernel.Engine.Sample].
func (e *Engine) Sample(
	dst, x kernel.Span, f kernel.RemoteFixed, of []kernel.Part, key rng.Key, step uint64, firstChain uint32, to ...kernel.Sums,
) {
	defer e.begin()()
	e.sample(dst, x, f, of, key, step, firstChain, to...)
}

func (e *Engine) sample(
	dst, x kernel.Span, f kernel.RemoteFixed, of []kernel.Part, key rng.Key, step uint64, firstChain uint32, to ...kernel.Sums,
) {
	bits := dst.Of.(*Bits)
	w := draw{
		rounds: key.Rounds(), stepLow: uint32(step), stepHigh: uint32(step >> 32), firstChain: firstChain,
		dst: bits.at(dst.First), pitch: int32(bits.pitch),
	}
	draws, lists := e.tables(f, of, to...)
	tiles := blocks(x.Rows, blockRows) * blocks(dst.Cols, wideCols)
	if e.wideFrom > 0 && tiles >= e.wideFrom && draws.n == 0 && len(lists) == 0 && x.First%2 == 0 {
		p := f.(*Fixed).product(x, 0, x.Rows)
		e.launchShared(wideKernel, min(tiles, e.multiprocessors), 1, wideBlock, wideShared, unsafe.Pointer(&p), unsafe.Pointer(&w))
		return
	}
	e.multiply(x, f, func(s *sums) {
		e.sumSoftpluses(s, lists)
		w := w
		w.dst += uintptr(8 * int(s.first))
		w.firstChain += uint32(s.first)
		const warps = 4
		e.launch("draw", blocks(int(s.rows)*blocks(int(s.cols), 128), warps), 1, 32*warps, unsafe.Pointer(s), unsafe.Pointer(&w),
			unsafe.Pointer(&draws))
	})
}

// tables brings the parts of drawing and those of sums to the device by one copy. It returns where they are, with the
// places of the sums.
func (e *Engine) tables(f kernel.RemoteFixed, of []kernel.Part, to ...kernel.Sums) (draws parts, lists []list) {
	cols := f.(*Fixed).cols
	if cols == 0 {
		for _, s := range to {
			clear(s.To)
		}
		return parts{}, nil
	}
	var t table
	t.add(e, of)
	var counts []int // of the parts of each list
	for _, s := range to {
		if len(s.To) > 0 {
			t.add(e, s.Parts)
			lists, counts = append(lists, list{to: e.wanted(bytesOf(s.To))}), append(counts, len(s.Parts))
		}
	}
	if len(t.parts) == 0 {
		return parts{}, lists
	}
	at := t.upload(e, cols)
	draws = parts{at, int32(len(of))}
	at += unsafe.Sizeof(part{}) * uintptr(len(of))
	for k, n := range counts {
		lists[k].parts = parts{at, int32(n)}
		at += unsafe.Sizeof(part{}) * uintptr(n)
	}
	return draws, lists
}

// A table is the parts of several lists, one after the other, and the offsets that they need.
type table struct {
	parts   []part
	places  []int       // of the parts' offsets in the next; −1: bound, or none
	offsets [][]float32 // each once
}

// add adds a list of parts.
func (t *table) add(e *Engine, of []kernel.Part) {
	rows := 0
	for _, p := range of {
		entry, place := part{first: int32(rows), scale: p.Scale}, -1
		if b := e.find(p.Offset); b != nil {
			entry.offset = b.address
		} else if p.Offset != nil {
			place = slices.IndexFunc(t.offsets, func(x []float32) bool { return &x[0] == &p.Offset[0] })
			if place < 0 {
				place = len(t.offsets)
				t.offsets = append(t.offsets, p.Offset)
			}
		}
		t.parts, t.places, rows = append(t.parts, entry), append(t.places, place), rows+p.Rows
	}
}

// upload copies the parts and then the offsets, of cols numbers each. It returns the address of the first part.
func (t *table) upload(e *Engine, cols int) uintptr {
	size := int(unsafe.Sizeof(part{})) * len(t.parts)
	at := e.scratch(size + 4*cols*len(t.offsets))
	for k, place := range t.places {
		if place >= 0 {
			t.parts[k].offset = at + uintptr(size+4*cols*place)
		}
	}
	pieces := [][]byte{bytesOf(t.parts)}
	for _, x := range t.offsets {
		pieces = append(pieces, bytesOf(x))
	}
	e.upload(at, pieces...)
	return at
}

// Linear is [kernel.Engine.Linear].
func (e *Engine) Linear(x kernel.Span, of ...kernel.Linear) {
	defer e.begin()()
	bits := x.Of.(*Bits)
	rows, cols, pitch, at := int32(x.Rows), int32(x.Cols), int32(bits.pitch), bits.at(x.First)
	for two := range slices.Chunk(of, 2) {
		var weights, to [2]uintptr
		for k, l := range two {
			weights[k], to[k] = e.numbers(l.Weights), e.wanted(bytesOf(l.To))
		}
		e.launch("linear", blocks(x.Rows, 32), 1, 32, unsafe.Pointer(&at), unsafe.Pointer(&rows), unsafe.Pointer(&cols),
			unsafe.Pointer(&pitch), unsafe.Pointer(&weights[0]), unsafe.Pointer(&to[0]), unsafe.Pointer(&weights[1]), unsafe.Pointer(&to[1]))
	}
}
