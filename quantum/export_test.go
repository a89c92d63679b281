package quantum

import "slices"

// Weights are those of configurations in the gradient that Phase computed last, in float64.
func (l *Likelihood) Weights() []float64 {
	return slices.Concat(l.re, l.im, l.density.re, l.density.im)
}
