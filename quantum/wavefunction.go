package quantum

import (
	"fmt"
	"slices"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// Ratios is a state ρ of n qubits that is known by ratios of its matrix elements. Local values of observables need
// nothing else: no partition function.
type Ratios interface {
	// Sites is the number n of qubits.
	Sites() int
	// LogRatios writes log[⟨σ'|ρ|σ⟩/⟨σ|ρ|σ⟩] of each row σ' = k of to, where σ is row of[k] of from. For a pure state
	// that is log[ψ(σ')/ψ(σ)]: the real part is that of moduli, the imaginary part a difference of phases. Several
	// goroutines may call it at the same time.
	LogRatios(dst []complex128, from, to rbm.Batch, of []int)
}

// Wavefunction is a pure state that is known up to a factor.
type Wavefunction interface {
	// Sites is the number n of qubits.
	Sites() int
	// LogPsi writes log ψ(σ) of each row, up to a constant: log|ψ| + iφ. Several goroutines may call it at the same
	// time.
	LogPsi(dst []complex128, v rbm.Batch)
}

// Reconstruction is a state whose diagonal ⟨σ|ρ|σ⟩, which for a pure state is |ψ(σ)|², is the distribution P(σ) of an
// RBM: this is what it is sampled from.
type Reconstruction interface {
	Ratios
	// Diagonal is that RBM, of Bernoulli visible units.
	Diagonal() *rbm.Model
}

// RatiosOf are the ratios ψ(σ')/ψ(σ) of a wavefunction.
func RatiosOf(psi Wavefunction) Ratios { return pure{psi} }

type pure struct{ Wavefunction }

func (p pure) LogRatios(dst []complex128, from, to rbm.Batch, of []int) {
	logs := make([]complex128, from.Rows())
	p.LogPsi(logs, from)
	p.LogPsi(dst, to)
	for k, r := range of {
		dst[k] -= logs[r]
	}
}

// Qubits returns a model whose visible units are bits by the package's convention, bit 1 for |1⟩. A Bernoulli model is
// returned as it is. In a model of spins s_i = 1 − 2σ_i is inserted, so that b' = −2b, W' = −2W and c'_j = c_j + Σ_i
// w_ij. Models of other visible units are an error.
func Qubits(model *rbm.Model) (*rbm.Model, error) {
	switch kind := model.Visible.Kind(); kind {
	case rbm.Bernoulli:
		return model, nil
	case rbm.Spin:
	default:
		return nil, fmt.Errorf("a model of %s visible units is no state of qubits, want bernoulli or spin", kind)
	}
	m, n := model.M(), model.N()
	out := &rbm.Model{Visible: rbm.NewLayer(rbm.Bernoulli, m), Hidden: model.Hidden.Clone(), W: slices.Clone(model.W)}
	shifts := make([]float64, n)
	for i := range m {
		out.B()[i] = -2 * model.B()[i]
		for j := range n {
			out.W[i*n+j] *= -2
			shifts[j] += float64(model.W[i*n+j])
		}
	}
	for j, c := range out.C() {
		out.C()[j] = float32(float64(c) + shifts[j])
	}
	return out, nil
}

// Positive is the wavefunction ψ(σ) = √P(σ) of an RBM with the distribution P (G. Torlai et al., Nature Physics 14
// (2018) 447, with all phases 0). The ratio of two amplitudes is ψ(σ')/ψ(σ) = e^((F(σ)−F(σ'))/2).
type Positive struct{ model *rbm.Model }

// NewPositive returns the wavefunction of a model as it is now. Errors are those of [Qubits].
func NewPositive(model *rbm.Model) (*Positive, error) {
	model, err := Qubits(model)
	if err != nil {
		return nil, err
	}
	return &Positive{model.Clone()}, nil
}

// Sites is the number n of qubits.
func (p *Positive) Sites() int { return p.model.M() }

// Diagonal is the model of P(σ) = |ψ(σ)|².
func (p *Positive) Diagonal() *rbm.Model { return p.model }

// LogPsi writes −F(σ)/2, which is log ψ(σ) + ½ log Z.
func (p *Positive) LogPsi(dst []complex128, v rbm.Batch) {
	for r, free := range p.model.FreeEnergy(v) {
		dst[r] = complex(-free/2, 0)
	}
}

// LogRatios writes (F(σ)−F(σ'))/2.
func (p *Positive) LogRatios(dst []complex128, from, to rbm.Batch, of []int) {
	RatiosOf(p).LogRatios(dst, from, to, of)
}
