package diag

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Rhat returns the rank-normalised split R̂ of chains of equal length, the larger of that of the values and that of their
// distances from the median (A. Vehtari, A. Gelman, D. Simpson, B. Carpenter and P.-C. Bürkner, Bayesian Analysis 16 (2021) 667).
// It is near 1 where the chains agree, and should be below 1.01. It is NaN for chains of fewer than four numbers, and 1 where
// all numbers are equal.
func Rhat(chains [][]float64) float64 {
	halves, ok := split(chains)
	if !ok {
		return math.NaN()
	}
	if constant(halves) {
		return 1
	}
	return max(rhat(rankNormal(halves)), rhat(rankNormal(folded(halves))))
}

// ESS returns the bulk effective sample size of chains of equal length: how many independent numbers would give the mean of the rank-normalised
// values with the same error (Vehtari et al. 2021; the autocorrelation is summed by Geyer's initial monotone sequence).
// It is NaN for chains of fewer than four numbers or where all numbers are equal.
func ESS(chains [][]float64) float64 {
	halves, ok := split(chains)
	if !ok || constant(halves) {
		return math.NaN()
	}
	return ess(rankNormal(halves))
}

// split cuts each chain in two; the middle number of an odd chain is left out.
func split(chains [][]float64) (halves [][]float64, ok bool) {
	for _, chain := range chains {
		n := len(chain) / 2
		if n < 2 || len(chain) != len(chains[0]) {
			return nil, false
		}
		halves = append(halves, chain[:n], chain[len(chain)-n:])
	}
	return halves, len(halves) > 0
}

func constant(chains [][]float64) bool {
	for _, chain := range chains {
		for _, x := range chain {
			if x != chains[0][0] {
				return false
			}
		}
	}
	return true
}

// folded returns the distances from the median of all numbers.
func folded(chains [][]float64) [][]float64 {
	all := slices.Concat(chains...)
	slices.Sort(all)
	median := (all[(len(all)-1)/2] + all[len(all)/2]) / 2
	out := make([][]float64, len(chains))
	for k, chain := range chains {
		for _, x := range chain {
			out[k] = append(out[k], math.Abs(x-median))
		}
	}
	return out
}

// rankNormal replaces each number by the normal quantile of its rank among all, (r − 3/8)/(S + 1/4); equal numbers share their mean rank.
func rankNormal(chains [][]float64) [][]float64 {
	type place struct{ chain, at int }
	var places []place
	for k, chain := range chains {
		for at := range chain {
			places = append(places, place{k, at})
		}
	}
	value := func(p place) float64 { return chains[p.chain][p.at] }
	slices.SortFunc(places, func(a, b place) int { return cmp.Compare(value(a), value(b)) })
	out := make([][]float64, len(chains))
	for k, chain := range chains {
		out[k] = make([]float64, len(chain))
	}
	normal := distuv.UnitNormal
	for from := 0; from < len(places); {
		to := from + 1
		for to < len(places) && value(places[to]) == value(places[from]) {
			to++
		}
		rank := float64(from+1+to) / 2
		z := normal.Quantile((rank - 3./8) / (float64(len(places)) + 1./4))
		for _, p := range places[from:to] {
			out[p.chain][p.at] = z
		}
		from = to
	}
	return out
}

// spread returns the variance within chains W and the pooled estimate (n−1)/n·W + B/n.
func spread(chains [][]float64) (within, pooled float64) {
	n, m := float64(len(chains[0])), float64(len(chains))
	means := make([]float64, len(chains))
	grand := 0.0
	for k, chain := range chains {
		for _, x := range chain {
			means[k] += x / n
		}
		grand += means[k] / m
	}
	between := 0.0
	for k, chain := range chains {
		for _, x := range chain {
			within += (x - means[k]) * (x - means[k]) / (n - 1) / m
		}
		between += (means[k] - grand) * (means[k] - grand) / (m - 1)
	}
	return within, (n-1)/n*within + between
}

func rhat(chains [][]float64) float64 {
	within, pooled := spread(chains)
	return math.Sqrt(pooled / within)
}

// ess is Vehtari et al. 2021, section 3.2: ρ_t = 1 − (W − mean_m s²_m ρ_{m,t})/pooled, summed in pairs while they are positive and don't grow.
func ess(chains [][]float64) float64 {
	within, pooled := spread(chains)
	n, total := len(chains[0]), float64(len(chains)*len(chains[0]))
	rho := func(t int) float64 {
		covariance := 0.0
		for _, chain := range chains {
			mean := 0.0
			for _, x := range chain {
				mean += x / float64(n)
			}
			for s := t; s < n; s++ {
				covariance += (chain[s] - mean) * (chain[s-t] - mean) / float64(n-1) / float64(len(chains))
			}
		}
		return 1 - (within-covariance)/pooled
	}
	sum, last := 0.0, math.Inf(1)
	for t := 0; t+1 < n; t += 2 {
		first := 1.0
		if t > 0 {
			first = rho(t)
		}
		pair := first + rho(t+1)
		if pair <= 0 {
			break
		}
		last = min(last, pair)
		sum += last
	}
	tau := max(2*sum-1, 1/math.Log10(total))
	return total / tau
}
