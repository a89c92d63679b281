package quantum

import (
	"fmt"
	"math"
	"math/bits"
	"math/cmplx"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// MaxSites bounds known vectors: 20 sites take 16 MiB.
const MaxSites = 20

// Known is a state that is known in full: a [State] or a [Density].
type Known interface {
	// Sites is the number n of qubits.
	Sites() int
	// Probabilities are those of the 2^n outcomes of a measurement in a basis, in the order of the package's indices.
	// It panics where [Basis.Check] has an error.
	Probabilities(b Basis, u Unitaries) []float64
	// Expect is Tr Oρ.
	Expect(o Local) float64
	// Renyi2 is the second Rényi entropy −log Tr ρ_A² of the sites A.
	Renyi2(sites []int) float64
	// Purity is Tr ρ².
	Purity() float64
}

// State is a vector of 2^n amplitudes ψ(σ) with Σ|ψ|² = 1. Site 0 is the most significant bit of the index.
type State []complex128

// normLimit is how far Σ|ψ|², or the trace of ρ, may be from 1. Files of ten digits are within, as are those of seven.
const normLimit = 1e-5

// NewState returns the state of given amplitudes, normalised to the last digit. Their number must be 2^n with 1 ≤ n ≤
// 20, and the sum of their squares 1 to within 10^−5.
func NewState(amplitudes []complex128) (State, error) {
	n := len(amplitudes)
	if n < 2 || n&(n-1) != 0 || n > 1<<MaxSites {
		return nil, fmt.Errorf("%d amplitudes, want 2^n of n = 1 to %d sites", n, MaxSites)
	}
	psi := State(amplitudes)
	norm := psi.norm()
	if !(math.Abs(norm-1) <= normLimit) {
		return nil, fmt.Errorf("the squares of the %d amplitudes sum to %.6g, want 1 to within %g: divide the amplitudes by %.6g",
			n, norm, normLimit, math.Sqrt(norm))
	}
	return psi.scaled(complex(1/math.Sqrt(norm), 0)), nil
}

// norm is Σ|ψ|².
func (s State) norm() float64 {
	sum := 0.0
	for _, a := range s {
		sum += probability(a)
	}
	return sum
}

func (s State) scaled(by complex128) State {
	out := make(State, len(s))
	for k, a := range s {
		out[k] = a * by
	}
	return out
}

// Sites is the number n of qubits.
func (s State) Sites() int { return bits.Len(uint(len(s))) - 1 }

// Probabilities are |φ(b)|² of the rotated state φ.
func (s State) Probabilities(b Basis, u Unitaries) []float64 {
	phi := s.Rotate(b, u)
	p := make([]float64, len(phi))
	for k, a := range phi {
		p[k] = probability(a)
	}
	return p
}

func probability(a complex128) float64 { return float64(real(a)*real(a)) + float64(imag(a)*imag(a)) }

// Rotate returns the state's amplitudes in a product basis, φ(b) = Σ_σ Π_i U_i[b_i][σ_i] ψ(σ), site by site: n·2^n
// products. It panics where [Basis.Check] has an error.
func (s State) Rotate(b Basis, u Unitaries) State {
	if err := b.Check(s.Sites(), u); err != nil {
		panic("quantum: Rotate: " + err.Error())
	}
	out := make(State, len(s))
	copy(out, s)
	for i := range len(b) {
		rotateSite(out, len(out)>>(i+1), u[b[i]])
	}
	return out
}

// rotateSite applies u to the site whose two values are stride indices apart.
func rotateSite(x []complex128, stride int, u Unitary) {
	if u == (Unitary{{1, 0}, {0, 1}}) {
		return
	}
	for block := 0; block < len(x); block += 2 * stride {
		zero, one := x[block:block+stride], x[block+stride:block+2*stride]
		for k, a := range zero {
			c := one[k]
			zero[k], one[k] = u[0][0]*a+u[0][1]*c, u[1][0]*a+u[1][1]*c
		}
	}
}

// LogPsi writes log ψ(σ) of each row, −Inf for 0, so that a known state is a [Wavefunction].
func (s State) LogPsi(dst []complex128, v rbm.Batch) {
	for r := range dst {
		dst[r] = cmplx.Log(s[Index(v, r)])
	}
}

// Overlap is ⟨s|other⟩. It panics if the states differ in their number of sites.
func (s State) Overlap(other State) complex128 {
	if len(s) != len(other) {
		panic(fmt.Sprintf("quantum: overlap of states of %d and %d sites", s.Sites(), other.Sites()))
	}
	sum := complex128(0)
	for k, a := range s {
		sum += cmplx.Conj(a) * other[k]
	}
	return sum
}

// GHZ is (|0…0⟩ + |1…1⟩)/√2 (D. M. Greenberger, M. A. Horne and A. Zeilinger 1989).
func GHZ(sites int) State {
	s := make(State, checkSites(sites, MaxSites))
	s[0], s[len(s)-1] = math.Sqrt2/2, math.Sqrt2/2
	return s
}

// W is (|10…0⟩ + |010…0⟩ + … + |0…01⟩)/√n (W. Dür, G. Vidal and J. I. Cirac, Phys. Rev. A 62 (2000) 062314).
func W(sites int) State {
	s := make(State, checkSites(sites, MaxSites))
	for i := range sites {
		s[1<<i] = complex(1/math.Sqrt(float64(sites)), 0)
	}
	return s
}

// Neel is the state |0101…⟩.
func Neel(sites int) State {
	s, index := make(State, checkSites(sites, MaxSites)), 0
	for i := 1; i < sites; i += 2 {
		index |= 1 << (sites - 1 - i)
	}
	s[index] = 1
	return s
}

// checkSites returns 2^sites.
func checkSites(sites, most int) int {
	if sites < 1 || sites > most {
		panic(fmt.Sprintf("quantum: a state of %d sites, want 1 to %d", sites, most))
	}
	return 1 << sites
}

// Index is the index of row r in vectors of n sites, site 0 its most significant bit. It panics for more than 64 sites.
func Index(v rbm.Batch, r int) int { return reverse(v.Index(r), v.Units()) }

// SetIndex sets row r to the configuration of an index.
func SetIndex(v rbm.Batch, r, index int) { v.SetIndex(r, uint64(reverse(uint64(index), v.Units()))) }

// reverse turns an index whose first bit is that of site 0 into one whose last bit is, and back.
func reverse(index uint64, sites int) int { return int(bits.Reverse64(index) >> (64 - sites)) }
