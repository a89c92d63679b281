package cuda

import (
	"unsafe"

	"harmonium/rng"
)

// A product is struct Product of _cuda/product.h.
type product struct {
	x, digits, offset, scale uintptr
	plane                    uint64
	rows, words, pitch       int32
	inner, cols              int32
	factor                   float32
}

// A draw is struct Draw of _cuda/product.h.
type draw struct {
	dst, mask, value    uintptr
	rounds              [10]rng.Key
	stepLow, stepHigh   uint32
	firstChain, padding uint32
}

// Tiles of a product that a block of threads takes. On Hopper, drawing takes wider ones (_cuda/hopper.h); its bytes of shared
// memory are six stages of digits and states, each with two barriers, and the sums of a tile.
const (
	blockRows  = 256
	blockCols  = 64
	wideCols   = 128
	wideBlock  = 512 // threads
	wideShared = 6*(512*16+blockRows*8+2*8) + blockRows*wideCols*4
)

func startProduct(name string, x *Bits, f *Fixed) *product {
	if x.Cols != f.Rows {
		panicf("%s of %d×%d bits with a %d×%d matrix", name, x.Rows, x.Cols, f.Rows, f.Cols)
	}
	return &product{
		x: x.address, digits: f.digits.address, offset: f.offset.address, scale: f.scale.address, plane: f.plane(),
		rows: int32(x.Rows), words: int32(x.words), pitch: int32(x.pitch), inner: int32(x.Cols), cols: int32(f.Cols), factor: 1,
	}
}

// run launches one of the kernels of products.
func (p *product) run(d *Device, kernel string, last unsafe.Pointer) {
	d.launch(kernel, blocks(int(p.rows), blockRows), blocks(int(p.cols), blockCols), blockRows, unsafe.Pointer(p), last)
}

// numbers is run for kernels that write a number for each of the product.
func (p *product) numbers(name, kernel string, dst *Floats) {
	if dst.Len != int(p.rows)*int(p.cols) {
		panicf("%s of %d rows and %d columns into %d numbers", name, p.rows, p.cols, dst.Len)
	}
	p.run(dst.device, kernel, unsafe.Pointer(&dst.address))
}

// MulScaled writes scale times the product of the bits x with f, plus f's offset row, to dst: [kernel.Context.MulScaled].
func MulScaled(dst *Floats, x *Bits, f *Fixed, scale float32) {
	p := startProduct("MulScaled", x, f)
	p.factor = scale
	p.numbers("MulScaled", "product_inputs", dst)
}

// Probabilities writes σ of the product's numbers: [kernel.Context.Probabilities].
func Probabilities(dst *Floats, x *Bits, f *Fixed) {
	startProduct("Probabilities", x, f).numbers("Probabilities", "product_sigmoids", dst)
}

// sumSoftplus writes Σ_j log(1+e^{x_rj}) of the product's rows to sums, x.Rows numbers of float64: [kernel.Context.SumSoftplus].
// terms is scratch memory.
func sumSoftplus(sums *memory, terms *Floats, x *Bits, f *Fixed) {
	startProduct("SumSoftplus", x, f).numbers("SumSoftplus", "product_softpluses", terms)
	rows, cols := int32(x.Rows), int32(f.Cols)
	terms.device.launch("row_sums", blocks(x.Rows, 128), 1, 128,
		unsafe.Pointer(&terms.address), unsafe.Pointer(&sums.address), unsafe.Pointer(&rows), unsafe.Pointer(&cols))
}

// Sample draws a bit with probability σ(x_rj) for every number x_rj of the product, for row r and column j of dst:
// [kernel.Context.Sample]. The bits of held columns are not drawn; nil means that there are none.
func Sample(dst *Bits, x *Bits, f *Fixed, held *Held, key rng.Key, step uint64, firstChain uint32) {
	if dst.Rows != x.Rows || dst.Cols != f.Cols {
		panicf("Sample of %d rows and %d columns into %d×%d bits", x.Rows, f.Cols, dst.Rows, dst.Cols)
	}
	w := draw{dst: dst.address, rounds: key.Rounds(), stepLow: uint32(step), stepHigh: uint32(step >> 32), firstChain: firstChain}
	if held != nil {
		w.mask, w.value = held.mask.address, held.value.address
	}
	p, d := startProduct("Sample", x, f), dst.device
	if d.form == hopper {
		tiles := blocks(x.Rows, blockRows) * blocks(f.Cols, wideCols)
		d.launchShared("product_sample", min(tiles, d.multiprocessors), 1, wideBlock, wideShared, unsafe.Pointer(p), unsafe.Pointer(&w))
		return
	}
	p.run(d, "product_sample", unsafe.Pointer(&w))
}

// Held are columns whose bits are held: those of the mask, at the bits of value.
type Held struct{ mask, value memory }

// NewHeld copies mask and value, the packed words of a row.
func (d *Device) NewHeld(mask, value []uint64) *Held {
	if len(mask) != len(value) {
		panicf("NewHeld of %d and %d words", len(mask), len(value))
	}
	h := new(Held)
	h.mask.grow(d, 8*len(mask))
	h.value.grow(d, 8*len(value))
	upload(&h.mask, mask)
	upload(&h.value, value)
	return h
}

// Transpose writes the transpose of src to dst: [kernel.Context.Transpose].
func Transpose(dst, src *Bits) {
	if dst.Rows != src.Cols || dst.Cols != src.Rows {
		panicf("Transpose of %d×%d bits into %d×%d", src.Rows, src.Cols, dst.Rows, dst.Cols)
	}
	rows, cols, pitch, dstPitch := int32(src.Rows), int32(src.Cols), int32(src.pitch), int32(dst.pitch)
	const warps = 8
	dst.device.launch("transpose", blocks(4*src.words*dst.words, warps), 1, 32*warps, unsafe.Pointer(&src.address),
		unsafe.Pointer(&dst.address), unsafe.Pointer(&rows), unsafe.Pointer(&cols), unsafe.Pointer(&pitch), unsafe.Pointer(&dstPitch))
}
