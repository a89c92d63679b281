package lecturetest

import (
	"math"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
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

// Needle returns a Bernoulli model of m fair coins with two hidden units, of which the first gives one pattern of the
// first k coins e^logOdds times the mass of all else. The other coins stay free.
func Needle(m, k int, logOdds float64) *rbm.Model {
	model := rbm.New(m, 2, rng.Seed(1))
	clear(model.W)
	c := logOdds
	for i := range k {
		w := 12.0
		if i%3 == 0 {
			w = -12
		}
		model.W[i*2] = float32(w)
		c -= rbm.Softplus(w) - math.Ln2
	}
	model.C()[0] = float32(c)
	return model
}
