package ranks

import (
	"runtime"
	"unsafe"
	"weak"

	"github.com/harmonium-rbm/harmonium/internal/group"
)

// A binding is a slice of which this rank may have a part alone, the rows of W within its bounds. Its place is the
// host's own memory. It ends when the slice is garbage.
type binding struct {
	first  weak.Pointer[float32] // of the slice: after its end another slice may get the address
	n      int                   // numbers
	bounds []int                 // of numbers; nil: all are here
}

func addressOf(x []float32) uintptr { return uintptr(unsafe.Pointer(&x[0])) }

func (e *Engine) find(x []float32) *binding {
	if len(x) == 0 {
		return nil
	}
	b := e.bound[addressOf(x)]
	if b == nil || b.n != len(x) || b.first != weak.Make(&x[0]) {
		return nil
	}
	return b
}

// Bind is [kernel.Engine.Bind].
func (e *Engine) Bind(x []float32) {
	defer e.begin()()
	if b := e.find(x); b != nil {
		b.bounds = nil
		return
	}
	address, b := addressOf(x), &binding{first: weak.Make(&x[0]), n: len(x)}
	e.bound[address] = b
	runtime.AddCleanup(&x[0], func(b *binding) {
		defer e.begin()()
		if e.bound[address] == b {
			delete(e.bound, address)
		}
	}, b)
}

// Push is [kernel.Engine.Push].
func (e *Engine) Push(x []float32) {
	defer e.begin()()
	if b := e.find(x); b != nil {
		b.bounds = nil
	}
}

// Fetch is [kernel.Engine.Fetch].
func (e *Engine) Fetch(x []float32) {
	defer e.begin()()
	e.fetch(x)
}

func (e *Engine) fetch(x []float32) {
	if b := e.find(x); b != nil && b.bounds != nil {
		group.Gather(e.g, x, b.bounds)
		b.bounds = nil
	}
}

// divided says that of a slice each rank has the rows of n numbers within its bounds. It completes one that is not
// bound.
func (e *Engine) divided(x []float32, bounds []int, n int) {
	bounds = group.Times(bounds, n)
	if b := e.find(x); b != nil {
		b.bounds = bounds
		return
	}
	group.Gather(e.g, x, bounds)
}
