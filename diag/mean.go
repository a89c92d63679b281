package diag

import (
	"fmt"
	"math"
)

// WeightedMean returns the mean of independent numbers with the given weights (nil means equal ones) and its
// standard error, √(n/(n−1) Σ w²(x−mean)²) / Σ w. The error of a single number is +Inf: it is not known.
// It panics unless there are as many weights as numbers, or none at all.
func WeightedMean(x, weights []float64) (mean, stderr float64) {
	if weights != nil && len(weights) != len(x) {
		panic(fmt.Sprintf("diag: %d weights for %d numbers", len(weights), len(x)))
	}
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
