package kernel

import (
	"math"

	"harmonium/rng"
)

// Categorical units: the numbers of a row belong to consecutive sites, states[s] of them to site s. All functions take
// the site's maximum m away and call [Exp], so that nothing overflows: e_a = Exp(x_a − m), added in float64 in the
// order of the states.
//
// A probability p is thus within 2^−24·(4 + |x_a − m|)·p of the exact one, where it is a normal number. The numbers of
// a site are finite or −Inf, and not all −Inf; others give probabilities of NaN, and still one state.

// Softmax writes the probabilities of the states of every site to dst: e_a/Σ_b e_b. dst may be x. It panics unless dst
// has as many numbers as x, and x whole rows of Σ_s states[s] numbers.
func (c *Context) Softmax(dst, x []float32, states []int) {
	if len(dst) != len(x) {
		panicf("Softmax of %d numbers into %d", len(x), len(dst))
	}
	cols := countStates("Softmax", states)
	w := c.startRows("Softmax", x, len(x)/max(1, cols), cols)
	w.dst, w.states = dst, states
	w.run((*rowSoftmax)(w))
}

// SumLogSumExp writes Σ_s log Σ_a e^{x_a} to sums[r] for the sites s of every row r. It panics unless x has len(sums)
// rows of Σ_s states[s] numbers.
func (c *Context) SumLogSumExp(sums []float64, x []float32, states []int) {
	w := c.startRows("SumLogSumExp", x, len(sums), countStates("SumLogSumExp", states))
	w.sums, w.states = sums, states
	w.run((*rowLogSumExp)(w))
}

// DrawCategories draws one state for every site of every row, with the probabilities of [Context.Softmax], and sets its
// bit; all others of dst are cleared. The state is that of the inverse of the distribution function, in the written
// order: the first a with
//
//	e_0 + … + e_a > u·Σ_b e_b,
//
// so that a state with e_a = 0 is never drawn. The site whose first unit is j takes u = rng.Uniform of word j%4 of
// key.Block(rng.At(step, r, j)). It panics unless dst has Σ_s states[s] columns and x dst.Rows·dst.Cols numbers.
func (c *Context) DrawCategories(dst Bits, x []float32, states []int, key rng.Key, step uint64) {
	if cols := countStates("DrawCategories", states); cols != dst.Cols {
		panicf("DrawCategories of %d states into %d columns", cols, dst.Cols)
	}
	w := c.startRows("DrawCategories", x, dst.Rows, dst.Cols)
	w.states = states
	w.draw.start(Generic, dst, key, step, 0)
	w.run((*rowCategories)(w))
}

func countStates(name string, states []int) int {
	sum := 0
	for s, n := range states {
		if n < 1 {
			panicf("%s with %d states at site %d", name, n, s)
		}
		sum += n
	}
	return sum
}

// exponentials writes e_a of all sites of a row to dst.
func exponentials(isa ISA, dst, x []float32, states []int) {
	at := 0
	for _, n := range states {
		m, site := maximum(x[at:at+n]), dst[at:at+n]
		for a, y := range x[at : at+n] {
			site[a] = y - m
		}
		at += n
	}
	isa.expNegatives(dst, dst)
}

func maximum(x []float32) float32 {
	m := x[0]
	for _, y := range x[1:] {
		if y > m {
			m = y
		}
	}
	return m
}

func total(e []float32) float64 {
	sum := 0.0
	for _, y := range e {
		sum += float64(y)
	}
	return sum
}

func (s *rowSoftmax) do(task int) {
	w := (*rowwise)(s)
	from, to := w.stretch(task)
	for r := from; r < to; r++ {
		e, at := w.dst[r*w.cols:(r+1)*w.cols], 0
		exponentials(w.c.isa, e, w.of(r), w.states)
		for _, n := range w.states {
			site := e[at : at+n]
			inverse := 1 / total(site)
			for a, y := range site {
				site[a] = float32(float64(y) * inverse)
			}
			at += n
		}
	}
}

func (s *rowLogSumExp) do(task int) {
	w := (*rowwise)(s)
	scratch := w.c.scratches.get()
	e := grow(*scratch, w.cols)
	from, to := w.stretch(task)
	for r := from; r < to; r++ {
		x := w.of(r)
		exponentials(w.c.isa, e, x, w.states)
		// A logarithm of many sites' product, as every factor is between 1 and the number of states.
		sum, product, at := 0.0, 1.0, 0
		for _, n := range w.states {
			sum += float64(maximum(x[at : at+n]))
			if product *= total(e[at : at+n]); product > 1e200 {
				sum, product = sum+math.Log(product), 1
			}
			at += n
		}
		w.sums[r] = sum + math.Log(product)
	}
	*scratch = e
	w.c.scratches.put(scratch)
}

func (s *rowCategories) do(task int) {
	w := (*rowwise)(s)
	scratch := w.c.scratches.get()
	e := grow(*scratch, w.cols)
	from, to := w.stretch(task)
	for r := from; r < to; r++ {
		exponentials(w.c.isa, e, w.of(r), w.states)
		bits, at := w.draw.dst.Row(r), 0
		clear(bits)
		for _, n := range w.states {
			u := w.draw.key.Block(rng.At(w.draw.step, uint32(r), uint32(at)))[at%4]
			j := at + pick(e[at:at+n], rng.Uniform(u))
			bits[j/64] |= 1 << (j % 64)
			at += n
		}
	}
	*scratch = e
	w.c.scratches.put(scratch)
}

// pick returns the first a with e_0 + … + e_a > u·Σe. The last sum is Σe itself, which is above u·Σe.
func pick(e []float32, u float32) int {
	threshold, sum := float64(u)*total(e), 0.0
	for a, y := range e {
		if sum += float64(y); sum > threshold {
			return a
		}
	}
	return len(e) - 1
}
