package train

import "math"

// krylov solves (ρ + K) α = d for any ρ > 0 at once, with a symmetric matrix K without negative eigenvalues, in the
// space of d, Kd, K²d, …: K is tridiagonal there, T = QᵀKQ (C. Lanczos, J. Res. Natl. Bur. Stand. 45 (1950) 255). The
// vectors of Q are made orthogonal to all before, as there are few.
type krylov struct {
	q              [][]float64 // columns of Q
	diagonal, next []float64   // T, next[k] being between k and k+1
	size           float64     // |d|
	z, factor      []float64   // of a solution
}

// mostKrylov is the largest dimension. The deviation is then within a few per cent of the bound (docs/decisions/0073).
const mostKrylov = 20

// span finds Q and T.
func (s *krylov) span(kernel, d []float64) {
	n := len(d)
	s.diagonal, s.next, s.size = s.diagonal[:0], s.next[:0], math.Sqrt(dot(d, d))
	q := s.column(0, n)
	for k, x := range d {
		q[k] = x / s.size
	}
	for k := 0; ; k++ {
		w := s.column(k+1, n)
		for r := range w {
			w[r] = dot(kernel[r*n:(r+1)*n], s.q[k])
		}
		s.diagonal = append(s.diagonal, dot(w, s.q[k]))
		for _, q := range s.q[:k+1] {
			along := dot(w, q)
			for r := range w {
				w[r] -= float64(along * q[r])
			}
		}
		rest := math.Sqrt(dot(w, w))
		s.next = append(s.next, rest)
		if k+1 == min(mostKrylov, n) || !(rest > 1e-9*s.diagonal[0]) {
			break
		}
		for r := range w {
			w[r] /= rest
		}
	}
	s.z, s.factor = make([]float64, len(s.diagonal)), make([]float64, len(s.diagonal))
}

func (s *krylov) column(k, n int) []float64 {
	if k == len(s.q) {
		s.q = append(s.q, make([]float64, n))
	}
	return s.q[k]
}

// reduce solves (ρ + T) z = (|d|, 0, 0, …) by elimination, and returns |z|.
func (s *krylov) reduce(ρ float64) float64 {
	right := s.size
	for k, a := range s.diagonal {
		pivot := ρ + a
		if k > 0 {
			pivot -= float64(s.next[k-1] * s.factor[k-1])
			right = -float64(s.next[k-1] * s.z[k-1])
		}
		s.factor[k], s.z[k] = s.next[k]/pivot, right/pivot
	}
	for k := len(s.z) - 2; k >= 0; k-- {
		s.z[k] -= float64(s.factor[k] * s.z[k+1])
	}
	return math.Sqrt(dot(s.z, s.z))
}

// shift returns the ρ at which |ρα|, which rises with ρ from 0 to |d|, is a length: by bisection of log ρ.
func (s *krylov) shift(length float64) float64 {
	low, high := math.Log(1e-9), math.Log(1e12)
	for range 60 {
		ρ := (low + high) / 2
		if e := math.Exp(ρ); float64(e*s.reduce(e)) < length {
			low = ρ
		} else {
			high = ρ
		}
	}
	return math.Exp(low)
}

// solve writes α = Q z.
func (s *krylov) solve(α []float64, ρ float64) {
	s.reduce(ρ)
	clear(α)
	for k, z := range s.z {
		for r, q := range s.q[k] {
			α[r] += float64(z * q)
		}
	}
}

// dot is Σ x_k y_k, by four sums, which a processor adds up side by side.
func dot(x, y []float64) float64 {
	var sums [4]float64
	y = y[:len(x)]
	k := 0
	for ; k+4 <= len(x); k += 4 {
		sums[0] += float64(x[k] * y[k])
		sums[1] += float64(x[k+1] * y[k+1])
		sums[2] += float64(x[k+2] * y[k+2])
		sums[3] += float64(x[k+3] * y[k+3])
	}
	for ; k < len(x); k++ {
		sums[0] += float64(x[k] * y[k])
	}
	return (sums[0] + sums[1]) + (sums[2] + sums[3])
}
