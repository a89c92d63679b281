package train_test

import (
	"bytes"
	"cmp"
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// overfitting is a training whose data are few and random, so that validation data say so soon.
func overfitting(t *testing.T, c train.Config) *train.Training {
	t.Helper()
	rows := func(count int, seed uint64) *data.Set {
		set := &data.Set{States: rbm.NewBatch(count, 12)}
		rbm.NewLayer(rbm.Bernoulli, 12).Sample(set.States, nil, rng.Seed(seed), 0, 0) // fair coins
		for r := range count {
			set.States.SetBit(r, 1, set.States.Bit(r, 0)) // and something to learn
		}
		return set
	}
	c.Valid, c.Every, c.Epochs, c.Rate = rows(500, 2), cmp.Or(c.Every, 20), 1000, 0.02
	c.Negative = &train.PCD{Steps: 5, Chains: 50, Replicas: 5}
	training, err := train.Start(rbm.New(12, 10, rng.Seed(1)), rows(60, 1), c)
	if err != nil {
		t.Fatal(err)
	}
	return training
}

// A training that overfits goes back to its best model, and from there to its end with a rate that falls to zero; with
// patience it stops there, and with a constant rate nothing of that happens.
func TestOverfittingEndsFromTheBestModel(t *testing.T) {
	if testing.Short() {
		t.Skip("thousands of updates")
	}
	training := overfitting(t, train.Config{})
	planned, before, back := training.Planned(), 0.0, 0
	last, best := -1.0, -1e300
	for p := range training.Steps(t.Context()) {
		if p.Planned < planned && back == 0 {
			back, before = p.Update, best
		} else if back > 0 && p.Rate >= last {
			t.Errorf("update %d has the rate %v, the one before %v", p.Update, p.Rate, last)
		}
		if last = p.Rate; p.Evaluation != nil && p.Evaluation.Best {
			best = float64(p.Evaluation.Valid.Value)
		}
	}
	if training.Err() != nil || training.Finished() != "done" || back == 0 || training.Done() >= planned {
		t.Fatalf("error %v, finished %q after %d of %d updates, back at %d", training.Err(), training.Finished(), training.Done(), planned, back)
	}
	if last > 0.002 || best < before {
		t.Errorf("the last rate is %v; the best score %v, before %v", last, best, before)
	}
	for name, c := range map[string]train.Config{"patience": {Patience: 50}, "constant": {Schedule: train.Constant}} {
		training := overfitting(t, c)
		for range training.Steps(t.Context()) {
		}
		if training.Done() != planned {
			t.Errorf("%s: ends after %d of %d updates", name, training.Done(), planned)
		}
	}
}

// The rate of the end falls by the same step at each update, also past a model that is better than the best before.
func TestRateOfTheEndFallsEvenly(t *testing.T) {
	better := 0
	for seed := uint64(0); better == 0 && seed < 8; seed++ {
		training := overfitting(t, train.Config{Every: 5, Seed: seed})
		planned := training.Planned()
		var rates []float64
		for p := range training.Steps(t.Context()) {
			if p.Planned < planned && p.Update < p.Planned {
				rates = append(rates, p.Rate)
				if p.Evaluation != nil && p.Evaluation.Best {
					better++
				}
			}
		}
		for k := 2; k < len(rates)-1; k++ { // rates[0] is the last one before the end
			if step, first := rates[k]-rates[k+1], rates[1]-rates[2]; math.Abs(step-first) > 1e-9 {
				t.Fatalf("rates of the end %v fall by %v, then by %v", rates[1:], first, step)
			}
		}
	}
	if better == 0 {
		t.Fatal("no model of the end is better than the best before: the test is of no use")
	}
}

// A checkpoint before the end has begun, and one within it, go on to the same bytes.
func TestOverfittingResumes(t *testing.T) {
	var checkpoints [][]byte
	within := 0 // the end
	training := overfitting(t, train.Config{})
	planned := training.Planned()
	for p := range training.Steps(t.Context()) {
		if p.Update%37 == 0 {
			var b bytes.Buffer
			if err := training.Checkpoint(&b); err != nil {
				t.Fatal(err)
			}
			checkpoints = append(checkpoints, b.Bytes())
			if p.Planned < planned {
				within++
			}
		}
	}
	if within == 0 || within == len(checkpoints) {
		t.Fatalf("%d of %d checkpoints are within the end", within, len(checkpoints))
	}
	for k, checkpoint := range checkpoints {
		again := overfitting(t, train.Config{})
		if err := again.Resume(checkpoint); err != nil {
			t.Fatal(err)
		}
		for range again.Steps(t.Context()) {
		}
		if again.Done() != training.Done() {
			t.Fatalf("from checkpoint %d: %d updates, want %d", k, again.Done(), training.Done())
		}
		for p, x := range again.Best().Parameters() {
			for i, y := range training.Best().Parameters()[p].Values {
				if x.Values[i] != y {
					t.Fatalf("from checkpoint %d: another best model", k)
				}
			}
		}
	}
}
