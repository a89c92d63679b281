package train_test

import (
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/internal/lecturetest"
	"github.com/harmonium-rbm/harmonium/lecture"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// parameters are W, b and c of the lecture's model in a row.
func parameters(model *lecture.Model) []float64 {
	return slices.Concat(append(slices.Clone(model.W), model.B, model.C)...)
}

// Every update of gradient descent with the exact negative phase is the lecture's step, to the
// precision of float32.
func TestDescentIsTheLectures(t *testing.T) {
	if testing.Short() {
		t.Skip("the lecture's gradients take long under the race detector")
	}
	const rate = 0.5
	set := bars(t)
	p := lecturetest.Table(set.States, set.Weights)
	training := start(t, 3, set, train.Config{
		Negative: &train.Exact{}, Optimizer: &train.SGD{}, Batch: set.Rows(), Updates: 200, Rate: rate, Schedule: train.Constant, Plain: true,
	})
	for k := range training.Model.W {
		training.Model.W[k] *= 100 // from 0.01, so that hidden units differ at once
	}
	want := lecturetest.Plain(training.Model)
	first := lecture.KL(p, want.Distribution())
	for progress := range training.Steps(t.Context()) {
		want.Step(rate, want.Gradient(p, want.Distribution()))
		now := lecturetest.Plain(training.Model)
		for k, got := range parameters(now) {
			if want := parameters(want)[k]; math.Abs(got-want) > 1e-6*(1+math.Abs(want)) {
				t.Fatalf("update %d takes parameter %d to %v, the lecture to %v", progress.Update, k, got, want)
			}
		}
		want = now // so that roundings don't add up
	}
	if last := lecture.KL(p, want.Distribution()); last > first-1 {
		t.Errorf("KL went from %v to %v: the test shows nothing", first, last)
	}
}

// One update of CD-1, whose chains draw other random numbers than the lecture's, gives the same
// gradient within five standard errors of the difference of two means of bits. It is not the exact
// gradient.
func TestContrastiveDivergenceIsTheLectures(t *testing.T) {
	const count, m, n = 20000, 6, 3
	set := &data.Set{States: rbm.NewBatch(count, m)}
	for r := range count {
		set.States.SetIndex(r, []uint64{0b000111, 0b111000, 0b010101, 0b011110}[r%4])
	}
	model, source := rbm.New(m, n, rng.Seed(2)), rng.NewSource(rng.Seed(2), 1)
	for k := range model.W {
		model.W[k] = float32(8*source.Float64() - 4)
	}
	training, err := train.Start(model, set, train.Config{
		Negative: &train.CD{Steps: 1}, Optimizer: &train.SGD{}, Batch: count, Updates: 1, Rate: 1, Schedule: train.Constant, Plain: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	before := lecturetest.Plain(training.Model)
	finish(t, training)
	rows := lecturetest.Rows(set.States)
	want, exact := before.CD(rows, 1, source), before.Gradient(lecture.Empirical(rows[:4]), before.Distribution())
	got := lecturetest.Plain(training.Model)
	got.Step(-1, before)
	limit, furthest := 5*0.5*math.Sqrt(2./count), 0.0
	for k, want := range parameters(want) {
		if math.Abs(parameters(got)[k]-want) > limit {
			t.Errorf("parameter %d: gradient is %v, of the lecture %v", k, parameters(got)[k], want)
		}
		furthest = max(furthest, math.Abs(parameters(exact)[k]-want))
	}
	if furthest < 3*limit {
		t.Errorf("CD-1 is within %v of the exact gradient: the test shows nothing", furthest)
	}
}
