package quantum

import (
	"fmt"
	"math"
	"math/bits"
	"math/cmplx"
)

// MaxDensitySites bounds known density matrices: those of 10 sites take 16 MiB.
const MaxDensitySites = 10

// Density is a density matrix ρ of n qubits: 2^n×2^n elements ⟨σ|ρ|σ'⟩, row-major, hermitian, positive, of trace 1.
type Density []complex128

// NewDensity returns the density matrix of given elements. Their number must be 4^n with 1 ≤ n ≤ 10, the matrix
// hermitian and its trace 1 to within 10^−5, and no eigenvalue may be below −10^−5; hermitian and trace are then made
// exact.
func NewDensity(elements []complex128) (Density, error) {
	n := bits.TrailingZeros(uint(len(elements)))
	if len(elements) != 1<<n || n%2 != 0 || n < 2 || n > 2*MaxDensitySites {
		return nil, fmt.Errorf("%d elements, want 4^n of n = 1 to %d sites", len(elements), MaxDensitySites)
	}
	dim := 1 << (n / 2)
	rho, trace := make(Density, len(elements)), 0.0
	for a := range dim {
		trace += real(elements[a*dim+a])
		for b := range dim {
			x, y := elements[a*dim+b], cmplx.Conj(elements[b*dim+a])
			if !(cmplx.Abs(x-y) <= normLimit) {
				return nil, fmt.Errorf("the matrix is not hermitian: element (%d, %d) is %.6g, the conjugate of (%d, %d) is %.6g",
					a, b, x, b, a, y)
			}
			rho[a*dim+b] = (x + y) / 2
		}
	}
	if !(math.Abs(trace-1) <= normLimit) {
		return nil, fmt.Errorf("the trace is %.6g, want 1 to within %g: divide the matrix by it", trace, normLimit)
	}
	for k := range rho {
		rho[k] /= complex(trace, 0)
	}
	if !rho.positive() {
		return nil, fmt.Errorf("the matrix has an eigenvalue below -%g, want none below 0", normLimit)
	}
	return rho, nil
}

// positive reports whether no eigenvalue is below −10^−5: whether ρ + 10^−5·1 has a Cholesky factor.
func (d Density) positive() bool {
	dim := 1 << d.Sites()
	l := make([]complex128, len(d)) // lower triangle
	for a := range dim {
		row := l[a*dim : a*dim+a+1]
		for b := range row {
			sum, other := d[a*dim+b], l[b*dim:b*dim+b+1]
			for k := range b {
				sum -= row[k] * cmplx.Conj(other[k])
			}
			if a > b {
				row[b] = sum / other[b]
			} else if pivot := real(sum) + normLimit; pivot > 0 {
				row[a] = complex(math.Sqrt(pivot), 0)
			} else {
				return false
			}
		}
	}
	return true
}

// Sites is the number n of qubits.
func (d Density) Sites() int { return (bits.Len(uint(len(d))) - 1) / 2 }

// Probabilities are the diagonal of U ρ U†. It panics where [Basis.Check] has an error.
func (d Density) Probabilities(b Basis, u Unitaries) []float64 {
	rotated := d.Rotate(b, u)
	p := make([]float64, 1<<d.Sites())
	for k := range p {
		p[k] = max(0, real(rotated[k*len(p)+k]))
	}
	return p
}

// Rotate returns U ρ U† in a product basis. It panics where [Basis.Check] has an error.
func (d Density) Rotate(b Basis, u Unitaries) Density {
	if err := b.Check(d.Sites(), u); err != nil {
		panic("quantum: Rotate: " + err.Error())
	}
	out, dim := make(Density, len(d)), 1<<d.Sites()
	copy(out, d)
	for i := range len(b) {
		rotateSite(out, len(out)>>(i+1), u[b[i]]) // the row index
		rotateSite(out, dim>>(i+1), u[b[i]].conj())
	}
	return out
}

func (u Unitary) conj() Unitary {
	for a := range u {
		for b := range u[a] {
			u[a][b] = cmplx.Conj(u[a][b])
		}
	}
	return u
}

// Density is |ψ⟩⟨ψ|. It panics for more than 10 sites.
func (s State) Density() Density {
	dim := checkSites(s.Sites(), MaxDensitySites)
	d := make(Density, dim*dim)
	for a := range s {
		for b := range s {
			d[a*dim+b] = s[a] * cmplx.Conj(s[b])
		}
	}
	return d
}

// Depolarise mixes the state with noise: (1−p) ρ + p 1/2^n, 0 ≤ p ≤ 1.
func (d Density) Depolarise(p float64) Density {
	if !(p >= 0 && p <= 1) {
		panic(fmt.Sprintf("quantum: Depolarise by %v, want 0 to 1", p))
	}
	out, dim := make(Density, len(d)), 1<<d.Sites()
	for k, x := range d {
		out[k] = complex(1-p, 0) * x
	}
	for a := range dim {
		out[a*dim+a] += complex(p/float64(dim), 0)
	}
	return out
}

// Werner is p |Ψ⁻⟩⟨Ψ⁻| + (1−p) 1/4 of two qubits, with the singlet Ψ⁻ = (|01⟩ − |10⟩)/√2 (R. F. Werner, Phys. Rev. A 40
// (1989) 4277). It is entangled for p > 1/3. It panics unless 0 ≤ p ≤ 1.
func Werner(p float64) Density {
	const r = math.Sqrt2 / 2
	return State{0, r, -r, 0}.Density().Depolarise(1 - p)
}

// Purity is Tr ρ², 1 for pure states and 2^−n for the maximally mixed one.
func (d Density) Purity() float64 {
	sum := 0.0
	for _, x := range d {
		sum += probability(x)
	}
	return sum
}
