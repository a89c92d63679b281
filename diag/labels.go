package diag

import (
	"math"
	"slices"
)

// Labels are the classes, from 0 to Classes − 1, that chains of equal length are in: a vector of Classes indicators
// e_k(t) = 1[label_t = k].
type Labels struct {
	Chains  [][]uint8
	Classes int
}

// halves are the halves of all chains, as split has them of numbers, and the variances of the indicators, as of spread.
type halves struct {
	chains         [][]uint8
	counts         [][]float64 // of each class in each half
	within, pooled []float64   // variances W and V of each class
}

// split cuts each chain in two; the middle label of an odd chain is left out. Chains must have at least fewest labels.
func (l Labels) split(fewest int) (h halves, ok bool) {
	for _, chain := range l.Chains {
		n := len(chain) / 2
		if len(chain) < fewest || len(chain) != len(l.Chains[0]) {
			return h, false
		}
		h.chains = append(h.chains, chain[:n], chain[len(chain)-n:])
	}
	if len(h.chains) == 0 {
		return h, false
	}
	n, m := float64(len(h.chains[0])), float64(len(h.chains))
	for _, chain := range h.chains {
		counts := make([]float64, l.Classes)
		for _, k := range chain {
			counts[k]++
		}
		h.counts = append(h.counts, counts)
	}
	h.within, h.pooled = make([]float64, l.Classes), make([]float64, l.Classes)
	for k := range l.Classes {
		grand, between := 0.0, 0.0
		for _, counts := range h.counts {
			mean := counts[k] / n
			grand += counts[k] // a whole number: equal halves are to differ by exactly 0
			h.within[k] += mean * (1 - mean) * n / (n - 1) / m
		}
		for _, counts := range h.counts {
			d := counts[k]/n - grand/(n*m)
			between += d * d / (m - 1)
		}
		h.pooled[k] = float64((n-1)/n*h.within[k]) + between
	}
	return h, true
}

func total(x []float64) (sum float64) {
	for _, x := range x {
		sum += x
	}
	return sum
}

// Rhat returns the split R̂ of the labels as one vector, √(Σ_k V_k / Σ_k W_k) over the pooled variances V and the variances
// within chains W of the indicators, and that of each indicator, as [Rhat] has it. They are NaN for chains of fewer than
// four labels or of different lengths, and 1 where all numbers are equal.
func (l Labels) Rhat() (all float64, each []float64) {
	each = make([]float64, l.Classes)
	h, ok := l.split(4)
	if !ok {
		for k := range each {
			each[k] = math.NaN()
		}
		return math.NaN(), each
	}
	rhat := func(within, pooled float64) float64 {
		if pooled == 0 {
			return 1
		}
		return math.Sqrt(pooled / within)
	}
	for k := range each {
		each[k] = rhat(h.within[k], h.pooled[k])
	}
	return rhat(total(h.within), total(h.pooled)), each
}

// Correlations are those of the labels as one vector, in which the autocovariances of the indicators are added up,
//
//	ρ_t = 1 − Σ_k (W_k − mean Γ_kt) / Σ_k V_k,
//
// and of each indicator by itself. The vector's has far less noise than those of rare classes. The shares p̂ of N
// independent labels have ⟨Σ_k (p̂_k − p_k)²⟩ = Σ_k p_k (1 − p_k)/N, and those of chains [Correlation.Time] times as much.
// A Correlation is the zero value for chains too short to tell, and for a class that has none or all of the labels.
func (l Labels) Correlations() (all Correlation, each []Correlation) {
	each = make([]Correlation, l.Classes)
	h, ok := l.split(fewestNumbers)
	if !ok || total(h.pooled) == 0 {
		return all, each
	}
	length, numbers := len(h.chains[0]), len(h.chains)*len(h.chains[0])
	sums := make([]geyer, l.Classes+1) // the last is that of the vector
	for k := range sums {
		sums[k].length = length
		sums[k].stopped = k < l.Classes && h.pooled[k] == 0
	}
	rho := l.autocorrelations(h)
	for t := 0; slices.ContainsFunc(sums, func(g geyer) bool { return !g.stopped }); t += 2 {
		even, odd := rho(t), rho(t+1)
		for k := range sums {
			if !sums[k].stopped {
				sums[k].add(even[k], odd[k])
			}
		}
	}
	for k := range each {
		if h.pooled[k] > 0 {
			each[k] = Correlation{numbers, sums[k].rho}
		}
	}
	return Correlation{numbers, sums[l.Classes].rho}, each
}

// autocorrelations returns a function that is called for t = 0, 1, 2, … and returns ρ_t of each class and, as the last, of
// the vector. With the mean m of an indicator e in a half of n labels,
//
//	Σ_s (e_s − m)(e_{s+t} − m) = Σ_s e_s e_{s+t} − m (Σ_{s<n−t} e_s + Σ_{s≥t} e_s) + (n−t) m²,
//
// of which only the first sum takes a pass over the labels.
func (l Labels) autocorrelations(h halves) func(t int) []float64 {
	length, numbers := len(h.chains[0]), float64(len(h.chains)*len(h.chains[0]))
	ends := make([][]float64, len(h.chains)) // the sums in brackets
	for r, counts := range h.counts {
		ends[r] = make([]float64, l.Classes)
		for k, count := range counts {
			ends[r][k] = 2 * count
		}
	}
	pooled := total(h.pooled)
	return func(t int) []float64 {
		rho, together := make([]float64, l.Classes+1), make([]float64, l.Classes)
		if t == 0 {
			for k := range rho {
				rho[k] = 1
			}
			return rho
		}
		for r, chain := range h.chains {
			ends[r][chain[length-t]]--
			ends[r][chain[t-1]]--
			for s, k := range chain[t:] {
				if chain[s] == k {
					together[k]++
				}
			}
			for k, count := range h.counts[r] {
				m := count / float64(length)
				rho[k] += float64(m*m*float64(length-t)) - float64(m*ends[r][k])
			}
		}
		lacks := 0.0
		for k := range l.Classes {
			lack := h.within[k] - (rho[k]+together[k])/numbers
			lacks += lack
			rho[k] = 1 - lack/h.pooled[k]
		}
		rho[l.Classes] = 1 - lacks/pooled
		return rho
	}
}
