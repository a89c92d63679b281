package rbm_test

import (
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/kindtest"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Terms of the pseudo-log-likelihood are log P(v)/Σ P(v with the site in each state), from free energies, and add up to
// it.
func TestPseudoTerms(t *testing.T) {
	for _, pair := range kindtest.Pairs(0.8) {
		model := pair.Model
		p, err := rbm.NewPseudoLikelihood(model, compute.New(2))
		if model.CheckPseudo() != nil {
			if err == nil {
				t.Errorf("%s: a model without one is taken", pair.Name)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		v := model.Visible.NewBatch(20)
		model.Visible.Sample(v, nil, rng.Seed(3), 0, 0)
		sites := p.Sites()
		terms := make([]float64, v.Rows()*len(sites))
		p.Terms(terms, v)
		sums := p.Log(v)
		for r := range v.Rows() {
			sum := 0.0
			for k, site := range sites {
				if sum += terms[r*len(sites)+k]; site.First >= v.Bits() { // of reals: internal/kindtest
					continue
				}
				states := model.Visible.NewBatch(max(2, site.States))
				for a := range states.Rows() {
					states.Slice(a, a+1).Copy(v.Slice(r, r+1))
					for b := range max(1, site.States) {
						states.SetBit(a, site.First+b, site.States == 0 && a == 1 || site.States > 0 && a == b)
					}
				}
				free, all := model.FreeEnergy(v.Slice(r, r+1))[0], 0.0
				for _, f := range model.FreeEnergy(states) {
					all += math.Exp(free - f)
				}
				if got, want := terms[r*len(sites)+k], -math.Log(all); math.Abs(got-want) > 1e-5 {
					t.Errorf("%s: row %d, site %d: %v, want %v", pair.Name, r, k, got, want)
				}
			}
			if sum != sums[r] {
				t.Errorf("%s: the terms of row %d add up to %v, want %v", pair.Name, r, sum, sums[r])
			}
		}
	}
}
