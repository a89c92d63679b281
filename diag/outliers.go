package diag

import (
	"cmp"
	"math"
	"slices"
)

// Outliers returns the few numbers, at most one and 1 % of all, that lie so far below the others that the weighted mean
// says more about them than about the rest, the lowest first. Each is further below the median than 20 times the median
// absolute deviation; together they weigh 1 + 20/n times as much, as distances from the median, as all others of the n;
// and they move the mean by least or more. weights = nil means equal ones; numbers of weight 0 don't count.
func Outliers(x, weights []float64, least float64) []int {
	var index []int
	total := 0.0
	for k := range x {
		if w := weightOf(weights, k); w > 0 {
			index, total = append(index, k), total+w
		}
	}
	if len(index) == 0 {
		return nil
	}
	slices.SortStableFunc(index, func(a, b int) int { return cmp.Compare(x[a], x[b]) })
	median := x[index[len(index)/2]]
	distances := make([]float64, len(index))
	for k, i := range index {
		distances[k] = math.Abs(x[i] - median)
	}
	far := 20 * sortedMedian(distances)
	n, below, rest := 0, 0.0, 0.0
	for k, i := range index {
		if distance := median - x[i]; distance > far && k == n {
			n, below = n+1, below+weightOf(weights, i)*distance
		} else {
			rest += weightOf(weights, i) * math.Abs(distance)
		}
	}
	if n > 1+len(index)/100 || !(below > rest*(1+20/float64(len(index))) && below >= least*total) {
		return nil
	}
	return index[:n]
}

func weightOf(weights []float64, k int) float64 {
	if weights == nil {
		return 1
	}
	return weights[k]
}

func sortedMedian(x []float64) float64 {
	sorted := slices.Sorted(slices.Values(x))
	return sorted[len(sorted)/2]
}
