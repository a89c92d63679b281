package rbm

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Statistics are the averages that the gradient of the log-likelihood is made of, in the units' own values: V[i] =
// ⟨v_i⟩, H[j] = ⟨h_j⟩ and VH[i*n+j] = ⟨v_i h_j⟩. They are the averages of −∂E/∂b_i, −∂E/∂c_j and −∂E/∂w_ij.
type Statistics struct {
	V, H, VH []float32

	// State is what belongs to the parameters of the phases of a quantum state, phase.W, phase.b, phase.c and phase.U.
	// [Conditionals.Statistics] leaves it alone.
	State [][]float32

	visible, hidden [][]float32 // of all parameters of the layers: V and H are the first
}

// NewStatistics returns zeros for a model.
func NewStatistics(model *Model) *Statistics {
	return NewStatisticsWith(model, make([]float32, len(model.W)))
}

// NewStatisticsWith returns zeros but for VH, which is the given memory, or nil where it is not needed.
func NewStatisticsWith(model *Model, vh []float32) *Statistics {
	s := &Statistics{
		VH: vh, visible: zeros(model.Visible), hidden: zeros(model.Hidden), State: zerosLike(model.State.parameters()),
	}
	s.V, s.H = s.visible[0], s.hidden[0]
	return s
}

func zeros(layer Layer) [][]float32 { return zerosLike(layer.Parameters()) }

func zerosLike(parameters []Named) [][]float32 {
	var list [][]float32
	for _, p := range parameters {
		list = append(list, make([]float32, len(p.Values)))
	}
	return list
}

// Averages returns the averages of −∂E/∂λ, which share the memory of s, in the order of [Model.Parameters].
func (s *Statistics) Averages() [][]float32 {
	return slices.Concat([][]float32{s.VH}, s.visible, s.hidden, s.State)
}

// Rows are rows of visible units to average over.
type Rows struct {
	Visible Batch
	Weights []float32 // of the rows, none of them negative; they need not sum to one; nil means equal ones

	// Hidden are, where there are any, drawn from P(h|v) of the rows on the way, as [Short.SampleHidden] does.
	Hidden Batch
	Key    rng.Key
	Step   uint64
}

// Statistics writes the averages over the rows of v into dst, with the hidden units replaced by their conditional
// expectations: ⟨v_i⟩, ⟨P(h_j|v)⟩ and ⟨v_i P(h_j|v)⟩ for bits, and the same of ±1 for spins. weights
// gives each row's weight, none of them negative (nil means equal weights); they need not sum to one.
//
// With rows of data it is the positive phase; with rows drawn from the model it is the negative phase,
// with less variance than sampled h would give (Rao and Blackwell).
//
// Between bits ⟨v_i P(h_j|v)⟩ is a sum of integers: each row's share of P(h_j|v) is rounded to a multiple of a power of
// two, 2^−30 or more where a single row has much of the weight, which depends on the weights alone.
func (c *Conditionals) Statistics(dst *Statistics, v Batch, weights []float32) {
	c.Average(dst, Rows{Visible: v, Weights: weights})
}

// Average is [Conditionals.Statistics] of rows whose hidden units may be drawn on the way.
func (c *Conditionals) Average(dst *Statistics, rows Rows) {
	c.average([]*Statistics{dst}, []Rows{rows})
}

// Difference writes the averages over two sets of rows, as [Conditionals.Statistics] does, but for one thing: the VH of
// positive becomes ⟨v_i h_j⟩ of data less that of model. The VH of negative is left alone, and may be nil. Between bits
// the difference is one product, of both sets, in which the rows of the model have negative weights. Where the VH of
// positive is nil, [Conditionals.DifferenceRows] makes rows of it.
func (c *Conditionals) Difference(positive, negative *Statistics, data, model Rows) {
	c.average([]*Statistics{positive, negative}, []Rows{data, model})
}

// ByRows reports whether [Conditionals.DifferenceRows] can be had: between bits, without an engine.
func (c *Conditionals) ByRows() bool {
	d := &c.toHidden
	return d.fused && isBit(d.from) && isBit(d.to) && c.compute.Engine() == nil
}

// DifferenceRows writes rows from…to−1 of the VH of the last [Conditionals.Difference], of which positive had none, to
// dst ((to−from)×n): the statistics of all weights need not be in memory at once.
func (c *Conditionals) DifferenceRows(dst []float32, from, to int) {
	c.compute.Mul(dst, c.statistics.transpose.Slice(from, to), &c.statistics.operand)
}

// averaging is the memory of averages.
type averaging struct {
	probs     []float32
	shares    []float32 // of the rows
	both      kernel.Bits
	operand   kernel.Fixed
	transpose kernel.Bits
	reals     kernel.Reals // transposed
	realsBy   kernel.FixedReals
	sums      []float64
	weighted  []float32
	vh        []float32 // of the second set
}

