package monitor_test

import (
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/ising"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// A training that begins at a trained model of two modes, all spins up and all down, has the log Z of its first score,
// and of those after it, within 3.5 of its errors, and these are small. No finding doubts it.
func TestLiveScoresOfTrainedModels(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds, and a minute under the race detector")
	}
	states, _, err := ising.Sample(t.Context(), 4, 2, 1000, rng.Seed(1), ising.Options{})
	if err != nil {
		t.Fatal(err)
	}
	set, model := &data.Set{States: states}, rbm.New(16, 12, rng.Seed(1))
	first, err := train.Start(model, set, train.Config{Negative: &train.Exact{}, Updates: 400, Rate: 0.02})
	if err != nil {
		t.Fatal(err)
	}
	for range first.Steps(t.Context()) {
	}
	for name, negative := range map[string]train.Negative{
		"replicas": &train.PCD{Replicas: 20}, "chains alone": &train.PCD{}, "cd": &train.CD{},
	} {
		model := model.Clone()
		training, err := train.Start(model, set, train.Config{Trained: true, Negative: negative, Updates: 20, Every: 10, Rate: 0.001})
		if err != nil {
			t.Fatal(err)
		}
		training.Monitor.ScoreLive(monitor.MostRounds)
		for p := range training.Steps(t.Context()) {
			e := p.Evaluation
			if e == nil {
				continue
			}
			logZ, err := exact.LogZ(t.Context(), model, exact.Options{})
			if err != nil {
				t.Fatal(err)
			}
			z := e.LogZ
			if !(math.Abs(z.Value-logZ) < 3.5*z.Stderr && z.Stderr < 0.2) || e.UpperBounds() || doubted(e.Findings) {
				t.Errorf("%s, update %d: log Z is %v ± %v, exactly %v, findings %v", name, p.Update, z.Value, z.Stderr, logZ, e.Findings)
			}
		}
		if training.Err() != nil {
			t.Fatal(training.Err())
		}
	}
}

func doubted(findings []diag.Finding) bool {
	return has(findings, monitor.CodeRelaxation) || has(findings, monitor.CodeRenewal)
}
