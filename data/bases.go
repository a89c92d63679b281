package data

import "github.com/harmonium-rbm/harmonium/rbm"

// computational is the letter of the basis of σ^z, whose outcomes are the bits of the visible units.
const computational = 'Z'

// Moments returns the means and variances that the visible biases of a model begin at: [Set.Means] and [Set.Variances].
// Of measurements in many bases they are those of a unit over the rows in which it was measured as it is, in the basis
// of σ^z; of a unit that never was they are those of a fair coin.
func (s *Set) Moments() (means, variances []float64) {
	if s.Bases == nil {
		return s.Means(), s.Variances()
	}
	plain := *s
	plain.Known = rbm.NewBatch(s.Rows(), s.Units())
	seen := make([]bool, s.Units())
	for r, basis := range s.Bases {
		plain.Known.SetRow(r, func(i int) bool { return basis[i] == computational })
		w := s.Weight(r)
		for i := range seen {
			seen[i] = seen[i] || w > 0 && basis[i] == computational
		}
	}
	means, variances = plain.Means(), plain.Variances()
	for i, is := range seen {
		if !is {
			means[i], variances[i] = 0.5, 0.25
		}
	}
	return means, variances
}
