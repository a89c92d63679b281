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
// A training begins at the likelihood of a dephased state, whose coherences are all smaller by the same factor, and the
// dephasing κ falls to zero on the way:
//
//	ρ_κ = (|ψ⟩⟨ψ| + κ Σ_σ |ψ(σ)|² |σ⟩⟨σ|)/(1 + κ),   P_b(o) = (|A|² + κ Σ_σ |U_b(o,σ) ψ(σ)|²)/((1 + κ) Z),
//
// with the amplitude A of above. It has the same Z, and no zeros: log|A|² is −∞ where terms cancel, and each outcome
// that was seen is such a hole in the landscape of the phases, around which trainings end in other optima. Of a strongly
// dephased state log P_b(o) is linear in the coherences, as in the synchronisation of phases (A. Singer, Appl. Comput.
// Harmon. Anal. 30 (2011) 20), and amplitudes are learned first. Making it less smooth step by step is graduated
// optimisation (A. Blake and A. Zisserman, Visual Reconstruction, 1987). docs/decisions/0098 has what it was measured by.
//
// That of a density matrix is in purification.go. Rows with the same outcome in the same basis are one row of more
// weight, and a configuration that several outcomes mix is looked at once for all of them.
//
// It has scratch memory: use one per goroutine.
type Likelihood struct {
	// NoDephasing has trainings begin at the likelihood of the state itself, as published.
	NoDephasing bool

	unitaries Unitaries
	on        *compute.Context

	rotations map[string]*rotation
	outcomes  []outcome
	mixed     index   // the configurations of all outcomes
	terms     []int32 // numbers of configurations, outcome after outcome
	products  []complex128
	ends      []int // of outcomes in products

	v        rbm.Batch // the configurations
	all      rbm.Batch // the memory of v
	free, φ  []float64 // F_λ and F_μ
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

// Configurations lists the rows that were measured in the basis of σ^z.
func (l *Likelihood) Configurations(bases []string) (rows []int) {
	for r, b := range bases {
		if len(l.rotation(b).sites) == 0 {
			rows = append(rows, r)
		}
	}
	return rows
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
			dst = append(dst, mul(f, u[1]))
			dst[j] = mul(f, u[0])
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
	l.free, l.φ = zeroed(l.free, count), zeroed(l.φ, count)
	return total
}

// eachOutcome calls compute with each outcome and memory for its products, on several workers, and then collect with
// what it left there, one outcome after the other, so that sums over outcomes have one order. It goes through the
// outcomes in groups, as all products together may be many.
func (l *Likelihood) eachOutcome(size func(o *outcome) int, compute, collect func(k int, products []complex128)) {
	const most = 1 << 18 // products of a group
	for from := 0; from < len(l.outcomes); {
		to, end := from, 0
		for l.ends = l.ends[:0]; to < len(l.outcomes) && (to == from || end < most); to++ {
			end += size(&l.outcomes[to])
			l.ends = append(l.ends, end)
		}
		l.products = resized(l.products, end)
		of := func(k int) []complex128 { return l.products[l.ends[k]-size(&l.outcomes[from+k]) : l.ends[k]] }
		l.parallel(end, to-from, func(k int) { compute(from+k, of(k)) })
		for k := range to - from {
			collect(from+k, of(k))
		}
		from = to
	}
}

// parallel calls f with the numbers of tasks, on several workers where the products of all are worth waking them.
func (l *Likelihood) parallel(products, tasks int, f func(task int)) {
	if products > 1<<12 {
		l.on.Parallel(tasks, f)
		return
	}
	for task := range tasks {
		f(task)
	}
}

// inBlocks calls f with the ends of blocks of n numbers, each of which costs as much as 16 products or more.
func (l *Likelihood) inBlocks(n int, f func(from, to int)) {
	const block = 256
	l.parallel(16*n, (n+block-1)/block, func(task int) { f(task*block, min(n, (task+1)*block)) })
}

// LogWeights writes log Z·P_b(o) of each row, with free energies in float64. It is −Inf where the amplitude is 0.
func (l *Likelihood) LogWeights(dst []float64, model *rbm.Model, outcomes rbm.Batch, bases []string) {
	density := model.State.Kind == rbm.StateDensity
	of := make([]int, len(dst))
	for from, to := 0, 0; from < len(dst); from = to {
		to = l.block(bases, from, density)
		l.gather(outcomes.Slice(from, to), bases[from:to], nil, of[from:to])
		if model.State.Phase != nil {
			copy(l.φ, model.State.Phase.FreeEnergy(l.v))
		}
		logs := make([]float64, len(l.outcomes))
		if density {
			copy(l.free, hiddenOf(model).FreeEnergy(l.v))
			l.density.evaluate(model, l)
			l.density.logs(logs, l)
		} else {
			copy(l.free, model.FreeEnergy(l.v))
			l.amplitudes()
			l.eachOutcome((*outcome).size, func(k int, products []complex128) {
				A := l.sum(&l.outcomes[k], products)
				logs[k] = math.Log(probability(A.x)) + 2*math.Ln2*float64(A.exponent)
			}, func(int, []complex128) {})
		}
		for r := from; r < to; r++ {
			dst[r] = logs[of[r]]
		}
	}
}

// block returns the end of the rows from one on that are scored together: 256, or more where these have few terms, of a
// density matrix few pairs of terms. A configuration that several of them mix is computed once.
func (l *Likelihood) block(bases []string, from int, density bool) (to int) {
	const rows, most = 256, 1 << 18
	products := 0
	for to = from; to < len(bases) && (to < from+rows || products < most); to++ {
		terms := 1 << len(l.rotation(bases[to]).sites)
		if density {
			terms *= terms
		}
		products += terms
	}
	return to
}

// amplitudes computes ψ of the configurations by F_λ and F_μ.
func (l *Likelihood) amplitudes() {
	l.state = resized(l.state, len(l.free))
	l.inBlocks(len(l.state), func(from, to int) {
		for k := from; k < to; k++ {
			l.state[k] = scaledExp(complex(-l.free[k]/2, -l.φ[k]/2))
		}
	})
}

// size is the number of terms of the outcome's amplitude.
func (o *outcome) size() int { return len(o.terms) }

// sum writes the terms U_b(o,σ) ψ(σ) of an outcome's amplitude, and returns their sum A, all as multiples of
// 2^A.exponent.
func (l *Likelihood) sum(o *outcome, terms []complex128) scaled {
	o.factors(terms[:0], o.index)
	A := scaled{exponent: math.MinInt32}
	for j, k := range o.terms {
		if terms[j] != 0 {
			A.exponent = max(A.exponent, l.state[k].exponent)
		}
	}
	for j, k := range o.terms {
		terms[j] = mul(terms[j], l.state[k].at(A.exponent))
		A.x += terms[j]
	}
	return A
}

// noise is the part of the sum of |terms|² below which the square of an amplitude is rounding: free energies of
// conditionals are good to 10^−6.
const noise = 1e-12

// startDephasing is κ of a complex wavefunction where a training begins, measured (docs/decisions/0098).
const startDephasing = 3

// Phase writes the mean gradient of log Z·P_b(o) over rows: weighted averages over the configurations that they mix. left
// is the part of the training that is ahead, from 1 to 0: for a complex wavefunction P_b is that of the state with the
// dephasing κ = 3·(2·left − 1)², and in the second half, or with NoDephasing, that of the state itself.
func (l *Likelihood) Phase(
	dst *rbm.Statistics, model *rbm.Model, c *rbm.Conditionals, outcomes rbm.Batch, bases []string, weights []float32, left float64,
) {
	total := l.gather(outcomes, bases, weights, nil)
	l.re, l.im = zeroed(l.re, len(l.free)), zeroed(l.im, len(l.free))
	phase := model.State.Phase
	if phase != nil {
		if l.phases == nil {
			l.phases = rbm.NewConditionals(phase, l.on)
		}
		l.phases.Update(phase)
		l.phases.FreeEnergy(l.φ, l.v)
	}
	if model.State.Kind == rbm.StateDensity {
		rbm.NewConditionals(hiddenOf(model), l.on).FreeEnergy(l.free, l.v)
		l.density.addWeights(model, l, total)
	} else {
		κ := 0.0
		if phase != nil && !l.NoDephasing {
			ahead := max(0, 2*left-1)
			κ = startDephasing * ahead * ahead
		}
		c.FreeEnergy(l.free, l.v)
		l.addWeights(total, κ)
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

// addWeights adds up w_σ over the rows, of a state with the dephasing κ.
func (l *Likelihood) addWeights(total, κ float64) {
	l.amplitudes()
	l.eachOutcome((*outcome).size, func(k int, terms []complex128) {
		o := &l.outcomes[k]
		A, squares := l.sum(o, terms), 0.0
		for _, x := range terms {
			squares += probability(x)
		}
		// w = (U ψ A* + κ|U ψ|²)/(|A|² + κ Σ|U ψ|²), and less where A is rounding
		by := o.weight / total / max(probability(A.x)+float64(κ*squares), noise*squares)
		coherent, dephased := times(by, complex(real(A.x), -imag(A.x))), float64(by*κ)
		for j, x := range terms {
			terms[j] = mul(x, coherent) + complex(float64(dephased*probability(x)), 0)
		}
	}, func(k int, weights []complex128) {
		for j, σ := range l.outcomes[k].terms {
			l.re[σ] += real(weights[j])
			l.im[σ] += imag(weights[j])
		}
	})
}
