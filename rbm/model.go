package rbm

import (
	"fmt"
	"math"

	"harmonium/compute"
	"harmonium/rng"
)

// Model is a restricted Boltzmann machine with m visible units v_i and n hidden units h_j,
//
//	E(v,h) = −Σ_i b_i v_i − Σ_j c_j h_j − Σ_ij w_ij v_i h_j,   P(v,h) = e^(−E(v,h)) / Z.
//
// The parameters λ = (W, b, c) belong to the values of the units: 0 and 1 in a Bernoulli layer, −1 and +1 in a spin layer.
type Model struct {
	Visible, Hidden Units

	W []float32 // m×n weights, row-major: w_ij is W[i*n+j]
	B []float32 // m visible biases b_i
	C []float32 // n hidden biases c_j
}

// New returns a Bernoulli model with m visible and n hidden units, biases 0 and weights drawn from N(0, 0.01²)
// (Hinton, A Practical Guide to Training RBMs, 2010, section 8).
func New(m, n int, key rng.Key) *Model {
	if m <= 0 || n <= 0 {
		panic(fmt.Sprintf("rbm: New with %d visible and %d hidden units", m, n))
	}
	model := &Model{W: make([]float32, m*n), B: make([]float32, m), C: make([]float32, n)}
	s := rng.NewSource(key.Stream(rng.StreamInit), 0)
	for k := 0; k < len(model.W); k += 2 {
		// Box and Muller: two normal numbers from two uniform ones.
		r := 0.01 * math.Sqrt(-2*math.Log(s.Float64()))
		sin, cos := math.Sincos(2 * math.Pi * s.Float64())
		model.W[k] = float32(r * cos)
		if k+1 < len(model.W) {
			model.W[k+1] = float32(r * sin)
		}
	}
	return model
}

// M is the number of visible units.
func (model *Model) M() int { return len(model.B) }

// N is the number of hidden units.
func (model *Model) N() int { return len(model.C) }

// Fits reports whether two models have the same numbers and kinds of units.
func (model *Model) Fits(other *Model) bool {
	return model.M() == other.M() && model.N() == other.N() && model.Visible == other.Visible && model.Hidden == other.Hidden
}

// Parameters returns W, b and c, which share the model's memory.
func (model *Model) Parameters() [3][]float32 { return [3][]float32{model.W, model.B, model.C} }

// SetBiasesFromMeans sets b_i to the value at which a unit without weights is on (1 or +1) with probability means[i]: its log-odds for bits, half of
// that for spins. Probabilities are kept 10^−3 away from 0 and 1, where the log-odds are infinite.
func (model *Model) SetBiasesFromMeans(means []float64) {
	for i, p := range means {
		p = min(max(p, 1e-3), 1-1e-3)
		model.B[i] = float32(math.Log(p/(1-p)) / model.Visible.Scale())
	}
}

// Clone returns a copy that shares nothing with the model.
func (model *Model) Clone() *Model {
	c := *model
	c.W = append([]float32(nil), model.W...)
	c.B = append([]float32(nil), model.B...)
	c.C = append([]float32(nil), model.C...)
	return &c
}

// Finite reports whether every parameter is a finite number.
func (model *Model) Finite() bool {
	var on *compute.Context
	return on.Finite(model.W) && on.Finite(model.B) && on.Finite(model.C)
}
