package rbm

import "math"

// Coupling is how strongly real units of both layers hold on to each other: the largest eigenvalue of
//
//	Σ_v W Σ_h² Wᵀ Σ_v
//
// over the real units, with their [Layer.Spreads] on the diagonals of Σ: 1/√γ for energies with the precision γ. Z is
// finite where it is below 1. It is 0 where the values of one of the layers have bounds. The eigenvalue is found by
// power iteration, from below, to about 10^−4; where the sum of all eigenvalues is at most limit it is not looked for,
// and Coupling returns 0.
func (model *Model) Coupling(limit float64) float64 {
	v, σv := realUnits(model.Visible)
	h, σh := realUnits(model.Hidden)
	if len(σv) == 0 || len(σh) == 0 {
		return 0
	}
	n, trace := model.N(), 0.0
	for i, a := range σv {
		for j, w := range model.W[(v+i)*n+h : (v+i)*n+h+len(σh)] {
			x := a * float64(w) * σh[j]
			trace += float64(x * x)
		}
	}
	if trace <= limit {
		return 0
	}
	x, y := make([]float64, len(σv)), make([]float64, len(σh))
	for i := range x {
		x[i] = 1 + float64(i%7)/7 // no eigenvector that anybody would choose
	}
	value := 0.0
	for range 1000 {
		clear(y)
		for i, a := range x {
			a *= σv[i]
			for j, w := range model.W[(v+i)*n+h : (v+i)*n+h+len(y)] {
				y[j] += float64(a * float64(w))
			}
		}
		for j := range y {
			y[j] *= σh[j] * σh[j]
		}
		before := value
		value = math.Sqrt(squares(x))
		for i := range x {
			sum := 0.0
			for j, w := range model.W[(v+i)*n+h : (v+i)*n+h+len(y)] {
				sum += float64(float64(w) * y[j])
			}
			x[i] = sum * σv[i]
		}
		size := math.Sqrt(squares(x))
		if size == 0 {
			return 0
		}
		value = size / value
		for i := range x {
			x[i] /= size
		}
		if math.Abs(value-before) <= 1e-5*value {
			break
		}
	}
	return value
}

func squares(x []float64) float64 {
	sum := 0.0
	for _, x := range x {
		sum += float64(x * x)
	}
	return sum
}

// Unbounded reports whether both layers have real units, so that Z may be infinite.
func (model *Model) Unbounded() bool {
	return !model.Discrete() && model.Hidden.NewBatch(0).Bits() < model.N()
}

// realUnits returns the first real unit of a layer, and [Layer.Spreads] of each.
func realUnits(l Layer) (first int, spreads []float64) {
	first, spreads = l.NewBatch(0).Bits(), l.Spreads()
	if spreads == nil {
		return first, nil
	}
	return first, spreads[first:]
}
