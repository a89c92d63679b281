package train

import (
	"math"
	"testing"

	"harmonium/compute"
	"harmonium/rbm"
	"harmonium/rng"
)

// setter is a mover that puts a state in the place of each chain.
type setter struct{ states rbm.Batch }

func (s setter) move(p *population, _ Update) {
	for chain := range p.chains.Rows() {
		p.replace(chain, s.states.Slice(chain, chain+1))
	}
}

func (setter) remember(*Memory) {}

// The average of a phase is over the chains as movers leave them, and the overlap time takes no move for forgetting.
func TestMoversComeBeforeTheAverage(t *testing.T) {
	const m, n, chains, updates = 30, 5, 20, 50
	model := rbm.New(m, n, rng.Seed(1)) // whose chains forget in one sweep
	states := rbm.NewBatch(chains, m)
	for r := range chains {
		for i := range m {
			states.SetBit(r, i, i <= r)
		}
	}
	for _, moved := range []bool{false, true} {
		p := &PCD{Steps: 1, Chains: chains}
		if err := p.Start(Setup{Model: model, Key: rng.Seed(2), Compute: compute.New(1)}); err != nil {
			t.Fatal(err)
		}
		if p.movers = nil; moved {
			p.movers = []mover{setter{states}}
		}
		conditionals, dst := rbm.NewConditionals(model, compute.New(1)), rbm.NewStatistics(model)
		for k := range uint64(updates) {
			if err := p.Phase(t.Context(), dst, Update{Number: k, Model: model, Conditionals: conditionals}); err != nil {
				t.Fatal(err)
			}
			for i, got := range dst.V {
				if want := max(0, float64(chains-i)) / chains; moved && math.Abs(float64(got)-want) > 1e-6 {
					t.Fatalf("update %d: ⟨v_%d⟩ is %v, want %v of the states that the mover sets", k+1, i, got, want)
				}
			}
		}
		want := uint64(1)
		if moved {
			want = updates
		}
		if got := p.Mixing(updates).Time; got != want {
			t.Errorf("moved %v: the overlap time is %d updates, want %d", moved, got, want)
		}
	}
}
