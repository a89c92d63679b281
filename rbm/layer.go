package rbm

import (
	"fmt"
	"slices"
	"strings"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Layer is a layer of units that are independent of each other, with the parameters θ of their energy U. A model is two
// layers and the weights between them,
//
//	E(v,h) = U_v(v) + U_h(h) − Σ_ij w_ij v_i h_j.
//
// It is the one extension point of the package: a kind of unit is a file with a type that implements Layer, and a row in the table
// kinds. For what it has kernels for the type also implements the interfaces of bykind.go.
//
// Inputs x_i = Σ_j w_ij h_j come from the other layer, one row for each configuration; biases are no part of them. Given its
// inputs a layer has the distribution P(s|x) = e^(x·s − U(s) − Γ(x)).
type Layer interface {
	Kind() Kind
	// Units is the number of units.
	Units() int
	// Line is the map from the number that a Batch stores for a unit to the unit's value: value = scale·stored + offset.
	Line() (scale, offset float64)
	// Biases are the fields b of the energy U(s) = −Σ_i b_i s_i + …, one a unit; they share the layer's memory.
	Biases() []float32
	// Parameters are all parameters of the energy: first the biases, with the name "biases". The list and the values are the
	// layer's own memory.
	Parameters() []Named
	// Clone returns a copy that shares nothing with the layer.
	Clone() Layer
	// SetMoments sets the parameters at which units without inputs have these means, and as far as their kind can these
	// variances, of the numbers that a Batch stores. variances = nil sets the biases alone.
	SetMoments(means, variances []float64)
	// NewBatch returns rows configurations of the layer, all stored numbers 0.
	NewBatch(rows int) Batch
	// Energy writes U(s) of each row.
	Energy(dst []float64, s Batch)
	// CGF writes the cumulant generating function Γ(x) = log Σ_s e^(x·s − U(s)) of each row of x (rows×units), so that
	// a model with this hidden layer has the free energy F(v) = U_v(v) − Γ(Wᵀv).
	CGF(dst []float64, x []float32)
	// Mean writes ⟨s_i⟩ = ∂Γ/∂x_i, in the units' values, into dst (rows×units), which may be x.
	Mean(dst, x []float32)
	// Spreads are the standard deviations that the units keep at inputs x → ±∞, where Γ(x) grows as ½ spread² x²; of a
	// unit whose two sides differ the larger one. nil stands for values within bounds, of which Γ(x) grows as |x|.
	Spreads() []float64
	// Sample draws each row of dst from P(s|x); x = nil stands for zeros. Unit i of row r is decided by the random
	// numbers at (key, step, first+r, i) alone, so that rows may be drawn in several calls.
	Sample(dst Batch, x []float32, key rng.Key, step uint64, first uint32)
	// Moments writes the averages of −∂U/∂θ over the rows of s, for the biases ⟨s_i⟩, into dst, in the order of
	// Parameters. weights gives each row's weight, none of them negative; nil means equal ones. They need not sum to one.
	Moments(dst [][]float32, s Batch, weights []float32)
	// InputMoments is Moments for the expectations given the rows of x (Rao and Blackwell): the averages of ∂Γ/∂θ.
	InputMoments(dst [][]float32, x []float32, weights []float32)
}

// Named are parameters of one name.
type Named struct {
	Name     string
	Values   []float32
	Positive bool // the values must be above 0; training moves their logarithms
}

// maxParameter bounds parameters: those of spins are summed up to parameters of bits, which are float32 as well. With a
// billion units of this bound the sums stay below float32's 3·10^38.
const maxParameter = kernel.MaxParameter

// Sound reports whether a model may have these parameters, and [Model.Save] writes them: whether they are finite, within
// ±10^29, and above 0 if they must be.
func (p Named) Sound(on *compute.Context) bool {
	if !p.Positive {
		return on.Sound(p.Values)
	}
	for _, x := range p.Values {
		if !p.allows(x) {
			return false
		}
	}
	return true
}

// allows reports whether x may be one of the values: not so NaN.
func (p Named) allows(x float32) bool {
	return -maxParameter <= x && x <= maxParameter && (!p.Positive || x > 0)
}

// Kind is the name of a kind of unit, in files and flags.
type Kind string

// The kinds of units.
const (
	Bernoulli   Kind = "bernoulli"   // values 0 and 1
	Spin        Kind = "spin"        // values −1 and +1
	Categorical Kind = "categorical" // sites of q states, q bits each, one of which is 1
	Gaussian    Kind = "gaussian"    // real numbers
	ReLU        Kind = "relu"        // real numbers from 0 up
	DReLU       Kind = "drelu"       // real numbers with an energy of their own on each side of 0
	Mixed       Kind = "mixed"       // parts of different kinds
)

// kinds has a row for each kind of unit: its name and what makes a layer of it with biases 0, nil where that takes more
// than a number of units ([NewCategorical], [NewMixed]).
var kinds = []kindRow{
	{Bernoulli, newBernoulli},
	{Spin, newSpin},
	{Categorical, nil},
	{Gaussian, newGaussian},
	{ReLU, newReLU},
	{DReLU, newDReLU},
	{Mixed, nil},
}

type kindRow struct {
	name Kind
	new  func(units int) Layer
}

// NewLayer returns a layer of the given kind with biases 0. It panics if there is no such kind, or if a number of units
// does not say what its layers are.
func NewLayer(kind Kind, units int) Layer {
	for _, k := range kinds {
		switch {
		case k.name != kind:
		case k.new == nil:
			panic(fmt.Sprintf("rbm: %d units don't say what a %s layer is", units, kind))
		default:
			return k.new(units)
		}
	}
	panic(fmt.Sprintf("rbm: no kind of unit is called %q", string(kind)))
}

// WithBiases returns a layer of the given kind, one unit a bias.
func WithBiases(kind Kind, biases ...float32) Layer {
	l := NewLayer(kind, len(biases))
	copy(l.Biases(), biases)
	return l
}

// ParseKind returns the kind of a name; the error lists the names that there are.
func ParseKind(name string) (Kind, error) {
	for _, k := range kinds {
		if string(k.name) == name {
			return k.name, nil
		}
	}
	return "", fmt.Errorf("unknown units %q, want %s", name, KindNames())
}

// KindNames lists the names of all kinds but some, for messages and help: "bernoulli or spin".
func KindNames(except ...Kind) string {
	var names []string
	for _, row := range kinds {
		if !slices.Contains(except, row.name) {
			names = append(names, string(row.name))
		}
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// Line is [Layer.Line] of the kind's layers.
func (k Kind) Line() (scale, offset float64) {
	if k == Categorical || k == Mixed {
		return 1, 0
	}
	return NewLayer(k, 0).Line()
}
