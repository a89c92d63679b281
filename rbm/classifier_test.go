package rbm_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/kindtest"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// For all pairs of kinds, and all units that may be a label: P(y|v') is e^(−F) in float64 over its sum. Products of
// real numbers round these to 16 bits.
func TestLogProbsAreTheDefinition(t *testing.T) {
	checked := 0
	for _, pair := range kindtest.Pairs(1.5) {
		model := pair.Model
		v, tolerance := model.Visible.NewBatch(7), 2e-5
		if v.Bits() < model.M() {
			tolerance = 2e-4
		}
		model.Visible.Sample(v, make([]float32, 7*model.M()), rng.Seed(5), 0, 0)
		for _, units := range labelsOf(model) {
			c := rbm.NewClassifier(model, units, compute.New(2))
			got := make([]float64, 7*c.Classes())
			c.LogProbs(got, v)
			for r := range 7 {
				checked++
				want, sum := make([]float64, c.Classes()), 0.0
				for y := range want {
					state := v.Slice(r, r+1).Clone()
					for k, i := range units {
						state.SetBit(0, i, k == y && len(units) > 1 || len(units) == 1 && y == 1)
					}
					want[y] = math.Exp(-model.FreeEnergy(state)[0])
					sum += want[y]
				}
				for y, p := range want {
					if x := got[r*c.Classes()+y]; !(math.Abs(x-math.Log(p/sum)) < tolerance) {
						t.Errorf("%s, label %v, row %d: log P(%d) is %v, want %v", pair.Name, units, r, y, x, math.Log(p/sum))
					}
				}
			}
		}
	}
	if checked < 500 {
		t.Errorf("%d rows were checked, want more", checked)
	}
}

// labelsOf are a bit, two of them and each site, where a model has such.
func labelsOf(model *rbm.Model) (labels [][]int) {
	sites, free := rbm.SitesOf(model.Visible), 0
	for free < model.Visible.NewBatch(0).Bits() && (len(sites) == 0 || free < sites[0].First) {
		free++
	}
	if free >= 2 {
		labels = [][]int{{1}, {0, 1}, {1, 0}}
	}
	for _, s := range sites {
		var units []int
		for i := range s.States {
			units = append(units, s.First+i)
		}
		labels = append(labels, units)
	}
	return labels
}

// Rows don't depend on the others, nor on how many are given at once, and are left as they were.
func TestLogProbsOfManyRows(t *testing.T) {
	model := rbm.New(9, 5, rng.Seed(1))
	for k := range model.W {
		model.W[k] *= 100
	}
	v := rbm.NewBatch(3000, 9)
	model.Visible.Sample(v, make([]float32, 9*3000), rng.Seed(2), 0, 0)
	before := v.Clone()
	c := rbm.NewClassifier(model, []int{8, 2, 5}, nil)
	all, one := make([]float64, 9000), make([]float64, 3)
	c.LogProbs(all, v)
	for r := 0; r < 3000; r += 271 {
		c.LogProbs(one, v.Slice(r, r+1))
		for y, x := range one {
			if x != all[3*r+y] {
				t.Errorf("row %d, class %d: %v alone, %v among all", r, y, x, all[3*r+y])
			}
		}
	}
	for r := range 3000 {
		if v.Compare(r, before, r) != 0 {
			t.Fatalf("row %d has changed", r)
		}
	}
}

func TestClass(t *testing.T) {
	model := rbm.New(4, 2, rng.Seed(1))
	v := rbm.NewBatch(1, 4)
	several, bit := rbm.NewClassifier(model, []int{3, 1}, nil), rbm.NewClassifier(model, []int{3}, nil)
	if several.Class(v, 0) != -1 || bit.Class(v, 0) != 0 {
		t.Errorf("classes %d and %d without a unit that is on, want −1 and 0", several.Class(v, 0), bit.Class(v, 0))
	}
	v.SetBit(0, 3, true)
	if several.Class(v, 0) != 0 || bit.Class(v, 0) != 1 {
		t.Errorf("classes %d and %d where unit 3 is on, want 0 and 1", several.Class(v, 0), bit.Class(v, 0))
	}
	v.SetBit(0, 1, true)
	if several.Class(v, 0) != -1 {
		t.Errorf("class %d where both are on, want −1", several.Class(v, 0))
	}
	several.SetClass(v, 0, 1)
	if several.Class(v, 0) != 1 || bit.Class(v, 0) != 0 {
		t.Errorf("classes %d and %d after SetClass 1, want 1 and 0", several.Class(v, 0), bit.Class(v, 0))
	}
}

func TestNewClassifierRefusesUnits(t *testing.T) {
	mixed, err := rbm.NewMixed(rbm.NewLayer(rbm.Bernoulli, 2), rbm.NewCategorical(3, 2), rbm.NewLayer(rbm.Gaussian, 1))
	if err != nil {
		t.Fatal(err)
	}
	model := rbm.NewModel(mixed, rbm.NewLayer(rbm.Bernoulli, 2), rng.Seed(1))
	for _, units := range [][]int{{}, {-1}, {0, 0}, {7}, {2}, {2, 3}, {1, 2, 3}, {3, 4, 5}, {0, 5, 6}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("units %v are taken for a label", units)
				}
			}()
			rbm.NewClassifier(model, units, nil)
		}()
	}
	for _, units := range [][]int{{0}, {0, 1}, {2, 3, 4}, {6, 5}} {
		if c := rbm.NewClassifier(model, units, nil); c.Classes() != max(2, len(units)) {
			t.Errorf("%d classes of units %v", c.Classes(), units)
		}
	}
}

// The label of three states is likely to be 0 where the other site turns the hidden unit on.
func ExampleClassifier() {
	model := rbm.NewModel(rbm.NewCategorical(3, 2), rbm.NewLayer(rbm.Bernoulli, 1), rng.Seed(1))
	copy(model.W, []float32{2, 0, 0, 3, -3}) // of the states of the label, and of the other site
	v := rbm.NewBatch(2, 5)
	v.SetBit(0, 3, true)
	v.SetBit(1, 4, true)
	c := rbm.NewClassifier(model, []int{0, 1, 2}, nil)
	logs := make([]float64, v.Rows()*c.Classes())
	c.LogProbs(logs, v)
	for r := range v.Rows() {
		fmt.Printf("P(0) = %.3f, P(1) = %.3f, P(2) = %.3f\n", math.Exp(logs[3*r]), math.Exp(logs[3*r+1]), math.Exp(logs[3*r+2]))
	}
	// Output:
	// P(0) = 0.780, P(1) = 0.110, P(2) = 0.110
	// P(0) = 0.394, P(1) = 0.303, P(2) = 0.303
}
