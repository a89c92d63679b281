package cuda

import (
	"fmt"
	"unsafe"
)

// Fixed is a [kernel.Fixed] on a device, cut into digits for the tensor cores (_cuda/fixed.h). The zero Fixed is an empty matrix.
type Fixed struct {
	Rows, Cols int

	scale  memory // of the matrix, as the device chose it: a scale
	digits memory
	offset memory
}

// A scale is struct Scale of _cuda/fixed.h, as far as the host reads it.
type scale struct {
	largest float64
	_       [2]uint32
	digits  int32
	_       [3]uint32
}

// A matrix is struct Matrix of _cuda/fixed.h.
type matrix struct {
	src, offset  uintptr
	rows, cols   int32
	down, across uint64
}

// tileBytes is the size of a tile of digits, 128 columns × 32 rows.
const (
	tileCols  = 128
	tileBytes = 4 << 10
)

// Load stores src, a row-major rows×cols matrix, and offset, the row that is added to every product (nil for zeros). A matrix with a
// number that is not finite makes [Fixed.Check] fail.
func (f *Fixed) Load(src *Floats, rows, cols int, offset *Floats) {
	f.load(src, rows, cols, offset, matrix{rows: int32(rows), cols: int32(cols), down: uint64(cols), across: 1})
}

// LoadTransposed stores the transpose of src, a row-major rows×cols matrix, so that f becomes cols×rows.
func (f *Fixed) LoadTransposed(src *Floats, rows, cols int, offset *Floats) {
	f.load(src, rows, cols, offset, matrix{rows: int32(cols), cols: int32(rows), down: 1, across: uint64(cols)})
}

func (f *Fixed) load(src *Floats, rows, cols int, offset *Floats, m matrix) {
	if src.Len != rows*cols {
		panicf("Load of %d numbers as %d×%d", src.Len, rows, cols)
	}
	if offset != nil && offset.Len != int(m.cols) {
		panicf("Load with an offset of %d numbers, want %d", offset.Len, m.cols)
	}
	d := src.device
	f.Rows, f.Cols = int(m.rows), int(m.cols)
	m.src = src.address
	if offset != nil {
		m.offset = offset.address
	}
	f.scale.grow(d, int(unsafe.Sizeof(scale{})))
	d.do("clearing", func() result { return d.driver.memsetD8Async(f.scale.address, 0, uintptr(f.scale.size), d.stream) })
	d.launch("column_sums", blocks(f.Cols, 32), 1, 256, unsafe.Pointer(&m), unsafe.Pointer(&f.scale.address))
	d.launch("choose_scale", 1, 1, 1, unsafe.Pointer(&f.scale.address), unsafe.Pointer(&m.rows))

	chunks, plane := int32(2*f.words()), f.plane()
	padded := int32(tileCols * blocks(f.Cols, tileCols))
	f.digits.grow(d, 4*4*int(plane))
	f.offset.grow(d, 4*int(padded))
	d.launch("load_digits", blocks(int(plane), 256), 1, 256, unsafe.Pointer(&m), unsafe.Pointer(&f.scale.address),
		unsafe.Pointer(&f.digits.address), unsafe.Pointer(&chunks), unsafe.Pointer(&plane))
	d.launch("load_offset", blocks(int(padded), 256), 1, 256, unsafe.Pointer(&m), unsafe.Pointer(&f.scale.address),
		unsafe.Pointer(&f.offset.address), unsafe.Pointer(&padded))
}

// words is the number of 64-bit words of a configuration that the matrix multiplies.
func (f *Fixed) words() int { return blocks(f.Rows, 64) }

// plane is the number of 4-byte words that one digit of all elements takes.
func (f *Fixed) plane() uint64 { return uint64(2*f.words()*blocks(f.Cols, tileCols)) * tileBytes / 4 }

// Check waits for the device, and fails unless all numbers of the matrix are finite. It returns the number of digits too.
func (f *Fixed) Check() (digits int, err error) {
	s := make([]scale, 1)
	if err := download(s, &f.scale); err != nil {
		return 0, err
	}
	if s[0].largest-s[0].largest != 0 {
		return 0, fmt.Errorf("cuda: a %d×%d matrix has an element that is not finite", f.Rows, f.Cols)
	}
	return int(s[0].digits), nil
}

// Free gives the memory back.
func (f *Fixed) Free() {
	f.scale.free()
	f.digits.free()
	f.offset.free()
}
