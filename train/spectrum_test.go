package train_test

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"harmonium/compute"
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/train"
)

// W = 5·x yᵀ + 2·u vᵀ with orthonormal x, u and y, v has the singular values 5, 2, 0, …, whichever layer is the smaller.
func TestSingularValues(t *testing.T) {
	for _, size := range [][2]int{{7, 4}, {4, 7}, {300, 5}} {
		m, n := size[0], size[1]
		model := rbm.New(m, n, rng.Seed(1))
		for i := range m {
			for j := range n {
				w := 0.0
				if i < 2 && j < 2 { // both patterns lie in a corner, turned by 30° and 45°
					x, u := []float64{math.Sqrt(0.75), 0.5}[i], []float64{-0.5, math.Sqrt(0.75)}[i]
					y, v := math.Sqrt(0.5), []float64{-math.Sqrt(0.5), math.Sqrt(0.5)}[j]
					w = 5*x*y + 2*u*v
				}
				model.W[i*n+j] = float32(w)
			}
		}
		got := train.SingularValues(model, 3)
		want := []float64{5, 2, 0}
		if len(got) != 3 {
			t.Fatalf("%d×%d: %d values, want 3", m, n, len(got))
		}
		for k := range want {
			if math.Abs(float64(got[k])-want[k]) > 5e-4 {
				t.Errorf("%d×%d: singular value %d is %v, want %v", m, n, k, got[k], want[k])
			}
		}
	}
}

// A training gives the spectrum along with evaluations, and it grows.
func TestSpectrumAlongTraining(t *testing.T) {
	training := start(t, 12, drawnBars(t, 500), train.Config{Epochs: 20})
	before := train.SingularValues(training.Model, 10)
	var last []float32
	for p := range training.Steps(t.Context()) {
		if p.Evaluation == nil || p.Evaluation.SingularValues == nil {
			continue
		}
		last = p.Evaluation.SingularValues
		if want := train.SingularValues(training.Model, 10); !slices.Equal(last, want) {
			t.Fatalf("update %d: spectrum %v, that of the model is %v", p.Update, last, want)
		}
	}
	if len(last) != 9 || last[0] < 10*before[0] || !slices.IsSortedFunc(last, func(a, b float32) int { return cmp.Compare(b, a) }) {
		t.Errorf("the spectrum goes from %v to %v", before, last)
	}
}

// The pseudo-log-likelihood is that of the model on validation rows, where evaluations are far enough apart to pay for it.
func TestPseudoAlongTraining(t *testing.T) {
	valid := drawnBars(t, 60)
	for every, want := range map[int]bool{5: false, 1000: true} {
		training, seen := start(t, 12, drawnBars(t, 500), train.Config{Updates: 2000, Every: every, Valid: valid}), 0
		for p := range training.Steps(t.Context()) {
			if p.Evaluation == nil || p.Evaluation.Pseudo == nil {
				continue
			}
			seen++
			mean := 0.0
			for _, x := range training.Model.PseudoLogLikelihood(valid.States, compute.New(1)) {
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
