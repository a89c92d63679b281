package diag

import (
	"cmp"
	"math"
	"slices"
)

// Rhat returns the rank-normalised split R̂ of chains of equal length, the larger of that of the values and that of
// their distances from the median (A. Vehtari, A. Gelman, D. Simpson, B. Carpenter and P.-C. Bürkner, Bayesian
// Analysis 16 (2021) 667). It is near 1 where the chains agree, and should be below 1.01. It is NaN for chains of
// fewer than four numbers, of different lengths, or with a NaN in them; 1 where all numbers are equal, and huge
// where only those within every chain are.
func Rhat(chains [][]float64) float64 {
	halves, ok := split(chains, 4)
	if !ok {
		return math.NaN()
	}
	if constant(halves) {
		return 1
	}
	r := rhat(rankNormal(halves))
	if distances := folded(halves); !constant(distances) {
		r = max(r, rhat(rankNormal(distances)))
	}
	return r
}

// fewestNumbers of a chain let a correlation be seen.
const fewestNumbers = 10

// ESS returns the bulk effective sample size of chains of equal length: how many independent numbers would give the
// mean of the rank-normalised values with the same error (Vehtari et al. 2021, section 3.2). It can exceed the
// number of numbers where they are anticorrelated. It is NaN for chains of fewer than ten numbers (too few to see a
// correlation), of different lengths, with a NaN in them, or where all numbers are equal.
func ESS(chains [][]float64) float64 { return BulkCorrelation(chains).ESS() }

// TailESS returns the tail effective sample size of chains of equal length: the smaller of those of the indicators of
// the lowest 5 % and of the highest 5 % of all numbers (Vehtari et al. 2021, section 4.3). It tells whether chains
// reach the extremes equally well. It is NaN where ESS is.
func TailESS(chains [][]float64) float64 {
	least := math.NaN()
	for _, tail := range TailCorrelations(chains) {
		if ess := tail.ESS(); !(least <= ess) {
			least = ess
		}
	}
	return least
}

// TailCorrelations are those of the two indicators of [TailESS], without one that is the same for all numbers.
func TailCorrelations(chains [][]float64) (tails []Correlation) {
	halves, ok := split(chains, fewestNumbers)
	if !ok || constant(halves) {
		return nil
	}
	all := slices.Concat(halves...)
	slices.Sort(all)
	for _, part := range []float64{0.05, 0.95} {
		bound := all[int(part*float64(len(all)-1))]
		indicators := make([][]float64, len(halves))
		for k, chain := range halves {
			indicators[k] = make([]float64, len(chain))
			for i, x := range chain {
				if x <= bound {
					indicators[k][i] = 1
				}
			}
		}
		if !constant(indicators) {
			tails = append(tails, correlation(indicators))
		}
	}
	return tails
}

// split cuts each chain in two; the middle number of an odd chain is left out. Chains must have at least fewest
// numbers.
func split(chains [][]float64, fewest int) (halves [][]float64, ok bool) {
	for _, chain := range chains {
		n := len(chain) / 2
		if len(chain) < fewest || len(chain) != len(chains[0]) || slices.ContainsFunc(chain, math.IsNaN) {
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

// rankNormal replaces each number by the normal quantile of its rank among all, (r − 3/8)/(S + 1/4); equal numbers
// share their mean rank.
func rankNormal(chains [][]float64) [][]float64 {
	type place struct{ chain, at int }
	var places []place
	out := make([][]float64, len(chains))
	for k, chain := range chains {
		for at := range chain {
			places = append(places, place{k, at})
		}
		out[k] = make([]float64, len(chain))
	}
	value := func(p place) float64 { return chains[p.chain][p.at] }
	slices.SortFunc(places, func(a, b place) int { return cmp.Compare(value(a), value(b)) })
	for from := 0; from < len(places); {
		to := from + 1
		for to < len(places) && value(places[to]) == value(places[from]) {
			to++
		}
		rank := float64(from+1+to) / 2
		p := (rank - 3./8) / (float64(len(places)) + 1./4)
		for _, q := range places[from:to] {
			out[q.chain][q.at] = math.Sqrt2 * math.Erfinv(2*p-1)
		}
		from = to
	}
	return out
}

// spread returns the variance within chains W and the pooled estimate (n−1)/n·W + B/n of two chains or more.
func spread(chains [][]float64) (within, pooled float64) {
	n, m := float64(len(chains[0])), float64(len(chains))
	means, grand := make([]float64, len(chains)), 0.0
	for k, chain := range chains {
		means[k] = mean(chain)
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

func mean(x []float64) float64 {
	sum := 0.0
	for _, x := range x {
		sum += x
	}
	return sum / float64(len(x))
}

func rhat(chains [][]float64) float64 {
	within, pooled := spread(chains)
	return math.Sqrt(pooled / within)
}
