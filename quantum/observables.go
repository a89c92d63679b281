package quantum

import "fmt"

// Magnetisation is Σ_i σ_i/n of the Pauli matrix of a letter, X, Y or Z.
func Magnetisation(letter byte, sites int) Local {
	var sum PauliSum
	for i := range sites {
		sum = append(sum, Term{1 / float64(sites), []Factor{{letter, i}}})
	}
	return sum.Local()
}

// AbsoluteMagnetisation is |Σ_i σ^z_i|/n.
func AbsoluteMagnetisation(sites int) Local {
	return Diagonal(func(z []int8) float64 {
		sum := 0
		for _, x := range z {
			sum += int(x)
		}
		return float64(max(sum, -sum)) / float64(sites)
	})
}

// Correlation is the mean of σ_i σ_{i+d} over the pairs of sites of a chain at the distance d, of the Pauli matrix of a
// letter, X, Y or Z: n−d pairs of an open chain, n of a periodic one. It panics unless 1 ≤ d < n.
func Correlation(letter byte, sites, distance int, periodic bool) Local {
	if distance < 1 || distance >= sites {
		panic(fmt.Sprintf("quantum: a correlation at the distance %d in a chain of %d sites", distance, sites))
	}
	var sum PauliSum
	bonds(sites, distance, periodic, func(i, j int) { sum = append(sum, Term{1, []Factor{{letter, i}, {letter, j}}}) })
	for k := range sum {
		sum[k].Coefficient = 1 / float64(len(sum))
	}
	return sum.Local()
}
