package quantum

import (
	"fmt"
	"math"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// Likelihood is that of measurements of a reconstructed state in many bases. For a wavefunction (G. Torlai et al.,
// Nature Physics 14 (2018) 447), where U_b(o,σ) = Π_i U_i[o_i][σ_i] and sites that are not rotated leave one term,
//
//	P_b(o) = |Σ_σ U_b(o,σ) ψ(σ)|²/Z,   log ψ(σ) = −F_λ(σ)/2 − iF_μ(σ)/2.
//
// Its gradient is made of averages over the 2^r configurations σ that a rotation of r sites mixes, with weights w_σ =
// U_b(o,σ) ψ(σ)/Σ that sum to 1 and may be negative:
//
//	∂/∂λ log(Z·P) = −Σ_σ Re w_σ ∂F_λ(σ)/∂λ,   ∂/∂μ log(Z·P) = Σ_σ Im w_σ ∂F_μ(σ)/∂μ.
//
// That of a density matrix is in purification.go. Rows with the same outcome in the same basis are one row of more
// weight, and a configuration that several outcomes mix is looked at once for all of them.
//
// It has scratch memory: use one per goroutine.
type Likelihood struct {
	unitaries Unitaries
	on        *compute.Context

	rotations map[string]*rotation
	outcomes  []outcome
	mixed     index   // the configurations of all outcomes
	terms     []int32 // numbers of configurations, outcome after outcome
	factors   []complex128

	v        rbm.Batch // the configurations
	all      rbm.Batch // the memory of v
	free     []float64
	state    []scaled  // ψ of the configurations
	re, im   []float64 // Σ w over the rows, of each configuration
	phases   *rbm.Conditionals
	averages [2]signedAverage // of the amplitudes and of the phases
	density  purified
}

// NewLikelihood returns the likelihood of measurements by given rotations, computed in a context (nil means the
// default).
func NewLikelihood(u Unitaries, on *compute.Context) *Likelihood {
	return &Likelihood{unitaries: u, on: on, rotations: map[string]*rotation{}}
}

// MaxRotated and MaxRotatedDensity bound the sites of a basis that are not measured in that of σ^z: 2^16 terms of a
// wavefunction, 4^8 of a density matrix.
const (
	MaxRotated        = 16
	MaxRotatedDensity = 8
)

// Check refuses bases that the likelihood of a kind of state can't be computed in; the error names the first such row.
func (l *Likelihood) Check(kind rbm.StateKind, bases []string, sites int) error {
	most := MaxRotated
	if kind == rbm.StateDensity {
		most = MaxRotatedDensity
	}
	if sites > 64 {
		return fmt.Errorf("%d sites, want at most 64 for measurements in many bases", sites)
	}
	good := map[string]bool{}
	for r, b := range bases {
		if good[b] {
			continue
		}
		if err := Basis(b).Check(sites, l.unitaries); err != nil {
			return fmt.Errorf("row %d: %w", r+1, err)
		}
		if rotated := len(Basis(b).Rotated(l.unitaries)); rotated > most {
			return fmt.Errorf("row %d: basis %.80q rotates %d sites, want at most %d of a %s: each doubles the cost of an outcome",
				r+1, b, rotated, most, kind)
		}
		good[b] = true
	}
	return nil
}

// rotation is a basis, made ready.
type rotation struct {
	sites []int // that are rotated
	by    []Unitary
	mask  uint64 // the other sites
}

func (l *Likelihood) rotation(basis string) *rotation {
	r, known := l.rotations[basis]
	if known {
		return r
	}
	r = &rotation{mask: ^uint64(0), sites: Basis(basis).Rotated(l.unitaries)}
	for _, i := range r.sites {
		r.by = append(r.by, l.unitaries[basis[i]])
		r.mask &^= 1 << i
	}
	l.rotations[basis] = r
	return r
}

// mix appends the configurations that an outcome is a superposition of: bit k of their place is that of rotated site k.
func (r *rotation) mix(list []uint64, o uint64) []uint64 {
	list = append(list, o&r.mask)
	from := len(list) - 1
	for _, i := range r.sites {
		for _, σ := range list[from:] {
			list = append(list, σ|1<<i)
		}
	}
	return list
}

// factors writes U_b(o,σ) of these configurations, in their order, up to a phase that all have.
func (r *rotation) factors(dst []complex128, o uint64) []complex128 {
	dst = append(dst[:0], 1)
	for k, i := range r.sites {
		u := r.by[k][o>>i&1]
		for j, f := range dst {
			dst = append(dst, f*u[1])
			dst[j] = f * u[0]
		}
	}
	return dst
}

// An outcome of a basis is the rows that have it.
type outcome struct {
	*rotation
	index  uint64
	weight float64
	terms  []int32 // the configurations that it mixes
}

// gather makes outcomes of rows, and numbers the configurations that they mix. of, unless nil, gets the outcome of each
// row.
func (l *Likelihood) gather(v rbm.Batch, bases []string, weights []float32, of []int) (total float64) {
	type key struct {
		*rotation
		index uint64
	}
	known := make(map[key]int, v.Rows())
	l.outcomes = l.outcomes[:0]
	for r := range v.Rows() {
		k := key{l.rotation(bases[r]), v.Index(r)}
		at, seen := known[k]
		if !seen {
			at = len(l.outcomes)
			known[k] = at
			l.outcomes = append(l.outcomes, outcome{rotation: k.rotation, index: k.index})
		}
		w := 1.0
		if weights != nil {
			w = float64(weights[r])
		}
		l.outcomes[at].weight += w
		total += w
		if of != nil {
			of[r] = at
		}
	}
	l.mixed.reset()
	l.terms = l.terms[:0]
	var list []uint64
	for k := range l.outcomes {
		o := &l.outcomes[k]
		list = o.mix(list[:0], o.index)
		for _, σ := range list {
			l.terms = append(l.terms, l.mixed.number(σ))
		}
	}
	at := 0
	for k := range l.outcomes {
		o := &l.outcomes[k]
		size := 1 << len(o.sites)
		o.terms = l.terms[at : at+size]
		at += size
	}
	count := len(l.mixed.keys)
	l.v = reshaped(&l.all, v, count)
	for k, σ := range l.mixed.keys {
		l.v.SetIndex(k, σ)
	}
	l.free = resized(l.free, count)
	return total
}

// LogWeights writes log Z·P_b(o) of each row, with free energies in float64. It is −Inf where the amplitude is 0.
func (l *Likelihood) LogWeights(dst []float64, model *rbm.Model, outcomes rbm.Batch, bases []string) {
	const block = 256
	of := make([]int, block)
	for from := 0; from < len(dst); from += block {
		to := min(from+block, len(dst))
		l.gather(outcomes.Slice(from, to), bases[from:to], nil, of)
		logs := make([]float64, len(l.outcomes))
		if model.State.Kind == rbm.StateDensity {
			l.density.evaluate(model, l)
			for k := range l.outcomes {
				_, _, _, logs[k] = l.density.sum(k, l)
			}
		} else {
			l.amplitudes(into(model.FreeEnergyFunc()), phaseFunc(model))
			for k := range l.outcomes {
				_, logs[k] = l.sum(&l.outcomes[k])
			}
		}
		for r := from; r < to; r++ {
			dst[r] = logs[of[r-from]]
		}
	}
}

func phaseFunc(model *rbm.Model) func([]float64, rbm.Batch) {
	if model.State.Phase == nil {
		return nil
	}
	return into(model.State.Phase.FreeEnergyFunc())
}

func into(f func(rbm.Batch) []float64) func([]float64, rbm.Batch) {
	return func(dst []float64, v rbm.Batch) { copy(dst, f(v)) }
}

// amplitudes computes ψ of the configurations by F_λ and F_μ, which is nil where all phases are 0.
func (l *Likelihood) amplitudes(free, phase func([]float64, rbm.Batch)) {
	l.state = resized(l.state, len(l.free))
	free(l.free, l.v)
	for k, F := range l.free {
		l.state[k] = scaledExp(complex(-F/2, 0))
	}
	if phase == nil {
		return
	}
	phase(l.free, l.v)
	for k, F := range l.free {
		sin, cos := math.Sincos(-F / 2)
		l.state[k].x *= complex(cos, sin)
	}
}

// sum returns the amplitude of an outcome as a multiple of 2^exponent, and log |amplitude|². It leaves the factors
// U_b(o,σ).
func (l *Likelihood) sum(o *outcome) (scaled, float64) {
	l.factors = o.factors(l.factors, o.index)
	A := scaled{exponent: math.MinInt32}
	for j, k := range o.terms {
		if l.factors[j] != 0 {
			A.exponent = max(A.exponent, l.state[k].exponent)
		}
	}
	for j, k := range o.terms {
		A.x += l.factors[j] * l.state[k].at(A.exponent)
	}
	return A, math.Log(probability(A.x)) + 2*math.Ln2*float64(A.exponent)
}

// noise is the part of the sum of |terms|² below which an amplitude is rounding: free energies of conditionals are good
// to 10^−6.
const noise = 1e-12

// Phase writes the mean gradient of log Z·P_b(o) over rows: weighted averages over the configurations that they mix.
func (l *Likelihood) Phase(
	dst *rbm.Statistics, model *rbm.Model, c *rbm.Conditionals, outcomes rbm.Batch, bases []string, weights []float32,
) {
	total := l.gather(outcomes, bases, weights, nil)
	l.re, l.im = zeroed(l.re, len(l.free)), zeroed(l.im, len(l.free))
	phase := model.State.Phase
	if phase != nil {
		if l.phases == nil {
			l.phases = rbm.NewConditionals(phase, l.on)
		}
		l.phases.Update(phase)
	}
	if model.State.Kind == rbm.StateDensity {
		l.density.addWeights(model, l, total)
	} else {
		l.addWeights(c, total)
	}
	l.averages[0].write(dst.Averages()[:3], model, c, l.v, l.re)
	if phase == nil {
		return
	}
	for k := range l.im {
		l.im[k] = -l.im[k]
	}
	l.averages[1].write(dst.State[:3], phase, l.phases, l.v, l.im)
	if model.State.Kind == rbm.StateDensity {
		l.density.write(dst, l.v)
	}
}

// addWeights adds up w_σ over the rows.
func (l *Likelihood) addWeights(c *rbm.Conditionals, total float64) {
	var phase func([]float64, rbm.Batch)
	if l.phases != nil {
		phase = l.phases.FreeEnergy
	}
	l.amplitudes(c.FreeEnergy, phase)
	for k := range l.outcomes {
		o := &l.outcomes[k]
		A, _ := l.sum(o)
		squares := 0.0
		for j, k := range o.terms {
			l.factors[j] *= l.state[k].at(A.exponent)
			squares += probability(l.factors[j])
		}
		// w = U ψ A*/|A|², and less where A is rounding
		by := complex(o.weight/total/max(probability(A.x), noise*squares), 0) * complex(real(A.x), -imag(A.x))
		for j, k := range o.terms {
			w := l.factors[j] * by
			l.re[k] += real(w)
			l.im[k] += imag(w)
		}
	}
}
