package kernel

import "github.com/harmonium-rbm/harmonium/rng"

// DrawCategories draws one state for every site of every row, with the probabilities of [Context.Softmax], and sets its
// bit; all others of dst are cleared. The state is that of the inverse of the distribution function, in the written
// order: the first a with
//
//	S_a > u·S,   S_a = e_0 + … + e_a,   S the last of them,
//
// added and multiplied in float32, so that a state with e_a = 0 is never drawn. The site whose first unit is j takes
// u = rng.Uniform of word j%4 of key.Block(rng.At(step, r, j)). It panics unless dst has Σ_s states[s] columns and x
// dst.Rows·dst.Cols numbers.
func (c *Context) DrawCategories(dst Bits, x []float32, states []int, key rng.Key, step uint64) {
	if cols := countStates("DrawCategories", states); cols != dst.Cols {
		panicf("DrawCategories of %d states into %d columns", cols, dst.Cols)
	}
	w := c.startRows("DrawCategories", x, dst.Rows, dst.Cols)
	w.states = states
	w.draw.start(w.c.isa, dst, key, step, 0)
	w.perTask = laneRows
	w.run((*rowCategories)(w))
}

// laneRows is the number of rows that assembler draws side by side, each in a lane of its own: what follows from site
// to site and from state to state is the same for all of them.
const laneRows = 16

// A laneScratch is memory of one worker.
type laneScratch struct {
	x     []float32          // unit after unit, the inputs of 16 rows; row after row in plain Go
	drawn [][laneRows]uint32 // site after site, the states of 16 rows
}

func (d *rowCategories) do(task int) {
	w := (*rowwise)(d)
	from, to := w.stretch(task)
	if w.cols == 0 {
		return
	}
	s := w.c.laneScratches.get()
	s.x, s.drawn = grow(s.x, w.cols*laneRows), grow(s.drawn, len(w.states))
	if w.c.isa == Generic {
		for r := from; r < to; r++ {
			w.drawSites(s, r, r-from)
		}
	} else {
		w.interleave(s.x, from, to)
		w.c.isa.drawSitesAsm(&s.drawn[0], &s.x[0], &w.states[0], len(w.states), w.draw.keys,
			uint32(from), uint32(w.draw.step), uint32(w.draw.step>>32))
	}
	for r := from; r < to; r++ {
		bits, at := w.draw.dst.Row(r), 0
		clear(bits)
		for site, n := range w.states {
			j := at + int(s.drawn[site][r-from])
			bits[j/64] |= 1 << (j % 64)
			at += n
		}
	}
	w.c.laneScratches.put(s)
}

// drawSites draws the states of row r, in the given lane.
func (w *rowwise) drawSites(s *laneScratch, r, lane int) {
	sums := s.x[:w.cols]
	w.subtractMaxima(sums, w.of(r))
	w.c.isa.expNegatives(sums, sums)
	at := 0
	for site, n := range w.states {
		sum := float32(0)
		for a, e := range sums[:n] {
			sum += e
			sums[a] = sum
		}
		u := rng.Uniform(w.draw.key.Block(rng.At(w.draw.step, uint32(r), uint32(at)))[at%4])
		threshold, state := float32(u*sum), uint32(0)
		for _, sum := range sums[:n-1] {
			state += notAbove(sum, threshold)
		}
		s.drawn[site][lane] = state
		at, sums = at+n, sums[n:]
	}
}

// notAbove is 1 unless x > y. The sums of a site never fall, so that the number of those that are not above is the
// number of a state.
func notAbove(x, y float32) uint32 {
	if x > y {
		return 0
	}
	return 1 // the compiler makes this without a branch: nobody could predict it
}

// interleave writes the numbers of the rows from…to−1, at most 16 of them, unit after unit.
func (w *rowwise) interleave(dst []float32, from, to int) {
	done := 0
	if to-from == laneRows && w.cols >= panelCols {
		done = w.cols / panelCols * panelCols
		w.c.isa.interleaveAsm(&dst[0], &w.of(from)[0], 4*w.cols, done/panelCols)
	}
	for r := from; r < to; r++ {
		for j, y := range w.of(r)[done:] {
			dst[(done+j)*laneRows+r-from] = y
		}
	}
}
