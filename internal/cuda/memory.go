package cuda

import (
	"unsafe"

	"harmonium/internal/kernel"
)

// memory is a stretch of the device's memory.
type memory struct {
	device  *Device
	address uintptr
	size    int // bytes; 0: none yet
}

// grow makes room for size bytes. If there was less room, what was there is lost.
func (m *memory) grow(d *Device, size int) {
	m.device = d
	if m.address != 0 && m.size >= size {
		return
	}
	m.free()
	m.size = max(size, 16) // no stretch is empty
	d.do("allocating memory", func() result { return d.driver.memAlloc(&m.address, uintptr(m.size)) })
}

func (m *memory) free() {
	if m.address != 0 {
		m.device.do("freeing memory", func() result { return m.device.driver.memFree(m.address) })
	}
	m.address, m.size = 0, 0
}

func upload[T any](m *memory, src []T) {
	if len(src) == 0 {
		return
	}
	size, d := uintptr(len(src))*unsafe.Sizeof(src[0]), m.device
	d.do("uploading", func() result {
		if r := d.driver.memcpyHtoDAsync(m.address, unsafe.Pointer(&src[0]), size, d.stream); r != 0 {
			return r
		}
		return d.driver.streamSynchronize(d.stream) // src is the caller's again
	})
}

func download[T any](dst []T, m *memory) error {
	d := m.device
	if len(dst) > 0 {
		size := uintptr(len(dst)) * unsafe.Sizeof(dst[0])
		d.do("downloading", func() result { return d.driver.memcpyDtoHAsync(unsafe.Pointer(&dst[0]), m.address, size, d.stream) })
	}
	return d.Sync()
}

// Floats is a slice of float32 on a device.
type Floats struct {
	memory
	Len int
}

// NewFloats returns n numbers of unspecified value.
func (d *Device) NewFloats(n int) *Floats {
	f := &Floats{Len: n}
	f.grow(d, 4*n)
	return f
}

// Upload copies src to the device. It panics unless the lengths agree.
func (f *Floats) Upload(src []float32) {
	if len(src) != f.Len {
		panicf("Upload of %d numbers to %d", len(src), f.Len)
	}
	upload(&f.memory, src)
}

// Download waits for the device and copies the numbers to dst. It panics unless the lengths agree.
func (f *Floats) Download(dst []float32) error {
	if len(dst) != f.Len {
		panicf("Download of %d numbers to %d", f.Len, len(dst))
	}
	return download(dst, &f.memory)
}

// Free gives the memory back.
func (f *Floats) Free() { f.free() }

// Bits is a [kernel.Bits] on a device. It lies word by word: a word of all rows, then the next.
type Bits struct {
	memory
	Rows, Cols int

	words, pitch int // of a row; and rows, rounded up to whole blocks
}

// NewBits returns a matrix of zeros.
func (d *Device) NewBits(rows, cols int) *Bits {
	b := &Bits{Rows: rows, Cols: cols, words: blocks(cols, 64), pitch: blockRows * blocks(rows, blockRows)}
	b.grow(d, 8*b.pitch*b.words)
	d.do("clearing bits", func() result { return d.driver.memsetD8Async(b.address, 0, uintptr(b.size), d.stream) })
	return b
}

// UploadBits returns a copy of src on the device.
func (d *Device) UploadBits(src kernel.Bits) *Bits {
	b := d.NewBits(src.Rows, src.Cols)
	words := make([]uint64, b.pitch*b.words)
	for r := range src.Rows {
		for k, w := range src.Row(r)[:b.words] {
			words[k*b.pitch+r] = w
		}
	}
	upload(&b.memory, words)
	return b
}

// Download waits for the device and returns a copy of the bits.
func (b *Bits) Download() (kernel.Bits, error) {
	dst, words := kernel.NewBits(b.Rows, b.Cols), make([]uint64, b.pitch*b.words)
	if err := download(words, &b.memory); err != nil {
		return dst, err
	}
	for r := range dst.Rows {
		for k := range b.words {
			dst.Row(r)[k] = words[k*b.pitch+r]
		}
	}
	return dst, nil
}

// Free gives the memory back.
func (b *Bits) Free() { b.free() }
