package sites

import (
	"fmt"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// Mutations returns Δ_s(a) = log P(mutant) − log P(wild type) = F(wild type) − F(mutant) in nats for each site s and
// state a of row r of v, where the mutant has state a at site s and is the wild type elsewhere. It is 0 for the wild
// type's own states. No log Z is needed. The error says why the model has no sites.
func Mutations(model *rbm.Model, v rbm.Batch, r int) ([][]float64, error) {
	s, err := Of(model.Visible)
	if err != nil {
		return nil, fmt.Errorf("mutations of a model: %w", err)
	}
	wild := s.Row(v, r)
	free := model.FreeEnergyFunc()
	base := free(v.Slice(r, r+1))[0]
	scores := make([][]float64, s.Len())
	for site, states := range s.States {
		mutants, index := v.Like(states), make([]int, states)
		for a := range index {
			index[a] = r
		}
		mutants.Gather(v, index)
		for a := range states {
			mutants.SetBit(a, s.First[site]+wild[site], false)
			mutants.SetBit(a, s.First[site]+a, true)
		}
		scores[site] = make([]float64, states)
		for a, f := range free(mutants) {
			if a != wild[site] {
				scores[site][a] = base - f
			}
		}
	}
	return scores, nil
}
