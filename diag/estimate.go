package diag

import (
	"fmt"
	"math"
)

// Estimate is a mean with its standard error and the integrated autocorrelation time of the series that it came from.
type Estimate struct {
	Value, Stderr Number
	// Tau is τ_int = ½ + Σ_{t≥1} ρ(t) in steps of the series: ½ for independent numbers. N numbers are worth N/(2τ_int) independent ones.
	Tau Number
}

// String prints the estimate with two digits of its error, as -1.7456 ± 0.0021.
func (e Estimate) String() string {
	digits := 4
	if s := float64(e.Stderr); s > 0 && !math.IsInf(s, 0) {
		digits = min(max(1-int(math.Floor(math.Log10(s))), 0), 12)
	}
	return fmt.Sprintf("%.*f ± %.*f", digits, float64(e.Value), digits, float64(e.Stderr))
}

// Mean estimates the mean of stationary chains by the Γ-method of U. Wolff, Comput. Phys. Commun. 156 (2004) 143: the autocorrelation
// function, averaged over the chains, is summed up to an automatic window that balances its noise against the
// part cut off (S = 1.5). Chains may differ in length; chains shorter than two numbers don't count. With fewer than four
// numbers in all the error is not known: NaN.
func Mean(chains ...[]float64) Estimate {
	total, n := 0.0, 0
	for _, chain := range chains {
		for _, x := range chain {
			total += x
		}
		n += len(chain)
	}
	mean := total / float64(n)
	tau := tauInt(chains, mean)
	variance := covariance(chains, mean, 0)
	if n < 4 {
		variance = math.NaN()
	}
	return Estimate{Number(mean), Number(math.Sqrt(2 * tau * variance / float64(n))), Number(tau)}
}

// covariance is Γ(t): the mean of (x_s − mean)(x_{s+t} − mean) over all chains.
func covariance(chains [][]float64, mean float64, t int) float64 {
	sum, n := 0.0, 0
	for _, chain := range chains {
		for s := t; s < len(chain); s++ {
			sum += float64((chain[s] - mean) * (chain[s-t] - mean))
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

// windowFactor is Wolff's S, the assumed ratio of the exponential to the integrated autocorrelation time.
const windowFactor = 1.5

// tauInt sums ρ(t) up to the first window W at which e^(−W/τ) − τ/√(W·N) < 0, with τ = S/log((2τ_int+1)/(2τ_int−1)) (equations 50 to 52),
// and corrects for the bias of the mean (equation 49).
func tauInt(chains [][]float64, mean float64) float64 {
	n, longest := 0, 0
	for _, chain := range chains {
		n += len(chain)
		longest = max(longest, len(chain))
	}
	variance := covariance(chains, mean, 0)
	if !(variance > 0) {
		return 0.5
	}
	tau := 0.5
	for w := 1; w < longest/2; w++ {
		tau += covariance(chains, mean, w) / variance
		decay := 1e-300
		if tau > 0.5 {
			decay = windowFactor / math.Log((2*tau+1)/(2*tau-1))
		}
		if math.Exp(-float64(w)/decay)-decay/math.Sqrt(float64(w)*float64(n)) < 0 {
			return max(tau*(1+float64(2*w+1)/float64(n)), 0.5)
		}
	}
	return max(tau, 0.5)
}

// Jackknife estimates a function of means: f gets the means of several observables, rows[k] holding observable k of every
// row. The rows are cut into bins (of rows that follow each other), f is evaluated without each bin in turn, and
// the spread of these values gives the error (B. Efron, The Jackknife, 1982). The bins must be longer than the rows are correlated.
// Its bias is corrected to first order.
func Jackknife(rows [][]float64, bins int, f func(means []float64) float64) Estimate {
	n := len(rows[0])
	bins = min(bins, n)
	totals := make([]float64, len(rows))
	for k, x := range rows {
		for _, x := range x {
			totals[k] += x
		}
	}
	means := make([]float64, len(rows))
	for k, t := range totals {
		means[k] = t / float64(n)
	}
	whole := f(means)
	values := make([]float64, bins)
	average := 0.0
	for b := range bins {
		from, to := b*n/bins, (b+1)*n/bins
		for k, x := range rows {
			rest := totals[k]
			for _, x := range x[from:to] {
				rest -= x
			}
			means[k] = rest / float64(n-(to-from))
		}
		values[b] = f(means)
		average += values[b] / float64(bins)
	}
	square := 0.0
	for _, x := range values {
		square += float64((x - average) * (x - average))
	}
	scale := float64(bins-1) / float64(bins)
	return Estimate{
		Value:  Number(whole - float64(bins-1)*(average-whole)),
		Stderr: Number(math.Sqrt(scale * square)), Tau: 0.5,
	}
}
