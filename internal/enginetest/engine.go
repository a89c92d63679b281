// Package enginetest has an engine without a GPU, for tests of what uses one ([kernel.Engine]).
package enginetest

import (
	"errors"
	"math"
	"sync"

	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Engine computes by a context of the workers, on copies of all memory, as a GPU does. Memory of the host that is no
// longer current is made useless: numbers become NaN and bits a pattern. So who forgets to fetch gets other bytes, and
// who forgets to push too.
type Engine struct {
	mutex sync.Mutex
	on    *kernel.Context
	bound map[place]*floats
	err   error
	calls map[string]int
	fails struct {
		method string
		call   int
		err    error
	}
}

// A place is how slices are known: by the first element and the length.
type place struct {
	first *float32
	n     int
}

// floats is the copy of a bound slice.
type floats struct {
	values []float32
	newer  bool // than the host's numbers
}

// New returns an engine.
func New() *Engine {
	return &Engine{on: kernel.New(1), bound: map[place]*floats{}, calls: map[string]int{}}
}

// Context returns a context of a number of workers with an engine of its own.
func Context(workers int) *kernel.Context {
	isa, err := kernel.EnvironmentISA()
	if err != nil {
		panic(err)
	}
	return kernel.NewEngine(workers, isa, New())
}

// Fail makes everything void from now on, as the loss of a GPU does.
func (e *Engine) Fail(err error) {
	defer e.lock("Fail")()
	e.err = err
}

// FailAt has the engine fail at a call of a method, counted as by [Engine.Calls].
func (e *Engine) FailAt(method string, call int, err error) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.fails.method, e.fails.call, e.fails.err = method, call, err
}

// Calls is the number of calls of a method so far. Those of "copy" are the slices of updates that were not bound.
func (e *Engine) Calls(method string) int {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return e.calls[method]
}

// lock begins a call of a method, which ends with the function that it returns.
func (e *Engine) lock(method string) func() {
	e.mutex.Lock()
	e.calls[method]++
	if e.err == nil && method == e.fails.method && e.calls[method] == e.fails.call {
		e.err = e.fails.err
	}
	return e.mutex.Unlock
}

// Name says what it is.
func (*Engine) Name() string { return "an engine of tests" }

// Err is the first failure.
func (e *Engine) Err() error {
	defer e.lock("Err")()
	return e.err
}

// Bind copies the numbers of a slice.
func (e *Engine) Bind(x []float32) {
	defer e.lock("Bind")()
	e.bound[placeOf(x)] = &floats{values: append([]float32(nil), x...)}
}

// Push copies the numbers of a bound slice once more.
func (e *Engine) Push(x []float32) {
	defer e.lock("Push")()
	to := e.mustFind(x)
	copy(to.values, x)
	to.newer = false
}

// Fetch copies numbers back that have changed here.
func (e *Engine) Fetch(x []float32) {
	defer e.lock("Fetch")()
	if from := e.mustFind(x); from.newer {
		copy(x, from.values)
		from.newer = false
	}
}

func placeOf(x []float32) place { return place{&x[0], len(x)} }

func (e *Engine) find(x []float32) *floats {
	if len(x) == 0 {
		return nil
	}
	return e.bound[placeOf(x)]
}

func (e *Engine) mustFind(x []float32) *floats {
	f := e.find(x)
	if f == nil {
		panic("enginetest: a slice that is not bound")
	}
	return f
}

// read returns the numbers that a slice stands for.
func (e *Engine) read(x []float32) []float32 {
	if f := e.find(x); f != nil {
		return f.values
	}
	return x
}

// write returns where the numbers go that a slice stands for. Those of a bound one are the host's no longer.
func (e *Engine) write(x []float32) []float32 {
	f := e.find(x)
	if f == nil {
		return x
	}
	if !f.newer {
		fill(x, float32(math.NaN()))
	}
	f.newer = true
	return f.values
}

func fill[T any](x []T, value T) {
	for k := range x {
		x[k] = value
	}
}

// void fills what an engine that has failed should have written, and reports whether it has failed.
func (e *Engine) void(x ...[]float32) bool {
	if e.err == nil {
		return false
	}
	for _, x := range x {
		fill(e.write(x), float32(math.NaN()))
	}
	return true
}

