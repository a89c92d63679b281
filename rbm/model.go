package rbm

import (
	"fmt"
	"math"
	"reflect"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Model is a restricted Boltzmann machine with m visible units v_i and n hidden units h_j,
//
//	E(v,h) = −Σ_i b_i v_i − Σ_j c_j h_j − Σ_ij w_ij v_i h_j,   P(v,h) = e^(−E(v,h)) / Z.
//
// The parameters λ = (W, b, c) belong to the values of the units: 0 and 1 in a Bernoulli layer, −1 and +1 in a spin layer.
// Each layer owns its biases, and whatever else its energy has ([Layer]).
type Model struct {
	Visible, Hidden Layer

	W []float32 // m×n weights, row-major: w_ij is W[i*n+j]

	// Columns say what the visible units stand for in the table that the model was trained on; nil if nothing says so.
	Columns []Column

	// State is the quantum state that P(v) is the diagonal of; nil for a distribution and no more.
	State *State
}

// New returns a Bernoulli model with m visible and n hidden units, as [NewModel] does.
func New(m, n int, key rng.Key) *Model {
	if m <= 0 || n <= 0 {
		panic(fmt.Sprintf("rbm: New with %d visible and %d hidden units", m, n))
	}
	return NewModel(NewLayer(Bernoulli, m), NewLayer(Bernoulli, n), key)
}

// InitialStd is the standard deviation of the weights of a new model (Hinton, A Practical Guide to Training RBMs, 2010,
// section 8).
const InitialStd = 0.01

// NewModel returns a model of two layers, which it takes over, with weights drawn from N(0, 0.01²).
func NewModel(visible, hidden Layer, key rng.Key) *Model {
	model := &Model{Visible: visible, Hidden: hidden, W: make([]float32, visible.Units()*hidden.Units())}
	drawNormal(model.W, InitialStd, rng.NewSource(key.Stream(rng.StreamInit), 0))
	return model
}

// DrawWeights draws all weights again, those of the phases of a state too, from N(0, std²): the same normal numbers for
// any std.
func (model *Model) DrawWeights(std float64, key rng.Key) {
	drawNormal(model.W, std, rng.NewSource(key.Stream(rng.StreamInit), 0))
	if s := model.State; s != nil && s.Phase != nil {
		key = key.Stream(rng.StreamPhase)
		drawNormal(s.Phase.W, std, rng.NewSource(key, 0))
		drawNormal(s.U, std, rng.NewSource(key, 1))
	}
}

// drawNormal draws from N(0, width²) by Box and Muller: two normal numbers from two uniform ones.
func drawNormal(x []float32, width float64, s *rng.Source) {
	for k := 0; k < len(x); k += 2 {
		r := width * math.Sqrt(-2*math.Log(s.Float64()))
		sin, cos := math.Sincos(2 * math.Pi * s.Float64())
		x[k] = float32(r * cos)
		if k+1 < len(x) {
			x[k+1] = float32(r * sin)
		}
	}
}

// M is the number of visible units.
func (model *Model) M() int { return model.Visible.Units() }

// N is the number of hidden units.
func (model *Model) N() int { return model.Hidden.Units() }

// B returns the m visible biases b_i, which share the model's memory.
func (model *Model) B() []float32 { return model.Visible.Biases() }

// C returns the n hidden biases c_j, which share the model's memory.
func (model *Model) C() []float32 { return model.Hidden.Biases() }

// Fits reports whether two models have the same numbers and kinds of units.
func (model *Model) Fits(other *Model) bool {
	return reflect.DeepEqual(LayoutOf(model.Visible), LayoutOf(other.Visible)) &&
		reflect.DeepEqual(LayoutOf(model.Hidden), LayoutOf(other.Hidden))
}

// Parameters returns all parameters λ, which share the model's memory: W, those of the visible layer, those of the
// hidden one and those of the State. The biases are called b and c, another parameter by the name that it has in its
// layer, after "visible." or "hidden.", and those of the State phase.W, phase.b, phase.c and phase.U.
func (model *Model) Parameters() []Named {
	visible, hidden := model.Visible.Parameters(), model.Hidden.Parameters()
	list := append(make([]Named, 0, 1+len(visible)+len(hidden)), Named{Name: "W", Values: model.W})
	list = append(list, Named{Name: "b", Values: visible[0].Values})
	for _, p := range visible[1:] {
		list = append(list, Named{"visible." + p.Name, p.Values, p.Positive})
	}
	list = append(list, Named{Name: "c", Values: hidden[0].Values})
	for _, p := range hidden[1:] {
		list = append(list, Named{"hidden." + p.Name, p.Values, p.Positive})
	}
	return append(list, model.State.parameters()...)
}

// ParameterCount is the number of all parameters.
func (model *Model) ParameterCount() int {
	n := 0
	for _, p := range model.Parameters() {
		n += len(p.Values)
	}
	return n
}

// SetMoments sets the parameters of the visible layer at which units without weights have these means and variances
// ([Layer.SetMoments]). For bits and spins means are the probabilities to be on (1 or +1), and b_i their log-odds, or
// half of these. Probabilities are kept 10^−3 away from 0 and 1, where the log-odds are infinite.
func (model *Model) SetMoments(means, variances []float64) {
	model.Visible.SetMoments(means, variances)
}

// Discrete reports whether the visible units have a finite number of values, so that P(v) is a probability. Where some
// are real numbers it is a density, which may exceed 1.
func (model *Model) Discrete() bool { return model.Visible.NewBatch(0).Bits() == model.M() }

// Clone returns a copy that shares nothing with the model.
func (model *Model) Clone() *Model {
	return &Model{
		Visible: model.Visible.Clone(), Hidden: model.Hidden.Clone(), W: append([]float32(nil), model.W...), Columns: model.Columns,
		State: model.State.Clone(),
	}
}

// CloneWithoutWeights returns a copy but for its W, which is zeros: memory that nobody has touched takes none.
func (model *Model) CloneWithoutWeights() *Model {
	bare := *model
	bare.W = nil
	c := bare.Clone()
	c.W = make([]float32, len(model.W))
	return c
}

// Copy takes over the parameters of a model of the same shape.
func (model *Model) Copy(other *Model) {
	from := other.Parameters()
	for k, p := range model.Parameters() {
		copy(p.Values, from[k].Values)
	}
}

// Finite reports whether every parameter is a finite number. It computes in the caller's goroutine.
func (model *Model) Finite() bool {
	var on *compute.Context // whose workers have no part in it
	for _, p := range model.Parameters() {
		if !on.Finite(p.Values) {
			return false
		}
	}
	return true
}

// CheckBits returns nil if the energy is a function of bits, which [Model.Bits] gives, or else an error that names the kinds of units.
func (model *Model) CheckBits() error {
	if model.inBits() {
		return nil
	}
	return fmt.Errorf("%s visible and %s hidden units, want units of two values and linear energy, such as %s and %s",
		model.Visible.Kind(), model.Hidden.Kind(), Bernoulli, Spin)
}

func (model *Model) inBits() bool { return hasTwoValues(model.Visible) && hasTwoValues(model.Hidden) }

// isFused reports whether the hidden units have two values and the visible ones are bits with a linear energy, so that
// one product of bits gives log-odds of h and F(v).
func (model *Model) isFused() bool {
	return isLinearInBits(model.Visible) && hasTwoValues(model.Hidden)
}
