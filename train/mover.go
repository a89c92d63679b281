package train

import (
	"fmt"

	"harmonium/rbm"
	"harmonium/rng"
)

// A mover changes chains of a population between two phases, after the sweeps of an update and before its average: it takes them to states
// that sweeps alone are slow to reach.
type mover interface {
	move(p *population, u Update)
	remember(*Memory) // what must survive from one update to the next
}

// startMovers makes the movers of PCD, and the population that they move.
func (p *PCD) startMovers(s Setup) error {
	p.movers = []mover{&restart{state: p.chains.Visible.Slice(p.Chains, p.Chains+1), key: s.Key.Stream(rng.StreamRestart)}}
	var others rbm.Batch
	if p.Refresh > p.Chains {
		return fmt.Errorf("pcd of %d chains is refreshed by %d replica sets, want no more than chains", p.Chains, p.Refresh)
	}
	if p.Refresh > 0 {
		e := &exchange{newReplicaSets(s, p.Refresh, p.Temperatures)}
		p.movers = append(p.movers, e)
		p.cost.average += replicasCost(s.Model, p.Refresh, p.Temperatures, 1)
		others = e.Visible()
	}
	p.population = newPopulation(p.Visible(), others)
	return nil
}
