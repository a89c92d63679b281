package kernel

import "math"

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

// siteRows is the number of rows taken at a time: their sums don't wait for each other.
const siteRows = 4

// A siteScratch is memory of one worker.
type siteScratch struct {
	e      []float32 // e_a of siteRows rows
	totals [][siteRows]float64
	maxima [siteRows]float64
}

// sites fills s for the rows of a task, siteRows at a time, and calls f for those from r on. Rows that are missing in
// the last turn are copies of the last row.
func (w *rowwise) sites(task int, f func(s *siteScratch, r, rows int)) {
	s := w.c.siteScratches.get()
	s.e, s.totals = grow(s.e, siteRows*w.cols), grow(s.totals, len(w.states))
	from, to := w.stretch(task)
	for r := from; r < to; r += siteRows {
		for k := range siteRows {
			if r+k < to {
				s.maxima[k] = w.subtractMaxima(s.row(k), w.of(r+k))
			} else {
				copy(s.row(k), s.row(k-1))
			}
		}
		w.c.isa.expNegatives(s.e, s.e)
		at, e0, e1, e2, e3 := 0, s.row(0), s.row(1), s.row(2), s.row(3)
		for site, n := range w.states {
			var t0, t1, t2, t3 float64
			for a := at; a < at+n; a++ {
				t0, t1, t2, t3 = t0+float64(e0[a]), t1+float64(e1[a]), t2+float64(e2[a]), t3+float64(e3[a])
			}
			s.totals[site] = [siteRows]float64{t0, t1, t2, t3}
			at += n
		}
		f(s, r, min(siteRows, to-r))
	}
	w.c.siteScratches.put(s)
}

// row returns the memory of row k.
func (s *siteScratch) row(k int) []float32 {
	n := len(s.e) / siteRows
	return s.e[k*n : (k+1)*n]
}

// subtractMaxima writes x_a − m of all sites of a row to dst, and returns the sum of the m.
func (w *rowwise) subtractMaxima(dst, x []float32) float64 {
	sum := 0.0
	for _, n := range w.states {
		m, site := maximum(x[:n]), dst[:n]
		for a, y := range x[:n] {
			site[a] = y - m
		}
		sum += float64(m)
		dst, x = dst[n:], x[n:]
	}
	return sum
}

// maximum compares integers that have the order of the numbers, which takes no branches: nobody could predict them.
func maximum(x []float32) float32 {
	m := int32(math.MinInt32)
	for _, y := range x {
		m = max(m, ordered(int32(math.Float32bits(y))))
	}
	return math.Float32frombits(uint32(ordered(m)))
}

// ordered turns the bits of numbers into integers of the same order, and back: it flips the bits after the sign of
// negative ones.
func ordered(bits int32) int32 { return bits ^ int32(uint32(bits>>31)>>1) }

func (s *rowSoftmax) do(task int) {
	w := (*rowwise)(s)
	w.sites(task, func(s *siteScratch, r, rows int) {
		for k := range rows {
			e, dst := s.row(k), w.dst[(r+k)*w.cols:][:w.cols]
			for site, n := range w.states {
				inverse, p := 1/s.totals[site][k], dst[:n]
				for a, y := range e[:n] {
					p[a] = float32(float64(y) * inverse)
				}
				e, dst = e[n:], dst[n:]
			}
		}
	})
}

func (s *rowLogSumExp) do(task int) {
	w := (*rowwise)(s)
	w.sites(task, func(s *siteScratch, r, rows int) {
		for k := range rows {
			// One logarithm of a product of many sites, as every factor is between 1 and the number of states.
			sum, product := s.maxima[k], 1.0
			for _, totals := range s.totals {
				if product *= totals[k]; product > 1e200 {
					sum, product = sum+math.Log(product), 1
				}
			}
			w.sums[r+k] = sum + math.Log(product)
		}
	})
}
