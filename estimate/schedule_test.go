package estimate

import (
	"context"
	"testing"

	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
)

// After a run on a path that stays where it is for its first half, the steps of the next run crowd in the second half: all but
// the part that is even.
func TestScheduleFollowsTheLengths(t *testing.T) {
	model := rbm.New(30, 8, rng.Seed(1))
	for k := range model.W {
		model.W[k] *= 100
	}
	base := sample.IndependentModel(model)
	base.SetBiasesFromMeans(make([]float64, 30))
	v := sample.FromBiases(model, 200, rng.Seed(2))
	e := newEstimator(model, v, make([]float64, 30), Options{Budget: DefaultBudget, Between: []*rbm.Model{base}})
	e.modes = nil // which would move the base, and with it the first half
	if _, err := e.run(context.Background(), 100); err != nil {
		t.Fatal(err)
	}
	late := 0
	for _, place := range e.schedule(300) {
		if place > 0.5 {
			late++
		}
	}
	if part := float64(late) / 300; part < 0.8 || part > 0.9 { // 0.7 + 0.3/2
		t.Errorf("%.2f of the steps are in the second half, want 0.85", part)
	}
}
