package train

import (
	"math"
	"testing"

	"harmonium/rbm"
	"harmonium/rng"
)

// Chains of which each unit is drawn anew with a known probability an update forget in a known time; chains that don't move never do.
func TestMixing(t *testing.T) {
	const rows, units, renewed = 200, 500, 0.02
	source := rng.NewSource(rng.Seed(1), 0)
	v := rbm.NewStates(rows, units)
	draw := func(part float64) {
		for r := range rows {
			for i := range units {
				if source.Float64() < part {
					v.SetBit(r, i, source.Float64() < 0.3)
				}
			}
		}
	}
	draw(1)
	m := newMixing(v)
	for update := uint64(1); update <= 200; update++ {
		draw(renewed)
		m.see(v, update)
	}
	if want := -1 / math.Log(1-renewed); math.Abs(float64(m.last)-want) > 2 { // (1−p)^t = 1/e
		t.Errorf("the chains remember %d updates, should be %.1f", m.last, want)
	}
	for update := uint64(201); update <= 1200; update++ {
		m.see(v, update)
	}
	if got := m.memory(1200); got < 1000 {
		t.Errorf("chains that have not moved for 1000 updates remember %d", got)
	}
}
