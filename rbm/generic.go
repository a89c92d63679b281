package rbm

import (
	"harmonium/compute"
	"harmonium/rng"
)

// direction is one of the two conditional distributions of a model through [Layer] alone, P(to|from): a product in
// float64, and then what the layer makes of its inputs. Pairs of layers of bits have the kernels instead.
type direction struct {
	from, to Layer
	w        []float32 // from×to
	inputs   []float32 // scratch
}

// directions are both of a model, which is a copy.
type directions struct {
	model               *Model
	toHidden, toVisible direction
}

func newDirections(model *Model) *directions {
	model = model.Clone()
	return &directions{
		model:     model,
		toHidden:  direction{from: model.Visible, to: model.Hidden, w: model.W},
		toVisible: direction{from: model.Hidden, to: model.Visible, w: model.Transpose().W},
	}
}

// row writes x_j = Σ_i w_ij v_i of one row to sums.
func (d *direction) row(sums []float64, s Batch, r int) {
	clear(sums)
	scale, offset := d.from.Line()
	for i := range s.Units() {
		v := scale*s.stored(r, i) + offset
		if v == 0 {
			continue
		}
		for j, w := range d.w[i*len(sums) : (i+1)*len(sums)] {
			sums[j] += float64(v * float64(w))
		}
	}
}

// product returns the inputs of all rows, in scratch memory.
func (d *direction) product(on *compute.Context, s Batch) []float32 {
	n := d.to.Units()
	d.inputs = resize(d.inputs, s.Rows()*n)
	on.Parallel(s.Rows(), func(r int) {
		sums := make([]float64, n)
		d.row(sums, s, r)
		for j, x := range sums {
			d.inputs[r*n+j] = float32(x)
		}
	})
	return d.inputs
}

// logOdds writes scale·(bias + input): for units with two values the log-odds of their bit.
func (d *direction) logOdds(on *compute.Context, dst []float32, s Batch) {
	scale, _ := d.to.Line()
	biases := d.to.Biases()
	for k, x := range d.product(on, s) {
		dst[k] = float32(scale * (float64(biases[k%len(biases)]) + float64(x)))
	}
}

// means writes the expectations of the numbers that a Batch stores.
func (d *direction) means(on *compute.Context, dst []float32, s Batch) {
	scale, offset := d.to.Line()
	d.to.Mean(dst, d.product(on, s))
	for k, x := range dst {
		dst[k] = float32((float64(x) - offset) / scale)
	}
}

func (d *direction) sample(on *compute.Context, dst, s Batch, key rng.Key, step uint64) {
	d.to.Sample(dst, d.product(on, s), key, step)
}

// freeEnergy writes F(s) = U(s) − Γ(Wᵀs).
func (d *direction) freeEnergy(on *compute.Context, free []float64, s Batch) {
	energy := make([]float64, len(free))
	d.from.Energy(energy, s)
	d.to.CGF(free, d.product(on, s))
	for r, e := range energy {
		free[r] = e - free[r]
	}
}

// energy returns U(s) + U(t) − Σ_ij w_ij s_i t_j of each row.
func (d *direction) energy(s, t Batch) []float64 {
	energy, other, sums := make([]float64, s.Rows()), make([]float64, s.Rows()), make([]float64, d.to.Units())
	d.from.Energy(energy, s)
	d.to.Energy(other, t)
	scale, offset := d.to.Line()
	for r := range energy {
		energy[r] += other[r]
		d.row(sums, s, r)
		for j, x := range sums {
			energy[r] -= float64(x * (scale*t.stored(r, j) + offset))
		}
	}
	return energy
}

// statistics writes the averages of [Conditionals.Statistics].
func (d *direction) statistics(on *compute.Context, dst *Statistics, v Batch, weights []float32) {
	x := d.product(on, v)
	d.from.Moments(dst.visible, v, weights)
	d.to.InputMoments(dst.hidden, x, weights)
	mean := make([]float32, len(x))
	d.to.Mean(mean, x)
	n := d.to.Units()
	scale, offset := d.from.Line()
	on.Parallel(d.from.Units(), func(i int) {
		weightedMeans(dst.VH[i*n:(i+1)*n], v.Rows(), weights, func(r, j int) float64 {
			return (scale*v.stored(r, i) + offset) * float64(mean[r*n+j])
		})
	})
}
