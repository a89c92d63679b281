package sample_test

import (
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/internal/kindtest"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// Modes of every pair of kinds whose visible units are bits or sites: the means obey μ_h = ⟨h⟩ at x = Wᵀ⟨v⟩ and μ_v =
// ⟨v⟩ at x = W⟨h⟩, and the bounds are below log Z. All is the same for one worker and three.
func TestModesOfKinds(t *testing.T) {
	pairs := 0
	for _, pair := range kindtest.Pairs(1.5) {
		model := pair.Model
		if sample.CheckModes(model) != nil {
			continue
		}
		pairs++
		t.Run(pair.Name, func(t *testing.T) {
			truth, err := exact.LogZ(t.Context(), model, exact.Options{})
			if err != nil {
				t.Fatal(err)
			}
			modes := found(t, model, 10, compute.New(1))
			if len(modes.List) == 0 {
				t.Fatal("no modes")
			}
			for k, mode := range modes.List {
				if mode.Bound > truth+1e-5 {
					t.Errorf("mode %d has the bound %v of log Z = %v", k, mode.Bound, truth)
				}
				v, h := valuesOf(model.Visible, mode.Visible), valuesOf(model.Hidden, mode.Hidden)
				x, y := make([]float32, model.M()), make([]float32, model.N())
				for i := range v {
					for j := range h {
						w := model.W[i*model.N()+j]
						x[i] += w * h[j]
						y[j] += w * v[i]
					}
				}
				model.Visible.Mean(x, x)
				model.Hidden.Mean(y, y)
				for layer, pair := range [][2][]float32{{v, x}, {h, y}} {
					for i, got := range pair[0] {
						if math.Abs(float64(got-pair[1][i])) > 5e-3*(1+math.Abs(float64(got))) {
							t.Errorf("unit %d of layer %d of mode %d has the mean %v, want %v", i, layer, k, got, pair[1][i])
						}
					}
				}
			}
			other := found(t, model, 10, compute.New(3))
			if len(other.List) != len(modes.List) || other.List[0].Bound != modes.List[0].Bound {
				t.Error("modes depend on the number of workers")
			}
		})
	}
	if pairs < 18 {
		t.Errorf("%d pairs of kinds have modes, want those of bernoulli, spin and categorical visible units", pairs)
	}
}

// valuesOf turns means of stored numbers into means of values.
func valuesOf(layer rbm.Layer, stored []float32) []float32 {
	scale, offset := layer.Line()
	values := make([]float32, len(stored))
	for i, x := range stored {
		values[i] = float32(scale*float64(x) + offset)
	}
	return values
}

// patterns is a model of eight sites of three states that likes all sites to be in state 0, or all in state 1: each has
// the weight of all other configurations together.
func patterns() *rbm.Model {
	const w = 4
	model := rbm.NewModel(rbm.NewCategorical(3, 3, 3, 3, 3, 3, 3, 3), rbm.NewLayer(rbm.Bernoulli, 2), rng.Seed(1))
	clear(model.W)
	for site := range 8 {
		for j := range 2 {
			model.W[(3*site+j)*2+j] = w
		}
	}
	for j := range model.C() {
		model.C()[j] = float32(-8 * math.Log((math.Exp(w)+2)/3))
	}
	return model
}

// The modes of a model of sites partition Z, and a survey finds their shares.
func TestModesOfSitesPartitionZ(t *testing.T) {
	model := patterns()
	truth, err := exact.LogZ(t.Context(), model, exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	survey, err := sample.NewSurvey(t.Context(), model, sample.SurveyOptions{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if len(survey.List) < 3 {
		t.Fatalf("%d modes, want three: two patterns, and neither", len(survey.List))
	}
	if z := survey.LogZ(); math.Abs(z.Value-truth) > 4*z.Stderr+1e-3 || z.Stderr > 0.4 {
		t.Errorf("the shares add up to log Z = %v ± %v, want %v", z.Value, z.Stderr, truth)
	}
	v, err := exact.SampleVisible(t.Context(), model, 20000, rng.Seed(2), exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for k, part := range survey.Parts(v, nil) {
		if math.Abs(part-survey.Share[k]) > 4*survey.Stderr[k]+0.02 {
			t.Errorf("mode %d has a share of %v ± %v, and %v of exact samples", k, survey.Share[k], survey.Stderr[k], part)
		}
	}
}

// Jumps between modes of sites, with sweeps, take chains that all begin in one mode to the model's distribution, and
// keep them there.
func TestJumpsOfSites(t *testing.T) {
	model := patterns()
	const chains = 2000
	truth, err := exact.SampleVisible(t.Context(), model, chains, rng.Seed(2), exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	jumps := sample.FindJumps(model, truth.Slice(0, 8), 4, rng.Seed(3), compute.New(1))
	start := model.Visible.NewBatch(chains) // all sites in state 0
	chain := sample.NewChains(start, model.Hidden, rng.Seed(4))
	c := rbm.NewConditionals(model, compute.New(1))
	moved := 0
	for step := range 40 {
		moved += len(jumps.Move(chain.Visible, c.FreeEnergy, rng.Seed(5), uint64(step)))
		chain.Sweep(c, 1)
	}
	if z, of := kindtest.Deviation(model, chain.Visible, truth); !(z < 4.5) {
		t.Errorf("%s is %.1f standard errors off", of, z)
	}
	if part := float64(moved) / (40 * chains); part < 0.1 {
		t.Errorf("%.2g of jumps were taken, want 0.1 or more", part)
	}
	rows := model.Visible.NewBatch(2)
	jumps.Known().Rows(rows, model.Visible)
	for r := range 2 {
		if rows.Ones(r) != 8 {
			t.Errorf("the row of mode %d has %d states on, want one a site", r, rows.Ones(r))
		}
	}
}
