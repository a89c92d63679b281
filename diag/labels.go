package diag

import "math"

// Labels are the classes, from 0 to Classes − 1, that chains of equal length are in: a vector of Classes indicators
// e_k(t) = 1[label_t = k].
type Labels struct {
	Chains  [][]uint8
	Classes int
}

// halves are the halves of chains as Labels, with what the indicators' variances need.
type halves struct {
	chains         [][]uint8
	counts         [][]float64 // of each class in each half
	within, pooled []float64   // variances of each class
}

// split is that of numbers, and the variances of the indicators as spread has them.
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
			grand += counts[k]
			h.within[k] += mean * (1 - mean) * n / (n - 1) / m
		}
		for _, counts := range h.counts {
			d := counts[k]/n - grand/(n*m)
			between += float64(d*d) / (m - 1)
		}
		h.pooled[k] = float64((n-1)/n*h.within[k]) + between
	}
	return h, true
}

func sum(x []float64) (sum float64) {
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
	return rhat(sum(h.within), sum(h.pooled)), each
}

// Correlations are those of the labels as one vector, in which the autocovariances of the indicators are added up,
//
//	ρ_t = 1 − Σ_k (W_k − mean Γ_kt) / Σ_k V_k,
//
// and of each indicator by itself. The one of the vector has far less noise than those of rare classes. The mean of
// independent labels has the error Σ_k (p̂_k − p_k)² = Σ_k p_k (1 − p_k)/N, and that of the chains Time as much. They
// are the zero value for chains too short to tell, and for a class with none or all of the labels.
func (l Labels) Correlations() (all Correlation, each []Correlation) {
	each = make([]Correlation, l.Classes)
	h, ok := l.split(fewestNumbers)
	if !ok || sum(h.pooled) == 0 {
		return all, each
	}
	length, numbers := len(h.chains[0]), len(h.chains)*len(h.chains[0])
	whole, parts := geyer{length: length}, make([]geyer, l.Classes)
	for k := range parts {
		parts[k] = geyer{length: length, stopped: h.pooled[k] == 0}
	}
	running := func() bool {
		on := !whole.stopped
		for k := range parts {
			on = on || !parts[k].stopped
		}
		return on
	}
	// Σ_s (e_s − m)(e_{s+t} − m) = Σ_s e_s e_{s+t} − m (Σ_{s<n−t} e_s + Σ_{s≥t} e_s) + (n−t) m², of each class and half
	ends := make([][]float64, len(h.chains)) // the two sums in brackets
	for r, counts := range h.counts {
		ends[r] = make([]float64, l.Classes)
		for k, count := range counts {
			ends[r][k] = 2 * count
		}
	}
	together := make([]float64, l.Classes)
	rho := func(t int) (all float64, each []float64) {
		clear(together)
		each = make([]float64, l.Classes)
		n := float64(length)
		for r, chain := range h.chains {
			ends[r][chain[length-t]]--
			ends[r][chain[t-1]]--
			for s, k := range chain[t:] {
				if chain[s] == k {
					together[k]++
				}
			}
			for k, count := range h.counts[r] {
				m := count / n
				each[k] += float64(m*m)*float64(length-t) - float64(m*ends[r][k])
			}
		}
		for k := range each {
			lack := h.within[k] - (each[k]+together[k])/float64(numbers)
			all += lack
			each[k] = 1 - lack/h.pooled[k]
		}
		return 1 - all/sum(h.pooled), each
	}
	ones := make([]float64, l.Classes)
	for k := range ones {
		ones[k] = 1
	}
	even, evens := 1.0, ones
	odd, odds := rho(1)
	for t := 2; ; t += 2 {
		if !whole.stopped {
			whole.add(even, odd)
		}
		for k := range parts {
			if !parts[k].stopped {
				parts[k].add(evens[k], odds[k])
			}
		}
		if !running() {
			break
		}
		even, evens = rho(t)
		odd, odds = rho(t + 1)
	}
	for k := range parts {
		if h.pooled[k] > 0 {
			each[k] = Correlation{numbers, parts[k].rho}
		}
	}
	return Correlation{numbers, whole.rho}, each
}
