package estimate

import (
	"context"
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// After a run along a line on which the model changes late, the steps of the next run crowd there, as the lengths say:
// all but the part that is even.
func TestScheduleFollowsTheLengths(t *testing.T) {
	model := rbm.New(30, 8, rng.Seed(1))
	for k := range model.W {
		model.W[k] *= 100
	}
	v := sample.FromBiases(model, 200, rng.Seed(2))
	e := newEstimator(model, v, make([]float64, 30), nil, Options{Budget: DefaultBudget})
	e.modes = nil // which would move the base
	if _, err := e.run(context.Background(), 100); err != nil {
		t.Fatal(err)
	}
	for _, part := range []struct{ from, to float64 }{{0, 0.5}, {0.5, 1}, {0.7, 0.8}, {0, 0.1}} {
		share, whole, steps := 0.0, 0.0, 0.0
		for k, x := range e.lengths {
			if whole += x; e.places[k] > part.from-1e-9 && e.places[k+1] < part.to+1e-9 {
				share += x
			}
		}
		for _, place := range e.schedule(300) {
			if place > part.from && place <= part.to {
				steps += 1. / 300
			}
		}
		if late := part.to == 1; late != (share > 0.7*whole) {
			t.Errorf("%.2f of the lengths are between %v and %v: the test shows nothing", share/whole, part.from, part.to)
		}
		if want := 0.3*(part.to-part.from) + 0.7*share/whole; math.Abs(steps-want) > 0.01 {
			t.Errorf("%.3f of the steps are between %v and %v, want %.3f", steps, part.from, part.to, want)
		}
	}
}
