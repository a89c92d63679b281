package rbm

import "math"

// spin is a layer of units with the values −1 and +1: U(s) = −Σ_i b_i s_i.
type spin struct{ twoValued }

func newSpin(units int) Layer { return spin{newTwoValued(units, 2, -1)} }

func (l spin) Kind() Kind   { return Spin }
func (l spin) Clone() Layer { return spin{l.clone()} }

// CGF is Γ(x) = Σ_i log(e^(b_i+x_i) + e^(−b_i−x_i)).
func (l spin) CGF(dst []float64, x []float32) {
	l.eachField(x, func(r, _, i int, field float64) {
		if i == 0 {
			dst[r] = 0
		}
		dst[r] += Softplus(2*field) - field
	})
}

// Mean is ⟨s_i⟩ = tanh(b_i+x_i).
func (l spin) Mean(dst, x []float32) {
	l.eachField(x, func(_, k, _ int, field float64) { dst[k] = float32(math.Tanh(field)) })
}
