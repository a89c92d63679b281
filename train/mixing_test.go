package train

import (
	"testing"

	"harmonium/compute"
	"harmonium/rbm"
	"harmonium/rng"
)

// Chains and replica sets that are frozen, each where it is, have not forgotten anything because they change places.
func TestRefreshIsNoForgetting(t *testing.T) {
	const m, n = 40, 4
	model := rbm.New(m, n, rng.Seed(1))
	p := &PCD{Steps: 1, Chains: 12, Refresh: 4, Temperatures: 2}
	if err := p.Start(Setup{Model: model, Key: rng.Seed(2), Compute: compute.New(1)}); err != nil {
		t.Fatal(err)
	}
	exchange := p.movers[1].(*exchange)
	for done := uint64(1); done <= 200; done++ {
		if done%exchangeEvery == 0 {
			exchange.swap(&p.population, done/exchangeEvery)
		}
		p.population.see(done)
	}
	if got := p.population.overlap.Time(200); got != 200 {
		t.Errorf("frozen chains remember %d of 200 updates", got)
	}
}

// Chains of each negative phase remember where units hold each other, and forget where they don't.
func TestMixingOfPhases(t *testing.T) {
	const m, n, rows = 60, 20, 40
	rest := rbm.New(m, n, rng.Seed(1))
	frozen := rest.Clone() // each unit is tied to one of the other layer, and keeps its value
	clear(frozen.W)
	for i := range m {
		frozen.W[i*n+i%n] = 40
		frozen.B()[i] = -20
	}
	for j := range n {
		frozen.C()[j] = -40 * m / n / 2
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
		"pt":  func() Negative { return &PT{Steps: 3, Chains: rows, Temperatures: 2} },
	} {
		for model, want := range map[*rbm.Model]bool{rest: false, frozen: true} {
			negative := make()
			if err := negative.Start(Setup{Model: model, Batch: rows, Key: rng.Seed(2), Compute: compute.New(1)}); err != nil {
				t.Fatal(err)
			}
			if p, ok := negative.(Persistent); ok {
				p.Visible().Copy(data.Slice(0, p.Visible().Rows()))
			}
			conditionals, dst := rbm.NewConditionals(model, compute.New(1)), rbm.NewStatistics(model)
			const updates = 5
			for k := range uint64(updates) {
				if err := negative.Phase(t.Context(), dst, Update{Number: k, Model: model, Conditionals: conditionals, Rows: data}); err != nil {
					t.Fatal(err)
				}
			}
			found := negative.(Mixer).Mixing(updates).Findings(100)
			if name == "cd" { // whose chains start again, and is not caught however often it is scored
				found = negative.(Mixer).Mixing(updates).Findings(1)
			}
			if slow := len(found) == 1 && found[0].Code == "chains-slow"; slow != want {
				t.Errorf("%s, frozen %v: findings %v", name, want, found)
			}
		}
	}
}
