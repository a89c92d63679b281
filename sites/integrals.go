package sites

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// chebyshevNodes of a polynomial give what log(1+e^x) differs from a line by to 10^−5 where the weights of two sites
// span 10, and to 0.2 % where they span 20.
const chebyshevNodes = 16

// Means over a normal number z are sums over z = −4 … 4 in steps with weights e^(−z²/2): the trapezoidal rule, which
// converges faster than any power of the step (E. T. Goodwin, Proceedings of the Cambridge Philosophical Society 45
// (1949) 241). In steps of x of 1.5 at most couplings of log(1+e^x) are right to 3·10^−4, where Gauss and Hermite's
// rule of as many points is right to 1 %.
const (
	normalEnd  = 4
	normalStep = 0.5 // at most
	inputStep  = 1.5 // of x, at most
)

// normalRule returns the points and weights for numbers x of standard deviations up to the given one.
func normalRule(deviation float64) (z, weights []float64) {
	steps := math.Ceil(normalEnd / min(normalStep, inputStep/deviation))
	total := 0.0
	for k := -steps; k <= steps; k++ {
		at := k * normalEnd / steps
		z, weights = append(z, at), append(weights, math.Exp(-at*at/2))
		total += weights[len(weights)-1]
	}
	for k := range weights {
		weights[k] /= total
	}
	return z, weights
}

// addSingles adds Σ_j ⟨Γ_j(x_j + w_j(i,a) + w_j(k,b))⟩ over the units that are blocks of their own, up to a constant,
// at each pair of states. x_j is normal.
//
// ⟨Γ_j′⟩ as a function of w_j(i,a) + w_j(k,b) is a polynomial through Chebyshev's nodes, which is integrated. So Γ
// itself is not needed, of which a layer gives the sum over its units alone, and means are taken at the nodes instead
// of at all pairs of states.
func (e *expansion) addSingles(sum []float64, i, k int, mean []float64, spread [][]float64) {
	centre, half := make([]float64, e.n), make([]float64, e.n) // of the range of w_j(i,a) + w_j(k,b)
	for _, site := range []int{i, k} {
		for j := range e.n {
			low, high := math.Inf(1), math.Inf(-1)
			for a := range e.States[site] {
				w := float64(e.weights(site, a)[j])
				low, high = min(low, w), max(high, w)
			}
			centre[j] += (low + high) / 2
			half[j] += (high - low) / 2
		}
	}
	coefficients := e.integrals(mean, spread, centre, half)
	for at := range sum {
		wi, wk := e.weights(i, at/e.States[k]), e.weights(k, at%e.States[k])
		for _, b := range e.blocks {
			if j := b.first; b.size == 1 && half[j] > 0 {
				t := (float64(wi[j]) + float64(wk[j]) - centre[j]) / half[j]
				sum[at] += clenshaw(coefficients[j], t)
			}
		}
	}
}

// integrals returns the coefficients of Chebyshev's polynomials T_0, T_1 … of ⟨Γ_j(x_j + centre_j + half_j·t)⟩, up to a
// constant, for each unit.
func (e *expansion) integrals(mean []float64, spread [][]float64, centre, half []float64) [][]float64 {
	const P = chebyshevNodes
	largest := 0.0
	for l, b := range e.blocks {
		if b.size == 1 {
			largest = max(largest, spread[l][0])
		}
	}
	z, weights := normalRule(math.Sqrt(largest))
	x := make([]float32, len(z)*e.n)
	slopes := make([]float64, P*e.n) // ⟨Γ_j′⟩ at each node
	for p := range P {
		t := math.Cos(math.Pi * (float64(p) + 0.5) / P)
		for l, b := range e.blocks {
			if j := b.first; b.size == 1 {
				deviation := math.Sqrt(max(0, spread[l][0]))
				for at, z := range z {
					x[at*e.n+j] = float32(mean[j] + centre[j] + half[j]*t + deviation*z)
				}
			}
		}
		e.model.Hidden.Mean(x, x)
		for at, w := range weights {
			for j, y := range x[at*e.n : (at+1)*e.n] {
				slopes[p*e.n+j] += w * float64(y)
			}
		}
		clear(x) // what Mean has written for the other units
	}
	var cosines [P][P]float64
	for k := range P {
		for p := range P {
			cosines[k][p] = math.Cos(math.Pi * float64(k) * (float64(p) + 0.5) / P)
		}
	}
	lists := make([][]float64, e.n)
	var a [P + 2]float64 // of ⟨Γ_j′⟩
	for j := range lists {
		for k := range P {
			a[k] = 0
			for p := range P {
				a[k] += slopes[p*e.n+j] * cosines[k][p] * 2 / P
			}
		}
		a[0] /= 2
		list := make([]float64, P+1)
		for k := 1; k <= P; k++ { // ∫T_k = T_(k+1)/(2(k+1)) − T_(k−1)/(2(k−1))
			list[k] = half[j] * (a[k-1] - a[k+1]) / float64(2*k)
		}
		list[1] += half[j] * a[0] / 2
		lists[j] = list
	}
	return lists
}

// clenshaw returns Σ_k c_k T_k(t).
func clenshaw(c []float64, t float64) float64 {
	b1, b2 := 0.0, 0.0
	for k := len(c) - 1; k > 0; k-- {
		b1, b2 = float64(2*t*b1)-b2+c[k], b1
	}
	return float64(t*b1) - b2 + c[0]
}

// addBlocks adds ⟨Γ⟩ of the blocks of several units, the hidden sites, at each pair of states. Their inputs are normal
// with covariances within a site.
//
// Means are over the rule of third degree of 2d points ±√d·u_k of equal weight in d dimensions, u_k the columns of a
// root of the covariances (A. H. Stroud, Mathematical Tables and Other Aids to Computation 11 (1957) 257), for all
// sites at once. A smaller site than the largest is at its mean in the other points, which changes no moment up to the
// third.
func (e *expansion) addBlocks(sum []float64, i, k int, mean []float64, spread [][]float64) {
	points := e.cubature(mean, spread)
	inputs, values := make([]float32, len(points)*e.n), make([]float64, len(points))
	for at := range sum {
		wi, wk := e.weights(i, at/e.States[k]), e.weights(k, at%e.States[k])
		for _, b := range e.blocks {
			if b.size == 1 {
				continue // its input is always 0
			}
			for j := b.first; j < b.first+b.size; j++ {
				for p, x := range points {
					inputs[p*e.n+j] = float32(x[j] + float64(wi[j]) + float64(wk[j]))
				}
			}
		}
		e.model.Hidden.CGF(values, inputs)
		for _, Γ := range values {
			sum[at] += Γ / float64(len(points))
		}
	}
}

// cubature returns the points of the rule.
func (e *expansion) cubature(mean []float64, spread [][]float64) [][]float64 {
	d := e.largest
	points := make([][]float64, 2*d)
	for at := range points {
		points[at] = make([]float64, e.n)
	}
	for l, b := range e.blocks {
		if b.size == 1 {
			continue
		}
		var eigen mat.EigenSym
		if !eigen.Factorize(mat.NewSymDense(b.size, spread[l]), true) {
			panic("sites: covariances without eigenvalues")
		}
		var vectors mat.Dense
		eigen.VectorsTo(&vectors)
		values := eigen.Values(nil)
		for j := range b.size {
			for at, x := range points {
				x[b.first+j] = mean[b.first+j]
				if column := at / 2; column < b.size {
					sign := float64(1 - at%2*2)
					x[b.first+j] += sign * math.Sqrt(float64(d)*max(0, values[column])) * vectors.At(j, column)
				}
			}
		}
	}
	return points
}
