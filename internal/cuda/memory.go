package cuda

import (
	"math/bits"
	"unsafe"
)

// memory is a stretch of the device's memory.
type memory struct {
	address uintptr
	size    int // bytes, one of those of sizeClass; 0: none
}

// sizeClass rounds up to one of four sizes an octave, 256 bytes at least.
func sizeClass(size int) int {
	step := max(256, 1<<bits.Len(uint(max(size-1, 1)))>>3)
	return (max(size, 1) + step - 1) / step * step
}

// allocate returns memory of unspecified content. The driver waits for the device when it allocates or frees. So
// released memory is kept, by size, and allocated again. As the queue is in order, that may be before the device is
// done with it.
func (d *Device) allocate(size int) memory {
	m := memory{size: sizeClass(size)}
	if list := d.free[m.size]; len(list) > 0 {
		m.address = list[len(list)-1]
		d.free[m.size] = list[:len(list)-1]
		return m
	}
	const outOfMemory = 2
	d.do("allocating memory", func() result {
		r := d.driver.memAlloc(&m.address, uintptr(m.size))
		if r == outOfMemory {
			d.releaseCache()
			r = d.driver.memAlloc(&m.address, uintptr(m.size))
		}
		return r
	})
	return m
}

// release gives memory back.
func (d *Device) release(m memory) {
	if m.address != 0 {
		d.free[m.size] = append(d.free[m.size], m.address)
	}
}

// resize makes room for size bytes. What was there is lost.
func (d *Device) resize(m *memory, size int) {
	if m.size < size || m.address == 0 {
		d.release(*m)
		*m = d.allocate(size)
	}
}

// releaseCache frees the released memory.
func (d *Device) releaseCache() {
	for size, list := range d.free {
		for _, address := range list {
			d.do("freeing memory", func() result { return d.driver.memFree(address) })
		}
		delete(d.free, size)
	}
}

// pinned is pinned memory of the host, which the device reads and writes by the same address. take gives it out from
// its start to its end.
type pinned struct {
	start unsafe.Pointer
	size  int
	used  int
}

// The sizes of pinned memory: results that don't fit go through inputs, piece by piece.
const (
	inputsSize = 8 << 20
	outputSize = 1 << 20
)

// pin allocates the pinned memory.
func (d *Device) pin() {
	const portable, mapped = 1, 2
	for _, p := range []*pinned{&d.inputs, &d.output} {
		p.size = inputsSize
		if p == &d.output {
			p.size = outputSize
		}
		d.do("allocating pinned memory", func() result {
			return d.driver.memHostAlloc(&p.start, uintptr(p.size), portable|mapped)
		})
	}
	if d.err == nil {
		d.failed = (*int32)(d.output.start)
		*d.failed = 0
		d.output.used = alignment
		d.mirror = d.allocate(outputSize)
	}
}

func (d *Device) unpin() {
	for _, p := range []*pinned{&d.inputs, &d.output} {
		if p.start != nil {
			d.do("freeing pinned memory", func() result { return d.driver.memFreeHost(p.start) })
		}
		*p = pinned{}
	}
}

// alignment is that of pinned memory.
const alignment = 256

// take returns size bytes, or nil if fewer are left.
func (p *pinned) take(size int) unsafe.Pointer {
	size = (size + alignment - 1) / alignment * alignment
	if p.used+size > p.size {
		return nil
	}
	p.used += size
	return unsafe.Add(p.start, p.used-size)
}

// input returns pinned memory for size bytes on their way to the device, inputsSize at most. Where none is left it
// waits until earlier ones have arrived.
func (d *Device) input(size int) unsafe.Pointer {
	at := d.inputs.take(size)
	if at == nil {
		d.Sync()
		d.inputs.used = 0
		at = d.inputs.take(size)
	}
	return at
}

// bytesOf is the memory of x.
func bytesOf[T any](x []T) []byte {
	if len(x) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), uintptr(len(x))*unsafe.Sizeof(x[0]))
}

// upload queues a copy of pieces, one after the other. They are the caller's again at once.
func (d *Device) upload(to uintptr, pieces ...[]byte) {
	size := 0
	for _, piece := range pieces {
		size += len(piece)
	}
	if size > inputsSize {
		for _, piece := range pieces {
			for n := 0; len(piece) > 0; piece, to = piece[n:], to+uintptr(n) {
				n = min(len(piece), inputsSize)
				d.upload(to, piece[:n])
			}
		}
		return
	}
	if size == 0 {
		return
	}
	at := d.input(size)
	all := unsafe.Slice((*byte)(at), size)
	for _, piece := range pieces {
		all = all[copy(all, piece):]
	}
	d.do("uploading", func() result { return d.driver.memcpyHtoDAsync(to, at, uintptr(size), d.stream) })
}

// arrived copies what has come to pinned memory. After a failure nothing has: zeros are at least bits and numbers of which the host can go
// on until it asks for the error.
func (d *Device) arrived(dst []byte, at unsafe.Pointer) {
	if d.err != nil {
		clear(dst)
		return
	}
	copy(dst, unsafe.Slice((*byte)(at), len(dst)))
}

// download waits for the device and copies to dst.
func (d *Device) download(dst []byte, from uintptr) {
	for len(dst) > 0 {
		n := min(len(dst), inputsSize)
		at := d.input(n)
		d.do("downloading", func() result { return d.driver.memcpyDtoHAsync(at, from, uintptr(n), d.stream) })
		d.Sync()
		d.inputs.used = 0
		d.arrived(dst[:n], at)
		dst, from = dst[n:], from+uintptr(n)
	}
}
