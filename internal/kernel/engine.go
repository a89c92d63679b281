package kernel

import (
	"math/bits"

	"harmonium/rng"
)

// An Engine computes for a [Context] in memory of its own: a GPU. What it computes are products of bits with W and what is made of them;
// the rest is done by the context's workers. All results are those of the workers, bit by bit, and a conformance suite holds it to that
// (internal/cuda).
//
// Its methods may be called from several goroutines. They return when results for the host are there; what stays on the engine
// may be done later. They report no errors, because a training asks for thousands of things a second: after a failure everything is
// void, and Err says why.
type Engine interface {
	// Name is what people call it.
	Name() string
	// Err waits until all is done, and returns the first failure, or nil.
	Err() error
	// NewBits returns memory for bits.
	NewBits(rows, cols int) RemoteBits
	// NewFixed returns an operand of products.
	NewFixed() RemoteFixed

	// Multiply is [Context.MulScaled].
	Multiply(dst []float32, x Span, f RemoteFixed, scale float32)
	// Probabilities is [Context.Probabilities].
	Probabilities(dst []float32, sums []float64, x Span, f RemoteFixed)
	// SumSoftplus is [Context.SumSoftplusParts].
	SumSoftplus(x Span, f RemoteFixed, sums ...Sums)
	// Sample is [Context.Sample], or [Context.SampleParts] where parts are given.
	Sample(dst, x Span, f RemoteFixed, parts []Part, key rng.Key, step uint64, firstChain uint32, sums ...Sums)
	// Linear is [Context.Linear].
	Linear(x Span, list ...Linear)
	// Affine is [Context.Affine], of at least one row and one bias.
	Affine(dst, bias, w, x []float32, rows int)
	// Gram is [Context.Gram], of at least one row.
	Gram(dst []float64, x []float32, rows int)
	// Averages is [Context.Averages].
	Averages(v, h, vh []float32, x Span, f RemoteFixed, weights []float32)

	// Bind, Push and Fetch are those of [Context].
	Bind(x []float32)
	Push(x []float32)
	Fetch(x []float32)
}

// RemoteBits is a copy of a bit matrix on an engine, which has the memory again when nobody has the copy any more.
type RemoteBits interface {
	Upload(src Bits)
	Download(dst Bits)
}

// RemoteFixed is a [Fixed] on an engine, whose memory ends as that of [RemoteBits] does.
type RemoteFixed interface {
	// Load is [Context.Load], or [Context.LoadTransposed]. Numbers that are not finite are a failure of the engine.
	Load(src []float32, rows, cols int, offset []float32, transposed bool)
	// Resolution is that of [Fixed].
	Resolution() float64
}

// NewEngine is [NewISA] with an engine.
func NewEngine(workers int, isa ISA, e Engine) *Context {
	c := NewISA(workers, isa)
	c.engine = e
	return c
}

// Engine is the context's engine, or nil.
func (c *Context) Engine() Engine { return c.own().engine }

// Err returns what has gone wrong on the context's engine, after which its results are void. Workers have no such failures.
func (c *Context) Err() error {
	if e := c.Engine(); e != nil {
		return e.Err()
	}
	return nil
}

// Bind gives slices a place on the engine. From now on functions of the context to which such a slice is given, by its first element and
// its length, read and write that place, until [Context.Fetch] brings the numbers back. Without an engine it does nothing.
func (c *Context) Bind(slices ...[]float32) { c.each(Engine.Bind, slices) }

// Push brings the numbers of bound slices to the engine after they have been changed here.
func (c *Context) Push(slices ...[]float32) { c.each(Engine.Push, slices) }

// Fetch brings the numbers of bound slices back from the engine, if they have been changed there.
func (c *Context) Fetch(slices ...[]float32) { c.each(Engine.Fetch, slices) }

func (c *Context) each(f func(Engine, []float32), slices [][]float32) {
	e := c.Engine()
	if e == nil {
		return
	}
	for _, x := range slices {
		if len(x) > 0 {
			f(e, x)
		}
	}
}

// Linear asks for Σ_k x_rk·w_k of each row of bits.
type Linear struct {
	To      []float64
	Weights []float32
}

// Linear writes sums over the bits of each row that are on, in float64 and in rising order.
func (c *Context) Linear(x Bits, list ...Linear) {
	for _, l := range list {
		if len(l.To) != x.Rows || len(l.Weights) != x.Cols {
			panicf("Linear of %d×%d bits with %d weights into %d sums", x.Rows, x.Cols, len(l.Weights), len(l.To))
		}
	}
	if e := c.Engine(); e != nil {
		e.Linear(x.on(e), copied(list)...)
		return
	}
	for r := range x.Rows {
		for _, l := range list {
			l.To[r] = sumOn(x.Row(r), l.Weights)
		}
	}
}

// Averages writes, with the engine, ⟨v_i⟩, ⟨P(h_j|v)⟩ and ⟨v_i P(h_j|v)⟩ of rows v with weights (nil: equal ones), where f
// has W and c: see rbm.Conditionals.Statistics. It reports whether there is an engine to do it.
func (c *Context) Averages(v, h, vh []float32, x Bits, f *Fixed, weights []float32) bool {
	e := c.Engine()
	if e == nil {
		return false
	}
	if len(v) != x.Cols || len(h) != f.Cols || len(vh) != len(v)*len(h) || weights != nil && len(weights) != x.Rows {
		panicf("Averages of %d×%d bits with a %d×%d matrix and %d weights", x.Rows, x.Cols, f.Rows, f.Cols, len(weights))
	}
	e.Averages(v, h, vh, x.on(e), f.on(e), weights)
	return true
}

// sumOn returns Σ_k w_k over the bits that are on.
func sumOn(words []uint64, w []float32) float64 {
	sum := 0.0
	for k, word := range words {
		for ; word != 0; word &= word - 1 {
			sum += float64(w[64*k+bits.TrailingZeros64(word)])
		}
	}
	return sum
}
