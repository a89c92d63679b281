package quantum

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// bonds calls f with neighbouring sites of a chain.
func bonds(sites, distance int, periodic bool, f func(i, j int)) {
	for i := range sites {
		if j := i + distance; j < sites {
			f(i, j)
		} else if periodic {
			f(i, j-sites)
		}
	}
}

// TFIM is the Ising chain in a transverse field,
//
//	H = −J Σ_i σ^z_i σ^z_{i+1} − h Σ_i σ^x_i,
//
// open or periodic. It panics unless there are two sites, or three for a periodic chain.
func TFIM(sites int, J, h float64, periodic bool) PauliSum {
	checkChain(sites, periodic)
	var sum PauliSum
	bonds(sites, 1, periodic, func(i, j int) { sum = append(sum, Term{-J, []Factor{{'Z', i}, {'Z', j}}}) })
	for i := range sites {
		sum = append(sum, Term{-h, []Factor{{'X', i}}})
	}
	return sum
}

// XXZ is the anisotropic Heisenberg chain,
//
//	H = J Σ_i (σ^x_i σ^x_{i+1} + σ^y_i σ^y_{i+1} + Δ σ^z_i σ^z_{i+1}),
//
// open or periodic; Δ = 1 is Heisenberg's. It panics unless there are two sites, or three for a periodic chain.
func XXZ(sites int, J, delta float64, periodic bool) PauliSum {
	checkChain(sites, periodic)
	var sum PauliSum
	bonds(sites, 1, periodic, func(i, j int) {
		sum = append(sum, Term{J, []Factor{{'X', i}, {'X', j}}}, Term{J, []Factor{{'Y', i}, {'Y', j}}},
			Term{J * delta, []Factor{{'Z', i}, {'Z', j}}})
	})
	return sum
}

func checkChain(sites int, periodic bool) {
	if sites < 2 || periodic && sites < 3 {
		panic(fmt.Sprintf("quantum: a chain of %d sites, periodic: %t; want 2, or 3 of a periodic one", sites, periodic))
	}
}

// TFIMEnergy is the ground-state energy of [TFIM] by free fermions (P. Pfeuty, Annals of Physics 57 (1970) 79), for
// J ≥ 0 and any number of sites: minus the sum of
//
//	ε_k = √(J² + h² − 2Jh cos k),   k = (2m+1)π/n, m = 0 … n−1,
//
// for a periodic chain. With open ends the ε_k are the singular values of the matrix with h on the diagonal and J
// above it.
func TFIMEnergy(sites int, J, h float64, periodic bool) float64 {
	checkChain(sites, periodic)
	if periodic {
		sum := 0.0
		for m := range sites {
			k := math.Pi * float64(2*m+1) / float64(sites)
			sum += math.Hypot(J-h*math.Cos(k), h*math.Sin(k))
		}
		return -sum
	}
	matrix := mat.NewDense(sites, sites, nil)
	for i := range sites {
		matrix.Set(i, i, h)
		if i > 0 {
			matrix.Set(i-1, i, J)
		}
	}
	var svd mat.SVD
	if !svd.Factorize(matrix, mat.SVDNone) {
		panic("quantum: the singular values of a bidiagonal matrix did not converge")
	}
	return -floats.Sum(svd.Values(nil))
}
