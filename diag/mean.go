package diag

import (
	"fmt"
	"iter"
	"math"
	"slices"
)

// WeightedMean returns the mean of independent numbers with the given weights ≥ 0 (nil means equal ones) and its
// standard error, √(n/(n−1) Σ w²(x−mean)²) / Σ w, n being the number of weights above 0. The error of a single number,
// or of one that has all the weight, is +Inf: it is not known. The weights are scaled by a power of two, so that no
// square overflows. It panics unless there are as many weights as numbers, or none at all.
func WeightedMean(x, weights []float64) (mean, stderr float64) {
	if weights != nil && len(weights) != len(x) {
		panic(fmt.Sprintf("diag: %d weights for %d numbers", len(weights), len(x)))
	}
	return WeightedMeanOf(slices.Values(x), weights)
}

// WeightedMeanOf is [WeightedMean] of numbers that are not in memory. It goes through them twice.
func WeightedMeanOf(x iter.Seq[float64], weights []float64) (mean, stderr float64) {
	largest := 1.0
	if len(weights) > 0 {
		largest = slices.Max(weights)
	}
	_, exponent := math.Frexp(largest)
	weight := func(k int) float64 {
		if weights == nil {
			return 1
		}
		return math.Ldexp(weights[k], -exponent)
	}
	var n, total, sum, square, squares float64
	count := 0
	for x := range x {
		if weights != nil && count == len(weights) {
			panic(fmt.Sprintf("diag: %d weights for more numbers", len(weights)))
		}
		k := count
		count++
		if weight(k) > 0 {
			n++
		}
		total += weight(k)
		squares += float64(weight(k) * weight(k))
		sum += float64(weight(k) * x)
	}
	if weights != nil && len(weights) != count {
		panic(fmt.Sprintf("diag: %d weights for %d numbers", len(weights), count))
	}
	mean = sum / total
	k := 0
	for x := range x {
		d := weight(k) * (x - mean)
		square += float64(d * d)
		k++
	}
	if n < 2 || squares > (1-1e-9)*total*total { // one number has all the weight
		return mean, math.Inf(1)
	}
	return mean, math.Sqrt(square*n/(n-1)) / total
}