func (c *Conditionals) average(dst []*Statistics, sets []Rows) {
	for _, s := range sets {
		rows := s.Visible.Rows()
		if rows == 0 || s.Weights != nil && len(s.Weights) != rows {
			panic(fmt.Sprintf("rbm: Statistics of %d rows with %d weights", rows, len(s.Weights)))
		}
		c.check("visible", s.Visible, c.m, rows*c.n, c.n)
	}
	d := &c.toHidden
	if d.fused && isLinearInBits(d.from) {
		if !c.averageOn(dst, sets) {
			c.averageBits(dst, sets)
		}
		toValues(d.from, d.to, dst...)
		return
	}
	for k, s := range sets {
		c.averageReals(dst[k], dst[0].VH, s, k > 0)
	}
	toValues(d.from, d.to, dst...)
}

// averageOn has the context's engine take the averages; it reports whether there is one.
func (c *Conditionals) averageOn(dst []*Statistics, sets []Rows) bool {
	if c.compute.Engine() == nil {
		return false
	}
	list := make([]kernel.Rows, len(sets))
	for k, s := range sets {
		list[k] = kernel.Rows{
			V: dst[k].V, H: dst[k].H, X: s.Visible.bits, Weights: s.Weights, Draw: s.Hidden.bits, Key: s.Key, Step: s.Step,
		}
	}
	return c.compute.Averages(dst[0].VH, &c.toHidden.bits, list...)
}

// averageBits takes the averages between bits: of the stored ones. A set's rows begin at a word of the transpose.
func (c *Conditionals) averageBits(dst []*Statistics, sets []Rows) {
	a, d, rows := &c.statistics, &c.toHidden, 0
	for _, s := range sets {
		rows = wholeWords(rows) + s.Visible.Rows()
	}
	a.probs, a.shares = resize(a.probs, rows*c.n), resize(a.shares, rows)
	clear(a.shares)
	a.both.Reshape(rows, c.m)
	clear(a.both.Words)
	first := 0
	for k, s := range sets {
		count := s.Visible.Rows()
		copy(a.both.Slice(first, first+count).Words, s.Visible.bits.All())
		probs, sign := a.probs[first*c.n:(first+count)*c.n], float64(1-2*k)
		if s.Hidden.Rows() > 0 {
			c.compute.ProbabilitiesDraw(probs, s.Hidden.bits, s.Visible.bits, &d.bits, s.Key, s.Step, 0)
		} else {
			c.compute.Probabilities(probs, nil, s.Visible.bits, &d.bits)
		}
		total := kernel.Shares(a.shares[first:first+count], s.Weights, sign)
		c.columnMeans(dst[k].H, probs, s.Weights, total)
		first = wholeWords(first + count)
	}
	a.transpose.Reshape(c.m, rows)
	c.compute.Transpose(a.transpose, a.both)
	first = 0
	for k, s := range sets {
		c.visibleMeans(dst[k].V, s, first)
		first = wholeWords(first + s.Visible.Rows())
	}
	c.compute.LoadWeighted(&a.operand, a.probs, rows, c.n, a.shares, float64(len(sets)))
	if dst[0].VH != nil {
		c.compute.Mul(dst[0].VH, a.transpose, &a.operand)
	}
}

func wholeWords(bits int) int { return (bits + 63) &^ 63 }

