package lecturetest

import (
	"harmonium/rbm"
	"harmonium/rng"
)

// TwoModes returns a Bernoulli model with all units on or all off and nothing between: w = 2, b = −3,
// c = −40. Of 60 visible and 4 hidden units all on has the energy −140, and all off 0.
func TwoModes(m, n int) *rbm.Model {
	model := rbm.New(m, n, rng.Seed(1))
	for k := range model.W {
		model.W[k] = 2
	}
	for i := range model.B() {
		model.B()[i] = -3
	}
	for j := range model.C() {
		model.C()[j] = -40
	}
	return model
}
