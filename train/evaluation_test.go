package train_test

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/train"
)

// A training gives the spectrum along with evaluations, and it grows.
func TestSpectrumAlongTraining(t *testing.T) {
	training := start(t, 12, drawnBars(t, 500), train.Config{Epochs: 20})
	before := monitor.SingularValues(training.Model, 10)
	var last []float32
	for p := range training.Steps(t.Context()) {
		if p.Evaluation == nil || p.Evaluation.SingularValues == nil {
			continue
		}
		last = p.Evaluation.SingularValues
		if want := monitor.SingularValues(training.Model, 10); !slices.Equal(last, want) {
			t.Fatalf("update %d: spectrum %v, that of the model is %v", p.Update, last, want)
		}
	}
	if len(last) != 9 || last[0] < 10*before[0] || !slices.IsSortedFunc(last, func(a, b float32) int { return cmp.Compare(b, a) }) {
		t.Errorf("the spectrum goes from %v to %v", before, last)
	}
}

// The pseudo-log-likelihood is that of the model on validation rows, where evaluations are far enough apart to pay for
// it.
func TestPseudoAlongTraining(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds, and long under the race detector")
	}
	valid := drawnBars(t, 60)
	for every, want := range map[int]bool{5: false, 1000: true} {
		training, seen := start(t, 12, drawnBars(t, 500), train.Config{Updates: 2000, Every: every, Valid: valid}), 0
		for p := range training.Steps(t.Context()) {
			if p.Evaluation == nil || p.Evaluation.Pseudo == nil {
				continue
			}
			seen++
			mean := 0.0
			logs, err := training.Model.PseudoLogLikelihood(valid.States, compute.New(1))
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range logs {
				mean += x / 60
			}
			if got := p.Evaluation.Pseudo; math.Abs(float64(got.Value)-mean) > 1e-9 || !(got.Stderr > 0) || got.Method != "pseudo" {
				t.Errorf("update %d: %+v, want %v", p.Update, got, mean)
			}
		}
		if (seen > 0) != want {
			t.Errorf("every %d updates: %d pseudo-log-likelihoods", every, seen)
		}
	}
}
