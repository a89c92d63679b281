package diag

import "math"

// Correlation is ρ_t of chains at the lags t = 0, 1, 2, …, by all chains together,
//
//	ρ_t = 1 − (W − mean Γ_t)/V,
//
// with the variance W within chains, the pooled variance V and the autocovariances Γ_t of each chain (Vehtari et al.
// 2021, section 3.2). It goes as far as Geyer's sum: in pairs ρ_2k + ρ_2k+1 while these are positive, and no pair is more
// than the one before it (C. J. Geyer, Statistical Science 7 (1992) 473). Of the pair where the sum stops only the even
// part counts, once and if it is positive, as in Stan; anticorrelated numbers need that. The zero value is that of
// chains too short to tell.
type Correlation struct {
	numbers int
	rho     []float64
}

// Uncorrelated is the Correlation of a number of independent numbers.
func Uncorrelated(numbers int) Correlation { return Correlation{numbers, []float64{1}} }

// BulkCorrelation is that of the normal quantiles of the ranks of all numbers, the one of [ESS]. It is the zero
// value where ESS is NaN.
func BulkCorrelation(chains [][]float64) Correlation {
	halves, ok := split(chains, fewestNumbers)
	if !ok || constant(halves) {
		return Correlation{}
	}
	return correlation(rankNormal(halves))
}

// ESS is the number of independent numbers whose mean has the same variance as the mean of all numbers of the chains.
// It is NaN for chains too short to tell.
func (a Correlation) ESS() float64 {
	if a.numbers == 0 {
		return math.NaN()
	}
	return float64(a.numbers) / a.Time(1, math.MaxInt)
}

// Time is the variance of the mean of n numbers of a chain, each Δ = apart > 0 lags from the next, divided by that of
// independent numbers,
//
//	τ(Δ, n) = 1 + 2 Σ_{k=1}^{n−1} (1 − k/n) ρ_kΔ.
//
// Between two lags ρ is on the straight line, and beyond those that are known it is 0. A chain with ρ_t = e^(−t/T) has
// τ(1, ∞) ≈ 2T, and numbers 2T apart have τ = coth 1 = 1.31: they are not independent yet. Of N numbers it is at least
// 1/log₁₀ N, as by chance ρ may be near −1. It is NaN for chains too short to tell.
func (a Correlation) Time(apart float64, n int) float64 {
	if a.numbers == 0 {
		return math.NaN()
	}
	sum := 1.0
	for k := 1; k < n; k++ {
		at, part := math.Modf(float64(k) * apart)
		if at >= float64(len(a.rho)) {
			break
		}
		t := int(at)
		rho := float64((1 - part) * a.rho[t])
		if t+1 < len(a.rho) {
			rho += float64(part * a.rho[t+1])
		}
		sum += float64(2 * (1 - float64(k)/float64(n)) * rho)
	}
	return max(sum, 1/math.Log10(float64(a.numbers)))
}

// correlation is that of numbers of chains of equal length.
func correlation(chains [][]float64) Correlation {
	within, pooled := spread(chains)
	length, numbers := len(chains[0]), len(chains)*len(chains[0])
	centred := make([][]float64, len(chains))
	for k, chain := range chains {
		m := mean(chain)
		for _, x := range chain {
			centred[k] = append(centred[k], x-m)
		}
	}
	rho := func(t int) float64 {
		sum := 0.0
		for _, chain := range centred {
			for s, x := range chain[t:] {
				sum += float64(x * chain[s])
			}
		}
		return 1 - (within-sum/float64(numbers))/pooled
	}
	pairs := geyer{length: length}
	pairs.add(1, rho(1))
	for !pairs.stopped {
		t := len(pairs.rho)
		pairs.add(rho(t), rho(t+1))
	}
	return Correlation{numbers, pairs.rho}
}

// geyer collects the autocorrelations of chains in pairs, until the sum stops.
type geyer struct {
	length  int // of a chain
	rho     []float64
	stopped bool
}

func (g *geyer) add(even, odd float64) {
	t := len(g.rho)
	switch positive := even+odd > 0; {
	case t == 0 && !positive: // numbers that alternate, whose mean has no variance
		g.rho, g.stopped = append(g.rho, 1, -0.5), true
		return
	case !positive || t >= g.length-4:
		g.rho, g.stopped = append(g.rho, max(even, 0)/2), true
		return
	}
	if t > 0 {
		if last := g.rho[t-2] + g.rho[t-1]; even+odd > last {
			even, odd = last/2, last/2
		}
	}
	g.rho = append(g.rho, even, odd)
}
