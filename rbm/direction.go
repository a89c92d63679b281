package rbm

import (
	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/rng"
)

// direction is one of the two conditional distributions of a model, P(to|from): a product of states with W or Wᵀ, and
// then what the other layer makes of its inputs.
//
// Where the states are bits and the layer has two values, the product gives log-odds, and kernels make of them what is
// wanted while they are in the cache. Elsewhere the inputs x = Σ w s come without biases, and the layer's kind knows the
// rest (bykind.go).
type direction struct {
	from, to Layer
	fused    bool
	bits     kernel.Fixed // of the units of from that are bits: log-odds if fused, else inputs
	reals    realOperand  // and of the others
	inputs   []float32    // scratch
}

// A realOperand is what real numbers are multiplied by, in 24 bits and in 14, each of which is loaded when it is needed.
type realOperand struct {
	w                 []float32 // row-major; nil: loaded already
	rows, cols        int
	whole, short      kernel.FixedReals
	isWhole, hasShort bool
}

func (o *realOperand) set(w []float32, rows, cols int) {
	o.w, o.rows, o.cols, o.isWhole, o.hasShort = w, rows, cols, false, false
}

// in24 returns the operand for what is scored.
func (o *realOperand) in24(on *compute.Context) *kernel.FixedReals {
	if !o.isWhole {
		on.LoadReals(&o.whole, o.w, o.rows, o.cols)
		o.isWhole = true
	}
	return &o.whole
}

// in14 returns the operand for what a training averages and draws.
func (o *realOperand) in14(on *compute.Context) *kernel.FixedReals {
	if o.w == nil {
		return &o.whole
	}
	if !o.hasShort {
		on.LoadBalancedReals(&o.short, o.w, o.rows, o.cols)
		o.hasShort = true
	}
	return &o.short
}

// operand is what a direction multiplies states by, row-major: m×n, the rows of which are the units of `from`, unless
// it is transposed. offset is for each unit of `to`, nil for zeros.
type operand struct {
	w, offset  []float32
	m, n       int
	transposed bool
}

// load takes over the layers and the operand.
func (d *direction) load(on *compute.Context, from, to Layer, o operand) {
	d.from, d.to = copied(d.from, from), copied(d.to, to)
	bits := from.NewBatch(0).Bits()
	switch reals := from.Units() - bits; {
	case o.transposed && reals == 0:
		on.LoadTransposed(&d.bits, o.w, o.m, o.n, o.offset)
	case o.transposed && bits == 0:
		on.LoadRealsTransposed(&d.reals.whole, o.w, o.m, o.n)
		d.reals.w, d.reals.isWhole = nil, true
	case o.transposed:
		d.load(on, from, to, operand{w: transposed(o.w, o.m, o.n), offset: o.offset, m: o.n, n: o.m})
	default:
		on.Load(&d.bits, o.w[:bits*o.n], bits, o.n, o.offset)
		d.reals.set(o.w[bits*o.n:], reals, o.n)
	}
}

// copied returns a layer with the parameters of another, in the memory of before if it fits.
func copied(before, layer Layer) Layer {
	if before == nil || before.Kind() != layer.Kind() || before.Units() != layer.Units() {
		return layer.Clone()
	}
	from := layer.Parameters()
	for k, p := range before.Parameters() {
		copy(p.Values, from[k].Values)
	}
	return before
}

func transposed(w []float32, m, n int) []float32 {
	t := make([]float32, len(w))
	for i := range m {
		for j := range n {
			t[j*m+i] = w[i*n+j]
		}
	}
	return t
}

// offsetOf returns the inputs Σ_i w_ij·offset that units contribute whose stored numbers are 0, or nil for zeros; w is as in
// operand.
func offsetOf(from Layer, w []float32, m, n int, transposed bool) []float32 {
	_, offset := from.Line()
	if offset == 0 {
		return nil
	}
	units := n
	if transposed {
		units = m
	}
	sums := make([]float64, units)
	for k, w := range w {
		to := k % n
		if transposed {
			to = k / n
		}
		sums[to] += float64(offset * float64(w))
	}
	return round(nil, sums)
}

// product returns the inputs of all rows, in scratch memory: log-odds if fused.
func (d *direction) product(on *compute.Context, s Batch) []float32 {
	d.inputs = resize(d.inputs, s.Rows()*d.to.Units())
	d.multiply(on, d.inputs, s)
	return d.inputs
}

func (d *direction) multiply(on *compute.Context, dst []float32, s Batch) {
	d.multiplyBy(on, dst, s, d.reals.in24)
}

// multiplyShort is multiply with 14 bits of the weights of real numbers, relative to the largest of a unit.
func (d *direction) multiplyShort(on *compute.Context, dst []float32, s Batch) {
	d.multiplyBy(on, dst, s, d.reals.in14)
}

func (d *direction) multiplyBy(
	on *compute.Context, dst []float32, s Batch, reals func(*compute.Context) *kernel.FixedReals,
) {
	switch {
	case s.reals.Cols == 0:
		on.Mul(dst, s.bits, &d.bits)
	case s.bits.Cols == 0:
		on.MulReals(dst, s.reals, reals(on), 1)
	default:
		on.Mul(dst, s.bits, &d.bits)
		on.AddMulReals(dst, s.reals, reals(on), 1)
	}
}

// logOdds writes scale·(bias + input): for units with two values the log-odds of their bit.
func (d *direction) logOdds(on *compute.Context, dst []float32, s Batch) {
	if d.multiply(on, dst, s); !d.fused {
		addBiases(on, d.to, dst, 1)
	}
}

// means writes the expectations of the numbers that a Batch stores.
func (d *direction) means(on *compute.Context, dst []float32, s Batch) {
	if d.fused {
		on.Probabilities(dst, nil, s.bits, &d.bits)
		return
	}
	d.multiply(on, dst, s)
	means(on, d.to, dst)
}

func (d *direction) sample(on *compute.Context, dst, s Batch, key rng.Key, step uint64) {
	if d.fused {
		on.Sample(dst.bits, nil, s.bits, &d.bits, key, step, 0)
		return
	}
	d.draw(on, dst, d.product(on, s), key, step)
}

// sampleShort is sample by multiplyShort.
func (d *direction) sampleShort(on *compute.Context, dst, s Batch, key rng.Key, step uint64) {
	if s.reals.Cols == 0 {
		d.sample(on, dst, s, key, step)
		return
	}
	d.inputs = resize(d.inputs, s.Rows()*d.to.Units())
	d.multiplyShort(on, d.inputs, s)
	d.draw(on, dst, d.inputs, key, step)
}

// draw draws rows from their inputs, which it may overwrite.
func (d *direction) draw(on *compute.Context, dst Batch, x []float32, key rng.Key, step uint64) {
	drawAt(on, d.to, 1, dst, x, key, step, 0)
	drawFields(on, d.to, dst, x, key, step)
}

// freeEnergy writes F(s) = U(s) − Γ(Wᵀs).
func (d *direction) freeEnergy(on *compute.Context, free []float64, s Batch) {
	energies := make([]float64, len(free))
	energy(on, d.from, energies, s)
	cgf(on, d.to, free, d.product(on, s))
	for r, e := range energies {
		free[r] = e - free[r]
	}
}
