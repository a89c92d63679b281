package kernel

import (
	"sync"
	"sync/atomic"
)

// A remote keeps a bit matrix and its copy on an engine consistent. Bits cross when the other side asks for them, so
// that chains that only sweep never leave the engine.
type remote struct {
	whole Bits // the matrix, without its remote

	state  atomic.Int32
	mu     sync.Mutex // of what follows, and of changes of state
	engine Engine
	copy   RemoteBits
}

// The states of a remote: Words alone are current, Words and the engine's copy are, or the copy alone is.
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

// change makes Words current, and the copy stale, as the caller is about to write Words.
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

// move makes the copy one on the given engine. If it was on another one, its bits come home first.
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

// overwritten makes the engine's copy current, and Words stale, as the engine is about to write all of the copy.
func (m *remote) overwritten(e Engine) RemoteBits {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.move(e)
	m.state.Store(there)
	return m.copy
}

// A Span is rows First … First+Rows−1 of a bit matrix on an engine.
type Span struct {
	Of         RemoteBits
	First      int
	Rows, Cols int
}

// on returns the matrix on an engine, to be read.
func (b Bits) on(e Engine) Span {
	if b.remote == nil {
		b = b.inOwnMemory()
	}
	return Span{b.remote.at(e), b.first, b.Rows, b.Cols}
}

// inOwnMemory returns a copy that an engine may have a copy of.
func (b Bits) inOwnMemory() Bits {
	c := Bits{Rows: b.Rows, Cols: b.Cols, Stride: b.Stride, Words: append([]uint64(nil), b.Words...)}
	c.remote = &remote{whole: c}
	return c
}

// written calls write with the rows of b on an engine; write must write all of them.
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

// copied returns a copy of x to hand to an engine. Unlike slices.Clone, it lets the caller's x stay on its stack: Clone
// may return memory of x.
func copied[T any](x []T) []T { return append([]T(nil), x...) }

// A SpreadBits is a [RemoteBits] whose rows may be on several processes, each of which has some.
type SpreadBits interface {
	RemoteBits
	// Keep forgets all rows but those that are this process's: [Context.Part] of them.
	Keep()
	// Gather copies rows, from number first on, that index names.
	Gather(dst Bits, first int, index []int)
	// Counts writes the number of ones in every column of some rows.
	Counts(dst []int, first, rows int)
}

// Spread leaves the rows of b on the processes of the context's engine, if it is several: of the words here, only those
// of [Context.Part] need to be set. Copies of rows are had by [Bits.Gather], their sums by [Context.ColumnCounts] and
// their products as ever. Whoever asks for the words of a row gets all rows.
func (c *Context) Spread(b Bits) {
	e := c.Engine()
	if e == nil || b.remote == nil {
		return
	}
	if s, ok := b.remote.at(e).(SpreadBits); ok {
		s.Keep()
		b.remote.state.Store(there)
	}
}

// spread returns the copy of b where its rows are on several processes, or nil.
func (b Bits) spread() SpreadBits {
	if b.remote == nil || b.remote.state.Load() != there {
		return nil
	}
	s, _ := b.remote.copy.(SpreadBits)
	return s
}

// Gather copies the rows of src that index names, in that order, into b.
func (b Bits) Gather(src Bits, index []int) {
	if s := src.spread(); s != nil {
		b.EditAll()
		s.Gather(b, src.first, index)
		return
	}
	for r, i := range index {
		copy(b.Edit(r), src.Row(i))
	}
}

// Pick returns the rows of b that index names. Most rows of a matrix that is on several processes stay there.
func (b Bits) Pick(index []int) Bits {
	picked := NewBits(len(index), b.Cols)
	if b.spread() == nil || 2*len(index) <= b.Rows {
		picked.Gather(b, index)
		return picked
	}
	const few = 1 << 14 // rows that are here at the same time
	on := &Context{engine: b.remote.engine}
	first, end := on.Part(len(index))
	for from := 0; from < len(index); from += few {
		to := min(from+few, len(index))
		some := NewBits(to-from, b.Cols)
		some.Gather(b, index[from:to])
		for r := max(first, from); r < min(end, to); r++ {
			copy(picked.Edit(r), some.Row(r-from))
		}
	}
	on.Spread(picked)
	return picked
}
