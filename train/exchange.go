package train

import "fmt"

// exchangeEvery is the number of updates between two exchanges of replica sets with chains.
const exchangeEvery = 10

// exchange moves chains by replica sets, whose replicas at the model change modes. The sets make one round an update. Every exchangeEvery
// updates each replica at the model changes places with a chain, another chain each time. Both are at the model, so that the exchange leaves
// their distribution as it is.
type exchange struct {
	replicas   *replicaSets
	population *population // its others are the replicas at the model
	cost       float64     // of a round
}

func (p *PCD) newExchange(s Setup) (*exchange, error) {
	if p.Refresh > p.Chains {
		return nil, fmt.Errorf("pcd of %d chains is refreshed by %d replica sets, want no more than chains", p.Chains, p.Refresh)
	}
	return &exchange{
		replicas: newReplicaSets(s, p.Refresh, p.Temperatures), population: &p.population,
		cost: replicasCost(s.Model, p.Refresh, p.Temperatures, 1),
	}, nil
}

func (e *exchange) move(u Update) {
	e.replicas.follow(u)
	e.replicas.Round()
	if done := u.Number + 1; done%exchangeEvery == 0 {
		e.swap(done / exchangeEvery)
	}
}

// swap lets the replicas at the model change places with chains.
func (e *exchange) swap(turn uint64) {
	chains, sets := e.population.chains.Rows(), e.population.others.Rows()
	for k := range sets {
		e.population.swap((int(turn)*sets+k)%chains, k)
	}
}

func (e *exchange) remember(m *Memory) { e.replicas.remember(m.under("replicas")) }

// UsesLadder tells whether there are replica sets that lie along the ladder.
func (p *PCD) UsesLadder() bool { return p.Ladder && p.Refresh > 0 }
