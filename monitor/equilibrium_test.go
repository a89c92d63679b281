package monitor_test

import (
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// scoredBy is a live score of a model by a ladder that has made a number of rounds at it, with its burn-in.
func scoredBy(t *testing.T, model *rbm.Model, temperatures, rounds int) []diag.Finding {
	t.Helper()
	conditionals := rbm.NewConditionals(model, nil)
	set := &data.Set{States: sample.FromBiases(model, 50, rng.Seed(2))}
	line := rbm.NewLine(sample.IndependentModel(model), model, conditionals)
	ladder := sample.NewTempering(line, sample.FromBiases(model, 20, rng.Seed(3)), temperatures, rng.Seed(4))
	watch := monitor.New(monitor.Config{
		Model: model, Data: set, Updates: 10, Epoch: 1, Every: 1, Cost: func() float64 { return 1 },
		Conditionals: conditionals, Ladder: ladder,
	})
	watch.ScoreLive(monitor.MostRounds)
	for range rounds {
		ladder.Round()
	}
	s, err := watch.Score(t.Context(), monitor.Snapshot{Update: 1})
	if err != nil {
		t.Fatal(err)
	}
	return s.Findings
}

func has(findings []diag.Finding, code string) bool {
	return slices.ContainsFunc(findings, func(f diag.Finding) bool {
		return f.Code == code && f.Value > f.Threshold && f.Message != "" && f.Consequence != ""
	})
}

// Replicas that don't come from independent units to the model are found once they have made enough rounds, and those
// that do are not.
func TestRenewal(t *testing.T) {
	const m, n = 60, 4
	spins := rbm.NewLayer(rbm.Spin, m)
	caught := rbm.NewModel(spins, rbm.NewLayer(rbm.Spin, n), rng.Seed(1)) // a magnet, far from fair coins
	for k := range caught.W {
		caught.W[k] = 1
	}
	for _, c := range []struct {
		name                 string
		model                *rbm.Model
		temperatures, rounds int
		want                 bool
	}{
		{"caught", caught, 3, 1000, true},
		{"caught, of few rounds", caught, 3, 999, false},
		{"random", rbm.New(m, n, rng.Seed(1)), 3, 1000, false},
		{"glass", glass(1), 12, 1000, false},
	} {
		if found := scoredBy(t, c.model, c.temperatures, c.rounds); has(found, monitor.CodeRenewal) != c.want {
			t.Errorf("%s: findings %+v, want renewal %v", c.name, found, c.want)
		}
	}
}

// Replicas that are not yet at the model are found, and those that are are not.
func TestRelaxation(t *testing.T) {
	model := rbm.New(60, 60, rng.Seed(1))
	for i := range 60 { // pairs of units that hold each other, and are slow to find what their biases want
		for j := range 60 {
			model.W[i*60+j] = 0
		}
		model.W[i*60+i] = 12
		model.B()[i], model.C()[i] = -5.5, -6
	}
	for _, c := range []struct {
		name   string
		rounds int
		want   bool
	}{{"at the biases", 0, true}, {"at equilibrium", 1000, false}} {
		if found := scoredBy(t, model, 12, c.rounds); has(found, monitor.CodeRelaxation) != c.want {
			t.Errorf("%s: findings %+v, want relaxation %v", c.name, found, c.want)
		}
	}
}
