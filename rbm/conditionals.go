package rbm

import (
	"fmt"

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
// numbers of states are rounded to 16 bits in products, and their weights to 24: see [compute.Context.MulReals]. Averages
// ([Conditionals.Statistics]) and the chains of a training ([Conditionals.Short]) take 14 bits of both, relative to the
// largest weight of a unit: see [compute.Context.LoadBalancedReals].
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

	statistics averaging // scratch
}

// NewConditionals prepares the conditionals of a model in a context of computing (nil means the default).
func NewConditionals(model *Model, on *compute.Context) *Conditionals {
	c := &Conditionals{compute: on}
	c.Update(model)
	return c
}

// Compute is the context that the products run in.
func (c *Conditionals) Compute() *compute.Context { return c.compute }

// Update takes over the parameters that the model has now. It panics if a parameter is not finite. Weights of real visible
// units are read, and found to be finite, when they are first needed: the model may not change before the last use, unless
// by then [Conditionals.Load] has read them.
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

// Load reads what Update has left for when it is needed, so that the model may change.
func (c *Conditionals) Load() { c.toHidden.reals.in24(c.compute) }

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

// Short are the conditionals of c for the chains of a training: SampleHidden takes 14 bits of the weights of real visible
// units, relative to the largest of a unit, as [Conditionals.Statistics] does, and half the time.
type Short struct{ c *Conditionals }

// Short returns the conditionals of chains of a training.
func (c *Conditionals) Short() Short { return Short{c} }

// SampleHidden is [Conditionals.SampleHidden] with 14 bits.
func (s Short) SampleHidden(dst, v Batch, key rng.Key, step uint64) {
	s.c.check("visible", v, s.c.m, dst.Rows()*dst.Units(), s.c.n)
	s.c.toHidden.sampleShort(s.c.compute, dst, v, key, step)
}

// SampleVisible is [Conditionals.SampleVisible].
func (s Short) SampleVisible(dst, h Batch, key rng.Key, step uint64) {
	s.c.SampleVisible(dst, h, key, step)
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
// of the products and log(1+e^x) that of float32, so that F is good to about 10^−6 of its size, or 10^−5 beside real
// visible units; [Model.FreeEnergy] takes float64 throughout and ten times as long.
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
