package train_test

import (
	"math"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/internal/lecturetest"
	"github.com/harmonium-rbm/harmonium/lecture"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// A kind of unit that package rbm doesn't know learns by every phase that draws its chains, also with replicas, is
// scored live and judged against independent units; enumeration refuses it.
func TestForeignUnits(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	set, err := data.BarsSample(2, 3, 500, rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	start := func(negative train.Negative) (*train.Training, error) {
		layer := func(units int) rbm.Layer { return lecturetest.NewLayer(lecturetest.Foreign, units) }
		model := rbm.NewModel(layer(set.Units()), layer(4), rng.Seed(1))
		return train.Start(model, set, train.Config{Negative: negative, Rate: 0.002, Updates: 200, Every: 200, Valid: set})
	}
	rows := lecturetest.Rows(set.States)
	kl := func(model *rbm.Model) float64 {
		bits, _ := lecturetest.Bits(model)
		return lecture.KL(lecture.Empirical(rows), bits.Distribution())
	}
	for _, negative := range []train.Negative{&train.PCD{}, &train.PCD{Replicas: 4}} {
		training, err := start(negative)
		if err != nil {
			t.Fatal(err)
		}
		before := kl(training.Model)
		var last *train.Evaluation
		for p := range training.Steps(t.Context()) {
			if p.Evaluation != nil {
				last = p.Evaluation
			}
		}
		if err := training.Err(); err != nil || last == nil || last.Pseudo != nil {
			t.Errorf("%s: error %v, last evaluation %+v", negative.Kind(), err, last)
			continue
		}
		if after := kl(training.Model); !(after < 0.8*before) {
			t.Errorf("%s: D_KL goes from %.3f to %.3f", negative.Kind(), before, after)
		}
		findings := training.Monitor.Judge(training.Model, &monitor.Scores{Train: &monitor.Score{Value: -1000}})
		want := "below-independent"
		if len(findings) != 1 || findings[0].Code != want || math.IsNaN(float64(findings[0].Value)) {
			t.Errorf("%s: a model that scores −1000: %+v, want %s", negative.Kind(), findings, want)
		}
	}
	if _, err := start(&train.Exact{}); err == nil || !strings.Contains(err.Error(), "foreign visible and 4 foreign hidden units") {
		t.Errorf("exact: error %v", err)
	}
}
