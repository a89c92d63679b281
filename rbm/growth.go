package rbm

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// CheckNormalisable returns an error where the model is found to have no distribution, as Z is infinite: the energy
// falls without bound, or stays where it is, along a direction of real numbers ([Model.Growth]). Z of models with bits
// in one of the layers is finite.
func (model *Model) CheckNormalisable() error {
	if growth := model.Growth(); growth >= 1 {
		return fmt.Errorf("the model has no distribution: along a direction of its real numbers the weights lower the energy %.4g times "+
			"as fast as the precisions raise it, want less than once", growth)
	}
	return nil
}

// Growth compares the quadratic growth of Γ_h(Wᵀv) with that of U_v(v) far away,
//
//	max_v Σ_j (w_j·v)²/γ_j / Σ_i γ_i v_i²,
//
// where γ_j is the precision on the side of 0 that w_j·v is on, infinite where a unit has no values there. Z is finite
// below 1, and infinite above. It is 0 where one of the layers is bits.
//
// The maximum is that of a convex function on a sphere, by the power method from the patterns of the hidden units with
// the largest norms, in both signs. For Gaussian hidden units it is the largest eigenvalue of a matrix; for rectified
// ones the method may come to a lesser maximum, so that only a growth of 1 or more is certain.
func (model *Model) Growth() float64 {
	const (
		starts     = 8 // of each sign
		iterations = 100
		settled    = 1e-9 // relative change
	)
	m, n := model.M(), model.N()
	if !model.Unbounded() {
		return 0
	}
	widths, _ := reach(model.Visible) // 1/γ_i, of a layer that is the same on both sides
	up, down := reach(model.Hidden)
	w, norms, order := make([]float64, m*n), make([]float64, n), make([]int, n)
	for k, x := range model.W {
		w[k] = math.Sqrt(widths[k/n]) * float64(x)
		norms[k%n] += w[k] * w[k] * max(up[k%n], down[k%n])
	}
	for j := range order {
		order[j] = j
	}
	slices.SortStableFunc(order, func(j, l int) int { return cmp.Compare(norms[l], norms[j]) })
	growth := 0.0
	v, h := make([]float64, m), make([]float64, n)
	for _, j := range order[:min(starts, n)] {
		for _, sign := range []float64{1, -1} {
			for i := range v {
				v[i] = sign * w[i*n+j]
			}
			before := 0.0
			for range iterations {
				value := climb(v, h, w, up, down)
				growth = max(growth, value)
				if value-before <= settled*value {
					break
				}
				before = value
			}
		}
	}
	return growth
}

// climb normalises v, returns f(v) = Σ_j c_j (w_j·v)², where c_j depends on the sign of w_j·v, and sets v to the
// gradient of f/2.
func climb(v, h, w, up, down []float64) (value float64) {
	n, norm := len(h), 0.0
	for _, x := range v {
		norm += x * x
	}
	if norm == 0 {
		return 0
	}
	clear(h)
	for i, x := range v {
		x /= math.Sqrt(norm)
		for j, w := range w[i*n : (i+1)*n] {
			h[j] += float64(x * w)
		}
	}
	for j, x := range h {
		c := up[j]
		if x < 0 {
			c = down[j]
		}
		value += float64(c * x * x)
		h[j] = c * x
	}
	for i := range v {
		v[i] = 0
		for j, w := range w[i*n : (i+1)*n] {
			v[i] += float64(w * h[j])
		}
	}
	return value
}

// reach returns the limits of ⟨s⟩_x/x for inputs x far above and below 0: 1/γ on that side of 0, and 0 where a unit has
// no values far away.
func reach(l Layer) (up, down []float64) {
	const far = 1e8
	x := make([]float32, 2*l.Units())
	for k := range x {
		if x[k] = far; k >= l.Units() {
			x[k] = -far
		}
	}
	mean := make([]float32, len(x))
	l.Mean(mean, x)
	limits := make([]float64, len(x))
	for k, y := range mean {
		limits[k] = max(0, float64(y)/float64(x[k]))
	}
	return limits[:l.Units()], limits[l.Units():]
}
