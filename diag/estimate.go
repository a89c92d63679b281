package diag

import (
	"fmt"
	"math"
)

// Estimate is a value with its standard error and the integrated autocorrelation time of the series it came from.
type Estimate struct {
	Value, Stderr Number
	// Tau is τ_int = ½ + Σ_{t≥1} ρ(t) in steps of the series: ½ for independent numbers, (1+ρ)/(2(1−ρ)) where
	// ρ(t) = ρ^t. N numbers are worth N/(2τ_int) independent ones.
	Tau Number
	// TauErr is the standard error of Tau; +Inf if the series is too short to tell, and Tau and Stderr may be too
	// small.
	TauErr Number
}

// String prints the estimate with two digits of its error, as -1.7456 ± 0.0021, and an error that is not known as
// -1.7456 ± unknown.
func (e Estimate) String() string {
	digits := 4
	if s := float64(e.Stderr); s > 0 && !math.IsInf(s, 0) {
		digits = min(max(1-int(math.Floor(math.Log10(s))), 0), 12)
	}
	return fmt.Sprintf("%.*f ± %s", digits, float64(e.Value), e.Stderr.Digits(digits))
}

// windowFactor is Wolff's S, the assumed ratio of the exponential to the integrated autocorrelation time.
const windowFactor = 1.5

// Mean estimates the mean of stationary chains by the Γ-method of U. Wolff, Comput. Phys. Commun. 156 (2004) 143:
// the autocorrelation function, averaged over the chains, is summed up to an automatic window that balances its
// noise against the part cut off (S = 1.5). Chains may differ in length. With fewer than four numbers in all the
// error is not known: NaN.
func Mean(chains ...[]float64) Estimate {
	total, count, longest := 0.0, 0, 0
	for _, chain := range chains {
		for _, x := range chain {
			total += x
		}
		count += len(chain)
		longest = max(longest, len(chain))
	}
	n := float64(count)
	mean := total / n
	e := Estimate{Value: Number(mean), Stderr: Number(math.NaN()), Tau: 0.5, TauErr: Number(math.Inf(1))}
	if count < 4 {
		return e
	}
	variance := covariance(chains, mean, 0)
	if variance == 0 {
		e.Stderr, e.TauErr = 0, 0
		return e
	}
	area, window, closed := sumCorrelations(chains, mean, variance, longest/2, n)
	// The covariances are all too small by area/n, as the mean was taken from the same numbers: equation 49.
	w := float64(window)
	corrected := area * (1 + (2*w+1)/n)
	tau := corrected / (2 * (variance + area/n))
	e.Stderr, e.Tau = Number(math.Sqrt(corrected/n)), Number(tau)
	if closed {
		e.TauErr = Number(tau * math.Sqrt(4/n*max(w+0.5-tau, 0.5))) // equation 42
	}
	return e
}

// sumCorrelations returns Γ(0) + 2ΣΓ(t), t up to the first window W where e^(−W/τ) < τ/√(W·n), with
// τ = S/log((2τ_int+1)/(2τ_int−1)): Wolff's equations 50 to 52. It is not closed if no window below limit does that.
// Anticorrelated numbers count as independent.
func sumCorrelations(
	chains [][]float64, mean, variance float64, limit int, n float64,
) (area float64, window int, closed bool) {
	area = variance
	for !closed && window+1 < limit {
		window++
		area += 2 * covariance(chains, mean, window)
		closed = true
		if twice := area / variance; twice > 1 {
			tau := windowFactor / math.Log((twice+1)/(twice-1))
			closed = math.Exp(-float64(window)/tau) < tau/math.Sqrt(float64(window)*n)
		}
	}
	return max(area, variance), window, closed
}

// Autocorrelation returns ρ(t) = Γ(t)/Γ(0) of stationary chains for t = 0, 1, …, lags, averaged over the chains, whose
// deviations are from their common mean. It is nil where the numbers are all equal or a chain is not longer than lags.
func Autocorrelation(chains [][]float64, lags int) []float64 {
	total, count := 0.0, 0
	for _, chain := range chains {
		if len(chain) <= lags {
			return nil
		}
		for _, x := range chain {
			total += x
		}
		count += len(chain)
	}
	mean := total / float64(count)
	variance := covariance(chains, mean, 0)
	if !(variance > 0) {
		return nil
	}
	ρ := make([]float64, lags+1)
	for t := range ρ {
		ρ[t] = covariance(chains, mean, t) / variance
	}
	return ρ
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
	return sum / float64(n)
}

// fewestBins is the number of bins below which BinnedErrors stops: the last error is then known to 13 percent.
const fewestBins = 32

// BinnedErrors returns the standard error of the mean of x from bins of 1, 2, 4, … numbers that follow each other,
// down to 32 bins (H. Flyvbjerg and H. G. Petersen, J. Chem. Phys. 91 (1989) 461). The errors grow with the bins
// until these are longer than the numbers are correlated; there they stay at the true error. If the last ones still
// grow, x is too short. It is empty for fewer than 32 numbers.
func BinnedErrors(x []float64) []float64 {
	var errors []float64
	for len(x) >= fewestBins {
		_, stderr := WeightedMean(x, nil)
		errors = append(errors, stderr)
		half := make([]float64, len(x)/2)
		for k := range half {
			half[k] = (x[2*k] + x[2*k+1]) / 2
		}
		x = half
	}
	return errors
}
