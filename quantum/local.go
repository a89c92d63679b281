package quantum

import (
	"fmt"
	"math"
	"math/cmplx"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// Local is an observable O by its matrix elements. For the configuration σ with the eigenvalues z of σ^z, +1 for |0⟩
// and −1 for |1⟩, it calls add once for each σ' with ⟨σ|O|σ'⟩ ≠ 0, with this value and the sites at which σ' differs
// from σ:
//
//	func(z []int8, add func(value complex128, flipped ...int)) { add(1, 3) }                           // σ^x_3
//	func(z []int8, add func(value complex128, flipped ...int)) { add(complex(float64(z[0]*z[4]), 0)) } // σ^z_0 σ^z_4
//
// It must keep neither z nor anything else from call to call, as several goroutines may call it at the same time. The
// expectation is the mean over P(σ) = ⟨σ|ρ|σ⟩ of the local value
//
//	O_loc(σ) = Σ_σ' ⟨σ|O|σ'⟩ ⟨σ'|ρ|σ⟩/⟨σ|ρ|σ⟩,   of a pure state Σ_σ' ⟨σ|O|σ'⟩ ψ(σ')/ψ(σ).
type Local func(z []int8, add func(value complex128, flipped ...int))

// Diagonal is an observable that σ^z measures: a function f(z) of the configuration.
func Diagonal(f func(z []int8) float64) Local {
	return func(z []int8, add func(value complex128, flipped ...int)) { add(complex(f(z), 0)) }
}

// blockRows is how many rows a worker computes at a time.
const blockRows = 64

// LocalValues returns O_loc(σ) of each row. Results don't depend on the context. It panics if the rows don't have the
// state's sites, or if the observable flips a site that there is not.
func LocalValues(state Ratios, v rbm.Batch, local Local, on *compute.Context) []complex128 {
	if v.Units() != state.Sites() {
		panic(fmt.Sprintf("quantum: rows of %d sites for a state of %d", v.Units(), state.Sites()))
	}
	values := make([]complex128, v.Rows())
	on.Parallel((v.Rows()+blockRows-1)/blockRows, func(task int) {
		from := task * blockRows
		to := min(from+blockRows, v.Rows())
		localValues(state, v.Slice(from, to), local, values[from:to])
	})
	return values
}

// localValues writes O_loc of the rows of a block.
func localValues(state Ratios, v rbm.Batch, local Local, values []complex128) {
	z := make([]int8, v.Units())
	var of, ends, flips []int // of each σ' ≠ σ: the row of σ, and where its sites end in flips
	var elements []complex128
	for r := range values {
		setSpins(z, v, r)
		local(z, func(value complex128, flipped ...int) {
			if len(flipped) == 0 {
				values[r] += value
				return
			}
			flips = append(flips, flipped...)
			of, ends, elements = append(of, r), append(ends, len(flips)), append(elements, value)
		})
	}
	if len(of) == 0 {
		return
	}
	others := v.Like(len(of))
	others.Gather(v, of)
	begin := 0
	for k, end := range ends {
		for _, i := range flips[begin:end] {
			others.SetBit(k, i, !others.Bit(k, i))
		}
		begin = end
	}
	ratios := make([]complex128, len(of))
	state.LogRatios(ratios, v, others, of)
	for k, r := range of {
		values[r] += elements[k] * cmplx.Exp(ratios[k])
	}
}

// setSpins sets z to the eigenvalues of σ^z of row r.
func setSpins(z []int8, v rbm.Batch, r int) {
	for i := range z {
		z[i] = 1
	}
	for i := range v.On(r) {
		z[i] = -1
	}
}

// Expect is ⟨ψ|O|ψ⟩ = Σ_σσ' ψ*(σ) ⟨σ|O|σ'⟩ ψ(σ'), the real part.
func (s State) Expect(local Local) float64 {
	return expect(s.Sites(), local, func(a, b int) complex128 { return cmplx.Conj(s[a]) * s[b] })
}

// Expect is Tr Oρ = Σ_σσ' ⟨σ|O|σ'⟩ ⟨σ'|ρ|σ⟩, the real part.
func (d Density) Expect(local Local) float64 {
	dim := 1 << d.Sites()
	return expect(d.Sites(), local, func(a, b int) complex128 { return d[b*dim+a] })
}

// expect sums elements times weights of their indices.
func expect(sites int, local Local, weight func(a, b int) complex128) float64 {
	z, sum := make([]int8, sites), 0.0
	for a := range 1 << sites {
		for i := range z {
			z[i] = 1 - 2*int8(a>>(sites-1-i)&1)
		}
		local(z, func(value complex128, flipped ...int) {
			b := a
			for _, i := range flipped {
				b ^= 1 << (sites - 1 - i)
			}
			sum += real(value * weight(a, b))
		})
	}
	return sum
}

// Vector returns a wavefunction of at most 20 sites as a vector: its amplitudes at all configurations, normalised.
// Results don't depend on the context.
func Vector(psi Wavefunction, on *compute.Context) (State, error) {
	n := psi.Sites()
	if n > MaxSites {
		return nil, fmt.Errorf("a wavefunction of %d sites has 2^%d amplitudes, want at most %d sites", n, n, MaxSites)
	}
	s := make(State, checkSites(n, MaxSites))
	const block = 1 << 10
	on.Parallel((len(s)+block-1)/block, func(task int) {
		part := s[task*block : min((task+1)*block, len(s))]
		v := rbm.NewBatch(len(part), n)
		for r := range part {
			SetIndex(v, r, task*block+r)
		}
		psi.LogPsi(part, v)
	})
	largest := real(s[0])
	for _, x := range s {
		largest = max(largest, real(x))
	}
	for k, x := range s {
		s[k] = cmplx.Exp(x - complex(largest, 0))
	}
	norm := s.norm()
	return s.scaled(complex(1/math.Sqrt(norm), 0)), nil
}