// averageReals takes the averages of a set of rows with other units, and writes ⟨v_i h_j⟩ to vh, or subtracts it. Hidden
// units are drawn from the inputs that give their means.
func (c *Conditionals) averageReals(dst *Statistics, vh []float32, s Rows, subtract bool) {
	a, d, v, weights, rows := &c.statistics, &c.toHidden, s.Visible, s.Weights, s.Visible.Rows()
	a.probs, a.shares = resize(a.probs, rows*c.n), resize(a.shares, rows)
	d.multiplyShort(c.compute, a.probs, v)
	if s.Hidden.Rows() > 0 {
		c.check("hidden", s.Hidden, c.n, rows*c.n, c.n)
		d.inputs = resize(d.inputs, rows*c.n)
		copy(d.inputs, a.probs)
		d.draw(c.compute, s.Hidden, d.inputs, s.Key, s.Step)
	}
	total := kernel.Shares(a.shares, weights, 1)
	if hasTwoValues(d.to) {
		means(c.compute, d.to, a.probs)
		c.columnMeans(dst.H, a.probs, weights, total)
	} else {
		inputMoments(c.compute, d.to, dst.hidden, a.probs, weights)
	}
	for r, w := range weights {
		for j, p := range a.probs[r*c.n : (r+1)*c.n] {
			a.probs[r*c.n+j] = w * p
		}
	}
	bits := v.bits.Cols
	if bits > 0 {
		a.transpose.Reshape(bits, rows)
		c.compute.Transpose(a.transpose, v.bits)
		c.compute.Load(&a.operand, a.probs, rows, c.n, nil)
		to := vh[:bits*c.n]
		if subtract {
			a.vh = resize(a.vh, len(to))
			to = a.vh
		}
		c.compute.MulScaled(to, a.transpose, &a.operand, float32(1/total))
		if subtract {
			c.compute.Subtract(vh[:len(to)], vh[:len(to)], to)
		}
	}
	if v.reals.Cols > 0 {
		a.reals = kernel.Reals{Rows: v.reals.Cols, Cols: rows, Values: resize(a.reals.Values, len(v.reals.Values))}
		c.compute.TransposeReals(a.reals, v.reals)
		c.compute.LoadShortReals(&a.realsBy, a.probs, rows, c.n)
		if subtract {
			c.compute.AddMulReals(vh[bits*c.n:], a.reals, &a.realsBy, float32(-1/total))
		} else {
			c.compute.MulReals(vh[bits*c.n:], a.reals, &a.realsBy, float32(1/total))
		}
	}
	if isLinearInBits(d.from) {
		c.visibleMeans(dst.V, Rows{Visible: v, Weights: weights}, 0)
	} else {
		moments(c.compute, d.from, dst.visible, v, weights)
	}
}

// visibleMeans writes the means of the visible units of rows, which are in the transpose from row `first` on.
func (c *Conditionals) visibleMeans(dst []float32, s Rows, first int) {
	a, total := &c.statistics, 0.0
	if s.Weights == nil {
		rows := s.Visible.Rows()
		for i := range dst[:c.m] {
			count := 0
			for _, w := range a.transpose.Row(i)[first/64 : wholeWords(first+rows)/64] {
				count += bits.OnesCount64(w)
			}
			dst[i] = float32(float64(count) / float64(rows))
		}
		return
	}
	a.sums = resize(a.sums, c.m)
	clear(a.sums)
	for r, w := range s.Weights {
		total += float64(w)
		forEachBit(s.Visible.bits.Row(r), func(i int) { a.sums[i] += float64(w) })
	}
	for i, x := range a.sums {
		dst[i] = float32(x / total)
	}
}

// columnMeans writes the means of the columns of probabilities, a row after the other in float64.
func (c *Conditionals) columnMeans(dst, x, weights []float32, total float64) {
	a := &c.statistics
	a.sums, a.weighted = resize(a.sums, c.n), resize(a.weighted, c.n)
	clear(a.sums)
	for r := range len(x) / c.n {
		row := x[r*c.n : (r+1)*c.n]
		if weights != nil {
			for j, p := range row {
				a.weighted[j] = weights[r] * p
			}
			row = a.weighted
		}
		c.compute.AddNumbers(a.sums, row)
	}
	for j, x := range a.sums {
		dst[j] = float32(x / total)
	}
}

// toValues turns averages of stored numbers into averages of the units' values, value = scale·stored + offset, where
// they are units of two values: those of others are so already. Of two sets the VH of the first is a difference.
func toValues(visible, hidden Layer, sets ...*Statistics) {
	if isBit(visible) && isBit(hidden) {
		return
	}
	sv, ov := line32(visible)
	sh, oh := line32(hidden)
	s := sets[0]
	n, v, h, both := len(s.H), s.V, s.H, ov*oh
	if !isLinearInBits(visible) {
		v = stored(v, sv, ov)
	}
	if !hasTwoValues(hidden) {
		h = stored(h, sh, oh)
	}
	if len(sets) == 2 {
		v, h, both = difference(v, sets[1].V), difference(h, sets[1].H), 0
	}
	for i, v := range v {
		for j, h := range h {
			vh := &s.VH[i*n+j]
			*vh = float32(float32(sv*sh**vh)+float32(sv*oh*v)) + float32(float32(ov*sh*h)+both)
		}
	}
	for _, s := range sets {
		if isLinearInBits(visible) {
			for i, v := range s.V {
				s.V[i] = float32(sv*v) + ov
			}
		}
		if hasTwoValues(hidden) {
			for j, h := range s.H {
				s.H[j] = float32(sh*h) + oh
			}
		}
	}
}

func difference(a, b []float32) []float32 {
	d := make([]float32, len(a))
	for k := range d {
		d[k] = a[k] - b[k]
	}
	return d
}

// stored returns the numbers whose values are given.
func stored(values []float32, scale, offset float32) []float32 {
	numbers := make([]float32, len(values))
	for k, x := range values {
		numbers[k] = (x - offset) / scale
	}
	return numbers
}
