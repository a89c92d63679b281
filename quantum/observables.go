package quantum

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/diag"
)

// Magnetisation is Σ_i σ_i/n of the Pauli matrix of a letter, X, Y or Z.
func Magnetisation(letter byte, sites int) Local {
	var sum PauliSum
	for i := range sites {
		sum = append(sum, Term{1 / float64(sites), []Factor{{letter, i}}})
	}
	return sum.Local()
}

// AbsoluteMagnetisation is |Σ_i σ^z_i|/n. Along x and y it is an [Absolute].
func AbsoluteMagnetisation(sites int) Local {
	return Diagonal(func(z []int8) float64 {
		sum := 0
		for _, x := range z {
			sum += int(x)
		}
		return float64(max(sum, -sum)) / float64(sites)
	})
}

// Absolute is |Σ_i σ_i|/n of the Pauli matrix of a letter, X, Y or Z: the mean of |n−2k|/n over outcomes with k ones in the
// [Basis] that has the letter at all sites. Along x and y it is no sum of few Pauli strings, and its local value would be
// a sum over all configurations. So it is a mean over outcomes in that basis, which need the [Whole] state.
type Absolute struct {
	Letter byte
	Sites  int
}

// Exact is its value in a known state.
func (a Absolute) Exact(k Known) float64 {
	mean := 0.0
	for index, p := range k.Probabilities(Uniform(a.Letter, a.Sites), Pauli()) {
		mean += p * a.of(bits.OnesCount(uint(index)))
	}
	return mean
}

func (a Absolute) of(ones int) float64 { return math.Abs(float64(a.Sites-2*ones)) / float64(a.Sites) }

// Estimate draws as many outcomes as there are samples, by the key of these. They are independent. It panics where the
// state has more sites than [Whole] can hold.
func (a Absolute) Estimate(state Ratios, s Samples, on *compute.Context) (diag.Estimate, []diag.Finding) {
	whole, err := Whole(state, on)
	if err != nil {
		panic("quantum: Absolute: " + err.Error())
	}
	bases := make([]Basis, s.Rows.Rows())
	for r := range bases {
		bases[r] = Uniform(a.Letter, a.Sites)
	}
	m, err := Measure(whole, bases, Pauli(), s.Key)
	if err != nil {
		panic("quantum: Absolute: " + err.Error())
	}
	values := make([]float64, len(bases))
	for r := range values {
		values[r] = a.of(m.Outcomes.Ones(r))
	}
	return Samples{}.mean(values, 1), nil
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