func (e *Engine) voidSums(sums []kernel.Sums) bool {
	for _, s := range sums {
		if e.err != nil {
			fill(s.To, math.NaN())
		}
	}
	return e.err != nil
}

// bits is the copy of a bit matrix.
type bits struct {
	e    *Engine
	bits kernel.Bits
	host []uint64 // of the matrix, once it is known
}

// NewBits returns zeros.
func (e *Engine) NewBits(rows, cols int) kernel.RemoteBits {
	return &bits{e: e, bits: kernel.NewBits(rows, cols)}
}

// Upload copies all rows to the engine.
func (b *bits) Upload(src kernel.Bits) {
	defer b.e.lock("Upload")()
	b.bits.Copy(src)
	b.host = src.Words
}

// Download copies all rows back.
func (b *bits) Download(dst kernel.Bits) {
	defer b.e.lock("Download")()
	dst.Copy(b.bits)
	b.host = dst.Words
}

func rows(x kernel.Span) kernel.Bits {
	return x.Of.(*bits).bits.Slice(x.First, x.First+x.Rows)
}

// changed returns rows that are about to be written: the host's are current no longer.
func changed(x kernel.Span) kernel.Bits {
	fill(x.Of.(*bits).host, 0xAAAA_5555_F00D_BEEF)
	return rows(x)
}

// fixed is an operand.
type fixed struct {
	e     *Engine
	fixed kernel.Fixed
}

// NewFixed returns an empty matrix.
func (e *Engine) NewFixed() kernel.RemoteFixed { return &fixed{e: e} }

// Load loads the copy.
func (f *fixed) Load(src []float32, rows, cols int, offset []float32, transposed bool) {
	defer f.e.lock("Load")()
	src, offset = f.e.read(src), f.e.read(offset)
	if f.e.err == nil && !(f.e.on.Finite(src) && f.e.on.Finite(offset)) {
		f.e.err = errNotFinite
	}
	if f.e.err != nil {
		return
	}
	if transposed {
		f.e.on.LoadTransposed(&f.fixed, src, rows, cols, offset)
	} else {
		f.e.on.Load(&f.fixed, src, rows, cols, offset)
	}
}

// Resolution is that of the copy.
func (f *fixed) Resolution() float64 {
	defer f.e.lock("Resolution")()
	return f.fixed.Resolution()
}

func operand(f kernel.RemoteFixed) *kernel.Fixed { return &f.(*fixed).fixed }

// Multiply is [kernel.Context.MulScaled].
func (e *Engine) Multiply(dst []float32, x kernel.Span, f kernel.RemoteFixed, scale float32) {
	defer e.lock("Multiply")()
	if !e.void(dst) {
		e.on.MulScaled(e.write(dst), rows(x), operand(f), scale)
	}
}

// Probabilities is [kernel.Context.Probabilities].
func (e *Engine) Probabilities(dst []float32, sums []float64, x kernel.Span, f kernel.RemoteFixed) {
	defer e.lock("Probabilities")()
	if !e.void(dst) {
		e.on.Probabilities(e.write(dst), sums, rows(x), operand(f))
	}
}

// SumSoftplus is [kernel.Context.SumSoftplusParts].
func (e *Engine) SumSoftplus(x kernel.Span, f kernel.RemoteFixed, sums ...kernel.Sums) {
	defer e.lock("SumSoftplus")()
	if !e.voidSums(sums) {
		e.on.SumSoftplusParts(rows(x), operand(f), e.readParts(sums)...)
	}
}

func (e *Engine) readParts(sums []kernel.Sums) []kernel.Sums {
	for k, s := range sums {
		sums[k].Parts = e.parts(s.Parts)
	}
	return sums
}

func (e *Engine) parts(parts []kernel.Part) []kernel.Part {
	list := append([]kernel.Part(nil), parts...)
	for k, p := range list {
		list[k].Offset = e.read(p.Offset)
	}
	return list
}

