package cuda

import (
	"runtime"
	"unsafe"
	"weak"
)

// Floats are numbers on a device.
type Floats struct {
	memory
	Len int
}

// A binding is the place of a slice of the host on the device. It ends when nobody has the slice any more.
type binding struct {
	first   weak.Pointer[float32] // of the slice: another slice may get its address
	numbers Floats
	newer   bool // on the device
}

func addressOf(x []float32) uintptr { return uintptr(unsafe.Pointer(&x[0])) }

// find returns the binding of a slice, or nil.
func (e *Engine) find(x []float32) *binding {
	if len(x) == 0 {
		return nil
	}
	b := e.bindings[addressOf(x)]
	if b == nil || b.numbers.Len != len(x) || b.first != weak.Make(&x[0]) {
		return nil
	}
	return b
}

// bound returns the place of numbers on the device, if they are bound.
func (e *Engine) bound(x []float32) (*Floats, bool) {
	b := e.find(x)
	if b == nil {
		return nil, false
	}
	return &b.numbers, true
}

// changed returns the place of numbers on the device, which are about to be changed there, if they are bound.
func (e *Engine) changed(x []float32) (*Floats, bool) {
	b := e.find(x)
	if b == nil {
		return nil, false
	}
	b.newer = true
	return &b.numbers, true
}

// Bind is [kernel.Engine.Bind].
func (e *Engine) Bind(x []float32) {
	defer e.begin()()
	if e.find(x) == nil {
		address := addressOf(x)
		if old := e.bindings[address]; old != nil { // of a slice that is gone, or of other length
			e.unbind(address, old)
		}
		b := &binding{first: weak.Make(&x[0]), numbers: Floats{e.allocate(4 * len(x)), len(x)}}
		e.bindings[address] = b
		runtime.AddCleanup(&x[0], func(b *binding) {
			defer e.begin()()
			if e.bindings[address] == b {
				e.unbind(address, b)
			}
		}, b)
	}
	e.push(x)
}

func (e *Engine) unbind(address uintptr, b *binding) {
	e.release(b.numbers.memory)
	delete(e.bindings, address)
}

// Push is [kernel.Engine.Push].
func (e *Engine) Push(x []float32) {
	defer e.begin()()
	e.push(x)
}

func (e *Engine) push(x []float32) {
	if b := e.find(x); b != nil {
		e.upload(b.numbers.address, bytesOf(x))
		b.newer = false
	}
}

// Fetch is [kernel.Engine.Fetch].
func (e *Engine) Fetch(x []float32) {
	defer e.begin()()
	e.fetch(x)
}

func (e *Engine) fetch(x []float32) {
	if b := e.find(x); b != nil && b.newer {
		e.download(bytesOf(x), b.numbers.address)
		b.newer = false
	}
}
