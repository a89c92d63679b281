package train_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// averaged finishes a training, and returns its progress and the mean of the parameters after every tenth update since
// a given one, by its definition: x_k has the weight Π_{j=1}^{29} (k+j)/j of the polynomial k^29, up to a factor.
func averaged(t *testing.T, training *train.Training, since int) (last train.Progress, mean [][]float64) {
	t.Helper()
	var all [][][]float64
	for p := range training.Steps(t.Context()) {
		if last = p; p.Update%10 == 0 && p.Update > since {
			var now [][]float64
			for _, p := range training.Current().Parameters() {
				values := make([]float64, len(p.Values))
				for i, x := range p.Values {
					if values[i] = float64(x); p.Positive {
						values[i] = math.Log(values[i])
					}
				}
				now = append(now, values)
			}
			all = append(all, now)
		}
	}
	if training.Err() != nil {
		t.Fatal(training.Err())
	}
	total := 0.0
	for k, now := range all {
		weight := 1.0
		for j := 1; j <= 29; j++ {
			weight *= float64(k+j) / float64(j)
		}
		total += weight
		if mean == nil {
			mean = make([][]float64, len(now))
		}
		for p, values := range now {
			if mean[p] == nil {
				mean[p] = make([]float64, len(values))
			}
			for i, x := range values {
				mean[p][i] += weight * x
			}
		}
	}
	for p := range mean {
		for i := range mean[p] {
			mean[p][i] /= total
		}
	}
	return last, mean
}

// isMean compares the parameters of a model with a mean.
func isMean(t *testing.T, model *rbm.Model, mean [][]float64) {
	t.Helper()
	for k, p := range model.Parameters() {
		for i, want := range mean[k] {
			if p.Positive {
				want = math.Exp(want)
			}
			if math.Abs(float64(p.Values[i])-want) > 1e-6*max(1, math.Abs(want)) {
				t.Fatalf("%s %d is %v, want the mean %v", p.Name, i, p.Values[i], want)
			}
		}
	}
}

// The mean of the last updates is what it says, is scored exactly, and is kept where it scores better; the training
// itself stays as it is, also where it goes on.
func TestAverage(t *testing.T) {
	kept := 0
	for seed := range uint64(2) {
		for _, schedule := range []train.Schedule{train.Constant, train.Linear} {
			c := train.Config{
				Seed: seed, Epochs: 25, Batch: 20, Rate: 0.05, Schedule: schedule, Valid: drawnValid(t),
				Negative: &train.PCD{Chains: 20, Steps: 1},
			}
			without := start(t, 8, drawnBars(t, 200), c.Fresh())
			finish(t, without)
			c.Average = true
			training := start(t, 8, drawnBars(t, 200), c.Fresh())
			last, mean := averaged(t, training, 0)
			e := last.Average
			if e == nil || last.Evaluation == nil || last.Evaluation.Average != nil {
				t.Fatalf("no score of the mean after the last update: %+v", last)
			}
			isMean(t, e.Average, mean)
			if want := logLikelihood(t, e.Average, drawnValid(t)); math.Abs(float64(e.Valid.Value)-want) > 1e-6 {
				t.Errorf("the mean scores %v, want %v", e.Valid.Value, want)
			}
			before := logLikelihood(t, without.Best(), drawnValid(t))
			if better := float64(e.Valid.Value) > before; e.Best != better {
				t.Errorf("the mean scores %v, the best model before %v: kept %v", e.Valid.Value, before, e.Best)
			}
			best := without.Best()
			if e.Best {
				best = e.Average
				kept++
			}
			if !slices.Equal(training.Best().W, best.W) || !slices.Equal(training.Model.W, without.Model.W) {
				t.Error("another model than the best one is kept, or the training is another one")
			}
			for _, training := range []*train.Training{training, without} {
				if err := training.Continue(train.Bounds{Epochs: 30}); err != nil {
					t.Fatal(err)
				}
				finish(t, training)
			}
			if !slices.Equal(training.Model.W, without.Model.W) || !slices.Equal(training.Model.C(), without.Model.C()) {
				t.Error("the training goes on to another model than without a mean")
			}
		}
	}
	if kept == 0 || kept == 4 {
		t.Errorf("the mean is kept in %d of 4 trainings: the test is of no use", kept)
	}
}

// Precisions are averaged by their logarithms, and sites stay in their gauge.
func TestAverageOfMixedColumns(t *testing.T) {
	layer, err := rbm.NewLayers(rbm.Part{Kind: rbm.Categorical, Units: 5, States: []int{3, 2}}, rbm.Part{Kind: rbm.Gaussian, Units: 2})
	if err != nil {
		t.Fatal(err)
	}
	set := &data.Set{States: layer.NewBatch(100), Values: rbm.Mixed}
	layer.Sample(set.States, nil, rng.Seed(1), 0, 0)
	training, err := train.Start(rbm.NewModel(layer, rbm.NewLayer(rbm.Bernoulli, 3), rng.Seed(1)), set, train.Config{
		Updates: 60, Average: true, Valid: set, Rate: 0.05, Schedule: train.Constant,
	})
	if err != nil {
		t.Fatal(err)
	}
	last, mean := averaged(t, training, 0)
	if last.Average == nil {
		t.Fatal("no mean")
	}
	isMean(t, last.Average.Average, mean)
	same := last.Average.Average.Clone()
	same.Gauge()
	for i, b := range same.B() {
		if math.Abs(float64(b-last.Average.Average.B()[i])) > 1e-6 {
			t.Errorf("bias %d is %v, in the gauge %v", i, last.Average.Average.B()[i], b)
		}
	}
}

// A training that goes back to its best model has a mean of the end alone.
func TestAverageOfAnEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("thousands of updates")
	}
	first, back := overfitting(t, train.Config{}), 0
	planned := first.Planned()
	for p := range first.Steps(t.Context()) {
		if p.Planned < planned && back == 0 {
			back = p.Update - 1
		}
	}
	last, mean := averaged(t, overfitting(t, train.Config{Average: true}), back)
	if last.Average == nil || back == 0 {
		t.Fatalf("no mean of an end after update %d", back)
	}
	isMean(t, last.Average.Average, mean)
}

func TestAverageNeedsValidation(t *testing.T) {
	_, err := train.Start(rbm.New(9, 3, rng.Seed(1)), drawnBars(t, 50), train.Config{Average: true})
	if err == nil || !strings.Contains(err.Error(), "(average) needs validation data") {
		t.Errorf("error %v", err)
	}
	training := start(t, 3, drawnBars(t, 50), train.Config{Average: true, Updates: 9, Valid: drawnValid(t)})
	for _, p := range finish(t, training) {
		if p.Average != nil {
			t.Error("a mean of no update")
		}
	}
}
