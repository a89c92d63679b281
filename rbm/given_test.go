package rbm_test

import (
	"math"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/kindtest"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// F(v',k) = U_v(k) + F'(v') and P(h|v',k) = P'(h|v'), for every pair of kinds.
func TestGivenIsTheConditional(t *testing.T) {
	const rows = 9
	for _, pair := range kindtest.Pairs(1) {
		model := pair.Model
		v := model.Visible.NewBatch(rows)
		model.Visible.Sample(v, nil, rng.Seed(3), 0, 0)
		known := func(i int) bool { return i%2 == 1 }
		switch model.Visible.Kind() {
		case rbm.Categorical: // of 3, 2 and 4 states
			known = func(i int) bool { return i < 3 || i > 4 }
		case rbm.Mixed: // two bits, a site of 3 states and a real number
			known = func(i int) bool { return i == 1 || i == 5 }
		}
		for r := range rows {
			g, err := model.Given(v, r, known)
			if err != nil {
				t.Fatalf("%s: %v", pair.Name, err)
			}
			// The free units of all rows beside the known ones of row r.
			part := g.Part(v)
			whole := g.Whole(part)
			for k := range rows {
				for i := range model.M() {
					from := k
					if known(i) {
						from = r
					}
					if whole.Value(k, i) != v.Value(from, i) {
						t.Fatalf("%s: unit %d of row %d is %v", pair.Name, i, k, whole.Value(k, i))
					}
				}
			}
			want, got := model.FreeEnergy(whole), g.Model.FreeEnergy(part)
			p, q := make([]float32, rows*model.N()), make([]float32, rows*model.N())
			rbm.NewConditionals(model, nil).HiddenProbs(p, whole)
			rbm.NewConditionals(g.Model, nil).HiddenProbs(q, part)
			for k := range rows {
				if math.Abs(want[k]-g.Energy-got[k]) > 1e-5 {
					t.Fatalf("%s: F is %v + %v, want %v", pair.Name, g.Energy, got[k], want[k])
				}
			}
			for k := range p {
				if math.Abs(float64(p[k]-q[k])) > 1e-3*(1+math.Abs(float64(p[k]))) { // real numbers have 16 bits in products
					t.Fatalf("%s: mean of hidden unit %d is %v, want %v", pair.Name, k%model.N(), q[k], p[k])
				}
			}
		}
	}
}

func TestGivenRefuses(t *testing.T) {
	sites := rbm.NewModel(rbm.NewCategorical(3, 2), rbm.NewLayer(rbm.Bernoulli, 2), rng.Seed(1))
	for want, known := range map[string]func(i int) bool{
		"units 1 and 2 are states of one site": func(i int) bool { return i == 1 },
		"all 5 units are known":                func(int) bool { return true },
	} {
		if g, err := sites.Given(sites.Visible.NewBatch(1), 0, known); g != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
