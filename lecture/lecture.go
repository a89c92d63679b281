// Package lecture is the restricted Boltzmann machine of a lecture, in plain Go: float64, one
// configuration at a time, sums over all states. It reads from top to bottom: model, distribution
// and conditionals in lecture.go, gradient, sampling and learning in learn.go. Sums and products of
// vectors are in vector.go.
//
// A configuration v is a slice of m numbers 0 or 1, and h one of n. A distribution of v is a table of 2^m numbers, with
// that of v at place Σ_i v_i 2^i, the order of [States]. Divergences and log Z are in nats.
//
// The package is there to be read, and to be the oracle of tests: the fast packages must give the
// same numbers. Its time and memory grow with 2^m and 2^(m+n), so it is for models of about ten
// units.
package lecture

import (
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/rng"
)

// Model is a restricted Boltzmann machine of m visible units v_i and n hidden units h_j with the
// parameters λ = (W, b, c).
//
// A gradient has one number for each parameter, so it is a Model too; likewise the averages ⟨v_i h_j⟩ (W), ⟨v_i⟩ (B)
// and ⟨h_j⟩ (C).
type Model struct {
	W [][]float64 // m×n weights w_ij
	B []float64   // m visible biases b_i
	C []float64   // n hidden biases c_j
}

// New returns a model with biases 0 and weights uniform in ±0.1. With equal weights all hidden
// units would stay equal for ever.
func New(m, n int, source *rng.Source) *Model {
	model := zeros(m, n)
	for k := range m * n {
		model.W[k/n][k%n] = 0.1 * (2*source.Float64() - 1)
	}
	return model
}

func zeros(m, n int) *Model {
	model := &Model{W: make([][]float64, m), B: make([]float64, m), C: make([]float64, n)}
	for i := range model.W {
		model.W[i] = make([]float64, n)
	}
	return model
}

// Energy is E(v,h) = −Σ_i b_i v_i − Σ_j c_j h_j − Σ_ij w_ij v_i h_j.
func (model *Model) Energy(v, h []float64) float64 {
	e := -dot(model.B, v) - dot(model.C, h)
	for i := range v {
		e -= v[i] * dot(model.W[i], h)
	}
	return e
}

// States lists all 2^units configurations: unit i of number a is bit i of a.
func States(units int) [][]float64 {
	all := make([][]float64, 1<<units)
	for a := range all {
		all[a] = make([]float64, units)
		for i := range units {
			all[a][i] = float64(a >> i & 1)
		}
	}
	return all
}

// LogZ is log Z with the partition function Z = Σ_{v,h} e^(−E(v,h)), a sum of 2^(m+n) terms.
func (model *Model) LogZ() float64 {
	var logs []float64
	for _, v := range States(len(model.B)) {
		for _, h := range States(len(model.C)) {
			logs = append(logs, -model.Energy(v, h))
		}
	}
	return logSum(logs...)
}

// Joint is the joint distribution P(v,h) = e^(−E(v,h)) / Z as a table of 2^m rows and 2^n columns.
func (model *Model) Joint() [][]float64 {
	logZ := model.LogZ()
	p := make([][]float64, 1<<len(model.B))
	for a, v := range States(len(model.B)) {
		for _, h := range States(len(model.C)) {
			p[a] = append(p[a], math.Exp(-model.Energy(v, h)-logZ))
		}
	}
	return p
}

// FreeEnergy is F(v) = −log Σ_h e^(−E(v,h)) = −Σ_i b_i v_i − Σ_j log(1+e^(x_j)) with x = [Model.HiddenInputs].
// The sum over h is a product of sums over each h_j, as the energy is linear in each.
func (model *Model) FreeEnergy(v []float64) float64 {
	f := -dot(model.B, v)
	for _, x := range model.HiddenInputs(v) {
		f -= logSum(0, x)
	}
	return f
}

// Distribution is P(v) = Σ_h P(v,h) = e^(−F(v)) / Z, a table of 2^m numbers. Its sum is one, so that Z = Σ_v e^(−F(v)).
func (model *Model) Distribution() []float64 {
	var p []float64
	for _, v := range States(len(model.B)) {
		p = append(p, -model.FreeEnergy(v))
	}
	logZ := logSum(p...)
	for a, x := range p {
		p[a] = math.Exp(x - logZ)
	}
	return p
}

// Empirical is the distribution P_D of data, a table of 2^m numbers: the part of the rows that are equal to v.
func Empirical(rows [][]float64) []float64 {
	p := make([]float64, 1<<len(rows[0]))
	for _, v := range rows {
		a := 0
		for i := range v {
			a += int(v[i]) << i
		}
		p[a] += 1 / float64(len(rows))
	}
	return p
}

// KL is the Kullback-Leibler divergence D_KL(P‖Q) = Σ_v P(v) log(P(v)/Q(v)) of two tables: zero if
// they are equal, else positive.
func KL(p, q []float64) float64 {
	kl := 0.0
	for a := range p {
		if p[a] > 0 {
			kl += p[a] * math.Log(p[a]/q[a])
		}
	}
	return kl
}

// HiddenInputs are x_j(v) = c_j + Σ_i w_ij v_i.
func (model *Model) HiddenInputs(v []float64) []float64 {
	x := slices.Clone(model.C)
	for i := range v {
		addTo(x, v[i], model.W[i])
	}
	return x
}

// HiddenProbs are P(h_j=1|v) = σ(x_j(v)). Given v the h_j are independent: no weight connects them.
func (model *Model) HiddenProbs(v []float64) []float64 { return sigmoid(model.HiddenInputs(v)) }

// VisibleProbs are P(v_i=1|h) = σ(b_i + Σ_j w_ij h_j).
func (model *Model) VisibleProbs(h []float64) []float64 {
	y := slices.Clone(model.B)
	for i := range y {
		y[i] += dot(model.W[i], h)
	}
	return sigmoid(y)
}

// draw draws units that are 1 with the probabilities p.
func draw(p []float64, source *rng.Source) []float64 {
	s := make([]float64, len(p))
	for k := range p {
		if source.Float64() < p[k] {
			s[k] = 1
		}
	}
	return s
}
