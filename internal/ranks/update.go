package ranks

import (
	"math"
	mathbits "math/bits"
	"slices"
	"sync"

	"github.com/harmonium-rbm/harmonium/internal/group"
	"github.com/harmonium-rbm/harmonium/internal/kernel"
)

// blockRows is the number of rows of a block of W with n columns: see [kernel.Ascent].
func blockRows(n int) int { return max(1, 1<<12/n) }

// weights divides the rows of W, m×n, among the ranks.
func (e *Engine) weights(m, n int) []int { return group.Split(m, blockRows(n), e.g.Size()) }

// Averages is [kernel.Engine.Averages]. Where columns of the operand are divided, each rank computes P(h|v) of its hidden
// units and all averages with them, which then go to the ranks that have their rows. Else it computes P(h|v) of some rows,
// and then the averages with some of the visible units: the operand of their product is the same everywhere.
func (e *Engine) Averages(vh []float32, f kernel.RemoteFixed, sets ...kernel.RemoteRows) {
	defer e.begin()()
	s, m, n, rows, most := &e.scratch, len(sets[0].V), len(sets[0].H), 0, 0
	for _, set := range sets {
		rows, most = wholeWords(rows)+set.X.Rows, max(most, set.X.Rows)
	}
	by, from, to := columns(f, most), 0, n
	if by != nil {
		from, to = e.mine(by.bounds)
	}
	s.probs, s.shares, s.sums = grow(s.probs, rows*(to-from)), grow(s.shares, rows), grow(s.sums, max(m, n))
	clear(s.shares)
	s.rows.Reshape(rows, m)
	clear(s.rows.Words)
	first := 0
	for k, set := range sets {
		end := first + set.X.Rows
		probs := s.probs[first*(to-from) : end*(to-from)]
		if by != nil {
			by.probabilities(probs, set)
		} else {
			e.probabilities(probs, operand(f), set)
		}
		total := kernel.Shares(s.shares[first:end], set.Weights, float64(1-2*k))
		e.hiddenMeans(set.H[from:to], probs, set.Weights, total)
		if by != nil {
			group.Gather(e.g, set.H, by.bounds)
		}
		copy(s.rows.Slice(first, end).Words, all(set.X).Words)
		first = wholeWords(end)
	}
	s.transpose.Reshape(m, rows)
	e.on.Transpose(s.transpose, s.rows)
	first = 0
	for _, set := range sets {
		e.visibleMeans(set.V, first, set.X.Rows, set.Weights)
		first = wholeWords(first + set.X.Rows)
	}
	e.on.LoadWeighted(&s.by, s.probs, rows, to-from, s.shares, float64(len(sets)))
	bounds := e.weights(m, n)
	if by != nil {
		s.columns = grow(s.columns, m*(to-from))
		e.on.Mul(s.columns, s.transpose, &s.by)
		e.rowsOfColumns(vh, s.columns, bounds, by.bounds)
	} else if from, to := e.mine(bounds); from < to {
		e.on.Mul(vh[from*n:to*n], s.transpose.Slice(from, to), &s.by)
	}
	e.divided(vh, bounds, n)
}

// scratch is memory of Averages and Ascend, and of operands whose columns are divided.
type scratch struct {
	records []uint32
	blocks  sync.Pool // of *[]float32

	probs, shares   []float32
	sums            []float64
	weighted        []float32
	rows, transpose kernel.Bits
	by              kernel.Fixed

	columns, packed []float32 // of W or ⟨v h⟩: those of this rank, and what goes to others or comes from them
	steps           []float32 // of Ascend
	bits            []uint64
	terms           []float64
}

func grow[T any](x []T, n int) []T { return slices.Grow(x[:0], n)[:n] }

func wholeWords(bits int) int { return (bits + 63) &^ 63 }

// probabilities writes P(h|v) of rows, and draws h where that is asked for: a rank those of its rows.
func (e *Engine) probabilities(dst []float32, f *kernel.Fixed, set kernel.RemoteRows) {
	n := len(set.H)
	some := func(x kernel.Bits, from, to int) { e.on.Probabilities(dst[from*n:to*n], nil, x, f) }
	if set.Draw.Of == nil {
		complete(e, dst, e.rowwise(set.X, n, some), n)
		return
	}
	bounds := e.drawn(set.Draw, set.X, func(draw, x kernel.Bits, from, to int) {
		e.on.ProbabilitiesDraw(dst[from*n:to*n], draw, x, f, set.Key, set.Step, uint32(from))
	})
	complete(e, dst, bounds, n)
}

