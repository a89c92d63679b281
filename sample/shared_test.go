package sample

import (
	"slices"
	"testing"

	"harmonium/compute"
	"harmonium/rbm"
	"harmonium/rng"
)

// Replica sets whose temperatures share a model, all or some of them, go the same way to the bit as with a model for each.
func TestSharedModels(t *testing.T) {
	const m, n, sets = 30, 20, 7
	defer func(bytes int) { keptBytes = bytes }(keptBytes)
	for _, units := range []rbm.Kind{rbm.Bernoulli, rbm.Spin} {
		model := rbm.NewModel(rbm.NewLayer(units, m), rbm.NewLayer(units, n), rng.Seed(1))
		for k := range model.W {
			model.W[k] *= 20
		}
		base := IndependentModel(model)
		walk := func(bytes int) (*Tempering, int) {
			keptBytes = bytes
			p := NewTempering(Path{base, model.Clone()}, rbm.NewBatch(sets, m), 5, rng.Seed(2), compute.New(2))
			p.ClampVisible(3, true)
			trips := 0
			rounds := func() {
				for range 40 {
					p.Round()
				}
				trips += p.RoundTrips()
			}
			rounds()
			p.Respace(9)
			rounds()
			changed := model.Clone()
			for k := range changed.W {
				changed.W[k] *= 1.1
			}
			p.SetPath(Path{base, changed})
			rounds()
			return p, trips
		}
		own, trips := walk(1 << 30)
		if trips == 0 || own.shared != nil || own.temperatures[len(own.temperatures)-1].own == nil {
			t.Fatalf("%v: %d round trips: the test shows nothing", units, trips)
		}
		for _, kept := range []int{0, 2} {
			shared, got := walk(kept * placedBytes * m * n)
			if shared.temperatures[kept].own != nil || kept > 0 && shared.temperatures[kept-1].own == nil || shared.shared == nil {
				t.Fatalf("%v: other temperatures than the first %d have models of their own", units, kept)
			}
			if got != trips || !slices.Equal(shared.Betas(), own.Betas()) || !slices.Equal(shared.SwapRates(), own.SwapRates()) {
				t.Errorf("%v, %d own models: %d round trips at %v, want %d at %v", units, kept, got, shared.Betas(), trips, own.Betas())
			}
			for k, r := range shared.temperatures {
				if !r.replicas.Visible.Equal(own.temperatures[k].replicas.Visible) {
					t.Errorf("%v, %d own models: temperature %d holds other states", units, kept, k)
				}
			}
		}
	}
}
