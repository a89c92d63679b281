package rbm

import (
	"fmt"
	"slices"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Conditionals are the two conditional distributions of a model, ready for whole batches:
//
//	P(h_j=1|v) = σ(c_j + Σ_i w_ij v_i),   P(v_i=1|h) = σ(b_i + Σ_j w_ij h_j).
//
// Given the other layer the units of a layer are independent, so a batch costs one product of a bit matrix
// with W or Wᵀ. The products are exact sums of weights rounded to 32-bit fixed point (the resolution is about
// 2^−20 of the largest sum of a unit's weights), so that results don't depend on the number of workers.
//
// For a spin layer, "=1" reads "=+1", and an input is the log-odds of the unit's bit, which is
// 2(c_j + Σ_i w_ij s_i).
//
// For other kinds of units an input is bias + Σ …, and a "probability" the mean of the number that a Batch stores. Real
// numbers of states are rounded to 16 bits in products: see [compute.Context.MulReals].
//
// A Conditionals holds scratch memory: use one per goroutine. Its products run on several workers by themselves.
type Conditionals struct {
	compute   *compute.Context
	m, n      int
	toHidden  direction
	toVisible direction
	bits      bitModel  // the model in bits, where its units are not bits already
	biases    []float32 // of the visible units, in bits, if toHidden is fused
	constant  float64   // of the energy in bits
	linear    []float64 // scratch: Σ_i v_i b_i of rows

	statistics struct {
		probs     []float32
		operand   kernel.Fixed
		transpose kernel.Bits
		reals     kernel.Reals // transposed
		products  []float32
		realsBy   kernel.FixedReals
		counts    []int
		sums      []float64
	}
}

// NewConditionals prepares the conditionals of a model in a context of computing (nil means the default).
func NewConditionals(model *Model, on *compute.Context) *Conditionals {
	c := &Conditionals{compute: on}
	c.Update(model)
	return c
}

// Compute is the context that the products run in.
func (c *Conditionals) Compute() *compute.Context { return c.compute }

// Update takes over the parameters that the model has now. It panics if a parameter is not finite.
func (c *Conditionals) Update(model *Model) {
	c.m, c.n = model.M(), model.N()
	c.toHidden.fused = model.isFused()
	c.toVisible.fused = isLinearInBits(model.Hidden) && hasTwoValues(model.Visible)
	var bits bitModel
	switch {
	case isBit(model.Visible) && isBit(model.Hidden):
		bits, c.constant = bitModel{model.W, model.B(), model.C()}, 0
	case c.toHidden.fused || c.toVisible.fused:
		bits = c.inBits(model)
	}
	c.biases = append(c.biases[:0], bits.b...) // those of the model may change before the next Update
	c.load(&c.toHidden, model.Visible, model.Hidden, operand{w: bits.w, offset: bits.c, m: c.m, n: c.n}, model.W)
	c.load(&c.toVisible, model.Hidden, model.Visible, operand{w: bits.w, offset: bits.b, m: c.m, n: c.n, transposed: true}, model.W)
}

// load gives a direction the operand of log-odds if it is fused, and else W with the units' values put in.
func (c *Conditionals) load(d *direction, from, to Layer, fused operand, w []float32) {
	o := fused
	if !d.fused {
		o.w, o.offset = w, offsetOf(from, w, c.m, c.n, o.transposed)
		if scale, _ := from.Line(); scale != 1 {
			o.w = make([]float32, len(w))
			for k, x := range w {
				o.w[k] = float32(scale * float64(x))
			}
		}
	}
	d.load(c.compute, from, to, o)
}

// bitModel are the parameters of the energy as a function of bits.
type bitModel struct{ w, b, c []float32 }

// inBits rounds the model's energy as a function of bits to float32.
func (c *Conditionals) inBits(model *Model) bitModel {
	p := model.asBits()
	c.bits = bitModel{round(c.bits.w, p.W), round(c.bits.b, p.B), round(c.bits.c, p.C)}
	c.constant = p.Offset
	return c.bits
}

func round(dst []float32, src []float64) []float32 {
	dst = resize(dst, len(src))
	for k, x := range src {
		dst[k] = float32(x)
	}
	return dst
}

// HiddenInputs writes x_rj = c_j + Σ_i w_ij v_ri, the log-odds of h_j given row r of v, into dst (rows×n).
func (c *Conditionals) HiddenInputs(dst []float32, v Batch) {
	c.check("visible", v, c.m, len(dst), c.n)
	c.toHidden.logOdds(c.compute, dst, v)
}

// VisibleInputs writes x_ri = b_i + Σ_j w_ij h_rj, the log-odds of v_i given row r of h, into dst (rows×m).
func (c *Conditionals) VisibleInputs(dst []float32, h Batch) {
	c.check("hidden", h, c.n, len(dst), c.m)
	c.toVisible.logOdds(c.compute, dst, h)
}

// HiddenProbs writes P(h_j=1|v) for each row of v into dst (rows×n).
func (c *Conditionals) HiddenProbs(dst []float32, v Batch) {
	c.check("visible", v, c.m, len(dst), c.n)
	c.toHidden.means(c.compute, dst, v)
}

// VisibleProbs writes P(v_i=1|h) for each row of h into dst (rows×m).
func (c *Conditionals) VisibleProbs(dst []float32, h Batch) {
	c.check("hidden", h, c.n, len(dst), c.m)
	c.toVisible.means(c.compute, dst, h)
}

// SampleHidden draws h ~ P(h|v) for each row of v into dst. Unit j of row r is decided by the uniform
// number at (key, step, r, j) alone.
func (c *Conditionals) SampleHidden(dst, v Batch, key rng.Key, step uint64) {
	c.check("visible", v, c.m, dst.Rows()*dst.Units(), c.n)
	c.toHidden.sample(c.compute, dst, v, key, step)
}

// SampleHiddenFree is [Conditionals.SampleHidden] that writes F(v) of each row to free on the way, as
// [Conditionals.FreeEnergy] would.
func (c *Conditionals) SampleHiddenFree(dst Batch, free []float64, v Batch, key rng.Key, step uint64) {
	c.check("visible", v, c.m, dst.Rows()*dst.Units(), c.n)
	if !c.toHidden.fused {
		c.toHidden.sample(c.compute, dst, v, key, step)
		c.toHidden.freeEnergy(c.compute, free, v)
		return
	}
	c.compute.Sample(dst.bits, free, v.bits, &c.toHidden.bits, key, step, 0)
	c.finishFree(free, v)
}

// FreeEnergy writes F(v) = −log Σ_h e^(−E(v,h)) of each row of v to free (one number a row). Inputs have the resolution
// of the products and log(1+e^x) that of float32, so that F is good to about 10^−6 of its size; [Model.FreeEnergy]
// takes float64 throughout and ten times as long.
func (c *Conditionals) FreeEnergy(free []float64, v Batch) {
	c.check("visible", v, c.m, len(free), 1)
	if !c.toHidden.fused {
		c.toHidden.freeEnergy(c.compute, free, v)
		return
	}
	c.compute.SumSoftplus(free, v.bits, &c.toHidden.bits)
	c.finishFree(free, v)
}

// finishFree turns Σ_j log(1+e^{x_j}) into F(v).
func (c *Conditionals) finishFree(free []float64, v Batch) {
	c.linear = resize(c.linear, len(free))
	c.compute.Linear(v.bits, kernel.Linear{To: c.linear, Weights: c.biases})
	for r, sum := range free {
		free[r] = c.constant - c.linear[r] - sum
	}
}

// SampleVisible draws v ~ P(v|h) for each row of h into dst, as [Conditionals.SampleHidden] does.
func (c *Conditionals) SampleVisible(dst, h Batch, key rng.Key, step uint64) {
	c.check("hidden", h, c.n, dst.Rows()*dst.Units(), c.m)
	c.toVisible.sample(c.compute, dst, h, key, step)
}

func (c *Conditionals) check(layer string, s Batch, units, dst, outputs int) {
	if s.Units() != units {
		panic(fmt.Sprintf("rbm: %s states of %d units for a layer of %d", layer, s.Units(), units))
	}
	if dst != s.Rows()*outputs {
		panic(fmt.Sprintf("rbm: destination of %d numbers for %d rows of %d", dst, s.Rows(), outputs))
	}
}

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
	s := &Statistics{
		VH: make([]float32, len(model.W)), visible: zeros(model.Visible), hidden: zeros(model.Hidden),
		State: zerosLike(model.State.parameters()),
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

// Statistics writes the averages over the rows of v into dst, with the hidden units replaced by their conditional
// expectations: ⟨v_i⟩, ⟨P(h_j|v)⟩ and ⟨v_i P(h_j|v)⟩ for bits, and the same of ±1 for spins. weights
// gives each row's weight, none of them negative (nil means equal weights); they need not sum to one.
//
// With rows of data it is the positive phase; with rows drawn from the model it is the negative phase,
// with less variance than sampled h would give (Rao and Blackwell).
func (c *Conditionals) Statistics(dst *Statistics, v Batch, weights []float32) {
	rows := v.Rows()
	if rows == 0 || weights != nil && len(weights) != rows {
		panic(fmt.Sprintf("rbm: Statistics of %d rows with %d weights", rows, len(weights)))
	}
	s := &c.statistics
	c.check("visible", v, c.m, rows*c.n, c.n)
	d := &c.toHidden
	if d.fused && isLinearInBits(d.from) && c.compute.Averages(dst.V, dst.H, dst.VH, v.bits, &d.bits, weights) {
		dst.toValues(d.from, d.to)
		return
	}
	s.probs = resize(s.probs, rows*c.n)
	if hasTwoValues(d.to) {
		d.means(c.compute, s.probs, v)
	} else {
		d.multiply(c.compute, s.probs, v)
		d.inputMoments(c.compute, dst.hidden, s.probs, weights)
	}
	total := float64(rows)
	if weights != nil {
		total = 0
		for r, w := range weights {
			total += float64(w)
			for j, p := range s.probs[r*c.n : (r+1)*c.n] {
				s.probs[r*c.n+j] = w * p
			}
		}
	}
	if hasTwoValues(c.toHidden.to) {
		c.columnMeans(dst.H, s.probs, total)
	}
	bits := v.bits.Cols
	if bits > 0 {
		s.transpose.Reshape(bits, rows)
		c.compute.Transpose(s.transpose, v.bits)
		c.compute.Load(&s.operand, s.probs, rows, c.n, nil)
		c.compute.MulScaled(dst.VH[:bits*c.n], s.transpose, &s.operand, float32(1/total))
	}
	if v.reals.Cols > 0 {
		s.reals = kernel.Reals{Rows: v.reals.Cols, Cols: rows, Values: resize(s.reals.Values, len(v.reals.Values))}
		c.compute.TransposeReals(s.reals, v.reals)
		c.compute.LoadShortReals(&s.realsBy, s.probs, rows, c.n)
		c.compute.MulReals(dst.VH[bits*c.n:], s.reals, &s.realsBy, float32(1/total))
	}
	if isLinearInBits(c.toHidden.from) {
		c.visibleMeans(dst.V, v, weights, total)
	} else {
		moments(c.compute, c.toHidden.from, dst.visible, v, weights)
	}
	dst.toValues(c.toHidden.from, c.toHidden.to)
}

func (c *Conditionals) visibleMeans(dst []float32, v Batch, weights []float32, total float64) {
	s := &c.statistics
	if weights == nil {
		s.counts = resize(s.counts, c.m)
		kernel.RowCounts(s.counts, s.transpose)
		for i, n := range s.counts {
			dst[i] = float32(float64(n) / total)
		}
		return
	}
	s.sums = resize(s.sums, c.m)
	clear(s.sums)
	for r, w := range weights {
		forEachBit(v.bits.Row(r), func(i int) { s.sums[i] += float64(w) })
	}
	for i, x := range s.sums {
		dst[i] = float32(x / total)
	}
}

func (c *Conditionals) columnMeans(dst, x []float32, total float64) {
	s := &c.statistics
	s.sums = resize(s.sums, c.n)
	clear(s.sums)
	for r := 0; r < len(x); r += c.n {
		c.compute.AddPositive(s.sums, x[r:r+c.n]) // probabilities, times weights that are not negative
	}
	for j, x := range s.sums {
		dst[j] = float32(x / total)
	}
}

// toValues turns averages of stored numbers into averages of the units' values, value = scale·stored + offset, where
// they are units of two values: those of others are so already.
func (s *Statistics) toValues(visible, hidden Layer) {
	if isBit(visible) && isBit(hidden) {
		return
	}
	sv, ov := line32(visible)
	sh, oh := line32(hidden)
	n, v, h := len(s.H), s.V, s.H
	if !isLinearInBits(visible) {
		v = stored(v, sv, ov)
	}
	if !hasTwoValues(hidden) {
		h = stored(h, sh, oh)
	}
	for i, v := range v {
		for j, h := range h {
			vh := &s.VH[i*n+j]
			*vh = float32(float32(sv*sh**vh)+float32(sv*oh*v)) + float32(float32(ov*sh*h)+ov*oh)
		}
	}
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

// stored returns the numbers whose values are given.
func stored(values []float32, scale, offset float32) []float32 {
	numbers := make([]float32, len(values))
	for k, x := range values {
		numbers[k] = (x - offset) / scale
	}
	return numbers
}

// isBit reports whether the units' values are the stored numbers themselves.
func isBit(layer Layer) bool {
	scale, offset := layer.Line()
	return scale == 1 && offset == 0
}

func line32(layer Layer) (scale, offset float32) {
	s, o := layer.Line()
	return float32(s), float32(o)
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