// probabilities is that of the engine for this rank's columns of all rows, without the others of P(h|v).
func (f *fixed) probabilities(dst []float32, set kernel.RemoteRows) {
	e := f.e
	if set.Draw.Of == nil {
		e.on.Probabilities(dst, nil, all(set.X), &f.part)
		return
	}
	e.drawColumns(set.Draw, f.bounds, func(draw kernel.Bits) {
		e.on.ProbabilitiesDraw(dst, draw, all(set.X), &f.part, set.Key, set.Step, 0)
	})
}

// hiddenMeans writes the means of the columns of probabilities, a row after the other in float64.
func (e *Engine) hiddenMeans(dst, probs, weights []float32, total float64) {
	s, n := &e.scratch, len(dst)
	s.weighted = grow(s.weighted, n)
	sums := s.sums[:n]
	clear(sums)
	for r := range len(probs) / n {
		row := probs[r*n : (r+1)*n]
		if weights != nil {
			for j, p := range row {
				s.weighted[j] = weights[r] * p
			}
			row = s.weighted
		}
		e.on.AddNumbers(sums, row)
	}
	divide(dst, sums, total)
}

// visibleMeans writes the means of visible units over rows that are in the transpose from column `first` on.
func (e *Engine) visibleMeans(dst []float32, first, rows int, weights []float32) {
	s, sums := &e.scratch, e.scratch.sums[:len(dst)]
	total := float64(rows)
	if weights != nil {
		total = 0
		for _, w := range weights {
			total += float64(w)
		}
	}
	for i := range sums {
		words := s.transpose.Row(i)[first/64 : wholeWords(first+rows)/64]
		if weights != nil {
			e.on.Linear(kernel.Bits{Rows: 1, Cols: rows, Stride: len(words), Words: words}, kernel.Linear{To: sums[i : i+1], Weights: weights})
			continue
		}
		count := 0
		for _, w := range words {
			count += mathbits.OnesCount64(w)
		}
		sums[i] = float64(count)
	}
	divide(dst, sums, total)
}

func divide(dst []float32, sums []float64, by float64) {
	for k, x := range sums {
		dst[k] = float32(x / by)
	}
}

// Ascend is that of [kernel.Ascender]: each rank moves its rows of W. What they contribute to the whole crosses, and the
// new W where somebody asks for it. The optimiser's memory stays on its rank.
func (e *Engine) Ascend(a *kernel.Ascent) (squares float64, sound bool) {
	defer e.begin()()
	s := newAscent(e, a)
	s.follow()
	for k := range s.g {
		e.on.Subtract(s.g[k], a.Positive[k+1], a.Negative[k+1])
		squares += e.on.Dot(s.g[k], s.g[k])
	}
	from, to := e.mine(s.blocks)
	e.on.Parallel(to-from, func(k int) { s.move(from + k) })
	for k, g := range s.g {
		s.Rule.Step(e.on, k+1, 0, a.Parameters[k+1], g)
	}
	group.Gather(e.g, s.records, group.Times(s.blocks, s.record))
	sound = s.finish(&squares)
	for _, list := range [][][]float32{a.Parameters, a.Rule.Mean, a.Rule.Square} {
		if list != nil {
			e.divided(list[0], s.rows, s.n)
		}
	}
	return squares, sound
}

// ascent is an update under way.
type ascent struct {
	*kernel.Ascent
	e            *Engine
	n            int
	rows, blocks []int        // of W, by rank
	g            [2][]float32 // gradient of b and c
	record       int          // numbers that a block contributes:
	records      []uint32     // Σ g², whether its weights are sound; of the centered gradient ΔW ν
	steps        []float32    // and ΔWᵀ μ, a row of n numbers a block
}

// head is the length of a record before ΔW ν.
const head = 3

