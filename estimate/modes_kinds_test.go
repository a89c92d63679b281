package estimate_test

import (
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/estimate"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// A pattern of sites, which has e^2 times the weight of all other configurations together, is found by the search for
// modes: chains that begin at other configurations don't come to it, and agree on a log Z that is too low by log(1 +
// e^2).
func TestLogZFindsNeedlesOfSites(t *testing.T) {
	const sites, w, logOdds = 14, 9, 2
	model := rbm.NewModel(rbm.NewCategorical(slices.Repeat([]int{3}, sites)...), rbm.NewLayer(rbm.Bernoulli, 2), rng.Seed(1))
	clear(model.W)
	for s := range sites {
		model.W[(3*s+s%3)*2] = w
	}
	model.C()[0] = float32(logOdds - sites*math.Log((math.Exp(w)+2)/3))
	truth, err := exact.LogZ(t.Context(), model, exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rest := sample.FromBiases(sample.IndependentModel(model), 200, rng.Seed(2)) // states that are all equally probable
	b, err := estimate.LogZ(t.Context(), model, rest, slices.Repeat([]float64{1. / 3}, model.M()), nil,
		estimate.Options{Budget: estimate.LeastBudget})
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(b.Value-truth) > 3*b.Stderr || b.Stderr > 0.1 {
		t.Errorf("log Z is %v ± %v, exactly %v; %v", b.Value, b.Stderr, truth, b.Findings)
	}
	if len(b.Modes) < 2 || math.Abs(b.Modes[0].Share-1/(1+math.Exp(-logOdds))) > 0.05 {
		t.Errorf("the modes are %+v, want one with %.3f of Z", b.Modes, 1/(1+math.Exp(-logOdds)))
	}
}
