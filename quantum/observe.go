package quantum

import (
	"fmt"
	"math"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Observable is a number that a state has. [Expectation] and [Renyi2] are some.
type Observable interface {
	// Exact is its value in a known state.
	Exact(k Known) float64
	// Estimate is its value in a state that samples were drawn from, with an error bar, and findings where that can't
	// be trusted. Results don't depend on the context.
	Estimate(state Ratios, s Samples, on *compute.Context) (diag.Estimate, []diag.Finding)
}

// Samples are configurations drawn from P(σ) = ⟨σ|ρ|σ⟩.
type Samples struct {
	Rows   rbm.Batch
	Chains int     // row r is of chain r mod Chains, as [sample.Draw] has them; 0: all rows are independent
	Key    rng.Key // of outcomes in other bases, which an [Absolute] draws
}

// mean is that of numbers, one a row of the samples, or one for each group rows that follow each other. The error knows
// the autocorrelation time of chains (diag.Mean), in rows of a chain.
func (s Samples) mean(x []float64, group int) diag.Estimate {
	if s.Chains == 0 {
		mean, stderr := diag.WeightedMean(x, nil)
		return diag.Estimate{Value: diag.Number(mean), Stderr: diag.Number(stderr), Tau: 0.5}
	}
	chains := make([][]float64, max(1, s.Chains/group))
	for r, x := range x {
		k := r % len(chains)
		chains[k] = append(chains[k], x)
	}
	return diag.Mean(chains...)
}

// Expectation is the observable ⟨O⟩ of a local value.
func Expectation(o Local) Observable { return expectation{o} }

type expectation struct{ local Local }

func (e expectation) Exact(k Known) float64 { return k.Expect(e.local) }

// Estimate is the mean of the real parts of local values; the imaginary parts average to 0. For a pure state their
// variance is at most ⟨O²⟩ − ⟨O⟩².
func (e expectation) Estimate(state Ratios, s Samples, on *compute.Context) (diag.Estimate, []diag.Finding) {
	values := make([]float64, s.Rows.Rows())
	for r, x := range LocalValues(state, s.Rows, e.local, on) {
		values[r] = real(x)
	}
	return s.mean(values, 1), nil
}

// Renyi2 is the second Rényi entropy S_2 = −log Tr ρ_A² in nats of the sites A, estimated by swaps (M. B. Hastings, I.
// González, A. B. Kallin and R. G. Melko, PRL 104 (2010) 157201): with two copies σ and τ,
//
//	Tr ρ_A² = ⟨Swap_A⟩ = ⟨ ψ(τ_A σ_B) ψ(σ_A τ_B) / (ψ(σ) ψ(τ)) ⟩.
//
// Rows are taken in groups of 20, or one row of each chain, and a group gives the mean over all its pairs. So the error
// of the mean of groups needs no independence of pairs that share a row.
//
// For a [Wavefunction] without zeros the mean of |Swap_A|² is 1: it is the norm of the swapped copies. So with real
// amplitudes the relative variance of a pair is e^(2 S_2) − 1, and where S_2 is large rare pairs with large values
// carry the mean. Samples that lack them look precise. But what they have of the 1 is known: by Cauchy and Schwarz,
// what is missing from the mean is at most √((1 − seen) q), if q is the probability of what was not seen, about 1/rows.
// The finding swap-noise says that this, or the error, is above a third of the mean. The error bar is at least what the
// known variance of pairs adds to it. Of a mixed state |Swap| ≤ 1 if A is all sites, as ρ is positive, and what is
// missing is then at most the probability of the pairs that were not seen, about one over their number; of other A this
// is a guess.
type Renyi2 struct{ Sites []int }

// Exact is the entropy of a known state. It panics where [CheckSites] has an error.
func (e Renyi2) Exact(k Known) float64 { return k.Renyi2(e.Sites) }

const (
	swapGroup      = 20      // rows in which all pairs are swapped
	swapNoiseLimit = 1. / 3. // of the error of the mean of Swap, in units of the mean: the logarithm needs a small one
)

// Estimate needs two groups or more; it panics otherwise, for samples of a single chain, and where [CheckSites] has an
// error.
func (e Renyi2) Estimate(state Ratios, s Samples, on *compute.Context) (diag.Estimate, []diag.Finding) {
	n := state.Sites()
	if err := CheckSites(e.Sites, n); err != nil {
		panic("quantum: Renyi2: " + err.Error())
	}
	size := s.Chains
	if size == 0 {
		size = swapGroup
	}
	groups := s.Rows.Rows() / size
	if size < 2 || groups < 2 {
		panic(fmt.Sprintf("quantum: Renyi2 of %d rows of %d chains, want two chains and %d rows or more", s.Rows.Rows(), s.Chains, 2*size))
	}
	means, parts := make([]float64, groups), make([]swapMeans, groups)
	on.Parallel(groups, func(g int) {
		parts[g] = swaps(state, s.Rows.Slice(g*size, (g+1)*size), e.Sites)
	})
	var all swapMeans
	for g, part := range parts {
		means[g] = part.swap
		all.square += part.square / float64(groups)
		all.modulus += part.modulus / float64(groups)
	}
	pairs := float64(size * (size - 1) / 2)
	swap, missing := s.mean(means, size), 1/(pairs*float64(groups))
	if _, pure := state.(Wavefunction); pure {
		// Of the variance of the mean over all pairs of a group, single pairs make at least their own over their
		// number.
		value := float64(swap.Value)
		least := math.Sqrt(max(0, all.square/all.modulus-value*value) / (pairs * float64(groups)))
		swap.Stderr = diag.Number(max(float64(swap.Stderr), least))
		missing = math.Sqrt(max(0, 1-all.modulus) / float64(groups*size))
	}
	return entropyOf(swap, missing)
}

// entropyOf is −log of an estimate, to second order in its error. Up to missing of it may be in pairs that the samples
// lack.
func entropyOf(swap diag.Estimate, missing float64) (diag.Estimate, []diag.Finding) {
	entropy, relative := swap, float64(swap.Stderr/swap.Value)
	entropy.Value = diag.Number(-math.Log(float64(swap.Value)) - relative*relative/2)
	entropy.Stderr = diag.Number(relative)
	if relative >= 0 && max(relative, missing/float64(swap.Value)) <= swapNoiseLimit {
		return entropy, nil
	}
	if !(swap.Value > 0) {
		entropy.Value, entropy.Stderr = diag.Number(math.NaN()), diag.Number(math.NaN())
	}
	return entropy, []diag.Finding{{
		Code: "swap-noise", Value: diag.Number(max(relative, missing/float64(swap.Value))), Threshold: swapNoiseLimit,
		Message:     fmt.Sprintf("Tr ρ² is %s, and pairs that the samples lack may carry %.2g", swap, missing),
		Consequence: "the entropy can't be told: a swap has the relative variance exp(2 S) - 1",
	}}
}

// swapMeans are means over pairs: of Re Swap, (Re Swap)² and |Swap|².
type swapMeans struct{ swap, square, modulus float64 }

// swaps returns the means over all pairs of rows.
func swaps(state Ratios, v rbm.Batch, sites []int) (m swapMeans) {
	size := v.Rows()
	pairs := size * (size - 1) / 2
	swapped, of := v.Like(2*pairs), make([]int, 0, 2*pairs)
	for a := range size {
		for b := range a {
			of = append(of, a, b)
		}
	}
	swapped.Gather(v, of)
	for k := 0; k < len(of); k += 2 {
		for _, i := range sites {
			x, y := v.Bit(of[k], i), v.Bit(of[k+1], i)
			swapped.SetBit(k, i, y)
			swapped.SetBit(k+1, i, x)
		}
	}
	logs := make([]complex128, len(of))
	state.LogRatios(logs, v, swapped, of)
	for k := 0; k < len(of); k += 2 {
		sum := logs[k] + logs[k+1]
		modulus := math.Exp(real(sum))
		x := modulus * math.Cos(imag(sum))
		m.swap += x / float64(pairs)
		m.square += x * x / float64(pairs)
		m.modulus += modulus * modulus / float64(pairs)
	}
	return m
}
