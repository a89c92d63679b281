package quantum

import (
	"context"
	"math"
	"math/bits"
	"math/cmplx"

	"gonum.org/v1/gonum/mat"

	"github.com/harmonium-rbm/harmonium/compute"
)

// operator is a PauliSum as a matrix of 2^n rows: H ψ (σ) = diagonal(σ) ψ(σ) + Σ_flips element(σ) ψ(σ with flips).
type operator struct {
	diagonal []float64
	flips    []maskGroup
	on       *compute.Context
}

// maskGroup is the terms that flip the bits of a mask. Each is a coefficient times (−1)^(number of bits of σ in signs).
type maskGroup struct {
	flip         int
	signs        []int
	coefficients []complex128
}

func newOperator(sum PauliSum, sites int, on *compute.Context) *operator {
	h := &operator{diagonal: make([]float64, 1<<sites), on: on}
	for _, g := range sum.byFlips() {
		m := maskGroup{}
		for _, i := range g.flips {
			m.flip |= 1 << (sites - 1 - i)
		}
		for _, t := range g.terms {
			sign, c := 0, complex(t.Coefficient, 0)
			for _, f := range t.Factors {
				if f.Letter != 'X' {
					sign |= 1 << (sites - 1 - f.Site)
				}
				if f.Letter == 'Y' {
					c *= -1i
				}
			}
			m.signs, m.coefficients = append(m.signs, sign), append(m.coefficients, c)
		}
		if m.flip != 0 {
			h.flips = append(h.flips, m)
			continue
		}
		for a := range h.diagonal {
			h.diagonal[a] += real(m.element(a))
		}
	}
	return h
}

func (m *maskGroup) element(a int) complex128 {
	sum := complex128(0)
	for k, sign := range m.signs {
		if bits.OnesCount(uint(a&sign))&1 == 0 {
			sum += m.coefficients[k]
		} else {
			sum -= m.coefficients[k]
		}
	}
	return sum
}

// chunk is how many amplitudes a worker computes at a time: sums over chunks have the same order on any number of
// workers.
const chunk = 1 << 12

// inChunks calls f with the ends of each chunk of n numbers.
func inChunks(n int, on *compute.Context, f func(task, from, to int)) {
	on.Parallel((n+chunk-1)/chunk, func(task int) { f(task, task*chunk, min((task+1)*chunk, n)) })
}

// apply writes H x into dst.
func (h *operator) apply(dst, x State) {
	inChunks(len(x), h.on, func(_, from, to int) {
		for a := from; a < to; a++ {
			dst[a] = complex(h.diagonal[a], 0) * x[a]
		}
		for k := range h.flips {
			g := &h.flips[k]
			if len(g.signs) == 1 && g.signs[0] == 0 {
				for a := from; a < to; a++ {
					dst[a] += g.coefficients[0] * x[a^g.flip]
				}
				continue
			}
			for a := from; a < to; a++ {
				dst[a] += g.element(a) * x[a^g.flip]
			}
		}
	})
}

// dot is ⟨x|y⟩.
func (h *operator) dot(x, y State) complex128 {
	parts := make([]complex128, (len(x)+chunk-1)/chunk)
	inChunks(len(x), h.on, func(task, from, to int) { parts[task] = x[from:to].Overlap(y[from:to]) })
	sum := complex128(0)
	for _, p := range parts {
		sum += p
	}
	return sum
}

// add adds c·x to y.
func (h *operator) add(y State, c complex128, x State) {
	inChunks(len(x), h.on, func(_, from, to int) {
		for a := from; a < to; a++ {
			y[a] += c * x[a]
		}
	})
}

// orthogonalise subtracts from y what it has of each of the orthonormal vectors.
func (h *operator) orthogonalise(y State, vectors []State) {
	parts, sums := make([]complex128, (len(y)+chunk-1)/chunk*len(vectors)), make([]complex128, len(vectors))
	inChunks(len(y), h.on, func(task, from, to int) {
		for k, v := range vectors {
			parts[task*len(vectors)+k] = v[from:to].Overlap(y[from:to])
		}
	})
	for k, p := range parts {
		sums[k%len(vectors)] += p
	}
	inChunks(len(y), h.on, func(_, from, to int) {
		for k, v := range vectors {
			for a, x := range v[from:to] {
				y[from+a] -= sums[k] * x
			}
		}
	})
}

// krylov is an orthonormal basis of span{x, Hx, H²x, …} with H in it, a tridiagonal matrix (C. Lanczos 1950).
type krylov struct {
	vectors     []State
	alpha, beta []float64 // beta[k] is the norm of what is left of H times vector k
}

// span builds the basis from a vector of norm 1, at most size vectors. Every vector is made orthogonal to the two
// before it, as the recurrence says, and then once more to all, as rounding needs. It ends where H leads out of the
// space no more.
func (h *operator) span(ctx context.Context, x State, size int) (*krylov, error) {
	k := &krylov{vectors: []State{x}}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n := len(k.vectors)
		last, next := k.vectors[n-1], make(State, len(x))
		h.apply(next, last)
		k.alpha = append(k.alpha, real(h.dot(last, next)))
		h.orthogonalise(next, k.vectors[max(0, n-2):])
		h.orthogonalise(next, k.vectors)
		norm := math.Sqrt(real(h.dot(next, next)))
		k.beta = append(k.beta, norm)
		if n == size || norm <= 1e-13*h.scale() {
			return k, nil
		}
		k.vectors = append(k.vectors, next.scaled(complex(1/norm, 0)))
	}
}

// scale bounds the norm of H by the sum of its coefficients.
func (h *operator) scale() float64 {
	sum := 0.0
	for _, x := range h.diagonal {
		sum = max(sum, math.Abs(x))
	}
	for _, g := range h.flips {
		for _, c := range g.coefficients {
			sum += cmplx.Abs(c)
		}
	}
	return sum
}

// eigen are the eigenvalues of H in the basis, the lowest first, and its eigenvectors.
func (k *krylov) eigen() (values []float64, vectors mat.Dense) {
	n := len(k.vectors)
	t := mat.NewSymDense(n, nil)
	for a := range n {
		t.SetSym(a, a, k.alpha[a])
		if a+1 < n {
			t.SetSym(a, a+1, k.beta[a])
		}
	}
	var e mat.EigenSym
	if !e.Factorize(t, true) {
		panic("quantum: the eigenvalues of a tridiagonal matrix did not converge")
	}
	e.VectorsTo(&vectors)
	return e.Values(nil), vectors
}

// combine is Σ_k c_k v_k.
func (h *operator) combine(k *krylov, c func(k int) complex128) State {
	x := make(State, len(k.vectors[0]))
	for a, v := range k.vectors {
		h.add(x, c(a), v)
	}
	return x
}
