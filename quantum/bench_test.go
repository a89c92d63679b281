package quantum_test

import (
	"fmt"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/quantum"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// BenchmarkPhase is the positive phase of a minibatch of 100 rows in random bases.
func BenchmarkPhase(b *testing.B) {
	for _, c := range []struct {
		kind      rbm.StateKind
		sites     int
		auxiliary int
	}{{rbm.StateComplex, 6, 0}, {rbm.StateComplex, 10, 0}, {rbm.StateDensity, 3, 3}, {rbm.StateDensity, 6, 6}} {
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s%d/%d", c.kind, c.sites, workers), func(b *testing.B) {
				model := rbm.New(c.sites, c.sites+c.auxiliary, rng.Seed(7))
				state, err := rbm.NewState(c.kind, model, c.sites, c.auxiliary, rng.Seed(8))
				if err != nil {
					b.Fatal(err)
				}
				model.State = state
				source := rng.NewSource(rng.Seed(9), 0)
				v, bases := rbm.NewBatch(100, c.sites), make([]string, 100)
				for r := range bases {
					for i := range c.sites {
						bases[r] += "XYZ"[int(3*source.Float64()):][:1]
						v.SetBit(r, i, source.Float64() < 0.5)
					}
				}
				on := compute.New(workers)
				likelihood, conditionals, dst := quantum.NewLikelihood(quantum.Pauli(), on), rbm.NewConditionals(model, on), rbm.NewStatistics(model)
				for b.Loop() {
					likelihood.Phase(dst, model, conditionals, v, bases, nil, 0)
				}
			})
		}
	}
}