func newAscent(e *Engine, a *kernel.Ascent) *ascent {
	m, n := len(a.Parameters[1]), len(a.Parameters[2])
	if a.Rows != blockRows(n) {
		panic("ranks: an update in blocks of another size than that of averages")
	}
	s := &ascent{Ascent: a, e: e, n: n, rows: e.weights(m, n), g: [2][]float32{make([]float32, m), make([]float32, n)}}
	s.blocks = make([]int, len(s.rows))
	for k, row := range s.rows {
		s.blocks[k] = (row + a.Rows - 1) / a.Rows
	}
	if s.record = head; a.CenterV != nil {
		s.record += a.Rows
		e.scratch.steps = grow(e.scratch.steps, s.blocks[len(s.rows)-1]*n)
		s.steps = e.scratch.steps
	}
	e.scratch.records = grow(e.scratch.records, s.blocks[len(s.rows)-1]*s.record)
	s.records = e.scratch.records
	return s
}

// follow moves ν towards ⟨h⟩_data.
func (s *ascent) follow() {
	for j, h := range s.Positive[2] {
		switch s.Follow {
		case 0:
		case 1:
			s.CenterH[j] = h
		default:
			s.CenterH[j] += float32(s.Follow * (h - s.CenterH[j]))
		}
	}
}

// move makes the step of a block, and its record.
func (s *ascent) move(block int) {
	on, n, W := s.e.on, s.n, s.Parameters[0]
	from, to := block*s.Rows*n, min((block+1)*s.Rows*n, len(W))
	p, record := W[from:to], s.records[block*s.record:(block+1)*s.record]
	memory, _ := s.e.scratch.blocks.Get().(*[]float32)
	if memory == nil {
		memory = new([]float32)
	}
	defer s.e.scratch.blocks.Put(memory)
	*memory = grow(*memory, 2*len(p))
	g, before := (*memory)[:len(p)], (*memory)[len(p):]
	if copy(g, s.Positive[0][from:to]); s.Negative[0] != nil {
		on.Subtract(g, g, s.Negative[0][from:to])
	}
	if s.CenterV != nil {
		for r := range len(p) / n {
			i := block*s.Rows + r
			on.SubtractOuter(g[r*n:(r+1)*n], s.CenterV[i], s.g[1], s.g[0][i], s.CenterH)
		}
	}
	kernel.Penalise(g, p, s.L1, s.L2)
	squares := math.Float64bits(on.Dot(g, g))
	record[0], record[1] = uint32(squares), uint32(squares>>32)
	copy(before, p)
	s.Rule.Step(on, 0, from, p, g)
	kernel.Clip(p, s.Clip)
	record[2] = 0
	if on.Sound(p) {
		record[2] = 1
	}
	if s.CenterV == nil {
		return
	}
	stepC := s.steps[block*n : (block+1)*n]
	clear(stepC)
	on.Subtract(g, p, before)
	for r := range len(p) / n {
		Δ, i := g[r*n:(r+1)*n], block*s.Rows+r
		record[head+r] = math.Float32bits(float32(on.Dot(Δ, s.CenterH)))
		on.AddScaled(stepC, s.CenterV[i], Δ)
	}
}

// finish adds up the records in the order of blocks, and takes ΔW ν and ΔWᵀ μ from the biases: a rank the latter from its
// part of c, as there is a row of ΔWᵀ μ for every few rows of W.
func (s *ascent) finish(squares *float64) bool {
	b, c, all := s.Parameters[1], s.Parameters[2], true
	for block := 0; len(s.records) > 0; block++ {
		record := s.records[:s.record]
		s.records = s.records[s.record:]
		*squares += math.Float64frombits(uint64(record[0]) | uint64(record[1])<<32)
		all = all && record[2] == 1
		if s.CenterV == nil {
			continue
		}
		first := block * s.Rows
		for r := range min(s.Rows, len(b)-first) {
			b[first+r] -= math.Float32frombits(record[head+r])
		}
	}
	if s.CenterV != nil {
		bounds := group.Split(s.n, 1, s.e.g.Size())
		from, to := s.e.mine(bounds)
		width := to - from
		s.e.scratch.columns = grow(s.e.scratch.columns, len(s.steps)/s.n*width)
		steps := s.e.scratch.columns
		for s.e.columnsOfRows(steps, s.steps, s.blocks, bounds); len(steps) > 0; steps = steps[width:] {
			for j, x := range steps[:width] {
				c[from+j] -= x
			}
		}
		group.Gather(s.e.g, c, bounds)
	}
	return all && s.e.on.Sound(b) && s.e.on.Sound(c)
}
