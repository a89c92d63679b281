package data

import "harmonium/rbm"

// known is Known, of a set without gaps too.
func (s *Set) known() rbm.Batch {
	if s.Known.Rows() > 0 {
		return s.Known
	}
	known := rbm.NewBatch(s.Rows(), s.Units())
	for r := range known.Rows() {
		known.SetRow(r, func(int) bool { return true })
	}
	return known
}

// meansOfKnown are Means of a set with gaps.
func (s *Set) meansOfKnown() []float64 {
	return s.averageOfKnown(func(r, i int) float64 { return s.States.Value(r, i) })
}

// variancesOfKnown are Variances of a set with gaps.
func (s *Set) variancesOfKnown() []float64 {
	means := s.meansOfKnown()
	return s.averageOfKnown(func(r, i int) float64 {
		d := s.States.Value(r, i) - means[i]
		return d * d
	})
}

// averageOfKnown is the weighted mean of f over the rows in which a unit is known.
func (s *Set) averageOfKnown(f func(r, i int) float64) []float64 {
	sums, totals := make([]float64, s.Units()), make([]float64, s.Units())
	for r := range s.Rows() {
		w := s.Weight(r)
		for i := range s.Known.On(r) {
			sums[i] += float64(w * f(r, i))
			totals[i] += w
		}
	}
	for i, total := range totals {
		sums[i] /= total
	}
	return sums
}
