package rbm

import "math"

// Coupling is how strongly real units of both layers hold on to each other: the largest eigenvalue of
//
//	Γ_v^(−½) W Γ_h⁻¹ Wᵀ Γ_v^(−½)
//
// over the real units, with the precisions Γ of their energies (the smaller one of a unit with two). Z is finite where
// it is below 1. Real units without bounds must have precisions. It is 0 where one of the layers has no real units. The
// eigenvalue is found by power iteration, from below, to about 10^−4; where the sum of all eigenvalues is at most limit
// it is not looked for, and Coupling returns 0.
func (model *Model) Coupling(limit float64) float64 {
	v, γv := realUnits(model.Visible)
	h, γh := realUnits(model.Hidden)
	if len(γv) == 0 || len(γh) == 0 {
		return 0
	}
	n, trace := model.N(), 0.0
	for i, a := range γv {
		for j, w := range model.W[(v+i)*n+h : (v+i)*n+h+len(γh)] {
			x := a * float64(w) * γh[j]
			trace += float64(x * x)
		}
	}
	if trace <= limit {
		return 0
	}
	x, y := make([]float64, len(γv)), make([]float64, len(γh))
	for i := range x {
		x[i] = 1 + float64(i%7)/7 // no eigenvector that anybody would choose
	}
	value := 0.0
	for range 1000 {
		clear(y)
		for i, a := range x {
			a *= γv[i]
			for j, w := range model.W[(v+i)*n+h : (v+i)*n+h+len(y)] {
				y[j] += float64(a * float64(w))
			}
		}
		for j := range y {
			y[j] *= γh[j] * γh[j]
		}
		before := value
		value = math.Sqrt(squares(x))
		for i := range x {
			sum := 0.0
			for j, w := range model.W[(v+i)*n+h : (v+i)*n+h+len(y)] {
				sum += float64(float64(w) * y[j])
			}
			x[i] = sum * γv[i]
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

// realUnits returns the first real unit of a layer, and 1/√γ of each.
func realUnits(l Layer) (first int, roots []float64) {
	first = l.NewBatch(0).Bits()
	roots = make([]float64, l.Units()-first)
	for _, p := range l.Parameters() {
		if !p.Positive {
			continue
		}
		for i, γ := range p.Values {
			roots[i] = max(roots[i], 1/math.Sqrt(float64(γ)))
		}
	}
	return first, roots
}
