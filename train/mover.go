package train

import (
	"harmonium/rbm"
	"harmonium/rng"
)

// A mover changes chains of a population between two phases, after the sweeps of an update and before its average: it takes them to states
// that sweeps alone are slow to reach.
type mover interface {
	move(u Update)
	remember(*Memory) // what must survive from one update to the next
}

// startMovers makes the movers of PCD, and the population that they move.
func (p *PCD) startMovers(s Setup) error {
	p.movers = []mover{&restart{
		state: p.chains.Visible.Slice(p.Chains, p.Chains+1), population: &p.population, key: s.Key.Stream(rng.StreamRestart),
	}}
	var others rbm.Batch
	if p.Refresh > 0 {
		e, err := p.newExchange(s)
		if err != nil {
			return err
		}
		p.movers = append(p.movers, e)
		p.cost.average += e.cost
		others = e.replicas.Visible()
	}
	p.population = newPopulation(p.Visible(), others)
	return nil
}
