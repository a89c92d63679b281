package lecture

import "math"

// dot is Σ_k x_k y_k.
func dot(x, y []float64) float64 {
	sum := 0.0
	for k := range x {
		sum += x[k] * y[k]
	}
	return sum
}

// addTo adds a·x to y.
func addTo(y []float64, a float64, x []float64) {
	for k := range y {
		y[k] += a * x[k]
	}
}

// logSum is log Σ_k e^(x_k). The largest term is taken out of the sum, since e^x overflows beyond x
// = 709.
func logSum(x ...float64) float64 {
	largest, sum := math.Inf(-1), 0.0
	for _, x := range x {
		largest = max(largest, x)
	}
	for _, x := range x {
		sum += math.Exp(x - largest)
	}
	return largest + math.Log(sum)
}

// sigmoid replaces each x by σ(x) = 1/(1+e^(−x)).
func sigmoid(x []float64) []float64 {
	for k := range x {
		x[k] = 1 / (1 + math.Exp(-x[k]))
	}
	return x
}
