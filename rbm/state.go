package rbm

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/internal/safetensors"
	"github.com/harmonium-rbm/harmonium/rng"
)

// StateKind is the name of a kind of quantum state, in files and flags.
type StateKind string

// The kinds of states of qubits (package quantum has the formulas).
const (
	StateWavefunction StateKind = "wavefunction" // ψ(v) = √P(v)
	StateComplex      StateKind = "complex"      // ψ(v) = √P(v) e^(iφ(v))
	StateDensity      StateKind = "density"      // ρ(v,v'), of which P(v) is the diagonal
)

// StateKinds lists the kinds.
func StateKinds() []StateKind { return []StateKind{StateWavefunction, StateComplex, StateDensity} }

// ParseStateKind returns the kind of a name.
func ParseStateKind(name string) (StateKind, error) {
	if slices.Contains(StateKinds(), StateKind(name)) {
		return StateKind(name), nil
	}
	return "", fmt.Errorf("state %q, want wavefunction, complex or density", name)
}

// State says that P(v) is the diagonal of a quantum state, and has the parameters of its phases. They are trained, kept
// and written with those of the energy, which they are no part of.
type State struct {
	Kind  StateKind
	Phase *Model    // of the phases φ(v) = −F(v)/2; nil for a wavefunction without
	U     []float32 // m×a weights, row-major, of the phases of a density matrix; the last a hidden units of the model are auxiliary
}

// startCoherence is the geometric mean of the coherences that a new density matrix has, measured (docs/decisions/0095).
const startCoherence = 0.9

// NewState returns a state of a model of bits, whose phase machine has a number of hidden units. Of a density matrix
// auxiliary hidden units of the model are those that are summed over. Weights of the p hidden units of the phases are
// drawn from N(0, 10²/p), and those of auxiliary units from N(0, 5²), so that all phases are random at first. Where
// phases agree, outcomes in other bases have amplitudes next to 0 or far from it, and what was measured is next to
// impossible: from there learning goes to much worse optima.
//
// It sets the biases of the auxiliary units, so that a density matrix is nearly pure at first. A unit that is on with
// the probability q multiplies a coherence ⟨σ|ρ|σ'⟩ by |1 − q + q e^(iθ)|, with the geometric mean 1 − q over phases θ.
// All a of them leave 0.9 of it: (1−q)^a = 0.9. Coherences that are small at first have small gradients, and auxiliary
// units then learn which configuration was measured, which destroys them for good.
func NewState(kind StateKind, model *Model, phaseHidden, auxiliary int, key rng.Key) (*State, error) {
	s := &State{Kind: kind}
	if model.Visible.Kind() != Bernoulli || model.Hidden.Kind() != Bernoulli {
		return nil, fmt.Errorf("a state of %s visible and %s hidden units, want %s ones", model.Visible.Kind(), model.Hidden.Kind(), Bernoulli)
	}
	m, n := model.M(), model.N()
	switch kind {
	case StateWavefunction:
		return s, nil
	case StateDensity:
		if auxiliary < 1 || auxiliary >= n {
			return nil, fmt.Errorf("%d of %d hidden units are auxiliary, want 1 or more, and fewer than all", auxiliary, n)
		}
		s.U = make([]float32, m*auxiliary)
		logOff := math.Log(startCoherence) / float64(auxiliary) // log(1−q)
		for k := range auxiliary {
			model.C()[n-auxiliary+k] = float32(math.Log(-math.Expm1(logOff)) - logOff)
		}
	}
	if phaseHidden < 1 {
		return nil, fmt.Errorf("%d hidden units of the phase, want 1 or more", phaseHidden)
	}
	key = key.Stream(rng.StreamPhase)
	s.Phase = New(m, phaseHidden, key)
	drawNormal(s.Phase.W, 10/math.Sqrt(float64(phaseHidden)), rng.NewSource(key, 0))
	drawNormal(s.U, 5, rng.NewSource(key, 1))
	return s, nil
}

// Auxiliary is the number of hidden units that are summed over in a density matrix.
func (s *State) Auxiliary() int {
	if len(s.U) == 0 {
		return 0
	}
	return len(s.U) / s.Phase.M()
}

// Clone returns a copy; that of nil is nil.
func (s *State) Clone() *State {
	if s == nil {
		return nil
	}
	c := &State{Kind: s.Kind, U: slices.Clone(s.U)}
	if s.Phase != nil {
		c.Phase = s.Phase.Clone()
	}
	return c
}

// parameters are those of the phases; none of nil.
func (s *State) parameters() (list []Named) {
	if s == nil || s.Phase == nil {
		return nil
	}
	for _, p := range s.Phase.Parameters() {
		list = append(list, Named{Name: "phase." + p.Name, Values: p.Values})
	}
	if len(s.U) > 0 {
		list = append(list, Named{Name: "phase.U", Values: s.U})
	}
	return list
}

// Shape is the shape of one of the parameters in a file: weights have a row for each of the m visible units.
func (model *Model) Shape(p Named) []int {
	switch p.Name {
	case "W", "phase.W", "phase.U":
		return []int{model.M(), len(p.Values) / model.M()}
	}
	return []int{len(p.Values)}
}

// stateOf returns the state that a file describes, with zeros for parameters; nil if it has none.
func stateOf(f *safetensors.File, model *Model) (*State, error) {
	text, ok := f.Metadata["state"]
	if !ok {
		return nil, nil
	}
	kind, err := ParseStateKind(text)
	if err != nil {
		return nil, fmt.Errorf("metadata state: %w", err)
	}
	if model.Visible.Kind() != Bernoulli || model.Hidden.Kind() != Bernoulli {
		return nil, errors.New("metadata state is there, and the units are not all bernoulli, want these")
	}
	s, m := &State{Kind: kind}, model.M()
	if kind == StateWavefunction {
		return s, nil
	}
	columns := func(name string) (int, error) {
		_, shape, err := parameters(f, name, 2)
		if err == nil && shape[0] != m {
			err = fmt.Errorf("tensor %s has %d rows, want one for each of %d visible units", name, shape[0], m)
		}
		if err != nil {
			return 0, err
		}
		return shape[1], nil
	}
	p, err := columns("phase.W")
	if err != nil {
		return nil, err
	}
	s.Phase = &Model{Visible: NewLayer(Bernoulli, m), Hidden: NewLayer(Bernoulli, p), W: make([]float32, m*p)}
	if kind == StateDensity {
		a, err := columns("phase.U")
		if err != nil {
			return nil, err
		}
		if a >= model.N() {
			return nil, fmt.Errorf("tensor phase.U is of %d auxiliary units, want fewer than the %d hidden ones", a, model.N())
		}
		s.U = make([]float32, m*a)
	}
	return s, nil
}
