package train

import "fmt"

// exchangeEvery is the number of updates between two exchanges of replica sets with chains.
const exchangeEvery = 10

// exchange moves chains by replica sets, which make one round an update and can change modes. Now and then the replica at the model of each
// set changes places with one of the chains, with each of these in turn. All are at the model, so that this leaves their distribution as it
// is.
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
