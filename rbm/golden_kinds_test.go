package rbm_test

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// golden is a case of bench/kinds_golden.py: parameters, configurations, and what its source has for F and log Z.
type golden struct {
	Source           string
	Visible, Hidden  rbm.Kind
	States           []int
	W                []float32
	VisibleParameter map[string][]float32 `json:"visible_parameters"`
	HiddenParameter  map[string][]float32 `json:"hidden_parameters"`
	V                [][]float64
	F                []float64
	LogZ             *float64 `json:"log_z"`
}

// Free energies, and log Z where the source has it, are those of other programs and of published formulas.
func TestKindsAgainstOtherPrograms(t *testing.T) {
	text, err := os.ReadFile("testdata/kinds.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []golden }
	if err := json.Unmarshal(text, &file); err != nil || len(file.Cases) != 8 {
		t.Fatalf("%d cases, error %v", len(file.Cases), err)
	}
	for _, c := range file.Cases {
		t.Run(c.Source+", "+string(c.Visible)+"-"+string(c.Hidden), func(t *testing.T) {
			model := c.model(t)
			for r, got := range model.FreeEnergy(c.batch()) {
				if math.Abs(got-c.F[r]) > 1e-6*(1+math.Abs(c.F[r])) {
					t.Errorf("F of row %d is %v, want %v", r, got, c.F[r])
				}
			}
			if c.LogZ == nil {
				return
			}
			if got, err := exact.LogZ(context.Background(), model, exact.Options{}); err != nil || math.Abs(got-*c.LogZ) > 1e-6 {
				t.Errorf("log Z is %v, error %v, want %v", got, err, *c.LogZ)
			}
		})
	}
}

func (c golden) model(t *testing.T) *rbm.Model {
	visible := rbm.NewCategorical(c.States...)
	if c.States == nil {
		visible = rbm.NewLayer(c.Visible, len(c.VisibleParameter["biases"]))
	}
	model := rbm.NewModel(visible, rbm.NewLayer(c.Hidden, len(c.HiddenParameter["biases"])), rng.Seed(1))
	if copy(model.W, c.W) != model.M()*model.N() {
		t.Fatalf("%d weights of %d×%d units", len(c.W), model.M(), model.N())
	}
	fill := func(layer rbm.Layer, parameters map[string][]float32) {
		for _, p := range layer.Parameters() {
			if copy(p.Values, parameters[p.Name]) != layer.Units() {
				t.Fatalf("no %s of the %s layer", p.Name, layer.Kind())
			}
		}
	}
	fill(model.Visible, c.VisibleParameter)
	fill(model.Hidden, c.HiddenParameter)
	return model
}

// batch has the states of sites, the bits or the real numbers of V.
func (c golden) batch() rbm.Batch {
	if c.Visible == rbm.Gaussian {
		v := rbm.NewReals(len(c.V), 0, len(c.V[0]))
		for r, row := range c.V {
			for i, x := range row {
				v.Reals(r)[i] = float32(x)
			}
		}
		return v
	}
	states := c.States
	if states == nil { // bits
		v := rbm.NewBatch(len(c.V), len(c.V[0]))
		for r, row := range c.V {
			v.SetRow(r, func(i int) bool { return row[i] == 1 })
		}
		return v
	}
	units := 0
	for _, q := range states {
		units += q
	}
	v := rbm.NewBatch(len(c.V), units)
	for r, row := range c.V {
		first := 0
		for s, state := range row {
			v.SetBit(r, first+int(state), true)
			first += states[s]
		}
	}
	return v
}
