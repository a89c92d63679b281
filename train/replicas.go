package train

import (
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/sample"
)

// replicaSets are replicas at temperatures between independent units and the model ([sample.Tempering]), which follow
// the model from update to update. They change modes on their way through independent units, and give what they find to
// the chains: a replica at the model and a chain change places, which leaves the distribution of both as it is.
type replicaSets struct {
	*sample.Tempering
	model *rbm.Model
}

// firstTemperatures is their number before any exchanges: the model then is independent units but for small weights.
const firstTemperatures = 4

func newReplicaSets(s Setup, count int) *replicaSets {
	base, temperatures := s.base(), firstTemperatures
	if s.Base != nil {
		temperatures = sample.FirstTemperatures
	}
	starts := sample.FromBiases(base, count, s.Key)
	line := rbm.NewLine(base, s.Model, s.Conditionals)
	return &replicaSets{sample.NewTempering(line, starts, temperatures, s.Key), s.Model}
}

// exchange makes a round, and lets each replica at the model change places with a chain, another chain in each update.
func (r *replicaSets) exchange(p *population, u Update) {
	if u.Number > 0 && u.Number%monitor.RespaceEvery == 0 {
		r.Respace(monitor.MostTemperatures)
	}
	r.Round()
	p.others = r.Visible()
	chains, sets := p.chains.Rows(), p.others.Rows()
	for k := range min(sets, chains) {
		p.swap((int(u.Number)*sets+k)%chains, k)
	}
}

func (r *replicaSets) cost() float64 { return monitor.RoundCost(r.Tempering, r.model) }

func (r *replicaSets) remember(m *Memory) { monitor.RememberReplicas(m, "", r.Tempering) }