// Sample is [kernel.Context.Sample] or [kernel.Context.SampleParts].
func (e *Engine) Sample(
	dst, x kernel.Span, f kernel.RemoteFixed, parts []kernel.Part, key rng.Key, step uint64, firstChain uint32, sums ...kernel.Sums,
) {
	defer e.lock("Sample")()
	to := changed(dst)
	if e.voidSums(sums) {
		fill(to.EditAll(), 0)
		return
	}
	if len(parts) > 0 {
		e.on.SampleParts(to, rows(x), operand(f), e.parts(parts), key, step, e.readParts(sums)...)
		return
	}
	e.on.Sample(to, nil, rows(x), operand(f), key, step, firstChain)
	e.on.SumSoftplusParts(rows(x), operand(f), e.readParts(sums)...)
}

// Linear is [kernel.Context.Linear].
func (e *Engine) Linear(x kernel.Span, list ...kernel.Linear) {
	defer e.lock("Linear")()
	for k, l := range list {
		list[k].Weights = e.read(l.Weights)
		if e.err != nil {
			fill(l.To, math.NaN())
		}
	}
	if e.err == nil {
		e.on.Linear(rows(x), list...)
	}
}

// Affine is [kernel.Context.Affine].
func (e *Engine) Affine(dst, bias, w, x []float32, rows int) {
	defer e.lock("Affine")()
	if !e.void(dst) {
		e.on.Affine(e.write(dst), e.read(bias), e.read(w), e.read(x), rows)
	}
}

// Gram is [kernel.Context.Gram]. The numbers above the diagonal become useless.
func (e *Engine) Gram(dst []float64, x []float32, rows int) {
	defer e.lock("Gram")()
	if fill(dst, math.NaN()); e.err == nil {
		e.on.Gram(dst, e.read(x), rows)
	}
}

// Averages is [kernel.Context.Averages].
func (e *Engine) Averages(vh []float32, f kernel.RemoteFixed, sets ...kernel.RemoteRows) {
	defer e.lock("Averages")()
	for _, s := range sets {
		if e.void(s.V, s.H, vh) && s.Draw.Of != nil {
			fill(changed(s.Draw).EditAll(), 0)
		}
	}
	if e.err != nil {
		return
	}
	n, total := len(sets[0].H), 0
	for _, s := range sets {
		total = (total+63)&^63 + s.X.Rows
	}
	m := sets[0].X.Cols
	all, probs, shares, by := kernel.NewBits(total, m), make([]float32, total*n), make([]float32, total), kernel.Fixed{}
	first := 0
	for k, s := range sets {
		part := probs[first*n:][:s.X.Rows*n]
		if s.Draw.Of != nil {
			e.on.Sample(changed(s.Draw), nil, rows(s.X), operand(f), s.Key, s.Step, 0)
		}
		e.on.Probabilities(part, nil, rows(s.X), operand(f))
		e.means(s, part)
		kernel.Shares(shares[first:][:s.X.Rows], e.read(s.Weights), float64(1-2*k))
		all.Slice(first, first+s.X.Rows).Copy(rows(s.X))
		first = (first + s.X.Rows + 63) &^ 63
	}
	transpose := kernel.NewBits(m, total)
	e.on.Transpose(transpose, all)
	e.on.LoadWeighted(&by, probs, total, n, shares, float64(len(sets)))
	e.on.Mul(e.write(vh), transpose, &by)
}

// means writes the means of the units of a set.
func (e *Engine) means(s kernel.RemoteRows, probs []float32) {
	n, total, weights := len(s.H), float64(s.X.Rows), e.read(s.Weights)
	if weights != nil {
		total = 0
	}
	hidden, visible, x := make([]float64, n), make([]float64, s.X.Cols), rows(s.X)
	for r := range x.Rows {
		w := float32(1)
		if weights != nil {
			w = weights[r]
			total += float64(w)
		}
		for j, p := range probs[r*n : (r+1)*n] {
			hidden[j] += float64(w * p)
		}
		for i := range visible {
			if x.Row(r)[i/64]>>(i%64)&1 == 1 {
				visible[i] += float64(w)
			}
		}
	}
	divide(e.write(s.H), hidden, total)
	divide(e.write(s.V), visible, total)
}

func divide(dst []float32, sums []float64, by float64) {
	for k, x := range sums {
		dst[k] = float32(x / by)
	}
}

var errNotFinite = errors.New("enginetest: an operand with a number that is not finite")

var _ kernel.Engine = (*Engine)(nil)
