package rbm

import (
	"fmt"
	"slices"

	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Line is the straight line between a model of independent units, its base, and a model. At the place β between 0 and 1
// the energy is that of interpolated parameters,
//
//	E_β(v,h) = (1−β)·E_0(v,h) + β·E_1(v,h),
//
// and, as the base has no weights, the input of a unit is (1−β)·bias_0 + β·x, where x is its input in the model. So all
// places share the products of the model's [Conditionals], and take their own factor and offset after the sum: no place
// has weights of its own, and one product serves states at many places.
//
// Layers of other kinds than bits take their share of the inputs in the same way, and have interpolated parameters.
type Line struct {
	base, model *Model
	end         *Conditionals
	visible     []float32 // biases of the base in bits, where a direction is fused
	hidden      []float32 // nil where they are 0
	constant    float64   // of the base's energy in bits
}

// NewLine returns the line from a base, as it is now but for the zeros of its W, which are shared, to a model, whose
// conditionals are end: the line ends at the model as it was when these were updated last. It panics if the base has
// weights, or parameters that are not finite, or if the three differ in numbers and kinds of units.
func NewLine(base, model *Model, end *Conditionals) *Line {
	if !base.Fits(model) || end.m != model.M() || end.n != model.N() || end.toHidden.fused != model.isFused() {
		panic("rbm: a line between models of different units")
	}
	if slices.ContainsFunc(base.W, func(w float32) bool { return w != 0 }) {
		panic("rbm: a line from a model with weights")
	}
	own := *base
	own.W = nil
	l := &Line{base: own.Clone(), model: model, end: end}
	l.base.W = base.W
	if end.toHidden.fused || end.toVisible.fused {
		bits := base.biasesAsBits()
		l.visible, l.constant = round(nil, bits.B), bits.Offset
		if slices.ContainsFunc(bits.C, func(c float64) bool { return c != 0 }) {
			l.hidden = round(nil, bits.C)
		}
	}
	if !base.Finite() || !end.compute.Finite(l.visible) || !end.compute.Finite(l.hidden) {
		panic("rbm: a line from a model with parameters that are not finite")
	}
	return l
}

// Base is the model of independent units at β = 0.
func (l *Line) Base() *Model { return l.base }

// Model is the model at β = 1.
func (l *Line) Model() *Model { return l.model }

// Stretch is a number of rows of states at one place of a line.
type Stretch struct {
	Rows  int
	Place float64 // β
}

// Places are the conditionals at places of a line, for states of which the first rows are at the first place, and so
// on. Random numbers belong to the row of a state, whatever its place.
type Places struct {
	line            *Line
	list            []Stretch
	hidden, visible []kernel.Part // for directions that are fused
	offsets         []float32
	linear          []float64 // scratch: Σ_i v_i b_i of rows, by the base and by the model
	at              [2]Layer  // scratch: a visible and a hidden layer with interpolated parameters
}

// At returns the conditionals at the places of a list.
func (l *Line) At(list ...Stretch) *Places {
	p := &Places{line: l}
	p.Set(list...)
	return p
}

// Set moves to other places. It panics if one is not between 0 and 1, or has a negative number of rows.
func (p *Places) Set(list ...Stretch) {
	for _, s := range list {
		if !(s.Place >= 0 && s.Place <= 1) || s.Rows < 0 {
			panic(fmt.Sprintf("rbm: %d rows at the place %v of a line, want one between 0 and 1", s.Rows, s.Place))
		}
	}
	p.list = append(p.list[:0], list...)
	l := p.line
	p.offsets = resize(p.offsets, len(list)*(len(l.visible)+len(l.hidden)))[:0]
	p.visible = p.parts(p.visible[:0], l.visible)
	p.hidden = p.parts(p.hidden[:0], l.hidden)
}

// parts appends the parts for a layer whose base has biases, or nil for zeros.
func (p *Places) parts(parts []kernel.Part, biases []float32) []kernel.Part {
	for _, s := range p.list {
		part := kernel.Part{Rows: s.Rows, Scale: float32(s.Place)}
		if biases != nil {
			from := len(p.offsets)
			for _, b := range biases {
				p.offsets = append(p.offsets, float32(float32(1-s.Place)*b))
			}
			part.Offset = p.offsets[from:len(p.offsets):len(p.offsets)]
		}
		parts = append(parts, part)
	}
	return parts
}

// rows is the number of rows of all places.
func (p *Places) rows() int {
	rows := 0
	for _, s := range p.list {
		rows += s.Rows
	}
	return rows
}

// SampleHidden draws h ~ P_β(h|v) for each row of v into dst, as [Conditionals.SampleHidden] does.
func (p *Places) SampleHidden(dst, v Batch, key rng.Key, step uint64) {
	l := p.line
	p.check("visible", v, l.end.m, dst, l.end.n)
	p.sample(&l.end.toHidden, p.hidden, dst, v, key, step)
}

// SampleVisible draws v ~ P_β(v|h) for each row of h into dst.
func (p *Places) SampleVisible(dst, h Batch, key rng.Key, step uint64) {
	l := p.line
	p.check("hidden", h, l.end.n, dst, l.end.m)
	p.sample(&l.end.toVisible, p.visible, dst, h, key, step)
}

func (p *Places) sample(d *direction, parts []kernel.Part, dst, s Batch, key rng.Key, step uint64) {
	on := p.line.end.compute
	if d.fused {
		on.SampleParts(dst.bits, s.bits, &d.bits, parts, key, step)
		return
	}
	x := d.product(on, s)
	p.each(d, x, func(at Layer, x []float32, place float64, from, to int) {
		drawAt(on, at, place, dst.Slice(from, to), x, key, step, from)
	})
	drawFields(on, d.to, dst, x, key, step)
}

// each calls f for the rows at each place with the layer that a direction leads to, as it is there, and the inputs of
// these rows.
func (p *Places) each(d *direction, x []float32, f func(at Layer, x []float32, place float64, from, to int)) {
	from, units := 0, d.to.Units()
	for _, s := range p.list {
		if to := from + s.Rows; to > from {
			f(p.layer(d, s.Place), x[from*units:to*units], s.Place, from, to)
			from = to
		}
	}
}

// layer returns the layer that a direction leads to at a place, in scratch memory.
func (p *Places) layer(d *direction, place float64) Layer {
	base, side := p.line.base.Visible, 0
	if d == &p.line.end.toHidden {
		base, side = p.line.base.Hidden, 1
	}
	return p.interpolated(side, base, d.to, place)
}

func (p *Places) interpolated(side int, base, end Layer, place float64) Layer {
	if p.at[side] == nil {
		p.at[side] = end.Clone()
	}
	from, to := base.Parameters(), end.Parameters()
	for k, x := range p.at[side].Parameters() {
		p.line.end.compute.Interpolate(x.Values, from[k].Values, to[k].Values, float32(place))
	}
	return p.at[side]
}

func multiplyBy(x []float32, factor float32) {
	for k := range x {
		x[k] *= factor
	}
}

// FreeEnergy writes F_β(v) = −log Σ_h e^(−E_β(v,h)) of each row of v to free.
func (p *Places) FreeEnergy(free []float64, v Batch) { FreeEnergies(v, Free{free, p}) }

// Free is where free energies of states go, one a row, and the places that they are of.
type Free struct {
	To []float64
	At *Places
}

// FreeEnergies writes free energies of the rows of v at places of one line, by one product.
func FreeEnergies(v Batch, list ...Free) {
	if len(list) == 0 {
		return
	}
	l := list[0].At.line
	l.checkFree(v, list)
	if !l.end.toHidden.fused {
		l.freeOfLayers(v, list)
		return
	}
	l.end.compute.SumSoftplusParts(v.bits, &l.end.toHidden.bits, sums(list)...)
	l.finish(v, list)
}

func (l *Line) checkFree(v Batch, list []Free) {
	for _, f := range list {
		switch rows := f.At.rows(); {
		case f.At.line != l:
			panic("rbm: free energies at places of different lines")
		case v.Units() != l.end.m || v.Rows() != rows || len(f.To) != rows:
			panic(fmt.Sprintf("rbm: %d free energies of %d states of %d units, at places of %d rows on a line of %d units",
				len(f.To), v.Rows(), v.Units(), rows, l.end.m))
		}
	}
}

// SampleHiddenFree is [Places.SampleHidden], and [FreeEnergies] by the same product.
func (p *Places) SampleHiddenFree(dst, v Batch, key rng.Key, step uint64, list ...Free) {
	l := p.line
	p.check("visible", v, l.end.m, dst, l.end.n)
	l.checkFree(v, list)
	if !l.end.toHidden.fused {
		p.SampleHidden(dst, v, key, step)
		l.freeOfLayers(v, list)
		return
	}
	l.end.compute.SampleParts(dst.bits, v.bits, &l.end.toHidden.bits, p.hidden, key, step, sums(list)...)
	l.finish(v, list)
}

// freeOfLayers writes F_β(v) = U_β(v) − Γ_β(βWᵀv) by one product.
func (l *Line) freeOfLayers(v Batch, list []Free) {
	d, on := &l.end.toHidden, l.end.compute
	x := d.product(on, v)
	var scratch []float32
	for _, f := range list {
		p := f.At
		p.each(d, x, func(at Layer, x []float32, place float64, from, to int) {
			scratch = append(scratch[:0], x...)
			multiplyBy(scratch, float32(place))
			cgf(on, at, f.To[from:to], scratch)
			energies := make([]float64, to-from)
			energy(on, p.interpolated(0, l.base.Visible, d.from, place), energies, v.Slice(from, to))
			for r, e := range energies {
				f.To[from+r] = e - f.To[from+r]
			}
		})
	}
}

// sums asks for Σ_j log(1+e^{x_j}) at the places of a list.
func sums(list []Free) []kernel.Sums {
	sums := make([]kernel.Sums, len(list))
	for k, f := range list {
		sums[k] = kernel.Sums{To: f.To, Parts: f.At.hidden}
	}
	return sums
}

// finish turns Σ_j log(1+e^{x_j}) at the places of a list into F(v).
func (l *Line) finish(v Batch, list []Free) {
	scratch, rows := list[0].At, v.Rows()
	scratch.linear = resize(scratch.linear, 2*rows)
	bases, models := scratch.linear[:rows], scratch.linear[rows:]
	l.end.compute.Linear(v.bits, kernel.Linear{To: bases, Weights: l.visible}, kernel.Linear{To: models, Weights: l.end.biases})
	for r := range rows {
		base, model := l.constant-bases[r], l.end.constant-models[r]
		for _, f := range list {
			β := f.At.placeOf(r)
			f.To[r] = float64((1-β)*base) + float64(β*model) - f.To[r]
		}
	}
}

// placeOf is the place of a row.
func (p *Places) placeOf(row int) float64 {
	for _, s := range p.list {
		if row < s.Rows {
			return s.Place
		}
		row -= s.Rows
	}
	panic("rbm: a row beyond all places")
}

// Interpolate sets the parameters of dst to those at a place between the base and the model as it is now.
func (l *Line) Interpolate(dst *Model, place float64) { l.interpolate(dst, l.model, place) }

func (l *Line) interpolate(dst, model *Model, place float64) {
	from, to := l.base.Parameters(), model.Parameters()
	for k, x := range dst.Parameters() {
		l.end.compute.Interpolate(x.Values, from[k].Values, to[k].Values, float32(place))
	}
}

func (p *Places) check(layer string, s Batch, units int, dst Batch, outputs int) {
	p.line.end.check(layer, s, units, dst.Rows()*dst.Units(), outputs)
	if rows := p.rows(); rows != s.Rows() {
		panic(fmt.Sprintf("rbm: %d rows of %s states for places of %d", s.Rows(), layer, rows))
	}
}
