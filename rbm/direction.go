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
// wanted while they are in the cache. Elsewhere the inputs x = Σ w s come without biases, and [Layer] knows the rest.
type direction struct {
	from, to Layer
	fused    bool
	bits     kernel.Fixed      // of the units of from that are bits: log-odds if fused, else inputs
	reals    kernel.FixedReals // and of the others
	inputs   []float32         // scratch
	fields   []float32         // scratch: biases on a line
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
		on.LoadRealsTransposed(&d.reals, o.w, o.m, o.n)
	case o.transposed:
		d.load(on, from, to, operand{w: transposed(o.w, o.m, o.n), offset: o.offset, m: o.n, n: o.m})
	default:
		on.Load(&d.bits, o.w[:bits*o.n], bits, o.n, o.offset)
		on.LoadReals(&d.reals, o.w[bits*o.n:], reals, o.n)
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
	switch {
	case s.reals.Cols == 0:
		on.Mul(dst, s.bits, &d.bits)
	case s.bits.Cols == 0:
		on.MulReals(dst, s.reals, &d.reals, 1)
	default:
		on.Mul(dst, s.bits, &d.bits)
		on.AddMulReals(dst, s.reals, &d.reals, 1)
	}
}

// logOdds writes scale·(bias + input): for units with two values the log-odds of their bit.
func (d *direction) logOdds(on *compute.Context, dst []float32, s Batch) {
	if d.multiply(on, dst, s); !d.fused {
		d.addBiases(on, d.to, dst, 1)
	}
}

// addBiases turns inputs into scale·(bias + factor·input).
func (d *direction) addBiases(on *compute.Context, to Layer, x []float32, factor float64) {
	scale, _ := to.Line()
	d.fields = resize(d.fields, to.Units())
	for i, b := range to.Biases() {
		d.fields[i] = float32(scale * float64(b))
	}
	on.AddRow(x, float32(scale*factor), d.fields)
}

// means writes the expectations of the numbers that a Batch stores.
func (d *direction) means(on *compute.Context, dst []float32, s Batch) {
	if d.fused {
		on.Probabilities(dst, nil, s.bits, &d.bits)
		return
	}
	d.multiply(on, dst, s)
	d.meansOf(on, dst)
}

// meansOf turns inputs of all rows into means.
func (d *direction) meansOf(on *compute.Context, x []float32) {
	switch l := d.to.(type) {
	case *categorical:
		d.addBiases(on, l, x, 1)
		on.Softmax(x, x, l.states)
		return
	case twoValuedLayer:
		d.addBiases(on, d.to, x, 1)
		on.Sigmoids(x, x)
		return
	case gaussian:
		l.meansOn(on, x)
		return
	case *mixed:
		d.addBiases(on, l, x, 1)
		l.meansOf(on, x)
		return
	}
	scale, offset := d.to.Line()
	inBlocks(on, d.to, len(x), func(from, to int) {
		x := x[from:to]
		d.to.Mean(x, x)
		for k, y := range x {
			x[k] = float32((float64(y) - offset) / scale)
		}
	})
}

// blockRows is the number of rows that one goroutine takes at a time.
const blockRows = 8

// inBlocks calls f with the places from…to−1 of all numbers, some rows of a layer's units at a time, on several
// workers.
func inBlocks(on *compute.Context, layer Layer, numbers int, f func(from, to int)) {
	block := blockRows * layer.Units()
	on.Parallel((numbers+block-1)/block, func(k int) { f(k*block, min((k+1)*block, numbers)) })
}

func (d *direction) sample(on *compute.Context, dst, s Batch, key rng.Key, step uint64) {
	if d.fused {
		on.Sample(dst.bits, nil, s.bits, &d.bits, key, step, 0)
		return
	}
	x := d.product(on, s)
	d.drawAt(on, d.to, 1, dst, x, key, step, 0)
	d.drawFields(on, dst, x, key, step)
}

// drawAt draws rows, the first of which has a number, from a layer as it is at a place of a line; or makes fields of
// their inputs where [direction.drawFields] draws all rows.
func (d *direction) drawAt(on *compute.Context, at Layer, place float64, dst Batch, x []float32, key rng.Key, step uint64, first int) {
	if takesFields(at) {
		d.addBiases(on, at, x, place)
		if l, ok := at.(*mixed); ok {
			l.drawReals(on, dst, x, key, step, first)
		}
		return
	}
	if place != 1 {
		multiplyBy(x, float32(place))
	}
	d.draw(on, at, dst, x, key, step, first)
}

