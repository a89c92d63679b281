package rbm_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"harmonium/rbm"
	"harmonium/rng"
)

// Free energies are those of another program's formulas (bench/kinds_golden.py says which), for sites with hidden units
// of each kind.
func TestKindsAgainstOtherFormulas(t *testing.T) {
	text, err := os.ReadFile("testdata/kinds.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Hidden     rbm.Kind
			States     []int
			W, B       []float32
			Parameters map[string][]float32
			V          [][]int
			F          []float64
		}
	}
	if err := json.Unmarshal(text, &golden); err != nil || len(golden.Cases) != 4 {
		t.Fatalf("%d cases, error %v", len(golden.Cases), err)
	}
	for _, c := range golden.Cases {
		visible := rbm.NewCategorical(c.States...)
		model := rbm.NewModel(visible, rbm.NewLayer(c.Hidden, len(c.W)/visible.Units()), rng.Seed(1))
		copy(model.W, c.W)
		copy(model.B(), c.B)
		for _, p := range model.Hidden.Parameters() {
			if copy(p.Values, c.Parameters[p.Name]) != model.N() {
				t.Fatalf("%s: no %s", c.Hidden, p.Name)
			}
		}
		v := rbm.NewBatch(len(c.V), visible.Units())
		for r, row := range c.V {
			at := 0
			for s, state := range row {
				v.SetBit(r, at+state, true)
				at += c.States[s]
			}
		}
		for r, got := range model.FreeEnergy(v) {
			if math.Abs(got-c.F[r]) > 1e-6*(1+math.Abs(c.F[r])) {
				t.Errorf("%s: F of row %d is %v, want %v", c.Hidden, r, got, c.F[r])
			}
		}
	}
}
