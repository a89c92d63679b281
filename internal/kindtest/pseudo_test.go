package kindtest_test

import (
	"math"
	"strings"
	"testing"

	"harmonium/compute"
	"harmonium/internal/kindtest"
	"harmonium/rbm"
	"harmonium/rng"
)

// The pseudo-log-likelihood of discrete visible units is Σ log P(site|rest), by F of all configurations that differ from
// a row at one site, and densities have none.
func TestPseudoLogLikelihoodOfKinds(t *testing.T) {
	for _, pair := range kindtest.Pairs(0.6) {
		model := pair.Model
		if !model.Discrete() {
			if _, err := model.PseudoLogLikelihood(model.Visible.NewBatch(1), nil); err == nil || !strings.Contains(err.Error(), "finite number") {
				t.Errorf("%s: error %v", pair.Name, err)
			}
			continue
		}
		all := kindtest.States(model)
		free := model.FreeEnergy(all)
		v := kindtest.Of(model).Sample(5, rng.Seed(1))
		got, err := model.PseudoLogLikelihood(v, compute.New(2))
		if err != nil {
			t.Fatal(err)
		}
		for r, f := range model.FreeEnergy(v) {
			want := 0.0
			for _, site := range units(model) {
				sum := 0.0
				for k := range all.Rows() {
					if sameOutside(v, r, all, k, site) {
						sum += math.Exp(f - free[k])
					}
				}
				want -= math.Log(sum)
			}
			if math.Abs(got[r]-want) > 1e-5 {
				t.Errorf("%s, row %d: %v, should be %v", pair.Name, r, got[r], want)
			}
		}
	}
}

// units are the sites, and the bits that belong to none.
func units(model *rbm.Model) []rbm.Site {
	if sites := rbm.SitesOf(model.Visible); sites != nil {
		return sites
	}
	var list []rbm.Site
	for i := range model.M() {
		list = append(list, rbm.Site{First: i, States: 1})
	}
	return list
}

func sameOutside(v rbm.Batch, r int, w rbm.Batch, k int, site rbm.Site) bool {
	for i := range v.Units() {
		if (i < site.First || i >= site.First+site.States) && v.Bit(r, i) != w.Bit(k, i) {
			return false
		}
	}
	return true
}
