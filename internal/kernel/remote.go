package kernel

import (
	"sync"
	"sync/atomic"
)

// A remote is the copy of a bit matrix in the memory of an engine. Bits cross when the other side asks for them: what is only drawn
// from again and again stays where it is.
type remote struct {
	whole Bits // the matrix, without its remote

	state  atomic.Int32
	mu     sync.Mutex // of what follows, and of changes of state
	engine Engine
	copy   RemoteBits
}

// The states of a remote: what the matrix holds is in Words alone, in both places, or on the engine alone.
const (
	here int32 = iota
	both
	there
)

// read makes Words current.
func (m *remote) read() {
	if m == nil || m.state.Load() != there {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.state.Load() == there {
		m.copy.Download(m.whole)
		m.state.Store(both)
	}
}

// change makes Words the one place that is current.
func (m *remote) change() {
	if m == nil || m.state.Load() == here {
		return
	}
	m.read()
	m.state.Store(here)
}

// at makes the engine's copy current, and returns it.
func (m *remote) at(e Engine) RemoteBits {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.move(e)
	if m.state.Load() == here {
		m.copy.Upload(m.whole)
		m.state.Store(both)
	}
	return m.copy
}

// move makes the copy one of the engine, which may have to be made first.
func (m *remote) move(e Engine) {
	if m.engine == e {
		return
	}
	if m.state.Load() == there {
		m.copy.Download(m.whole)
	}
	m.state.Store(here)
	m.engine, m.copy = e, e.NewBits(m.whole.Rows, m.whole.Cols)
}

// overwritten makes the engine's copy the one place that is current, as all of it is about to be written.
func (m *remote) overwritten(e Engine) RemoteBits {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.move(e)
	m.state.Store(there)
	return m.copy
}

// A Span is rows of bits on an engine.
type Span struct {
	Of         RemoteBits
	First      int // row
	Rows, Cols int
}

// on returns the matrix on an engine, to be read.
func (b Bits) on(e Engine) Span {
	if b.remote == nil {
		b = b.inOwnMemory()
	}
	return Span{b.remote.at(e), b.first, b.Rows, b.Cols}
}

// inOwnMemory returns a matrix of its own, which an engine may have a copy of.
func (b Bits) inOwnMemory() Bits {
	c := Bits{Rows: b.Rows, Cols: b.Cols, Stride: b.Stride, Words: append([]uint64(nil), b.Words...)}
	c.remote = &remote{whole: c}
	return c
}

// written calls write with the matrix on an engine, all rows of which it is to write.
func (b Bits) written(e Engine, write func(dst Span)) {
	if b.remote == nil {
		c := b.inOwnMemory()
		c.written(e, write)
		copy(b.Words, c.All())
		return
	}
	at := b.remote.overwritten
	if b.Rows < b.remote.whole.Rows {
		b.remote.at(e) // the other rows
	}
	write(Span{at(e), b.first, b.Rows, b.Cols})
}

// copied returns a copy for an engine. As slices.Clone may return memory of x, the caller's x could not stay on its stack.
func copied[T any](x []T) []T { return append([]T(nil), x...) }
