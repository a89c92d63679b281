package train

import (
	"math"
	"testing"

	"harmonium/data"
	"harmonium/rbm"
	"harmonium/rng"
)

// Between two searches the bound of a mode falls by what F of the configuration nearest to it has risen.
func TestBoundsFollowTheModel(t *testing.T) {
	set, err := data.Bars(4, 4)
	if err != nil {
		t.Fatal(err)
	}
	p := &PCD{Chains: 20, Replicas: 3}
	training, err := Start(rbm.New(set.Units(), 12, rng.Seed(1)), set, Config{Updates: 2 * searchEvery, Rate: 0.05, Every: 1000, Negative: p})
	if err != nil {
		t.Fatal(err)
	}
	var found, bounds []float64 // F of the nearest configurations, and bounds, at the last search
	moved, before := 0., training.Model.Clone()
	for range training.Steps(t.Context()) {
		known, update := p.jumps.known, training.done-1
		v := p.chains.Visible.Like(len(known.Bounds))
		known.Rows(v)
		free := before.FreeEnergy(v) // the model as the phase had it
		if update%searchEvery == 0 {
			found, bounds = free, append(bounds[:0], known.Bounds...)
		}
		for k, bound := range known.Bounds {
			if want := bounds[k] - (free[k] - found[k]); math.Abs(bound-want) > 1e-3 {
				t.Fatalf("update %d: the bound of mode %d is %v, want %v", update, k, bound, want)
			}
			moved = max(moved, math.Abs(bound-bounds[k]))
		}
		before.Copy(training.Model)
	}
	if moved < 1 {
		t.Errorf("bounds move by %v at most: the test shows nothing", moved)
	}
}