// takesFields reports whether kernels draw the bits of a layer from its fields, bias + input.
func takesFields(l Layer) bool {
	switch l.(type) {
	case *categorical, *mixed, twoValuedLayer:
		return true
	}
	return false
}

// drawFields draws them.
func (d *direction) drawFields(on *compute.Context, dst Batch, fields []float32, key rng.Key, step uint64) {
	switch l := d.to.(type) {
	case *categorical:
		on.DrawCategories(dst.bits, fields, l.states, key, step)
	case *mixed:
		l.drawBits(on, dst, fields, key, step)
	case twoValuedLayer:
		on.Draw(dst.bits, fields, key, step)
	}
}

// draw samples a layer, as it is at a place of a line, from inputs of its rows, the first of which is number first.
func (d *direction) draw(on *compute.Context, to Layer, dst Batch, x []float32, key rng.Key, step uint64, first int) {
	units := to.Units()
	if l, ok := to.(gaussian); ok {
		l.meansOn(on, x)
		d.fields = l.deviations(d.fields)
		on.Normals(dst.reals.Values, x, d.fields, key, step, uint32(first))
		return
	}
	inBlocks(on, to, len(x), func(from, end int) {
		to.Sample(dst.Slice(from/units, end/units), x[from:end], key, step, uint32(first+from/units))
	})
}

// cgf writes Γ of inputs of rows, which it may overwrite.
func (d *direction) cgf(on *compute.Context, to Layer, dst []float64, x []float32) {
	switch l := to.(type) {
	case bernoulli:
		d.addBiases(on, to, x, 1)
		on.SumSoftpluses(dst, x)
		return
	case *categorical:
		d.addBiases(on, to, x, 1)
		on.SumLogSumExp(dst, x, l.states)
		return
	case gaussian:
		d.addBiases(on, to, x, 1)
		l.cgfOfFields(on, dst, x)
		return
	case *mixed:
		d.addBiases(on, to, x, 1)
		l.cgf(on, dst, x)
		return
	}
	units := to.Units()
	inBlocks(on, to, len(x), func(from, end int) { to.CGF(dst[from/units:end/units], x[from:end]) })
}

// moments writes the averages of [Layer.Moments] over the rows of a batch.
func moments(on *compute.Context, l Layer, dst [][]float32, s Batch, weights []float32) {
	switch l := l.(type) {
	case gaussian:
		l.momentsOf(on, dst, s.reals, weights)
	case *mixed:
		l.momentsOn(on, dst, s, weights)
	default:
		l.Moments(dst, s, weights)
	}
}

// inputMoments writes those of [Layer.InputMoments]. Then x holds the means.
func (d *direction) inputMoments(on *compute.Context, dst [][]float32, x, weights []float32) {
	switch l := d.to.(type) {
	case gaussian:
		d.meansOf(on, x)
		l.meanMoments(on, dst, x, weights)
	case *mixed:
		d.meansOf(on, x)
		l.meanMoments(on, dst, x, weights)
	case relu:
		l.inputMomentsOn(on, dst, x, weights)
	case drelu:
		l.inputMomentsOn(on, dst, x, weights)
	default:
		d.to.InputMoments(dst, x, weights)
		d.meansOf(on, x)
	}
}

// energy writes U(s) of each row.
func energy(on *compute.Context, l Layer, dst []float64, s Batch) {
	switch l := l.(type) {
	case gaussian:
		l.energyOn(on, dst, s)
	case *mixed:
		l.energyOn(on, dst, s)
	default:
		l.Energy(dst, s)
	}
}

// freeEnergy writes F(s) = U(s) − Γ(Wᵀs).
func (d *direction) freeEnergy(on *compute.Context, free []float64, s Batch) {
	energies := make([]float64, len(free))
	energy(on, d.from, energies, s)
	d.cgf(on, d.to, free, d.product(on, s))
	for r, e := range energies {
		free[r] = e - free[r]
	}
}
