package cuda

import (
	"math"
	"unsafe"
)

// Fixed is a [kernel.Fixed] on a device, cut into digits for the tensor cores (_cuda/fixed.h): a [kernel.RemoteFixed].
type Fixed struct {
	engine     *Engine
	rows, cols int
	*operand
}

// An operand is the memory of a [Fixed].
type operand struct {
	scale  memory // of the matrix, as the device chose it: a scale
	digits memory
	offset memory
}

func (e *Engine) newFixed() *Fixed { return &Fixed{engine: e, operand: new(operand)} }

// A scale is struct Scale of _cuda/fixed.h.
type scale struct {
	_                [2]float32 // 2^−s, 2^s
	exponent, digits int32
}

// A matrix is struct Matrix of _cuda/fixed.h.
type matrix struct {
	src, offset  uintptr
	rows, cols   int32
	down, across uint64
}

// tileBytes is the size of a tile of digits, 128 columns × 32 rows, and largestBytes that of a struct Largest, one for sumCols columns.
const (
	tileCols     = 128
	tileBytes    = 4 << 10
	sumCols      = 32
	largestBytes = 16
)

// Load is [kernel.RemoteFixed.Load].
func (f *Fixed) Load(src []float32, rows, cols int, offset []float32, transposed bool) {
	e := f.engine
	defer e.begin()()
	from, to := e.numbers(src), uintptr(0)
	if offset != nil {
		to = e.numbers(offset)
	}
	f.load(from, rows, cols, to, transposed)
}

// load loads numbers of the device: offset 0 means none.
func (f *Fixed) load(src uintptr, rows, cols int, offset uintptr, transposed bool) {
	m, largest := f.shape(src, rows, cols, offset, transposed)
	f.engine.launch("column_sums", blocks(f.cols, sumCols), 1, 256, unsafe.Pointer(&m), unsafe.Pointer(&largest))
	f.digitsOf(m, largest)
}

// shape makes room for a matrix. It returns what is to be loaded, and room for what column_sums finds.
func (f *Fixed) shape(src uintptr, rows, cols int, offset uintptr, transposed bool) (m matrix, largest uintptr) {
	m = matrix{src: src, offset: offset, rows: int32(rows), cols: int32(cols), down: uint64(cols), across: 1}
	if transposed {
		m.rows, m.cols, m.down, m.across = m.cols, m.rows, 1, uint64(cols)
	}
	f.rows, f.cols = int(m.rows), int(m.cols)
	f.engine.resize(&f.scale, int(unsafe.Sizeof(scale{})))
	f.engine.resize(&f.digits, 3*4*int(f.plane())) // three digits at most
	f.engine.resize(&f.offset, 4*f.padded())
	return m, f.engine.scratch(largestBytes * blocks(f.cols, sumCols))
}

// digitsOf cuts the numbers into digits.
func (f *Fixed) digitsOf(m matrix, largest uintptr) {
	failed, chunks, plane, padded := uintptr(unsafe.Pointer(f.engine.failed)), int32(2*f.words()), f.plane(), int32(f.padded())
	f.engine.launch("load_fixed", max(1, blocks(max(int(plane), int(padded)), 256)), 1, 256, unsafe.Pointer(&m), unsafe.Pointer(&largest),
		unsafe.Pointer(&f.scale.address), unsafe.Pointer(&f.digits.address), unsafe.Pointer(&f.offset.address), unsafe.Pointer(&failed),
		unsafe.Pointer(&chunks), unsafe.Pointer(&plane), unsafe.Pointer(&padded))
}

// padded is the number of columns of whole tiles.
func (f *Fixed) padded() int { return tileCols * blocks(f.cols, tileCols) }

// words is the number of 64-bit words of a configuration that the matrix multiplies.
func (f *Fixed) words() int { return blocks(f.rows, 64) }

// plane is the number of 4-byte words that one digit of all elements takes.
func (f *Fixed) plane() uint64 { return uint64(2*f.words()*blocks(f.cols, tileCols)) * tileBytes / 4 }

// loaded waits for the device and returns the scale.
func (f *Fixed) loaded() scale {
	defer f.engine.begin()()
	s := make([]scale, 1)
	f.engine.download(bytesOf(s), f.scale.address)
	return s[0]
}

// Resolution is [kernel.RemoteFixed.Resolution].
func (f *Fixed) Resolution() float64 { return math.Ldexp(1, -int(f.loaded().exponent)) }
