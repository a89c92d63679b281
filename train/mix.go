package train

import (
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// equip gives the chains what helps them to change modes: replica sets (replicas.go) and jumps (jumps.go).
func (p *PCD) equip() {
	s := p.setup
	p.cost.average = monitor.GibbsCost(s.Model, p.Chains, 0)
	p.cost.sweep = monitor.GibbsCost(s.Model, p.Chains, 1) - p.cost.average
	if p.Trust > 0 {
		p.cost.trust = trustCost(s.Model, p.Chains)
	}
	var others rbm.Batch
	if p.Replicas > 0 {
		p.replicas = newReplicaSets(s, p.Replicas)
		if sample.CheckModes(s.Model) == nil {
			p.jumps = &jumps{key: s.Key.Stream(rng.StreamJumps), data: s.Data}
			p.cost.jumps = jumpsCost(s.Model, p.Chains)
		}
		others = p.replicas.Visible()
	}
	p.population = newPopulation(p.chains.Visible, others)
}

// mix lets chains jump between modes, and exchange states with the replica sets.
func (p *PCD) mix(u Update) {
	if p.replicas == nil {
		return
	}
	if p.jumps != nil {
		p.replicas.Jumps = p.jumps.move(&p.population, u)
	}
	p.replicas.exchange(&p.population, u)
}
