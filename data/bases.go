package data

import (
	"strings"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// computational is the letter of the basis of σ^z, whose outcomes are the bits of the visible units.
const computational = 'Z'

// Moments returns the means and variances that the visible biases of a model begin at: [Set.Means] and [Set.Variances].
// Of measurements in many bases the mean of a unit is that over the rows in which it was measured in the basis of σ^z,
// and ½ where it never was.
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
	means = plain.Means()
	for i, is := range seen {
		if !is {
			means[i] = 0.5
		}
	}
	return means, s.Variances() // of real numbers, which outcomes are none of
}

// measured are the rows that were measured in the basis of σ^z at all sites.
func (s *Set) measured() *Set {
	var rows []int
	for r, basis := range s.Bases {
		if strings.Trim(basis, string(computational)) == "" {
			rows = append(rows, r)
		}
	}
	return s.Subset(rows)
}
