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

// Chains and ladders that are frozen, each where it is, have not forgotten anything because they change places.
func TestRefreshIsNoForgetting(t *testing.T) {
	const m, n = 40, 4
	model := rbm.New(m, n, rng.Seed(1))
	p := &PCD{Steps: 1, Chains: 12, Refresh: 4, Rungs: 2}
	if err := p.Start(Setup{Model: model, Key: rng.Seed(2), Workers: 1}); err != nil {
		t.Fatal(err)
	}
	for done := uint64(1); done <= 200; done++ {
		if done%refreshEvery == 0 {
			p.exchange(done / refreshEvery)
		}
		p.mixing.see(p.watched(), done)
	}
	if got := p.mixing.memory(200); got != 200 {
		t.Errorf("frozen chains remember %d of 200 updates", got)
	}
}
