package train

import (
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/sample"
)

// settle brings the replicas of a model that is trained already to it, and the chains: before the first update the
// replicas go up from independent units, jump between the modes that a first search finds, and leave their states at
// the model to the chains. Without replica sets there are some for this alone.
func (p *PCD) settle(u Update) {
	replicas := p.replicas
	if replicas == nil {
		replicas = newReplicaSets(p.setup, DefaultReplicas)
	}
	if p.jumps != nil {
		p.jumps.search(&p.population, u)
		replicas.Jumps = p.jumps.modes
	}
	monitor.Settle(replicas.Tempering)
	var others rbm.Batch
	leave(replicas.Tempering, p.chains.Visible)
	if p.replicas != nil {
		others = replicas.Visible()
	}
	p.population = newPopulation(p.chains.Visible, others)
}

// leaveRounds are those of replicas that leave their states at the model to chains, in as many turns as that takes.
const leaveRounds = 200

func leave(t *sample.Tempering, chains rbm.Batch) {
	sets, count := t.Visible().Rows(), chains.Rows()
	turns := (count + sets - 1) / sets
	for k := 0; k < count; k += sets {
		for range max(1, leaveRounds/turns) {
			t.Round()
		}
		part := chains.Slice(k, min(k+sets, count))
		part.Copy(t.Visible().Slice(0, part.Rows()))
	}
}
