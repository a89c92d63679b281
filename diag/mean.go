package diag

import "math"

// WeightedMean returns the mean of independent numbers with the given weights (nil means equal ones) and its
// standard error, √(n/(n−1) Σ w²(x−mean)²) / Σ w. The error of a single number is +Inf: it is not known.
func WeightedMean(x, weights []float64) (mean, stderr float64) {
	weight := func(k int) float64 {
		if weights == nil {
			return 1
		}
		return weights[k]
	}
	var total, sum, square float64
	for k, x := range x {
		total += weight(k)
		sum += float64(weight(k) * x)
	}
	mean = sum / total
	for k, x := range x {
		d := weight(k) * (x - mean)
		square += float64(d * d)
	}
	n := float64(len(x))
	if n < 2 {
		return mean, math.Inf(1)
	}
	return mean, math.Sqrt(square*n/(n-1)) / total
}
