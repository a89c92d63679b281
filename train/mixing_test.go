package train

import (
	"math"
	"testing"

	"harmonium/compute"
	"harmonium/rbm"
	"harmonium/rng"
)

// Chains of which each unit is drawn anew with a known probability an update forget in a known time; chains that don't move never do.
func TestMixing(t *testing.T) {
	const rows, units, renewed = 200, 500, 0.02
	source := rng.NewSource(rng.Seed(1), 0)
	v := rbm.NewBatch(rows, units)
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
	if got := m.updates(1200); got < 1000 {
		t.Errorf("chains that have not moved for 1000 updates remember %d", got)
	}
}

// Chains and ladders that are frozen, each where it is, have not forgotten anything because they change places.
func TestRefreshIsNoForgetting(t *testing.T) {
	const m, n = 40, 4
	model := rbm.New(m, n, rng.Seed(1))
	p := &PCD{Steps: 1, Chains: 12, Refresh: 4, Rungs: 2}
	if err := p.Start(Setup{Model: model, Key: rng.Seed(2), Compute: compute.New(1)}); err != nil {
		t.Fatal(err)
	}
	for done := uint64(1); done <= 200; done++ {
		if done%refreshEvery == 0 {
			p.exchange(done / refreshEvery)
		}
		p.mixing.see(p.watched(), done)
	}
	if got := p.mixing.updates(200); got != 200 {
		t.Errorf("frozen chains remember %d of 200 updates", got)
	}
}

// Chains that forget within the sweeps of an update are fine, chains that take longer are slow, and those that take longer than from one evaluation to the
// next are caught.
func TestMemoryFindings(t *testing.T) {
	for _, c := range []struct {
		updates, fair uint64
		want          string
		threshold     float64
	}{{1, 1, "", 0}, {2, 1, "chains-slow", 10}, {50, 1, "chains-slow", 10}, {51, 1, "chains-caught", 50}, {6, 6, "", 0}, {7, 6, "chains-slow", 60}, {51, 60, "chains-caught", 50}} {
		found := chainMemory{updates: c.updates, sweeps: 10, fair: c.fair, remedy: "sleep"}.findings(50)
		switch {
		case c.want == "" && found == nil:
		case c.want == "" || len(found) != 1 || found[0].Code != c.want || float64(found[0].Threshold) != c.threshold || found[0].Remedy != "sleep":
			t.Errorf("memory of %d updates where %d are fair: %v, want %q", c.updates, c.fair, found, c.want)
		}
	}
}

// Chains of each negative phase remember where units hold each other, and forget where they don't.
func TestMemoryOfPhases(t *testing.T) {
	const m, n, rows = 60, 20, 40
	rest := rbm.New(m, n, rng.Seed(1))
	frozen := rest.Clone() // each unit is tied to one of the other layer, and keeps its value
	clear(frozen.W)
	for i := range m {
		frozen.W[i*n+i%n] = 40
		frozen.B[i] = -20
	}
	for j := range n {
		frozen.C[j] = -40 * m / n / 2
	}
	source, data := rng.NewSource(rng.Seed(1), 1), rbm.NewBatch(rows, m)
	for r := range rows {
		for j := range n {
			on := source.Float64() < 0.5
			for i := j; i < m; i += n {
				data.SetBit(r, i, on)
			}
		}
	}
	for name, make := range map[string]func() Negative{
		"cd":  func() Negative { return &CD{Steps: 3} },
		"pcd": func() Negative { return &PCD{Steps: 3, Chains: rows} },
		"pt":  func() Negative { return &PT{Steps: 3, Chains: rows, Rungs: 2} },
	} {
		for model, want := range map[*rbm.Model]bool{rest: false, frozen: true} {
			negative := make()
			if err := negative.Start(Setup{Model: model, Batch: rows, Key: rng.Seed(2), Compute: compute.New(1)}); err != nil {
				t.Fatal(err)
			}
			if p, ok := negative.(persistent); ok {
				copy(p.visible().Words(), data.Words())
			}
			conditionals, dst := rbm.NewConditionals(model, compute.New(1)), rbm.NewStatistics(m, n)
			const updates = 5
			for k := range uint64(updates) {
				if err := negative.Phase(t.Context(), dst, Update{Number: k, Model: model, Conditionals: conditionals, Rows: data}); err != nil {
					t.Fatal(err)
				}
			}
			found := negative.(chained).remembers(updates).findings(100)
			if name == "cd" { // which begins anew, and is not caught however often it is scored
				found = negative.(chained).remembers(updates).findings(1)
			}
			if slow := len(found) == 1 && found[0].Code == "chains-slow"; slow != want {
				t.Errorf("%s, frozen %v: findings %v", name, want, found)
			}
		}
	}
}
