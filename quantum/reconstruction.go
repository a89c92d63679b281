package quantum

import (
	"errors"
	"fmt"
	"math"
	"math/cmplx"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// Reconstruct returns the state that a model stands for as it is now: by its State, or that of √P where it has none.
// Errors are those of [Qubits].
func Reconstruct(model *rbm.Model) (Reconstruction, error) {
	if model.State == nil || model.State.Kind == rbm.StateWavefunction {
		return NewPositive(model)
	}
	model = model.Clone()
	if model.State.Kind == rbm.StateComplex {
		return &Complex{model}, nil
	}
	return &Purification{model}, nil
}

// Whole returns all amplitudes or elements of a reconstructed state, of at most 20 or 10 sites.
func Whole(state Ratios, on *compute.Context) (Known, error) {
	switch s := state.(type) {
	case Wavefunction:
		return Vector(s, on)
	case *Purification:
		return s.matrix()
	}
	return nil, errors.New("neither a wavefunction nor a density matrix")
}

// Complex is the wavefunction ψ(σ) = √P(σ) e^(iφ(σ)) of a model with phases φ(σ) = −F_μ(σ)/2 (G. Torlai et al., Nature
// Physics 14 (2018) 447).
type Complex struct{ model *rbm.Model }

// Sites is the number n of qubits.
func (c *Complex) Sites() int { return c.model.M() }

// Diagonal is the model of P(σ) = |ψ(σ)|².
func (c *Complex) Diagonal() *rbm.Model { return c.model }

// LogPsi writes −F_λ(σ)/2 − iF_μ(σ)/2, which is log ψ(σ) + ½ log Z.
func (c *Complex) LogPsi(dst []complex128, v rbm.Batch) {
	F, φ := c.model.FreeEnergy(v), c.model.State.Phase.FreeEnergy(v)
	for r := range dst {
		dst[r] = complex(-F[r]/2, -φ[r]/2)
	}
}

// LogRatios writes the differences of LogPsi.
func (c *Complex) LogRatios(dst []complex128, from, to rbm.Batch, of []int) {
	RatiosOf(c).LogRatios(dst, from, to, of)
}

// Purification is the density matrix of a model with auxiliary units, the mixed state that is left of a pure one of
// visible and auxiliary units (G. Torlai and R. G. Melko, PRL 120 (2018) 240503). The formula is that of [Likelihood]'s.
type Purification struct{ model *rbm.Model }

// Sites is the number n of qubits.
func (p *Purification) Sites() int { return p.model.M() }

// Diagonal is the model of P(σ) = ⟨σ|ρ|σ⟩.
func (p *Purification) Diagonal() *rbm.Model { return p.model }

// LogRatios writes log[⟨σ'|ρ|σ⟩/⟨σ|ρ|σ⟩].
func (p *Purification) LogRatios(dst []complex128, from, to rbm.Batch, of []int) {
	all := from.Like(from.Rows() + to.Rows())
	all.Slice(0, from.Rows()).Copy(from)
	all.Slice(from.Rows(), all.Rows()).Copy(to)
	var rho purified
	rho.loadExactly(p.model, all)
	s := make([]complex128, rho.units)
	for k, r := range of {
		dst[k] = rho.element(s, from.Rows()+k, r).log() - rho.element(s, r, r).log()
	}
}

// matrix returns all elements, normalised.
func (p *Purification) matrix() (Density, error) {
	n := p.Sites()
	if n > MaxDensitySites {
		return nil, fmt.Errorf("a density matrix of %d sites has 4^%d elements, want at most %d sites", n, n, MaxDensitySites)
	}
	dim := checkSites(n, MaxDensitySites)
	v := rbm.NewBatch(dim, n)
	for r := range dim {
		SetIndex(v, r, r)
	}
	var rho purified
	rho.loadExactly(p.model, v)
	d, s := make(Density, dim*dim), make([]complex128, rho.units)
	largest := int32(math.MinInt32) // of a positive matrix the largest element is on the diagonal
	for a := range dim {
		largest = max(largest, rho.element(s, a, a).exponent)
	}
	trace := 0.0
	for a := range dim {
		for b := range a + 1 {
			x := rho.element(s, a, b).at(largest)
			d[a*dim+b], d[b*dim+a] = x, cmplx.Conj(x)
		}
		d[a*dim+a] = complex(real(d[a*dim+a]), 0)
		trace += real(d[a*dim+a])
	}
	for k := range d {
		d[k] /= complex(trace, 0)
	}
	return d, nil
}
