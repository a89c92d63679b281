package kindtest_test

import (
	"math"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/kindtest"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// The pseudo-log-likelihood of discrete visible units is Σ log P(site|rest), by F of all configurations that differ
// from a row at one site.
func TestPseudoLogLikelihoodOfKinds(t *testing.T) {
	for _, pair := range kindtest.Pairs(0.6) {
		model := pair.Model
		if !model.Discrete() {
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

// Beside real visible units it has the densities p(x|rest) = e^(−F(v with x)) / ∫ e^(−F(v with x')) dx', by a finer sum
// over a wider range; and none beside hidden units without bounds.
func TestPseudoLogLikelihoodOfReals(t *testing.T) {
	for _, pair := range kindtest.Pairs(1.5) {
		model := pair.Model
		if model.Discrete() {
			continue
		}
		p, err := rbm.NewPseudoLikelihood(model, compute.New(2))
		if _, finite := rbm.AsFinite(model.Hidden); !finite {
			if err == nil || !strings.Contains(err.Error(), "finite number") {
				t.Errorf("%s: error %v", pair.Name, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		v := model.Visible.NewBatch(4)
		model.Visible.Sample(v, nil, rng.Seed(2), 0, 0)
		v.Reals(3)[0] = 30 // far out
		sites := p.Sites()
		terms := make([]float64, v.Rows()*len(sites))
		p.Terms(terms, v)
		for r, free := range model.FreeEnergy(v) {
			for k, site := range sites {
				if site.First < v.Bits() {
					continue
				}
				const width, points = 20, 2000
				line := model.Visible.NewBatch(points)
				for x := range points {
					line.Slice(x, x+1).Copy(v.Slice(r, r+1))
					line.Reals(x)[site.First-v.Bits()] = float32(width * (2*float64(x)/points - 1))
				}
				sum := 0.0
				for _, f := range model.FreeEnergy(line) {
					sum += math.Exp(free-f) * 2 * width / points
				}
				if got, want := terms[r*len(sites)+k], -math.Log(sum); math.Abs(got-want) > 1e-5*(1+math.Abs(want)) {
					t.Errorf("%s, row %d, unit %d: %v, should be %v", pair.Name, r, site.First, got, want)
				}
			}
		}
	}
}
