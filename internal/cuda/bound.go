package cuda

import (
	"runtime"
	"unsafe"
	"weak"
)

// A binding is the place on the device of a slice of the host. It ends when the slice is garbage.
type binding struct {
	memory
	first weak.Pointer[float32] // of the slice: after its end another slice may get the address
	n     int                   // numbers
	newer bool                  // the numbers of the device are newer than the host's
}

func addressOf(x []float32) uintptr { return uintptr(unsafe.Pointer(&x[0])) }

// find returns the binding of a slice, or nil.
func (e *Engine) find(x []float32) *binding {
	if len(x) == 0 {
		return nil
	}
	b := e.bindings[addressOf(x)]
	if b == nil || b.n != len(x) || b.first != weak.Make(&x[0]) {
		return nil
	}
	return b
}

// Bind is [kernel.Engine.Bind].
func (e *Engine) Bind(x []float32) {
	defer e.begin()()
	if e.find(x) == nil {
		address := addressOf(x)
		if old := e.bindings[address]; old != nil { // of a slice that is garbage, or of another length
			e.unbind(address, old)
		}
		b := &binding{memory: e.allocate(4 * len(x)), first: weak.Make(&x[0]), n: len(x)}
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
	e.release(b.memory)
	delete(e.bindings, address)
}

// Push is [kernel.Engine.Push].
func (e *Engine) Push(x []float32) {
	defer e.begin()()
	e.push(x)
}

func (e *Engine) push(x []float32) {
	if b := e.find(x); b != nil {
		e.upload(b.address, bytesOf(x))
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
		e.download(bytesOf(x), b.address)
		b.newer = false
	}
}
