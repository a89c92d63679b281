package rbm

import "github.com/harmonium-rbm/harmonium/compute"

// bernoulli is a layer of units with the values 0 and 1: U(s) = −Σ_i b_i s_i.
type bernoulli struct{ twoValued }

var _ cgfKernel = bernoulli{}

func newBernoulli(units int) Layer { return bernoulli{newTwoValued(units, 1, 0)} }

func (l bernoulli) Kind() Kind   { return Bernoulli }
func (l bernoulli) Clone() Layer { return bernoulli{l.clone()} }

// CGF is Γ(x) = Σ_i log(1 + e^(b_i+x_i)).
func (l bernoulli) CGF(dst []float64, x []float32) {
	l.eachField(x, func(r, _, i int, field float64) {
		if i == 0 {
			dst[r] = 0
		}
		dst[r] += Softplus(field)
	})
}

func (l bernoulli) cgfOn(on *compute.Context, dst []float64, x []float32) {
	addBiases(on, l, x, 1)
	on.SumSoftpluses(dst, x)
}

// Mean is ⟨s_i⟩ = σ(b_i+x_i).
func (l bernoulli) Mean(dst, x []float32) {
	l.eachField(x, func(_, k, _ int, field float64) { dst[k] = float32(Sigmoid(field)) })
}
