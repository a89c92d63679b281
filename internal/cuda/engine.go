package cuda

import (
	"runtime"
	"sync"
	"unsafe"

	"github.com/harmonium-rbm/harmonium/internal/kernel"
)

// An Engine is a device that computes for a [kernel.Context]: a [kernel.Engine].
type Engine struct {
	mu sync.Mutex
	*Device

	bindings  map[uintptr]*binding // by the address of the first number
	scratches []memory             // of the call under way
	results   []arrival            // of the call under way, which waits for them when it ends
	leaving   func()               // undoes the enter of begin
	terms     memory               // integer sums of products
	wideFrom  int                  // tiles of a product from which on it is fused with drawing; 0: never
}

// An arrival is a result that the host gets when the call ends.
type arrival struct {
	to   []byte
	from uintptr
	here unsafe.Pointer // in pinned memory; nil: it goes by a copy of its own
}

// OpenEngine opens the first GPU as an engine.
func OpenEngine() (kernel.Engine, error) {
	d, err := Open()
	if err != nil {
		return nil, err
	}
	return newEngine(d), nil
}

func newEngine(d *Device) *Engine {
	e := &Engine{Device: d, bindings: map[uintptr]*binding{}}
	if d.form == hopper {
		e.wideFrom = d.multiprocessors * 3 / 2 // with fewer, multiplying and drawing would hardly overlap
	}
	return e
}

// Err is [kernel.Engine.Err].
func (e *Engine) Err() error {
	defer e.begin()()
	return e.Sync()
}

// Close is [Device.Close]. What has memory of the engine may still be freed.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.Device.Close()
}

// begin begins a call, as `defer e.begin()()`. The function that it returns ends the call: it brings results to the
// host and frees scratch memory. Calls don't nest.
func (e *Engine) begin() (end func()) {
	e.mu.Lock()
	e.leaving = e.enter()
	return e.end
}

func (e *Engine) end() {
	defer e.mu.Unlock()
	defer e.leaving()
	if len(e.results) > 0 {
		e.bring()
	}
	for _, m := range e.scratches {
		e.release(m)
	}
	e.scratches = e.scratches[:0]
}

// bring waits for the results and copies them to the host: those in pinned memory by one copy, the others one by one.
func (e *Engine) bring() {
	if n := e.output.used - alignment; n > 0 {
		at := unsafe.Add(e.output.start, alignment)
		e.do("downloading", func() result {
			return e.driver.memcpyDtoHAsync(at, e.mirror.address+alignment, uintptr(n), e.stream)
		})
	}
	e.Sync()
	for _, r := range e.results {
		if r.here == nil {
			e.download(r.to, r.from)
		} else {
			e.arrived(r.to, r.here)
		}
	}
	clear(e.results)
	e.results, e.output.used = e.results[:0], alignment
}

// scratch returns memory on the device until the call ends.
func (e *Engine) scratch(size int) uintptr {
	m := e.allocate(size)
	e.scratches = append(e.scratches, m)
	return m.address
}

// numbers returns where numbers are on the device: their place where they are bound, or else a copy.
func (e *Engine) numbers(x []float32) uintptr {
	if b := e.find(x); b != nil {
		return b.address
	}
	at := e.scratch(4 * len(x))
	e.upload(at, bytesOf(x))
	return at
}

// fill returns where the device is to write dst: in its place where it is bound, or else where the host gets it from
// when the call ends.
func (e *Engine) fill(dst []float32) uintptr {
	if b := e.find(dst); b != nil {
		b.newer = true
		return b.address
	}
	return e.wanted(bytesOf(dst))
}

// wanted returns where the device is to write a result, which the host gets when the call ends.
func (e *Engine) wanted(to []byte) uintptr {
	if len(to) == 0 {
		return 0
	}
	r := arrival{to: to}
	if r.here = e.output.take(len(to)); r.here != nil {
		r.from = e.mirror.address + (uintptr(r.here) - uintptr(e.output.start))
	} else {
		r.from = e.scratch(len(to))
	}
	e.results = append(e.results, r)
	return r.from
}

// giveBack releases the memory of what nobody has any more. A call that has just taken its addresses ends before.
func (e *Engine) giveBack(list ...memory) {
	defer e.begin()()
	for _, m := range list {
		e.release(m)
	}
}

// Bits is a [kernel.RemoteBits]. It lies word by word: a word of all rows, then the next. Word k of row r is number
// k·pitch + r.
type Bits struct {
	engine *Engine
	rows   int
	words  int // of a row
	pitch  int // words from a word of a row to its next one
	memory memory
}

// NewBits is [kernel.Engine.NewBits].
func (e *Engine) NewBits(rows, cols int) kernel.RemoteBits {
	defer e.begin()()
	b := e.newBits(rows, cols)
	runtime.AddCleanup(b, func(m memory) { e.giveBack(m) }, b.memory)
	return b
}

// newBits makes room beyond the last row too, as products read whole blocks of rows. The pitch is even, as words are
// copied in twos.
func (e *Engine) newBits(rows, cols int) *Bits {
	b := &Bits{engine: e, rows: rows, words: blocks(cols, 64), pitch: blocks(rows, 2) * 2}
	b.memory = e.allocate(8 * (b.pitch*b.words + blockRows))
	return b
}

// at is the address of a row.
func (b *Bits) at(row int) uintptr { return b.memory.address + uintptr(8*row) }

// Upload is [kernel.RemoteBits.Upload].
func (b *Bits) Upload(src kernel.Bits) {
	defer b.engine.begin()()
	b.pieces(src.Words, func(words []uint64, first int) {
		at := b.engine.input(8 * len(words))
		copy(unsafe.Slice((*uint64)(at), len(words)), words)
		b.arrange("arrange", at, len(words), first)
	})
}

// Download is [kernel.RemoteBits.Download].
func (b *Bits) Download(dst kernel.Bits) {
	defer b.engine.begin()()
	b.pieces(dst.Words, func(words []uint64, first int) {
		at := b.engine.input(8 * len(words))
		b.arrange("arrange_back", at, len(words), first)
		b.engine.Sync()
		b.engine.inputs.used = 0
		b.engine.arrived(bytesOf(words), at)
	})
}

// pieces calls f for pieces of the words of all rows, which fit into pinned memory; first is the row that a piece
// begins with.
func (b *Bits) pieces(words []uint64, f func(words []uint64, first int)) {
	if b.words == 0 {
		return
	}
	rows := max(1, inputsSize/8/b.words)
	for first := 0; first < b.rows; first += rows {
		f(words[first*b.words:min(first+rows, b.rows)*b.words], first)
	}
}

func (b *Bits) arrange(kernel string, host unsafe.Pointer, n, first int) {
	words, pitch, rows, x := int32(b.words), int32(b.pitch), int32(n/b.words), b.at(first)
	b.engine.launch(kernel, blocks(n, 256), 1, 256, unsafe.Pointer(&host), unsafe.Pointer(&x), unsafe.Pointer(&rows), unsafe.Pointer(&words),
		unsafe.Pointer(&pitch))
}

// NewFixed is [kernel.Engine.NewFixed].
func (e *Engine) NewFixed() kernel.RemoteFixed {
	f := e.newFixed()
	runtime.AddCleanup(f, func(o *operand) { e.giveBack(o.scale, o.digits, o.offset) }, f.operand)
	return f
}
