package quantum

import (
	"fmt"
	"maps"
	"math"
	"math/cmplx"
	"slices"
	"strings"
)

// Unitary rotates one qubit from the basis of σ^z to another one: U[b][s] = ⟨b|s⟩, so that the amplitude of outcome b
// is φ(b) = Σ_s U[b][s] ψ(s). Its rows are the conjugates of the basis states.
type Unitary [2][2]complex128

// Unitaries are the rotations that the letters of a [Basis] stand for.
type Unitaries map[byte]Unitary

// Pauli returns the rotations to the eigenstates of σ^x, σ^y and σ^z, by the letters X, Y and Z.
func Pauli() Unitaries {
	const r = math.Sqrt2 / 2
	return Unitaries{
		'X': {{r, r}, {r, -r}},
		'Y': {{r, complex(0, -r)}, {r, complex(0, r)}},
		'Z': {{1, 0}, {0, 1}},
	}
}

// unitaryLimit bounds how far U U† may be from 1. Matrices that were written with seven digits are within.
const unitaryLimit = 1e-6

// Check returns nil if U U† is 1 to within 10^−6 in each element, and else an error that says which element is not.
func (u Unitary) Check() error {
	for a := range 2 {
		for b := range 2 {
			product, want := u[a][0]*cmplx.Conj(u[b][0])+u[a][1]*cmplx.Conj(u[b][1]), complex128(0)
			if a == b {
				want = 1
			}
			if !(cmplx.Abs(product-want) <= unitaryLimit) {
				return fmt.Errorf("the matrix is not unitary: element (%d, %d) of U U† is %.6g, want %g to within %g",
					a, b, product, real(want), unitaryLimit)
			}
		}
	}
	return nil
}

// trivial reports whether outcomes are those of σ^z, up to phases.
func (u Unitary) trivial() bool { return u[0][1] == 0 && u[1][0] == 0 }

// Basis is a product basis: a letter for each site, such as ZXY.
type Basis string

// Uniform is the basis that has one letter at all sites.
func Uniform(letter byte, sites int) Basis { return Basis(strings.Repeat(string(letter), sites)) }

// Rotated lists the sites that are not measured in the basis of σ^z. The amplitude of an outcome is a sum over the 2^r
// configurations that differ from it at these r sites alone.
func (b Basis) Rotated(u Unitaries) (sites []int) {
	for i := range len(b) {
		if !u[b[i]].trivial() {
			sites = append(sites, i)
		}
	}
	return sites
}

// Check returns nil if the basis has a known letter for each of a number of sites, or else says what it has.
func (b Basis) Check(sites int, u Unitaries) error {
	if len(b) != sites {
		return fmt.Errorf("basis %.80q has %d sites, want %d", string(b), len(b), sites)
	}
	for i := range len(b) {
		if _, known := u[b[i]]; !known {
			return fmt.Errorf("basis %.80q: site %d has the letter %q, want one of %s", string(b), i, b[i:i+1], u.letters())
		}
	}
	return nil
}

func (u Unitaries) letters() string {
	var names []string
	for _, letter := range slices.Sorted(maps.Keys(u)) {
		names = append(names, string(letter))
	}
	return strings.Join(names, ", ")
}
