package kindtest_test

import (
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/kindtest"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Samples have the probabilities of the truth: another set of them is no further away than by chance; those of a model
// with other weights are.
func TestDeviation(t *testing.T) {
	for k, pair := range kindtest.Pairs(0.6) {
		truth := kindtest.Of(pair.Model)
		if math.IsNaN(truth.LogZ) || pair.Model.Coupling(1) >= 1 {
			t.Fatalf("%s: log Z is %v", pair.Name, truth.LogZ)
		}
		if testing.Short() && k%5 > 0 {
			continue
		}
		v := truth.Sample(1000, rng.Seed(1))
		if z, of := kindtest.Deviation(pair.Model, v, truth.Sample(1000, rng.Seed(2))); z > 4.5 {
			t.Errorf("%s: %s is %v standard errors off", pair.Name, of, z)
		}
		other := pair.Model.Clone()
		other.B()[0]++
		if z, _ := kindtest.Deviation(pair.Model, v, kindtest.Of(other).Sample(1000, rng.Seed(2))); z < 5 {
			t.Errorf("%s: samples of another model are only %v standard errors off", pair.Name, z)
		}
	}
}
