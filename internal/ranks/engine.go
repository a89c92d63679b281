// Package ranks has an engine that is a group of processes ([kernel.Engine]): each of its ranks computes a part of
// every product, of the averages and of the optimiser's step, by workers of its own.
//
// All ranks run the same program, and call the engine in the same order. States are everywhere, one bit a unit, and a
// rank computes some of the rows. Rows that it doesn't have it gets when somebody asks for them: chains that only sweep
// stay on their ranks. Weights and averages are divided by rows of W, in blocks of the optimiser's step, so that no sum
// is divided: all results are those of one process, to the bit. In between a training's products are divided by units,
// columns of W and of Wᵀ (columns.go).
package ranks

import (
	"sync"

	"github.com/harmonium-rbm/harmonium/internal/group"
	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Engine divides the work of a context among the ranks of a group. The ranks must call it in the same order: one
// goroutine at a time may use its context.
type Engine struct {
	mu      sync.Mutex
	on      *kernel.Context // the workers of this rank
	g       group.Group
	bound   map[uintptr]*binding // by the address of the first number
	scratch scratch
}

// Context returns a context of workers whose engine is a group, of which this process is a rank.
func Context(workers int, isa kernel.ISA, g group.Group) *kernel.Context {
	e := &Engine{on: kernel.NewISA(workers, isa), g: g, bound: map[uintptr]*binding{}}
	return kernel.NewEngine(workers, isa, e)
}

// Of is the engine of a context if that is a group of ranks, or nil.
func Of(c *kernel.Context) *Engine {
	e, _ := c.Engine().(*Engine)
	return e
}

// Group is that of a context, nil for a process by itself.
func Group(c *kernel.Context) group.Group {
	if e := Of(c); e != nil {
		return e.g
	}
	return nil
}

// Name says how many there are.
func (e *Engine) Name() string { return "a group of ranks" }

// Err is nil: a rank that fails ends all.
func (e *Engine) Err() error { return nil }

func (e *Engine) begin() func() {
	e.mu.Lock()
	return e.mu.Unlock
}

// mine is the part of this rank.
func (e *Engine) mine(bounds []int) (from, to int) { return bounds[e.g.Rank()], bounds[e.g.Rank()+1] }

// leastWork is the number of products of a bit and a weight that a call must have for its rows to be divided: about 8 µs of
// a core, and as much again where it draws, and an exchange of so few rows takes 1 to 3 within a machine. What is drawn crosses
// later or never.
const leastWork = 1 << 20

// divide says which rows of a product with cols columns are whose, nil where each rank computes all of them: too few to
// divide.
func (e *Engine) divide(x kernel.Span, cols int) []int {
	b := of(x)
	switch {
	case b.bounds != nil:
		list := make([]int, len(b.bounds))
		for k, at := range b.bounds {
			list[k] = min(max(at-x.First, 0), x.Rows)
		}
		return list
	case x.Rows*x.Cols*cols < leastWork:
		return nil
	}
	return group.Split(x.Rows, 1, e.g.Size())
}

// rowwise calls f with the rows that are this rank's, by divide, if there are any, and returns the bounds.
func (e *Engine) rowwise(x kernel.Span, cols int, f func(x kernel.Bits, from, to int)) []int {
	bounds := e.divide(x, cols)
	from, to := 0, x.Rows
	if bounds != nil {
		from, to = e.mine(bounds)
	}
	if from < to {
		f(part(x, from, to), from, to)
	}
	return bounds
}

// Multiply is [kernel.Context.MulScaled].
func (e *Engine) Multiply(dst []float32, x kernel.Span, f kernel.RemoteFixed, scale float32) {
	defer e.begin()()
	if f := columns(f, x.Rows); f != nil {
		f.write(dst, x.Rows, func(dst []float32) { e.on.MulScaled(dst, all(x), &f.part, scale) })
		return
	}
	by := operand(f)
	n := by.Cols
	bounds := e.rowwise(x, n, func(x kernel.Bits, from, to int) {
		e.on.MulScaled(dst[from*n:to*n], x, by, scale)
	})
	complete(e, dst, bounds, n)
}

// Probabilities is [kernel.Context.Probabilities].
func (e *Engine) Probabilities(dst []float32, sums []float64, x kernel.Span, f kernel.RemoteFixed) {
	defer e.begin()()
	if f := columns(f, x.Rows); f != nil && sums == nil {
		f.write(dst, x.Rows, func(dst []float32) { e.on.Probabilities(dst, nil, all(x), &f.part) })
		return
	}
	by := operand(f)
	n := by.Cols
	bounds := e.rowwise(x, n, func(x kernel.Bits, from, to int) {
		some := sums
		if some != nil {
			some = some[from:to]
		}
		e.on.Probabilities(dst[from*n:to*n], some, x, by)
	})
	complete(e, dst, bounds, n)
	complete(e, sums, bounds, 1)
}

// complete gathers rows of n numbers.
func complete[T any](e *Engine, x []T, bounds []int, n int) {
	if bounds != nil && len(x) > 0 {
		group.Gather(e.g, x, group.Times(bounds, n))
	}
}

// SumSoftplus is [kernel.Context.SumSoftplusParts].
func (e *Engine) SumSoftplus(x kernel.Span, f kernel.RemoteFixed, sums ...kernel.Sums) {
	defer e.begin()()
	if f := columns(f, x.Rows); f != nil {
		f.sum(sums, x.Rows, func(sums []kernel.Sums) { e.on.SumSoftplusParts(all(x), &f.part, sums...) })
		return
	}
	by := operand(f)
	bounds := e.rowwise(x, by.Cols, func(x kernel.Bits, from, to int) {
		e.on.SumSoftplusParts(x, by, clipSums(sums, from, to)...)
	})
	for _, s := range sums {
		complete(e, s.To, bounds, 1)
	}
}

// clipSums returns what is asked of rows from…to−1.
func clipSums(sums []kernel.Sums, from, to int) []kernel.Sums {
	var list []kernel.Sums
	for _, s := range sums {
		if s.To != nil {
			list = append(list, kernel.Sums{To: s.To[from:to], Parts: clip(s.Parts, from, to)})
		}
	}
	return list
}

// clip returns the parts of rows from…to−1.
func clip(parts []kernel.Part, from, to int) []kernel.Part {
	list, at := []kernel.Part(nil), 0
	for _, p := range parts {
		rows := min(at+p.Rows, to) - max(at, from)
		if at += p.Rows; rows > 0 {
			list = append(list, kernel.Part{Rows: rows, Scale: p.Scale, Offset: p.Offset})
		}
	}
	return list
}

// Sample is [kernel.Context.Sample] or [kernel.Context.SampleParts]. Rows of a whole matrix stay on the ranks that have
// drawn them.
func (e *Engine) Sample(
	dst, x kernel.Span, f kernel.RemoteFixed, parts []kernel.Part, key rng.Key, step uint64, firstChain uint32, sums ...kernel.Sums,
) {
	defer e.begin()()
	if f := columns(f, x.Rows); f != nil {
		f.sample(dst, x, parts, key, step, firstChain, sums)
		return
	}
	by := operand(f)
	bounds := e.drawn(dst, x, func(dst, x kernel.Bits, from, to int) {
		e.on.SamplePartsFrom(dst, x, by, clip(parts, from, to), key, step, firstChain+uint32(from), clipSums(sums, from, to)...)
	})
	for _, s := range sums {
		complete(e, s.To, bounds, 1)
	}
}

// drawn calls draw with the rows of x that are this rank's, and those of dst that are to be drawn from them.
func (e *Engine) drawn(dst, x kernel.Span, draw func(dst, x kernel.Bits, from, to int)) (bounds []int) {
	to := of(dst)
	if len(to.rows.Words) == 0 {
		to.rows = kernel.NewBits(to.rows.Rows, to.rows.Cols)
	}
	whole := dst.Rows == to.rows.Rows
	if !whole {
		to.complete()
	}
	bounds = e.rowwise(x, dst.Cols, func(x kernel.Bits, from, end int) { draw(part(dst, from, end), x, from, end) })
	if whole {
		to.bounds = bounds
		return bounds
	}
	n := to.rows.Stride
	complete(e, to.rows.Words[dst.First*n:(dst.First+dst.Rows)*n], bounds, n)
	return bounds
}

// Linear is [kernel.Context.Linear]. It divides nothing but what is divided already.
func (e *Engine) Linear(x kernel.Span, list ...kernel.Linear) {
	defer e.begin()()
	bounds := e.rowwise(x, 0, func(x kernel.Bits, from, to int) {
		some := append([]kernel.Linear(nil), list...)
		for k, l := range some {
			some[k].To = l.To[from:to]
		}
		e.on.Linear(x, some...)
	})
	for _, l := range list {
		complete(e, l.To, bounds, 1)
	}
}

// Affine is [kernel.Context.Affine]. It divides nothing: mean fields are divided by their starts ([Engine.Deal]).
func (e *Engine) Affine(dst, bias, w, x []float32, rows int) { e.on.Affine(dst, bias, w, x, rows) }

// Gram is [kernel.Context.Gram].
func (e *Engine) Gram(dst []float64, x []float32, rows int) {
	defer e.begin()()
	if len(x)*rows < leastWork/8 {
		e.on.Gram(dst, x, rows)
		return
	}
	n, bounds := len(x)/rows, triangle(rows, e.g.Size())
	from, to := e.mine(bounds)
	e.on.Parallel(to-from, func(k int) {
		r := from + k
		for s := range r + 1 {
			dst[r*rows+s] = e.on.Dot(x[r*n:(r+1)*n], x[s*n:(s+1)*n])
		}
	})
	complete(e, dst, bounds, rows)
}

// triangle divides the rows of a triangle, of which row r has r+1 numbers.
func triangle(rows, size int) []int {
	bounds, done, rank := make([]int, size+1), 0, 1
	for r := range rows {
		for done += r + 1; rank < size && done*size >= rank*rows*(rows+1)/2; rank++ {
			bounds[rank] = r + 1
		}
	}
	bounds[size] = rows
	return bounds
}

// Part is [kernel.Context.Part].
func (e *Engine) Part(tasks int) (from, to int) { return e.mine(group.Split(tasks, 1, e.g.Size())) }

// Divide is [kernel.Context.Divide].
func (e *Engine) Divide(results []float64, tasks int, do func(from, to int)) {
	if from, to := e.Part(tasks); from < to {
		do(from, to)
	}
	defer e.begin()()
	complete(e, results, group.Split(tasks, 1, e.g.Size()), len(results)/max(1, tasks))
}

// Deal is [kernel.Context.Deal].
func (e *Engine) Deal(results []float32, tasks int, do func(first, step int)) {
	rank, size := e.g.Rank(), e.g.Size()
	if rank < tasks {
		do(rank, size)
	}
	defer e.begin()()
	if len(results) == 0 {
		return
	}
	n, bounds := len(results)/tasks, make([]int, size+1)
	for r := range size {
		bounds[r+1] = bounds[r] + (tasks-r+size-1)/size
	}
	e.scratch.packed = grow(e.scratch.packed, len(results))
	packed := e.scratch.packed
	for task, at := rank, bounds[rank]; task < tasks; task, at = task+size, at+1 {
		copy(packed[at*n:(at+1)*n], results[task*n:(task+1)*n])
	}
	complete(e, packed, bounds, n)
	for r := range size {
		for task, at := r, bounds[r]; task < tasks; task, at = task+size, at+1 {
			copy(results[task*n:(task+1)*n], packed[at*n:(at+1)*n])
		}
	}
}

// Alone is [kernel.Context.Alone].
func (e *Engine) Alone() *kernel.Context { return e.on }

var (
	_ kernel.Ascender = (*Engine)(nil)
	_ kernel.Divider  = (*Engine)(nil)
)
