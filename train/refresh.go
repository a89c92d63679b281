package train

import (
	"fmt"

	"harmonium/rbm"
)

// refreshEvery is the number of updates between two exchanges of replica sets with the chains.
const refreshEvery = 10

// startRefresh prepares PCD's replica sets, whose chains make one round an update and can change modes.
func (p *PCD) startRefresh(s Setup) error {
	if p.Refresh == 0 {
		return nil
	}
	if p.Refresh > p.Chains {
		return fmt.Errorf("pcd of %d chains is refreshed by %d replica sets, want no more than chains", p.Chains, p.Refresh)
	}
	p.replicas = newReplicaSets(s, p.Refresh, p.Temperatures, p.Along)
	p.cost.average += replicasCost(s.Model, p.Refresh, p.Temperatures, 1)
	p.together = rbm.NewBatch(p.Chains+p.Refresh, s.Model.M())
	return nil
}

// refresh lets the replica sets go on and now and then exchange states with the chains, each of these in turn: all are at the model, so
// that it changes nothing in the distribution.
func (p *PCD) refresh(u Update) {
	if p.replicas == nil {
		return
	}
	p.replicas.follow(u)
	p.replicas.Round()
	if done := u.Number + 1; done%refreshEvery == 0 {
		p.exchange(done / refreshEvery)
	}
}

// exchange lets the chain at the model of each replica set change places with one of the others.
func (p *PCD) exchange(turn uint64) {
	for k := range p.Refresh {
		chain := (int(turn)*p.Refresh + k) % p.Chains
		p.chains.Visible.Swap(chain, p.replicas.Visible(), k)
		p.overlap.Swap(chain, p.Chains+k)
	}
}

// watched are the chains whose overlap is measured: also those of the replica sets at the model, with which the others change places.
func (p *PCD) watched() rbm.Batch {
	if p.replicas == nil {
		return p.visible()
	}
	p.together.Slice(0, p.Chains).Copy(p.visible())
	p.together.Slice(p.Chains, p.Chains+p.Refresh).Copy(p.replicas.Visible())
	return p.together
}

func (p *PCD) alongLadder() bool { return p.Along && p.replicas != nil }
