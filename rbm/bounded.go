package rbm

import (
	"math"

	"github.com/harmonium-rbm/harmonium/compute"
)

// Coupling is how strongly real units of both layers hold on to each other: the largest eigenvalue of
//
//	Σ_v W Σ_h² Wᵀ Σ_v
//
// over the real units, with their [Layer.Spreads] on the diagonals of Σ: 1/√γ for energies with the precision γ. Z is
// finite where it is below 1. It is 0 where the values of one of the layers have bounds. The eigenvalue is found from
// below, to about 10^−4, by the method of C. Lanczos (J. Res. Natl. Bur. Stand. 45, 255, 1950); where the sum of all
// eigenvalues is at most limit it is not looked for, and Coupling returns 0.
func (model *Model) Coupling(limit float64) float64 {
	v, σv := realUnits(model.Visible)
	h, σh := realUnits(model.Hidden)
	if len(σv) == 0 || len(σh) == 0 {
		return 0
	}
	n, trace := model.N(), 0.0
	row := func(i int) []float32 { return model.W[(v+i)*n+h:][:len(σh)] }
	for i, a := range σv {
		for j, w := range row(i) {
			x := a * float64(w) * σh[j]
			trace += float64(x * x)
		}
	}
	if trace <= limit {
		return 0
	}
	on, y, unit := compute.New(1), make([]float32, len(σh)), 1/math.Sqrt(trace) // no eigenvalue is above 1 then
	return trace * largestEigenvalue(len(σv), func(dst, x []float64) {
		clear(y)
		for i, a := range x {
			on.AddScaled(y, float32(a*σv[i]*unit), row(i))
		}
		for j, a := range σh {
			y[j] *= float32(a * a)
		}
		for i, a := range σv {
			dst[i] = a * unit * on.Dot(row(i), y)
		}
	})
}

// largestEigenvalue is that of a symmetric n×n matrix without negative ones, which apply multiplies with: the largest of
// the tridiagonal matrix that it is in the space of x, Ax, A²x, …, until another dimension changes that no more.
func largestEigenvalue(n int, apply func(dst, x []float64)) (value float64) {
	const most = 200
	x, next, before := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range x {
		x[i] = 1 + float64(i%7)/7 // no eigenvector that anybody would choose
	}
	var diagonal, beside []float64 // beside[k] between k and k+1
	for size := norm(x); size > 1e-9*value && len(diagonal) < most; size = norm(next) {
		if len(diagonal) > 0 {
			x, next, before = next, before, x
			beside = append(beside, size)
		}
		for i := range x {
			x[i] /= size
		}
		apply(next, x)
		along := 0.0
		for i, a := range next {
			along += float64(a * x[i])
		}
		diagonal = append(diagonal, along)
		for i := range next {
			next[i] -= float64(along * x[i])
			if len(beside) > 0 {
				next[i] -= float64(size * before[i])
			}
		}
		last := value
		if value = largestOfTridiagonal(diagonal, beside); value-last <= 1e-5*value {
			break
		}
	}
	return value
}

// largestOfTridiagonal finds the largest eigenvalue of a tridiagonal matrix by bisection: λ is above it where all pivots of
// λ − T are positive.
func largestOfTridiagonal(diagonal, beside []float64) float64 {
	low, high := 0.0, 0.0
	for k, a := range diagonal {
		reach := a // of the circles of Gershgorin
		if k > 0 {
			reach += beside[k-1]
		}
		if k < len(beside) {
			reach += beside[k]
		}
		low, high = max(low, a), max(high, reach)
	}
	for range 60 {
		λ, pivot, above := (low+high)/2, 0.0, true
		for k, a := range diagonal {
			if k > 0 {
				a += beside[k-1] * beside[k-1] / pivot
			}
			if pivot = λ - a; pivot <= 0 {
				above = false
				break
			}
		}
		if above {
			high = λ
		} else {
			low = λ
		}
	}
	return low
}

func norm(x []float64) float64 {
	sum := 0.0
	for _, x := range x {
		sum += float64(x * x)
	}
	return math.Sqrt(sum)
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
