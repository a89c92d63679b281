package kernel

import (
	"math/bits"

	"github.com/harmonium-rbm/harmonium/rng"
)

// An Engine is a device, such as a GPU, that computes for a [Context] in memory of its own: products of bits with W and
// what is made of them, products of mean fields with W, and products of states with each other. The context's workers
// do everything else. Results equal those of the workers to the bit; the conformance suite in internal/cuda compares
// them.
//
// Several goroutines may call an engine at the same time. A method returns when its results for the host are there;
// work whose results stay on the engine may still be queued. Methods return no errors, as an update of a training makes
// dozens of calls. The first failure is kept: all results after it are void, and Err returns it.
//
// An engine may also be an [Ascender] and an [Enumerator].
type Engine interface {
	// Name is the name of the device, for people.
	Name() string
	// Err waits for all queued work, and returns the first failure, or nil.
	Err() error
	// NewBits returns room for rows×cols bits of unspecified content.
	NewBits(rows, cols int) RemoteBits
	// NewFixed returns an empty operand of products.
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
	Averages(vh []float32, f RemoteFixed, sets ...RemoteRows)

	// Bind, Push and Fetch are those of [Context].
	Bind(x []float32)
	Push(x []float32)
	Fetch(x []float32)
}

// RemoteBits is a copy of a bit matrix on an engine. Upload and Download copy all of it, and need a matrix of its
// shape. The engine has the memory again when nobody has the copy any more.
type RemoteBits interface {
	Upload(src Bits)
	Download(dst Bits)
}

// RemoteFixed is a [Fixed] on an engine, whose memory ends as that of [RemoteBits] does.
type RemoteFixed interface {
	// Load is [Context.Load], or [Context.LoadTransposed]. Where those panic at numbers that are not finite, the engine
	// fails.
	Load(src []float32, rows, cols int, offset []float32, transposed bool)
	// Resolution is [Fixed.Resolution]. It waits for the engine.
	Resolution() float64
}

// NewEngine returns a context with an engine. Its workers, as of [NewISA], do what the engine does not.
func NewEngine(workers int, isa ISA, e Engine) *Context {
	c := NewISA(workers, isa)
	c.engine = e
	return c
}

// Engine is the context's engine, or nil.
func (c *Context) Engine() Engine { return c.own().engine }

// Err waits for the context's engine, and returns its first failure, after which all results are void. It is nil
// without an engine: workers don't fail.
func (c *Context) Err() error {
	if e := c.Engine(); e != nil {
		return e.Err()
	}
	return nil
}

// Bind copies slices to the engine, each to a place of its own. From then on a method that is given such a slice, known
// by its first element and its length, reads and writes the place instead, until the slice is garbage. The numbers here
// are current after [Context.Fetch] alone. Without an engine Bind, Push and Fetch do nothing.
func (c *Context) Bind(slices ...[]float32) { c.each(Engine.Bind, slices) }

// Push copies bound slices to the engine. Call it after changing them here.
func (c *Context) Push(slices ...[]float32) { c.each(Engine.Push, slices) }

// Fetch copies bound slices back from the engine, those that were changed there.
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

// Linear asks for Σ_k x_rk·w_k of each row r of bits x: To has a number a row, Weights one a column.
type Linear struct {
	To      []float64
	Weights []float32
}

// Linear writes Σ_k x_rk·w_k of each row r of bits x for each of a list of weights w: the weights of the bits that are
// on, added in float64 in the order of columns. It panics on other lengths.
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

// A Divider is an [Engine] of several processes, each of which does some of a number of tasks.
type Divider interface {
	// Part is [Context.Part].
	Part(tasks int) (from, to int)
	// Divide is [Context.Divide].
	Divide(results []float64, tasks int, do func(from, to int))
	// Deal is [Context.Deal].
	Deal(results []float32, tasks int, do func(first, step int))
	// Alone is [Context.Alone].
	Alone() *Context
}

// Part returns which of a number of tasks are those of this process: all of them, unless the context's engine is several
// processes.
func (c *Context) Part(tasks int) (from, to int) {
	if e, ok := c.Engine().(Divider); ok {
		return e.Part(tasks)
	}
	return 0, tasks
}

// Divide calls do with the tasks from…to−1 of this process, by [Context.Part]. Each task writes its part of results, as
// many numbers as any other, which are complete when Divide returns.
func (c *Context) Divide(results []float64, tasks int, do func(from, to int)) {
	if e, ok := c.Engine().(Divider); ok {
		e.Divide(results, tasks, do)
		return
	}
	do(0, tasks)
}

// Each writes f(0), f(1), … to results, which processes and workers divide: one number a task.
func (c *Context) Each(results []float64, f func(task int) float64) {
	c.Divide(results, len(results), func(from, to int) {
		c.Alone().Parallel(to-from, func(k int) { results[from+k] = f(from + k) })
	})
}

// Deal is [Context.Divide] for tasks that last longer or shorter in the order that they have: it calls do with the tasks first,
// first+step, first+2·step, … of this process.
func (c *Context) Deal(results []float32, tasks int, do func(first, step int)) {
	if e, ok := c.Engine().(Divider); ok {
		e.Deal(results, tasks, do)
		return
	}
	do(0, 1)
}

// Alone returns the context in which the tasks of Divide and Deal compute: the workers of this process, where the context's
// engine is several processes, and otherwise the context itself.
func (c *Context) Alone() *Context {
	if e, ok := c.Engine().(Divider); ok {
		return e.Alone()
	}
	return c
}

// sumOn returns Σ_k w_k over the bits k of words that are on.
func sumOn(words []uint64, w []float32) float64 {
	sum := 0.0
	for k, word := range words {
		for ; word != 0; word &= word - 1 {
			sum += float64(w[64*k+bits.TrailingZeros64(word)])
		}
	}
	return sum
}
