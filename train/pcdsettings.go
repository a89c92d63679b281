package train

import (
	"errors"
	"fmt"

	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/sample"
)

// mostChainMemory bounds what chains and replicas take, in bytes: their states, and P(h|v) of the averages.
const mostChainMemory = 4 << 30

// check refuses numbers of chains and replica sets that won't do or don't fit.
func (p *PCD) check(model *rbm.Model) error {
	if p.Replicas == 1 {
		return errors.New("pcd has 1 replica set, want 2 or more, or 0 for none: the error of log Z is their spread")
	}
	n, chains := float64(model.N()), float64(p.Chains)
	states := chains + monitor.MostTemperatures*float64(p.Replicas)
	if bytes := states*sample.StateBytes(model) + chains*4*n; bytes > mostChainMemory {
		return fmt.Errorf("pcd with %d chains and %d replica sets of %d×%d units would take %.1f GB of memory, and may have %.1f GB: "+
			"want fewer of them", p.Chains, p.Replicas, model.M(), model.N(), bytes/1e9, float64(mostChainMemory)/1e9)
	}
	return nil
}

// Bound is Trust.
func (p *PCD) Bound() float64 { return p.Trust }

// Ladder is nil without replica sets.
func (p *PCD) Ladder() *sample.Tempering {
	if p.replicas == nil {
		return nil
	}
	return p.replicas.Tempering
}

// Cost counts the sweeps, by their number of now, the average, a round of the replica sets, and what bounds the update.
func (p *PCD) Cost() float64 {
	cost := float64(p.Sweeps())*p.cost.sweep + p.cost.average + p.cost.trust
	if p.replicas != nil {
		cost += p.replicas.cost()
	}
	if p.jumps != nil {
		cost += p.cost.jumps
	}
	return cost
}

// Kind is "pcd".
func (*PCD) Kind() string { return "pcd" }

// About names the method.
func (*PCD) About() string {
	return "persistent chains, which exchange states with replicas at other temperatures, so that they change modes"
}

// Settings lists the settings.
func (p *PCD) Settings() []Setting {
	return []Setting{
		{Name: "steps", At: &p.Steps, Auto: &p.Adapt, Default: DefaultSteps, Least: 1,
			Help: "Gibbs sweeps an update; more: less bias, more time; auto: 1 to 64, so that the chains forget within a few updates"},
		{Name: "chains", At: &p.Chains, Default: DefaultChains, Least: 1,
			Help: "persistent chains; more: less noise in the gradient, more time"},
		{Name: "replicas", At: &p.Replicas,
			Help: "sets of replicas at temperatures between independent units and the model; 0: chains alone, as in the paper"},
		{Name: "trust", At: &p.Trust,
			Help: "most that an update may change the free energies of the chains against each other, as a standard deviation in nats: " +
				"changes of modes are held back to it, all others keep the rate; 0: no bound"},
	}
}

// Remember lists the chains, and the replica sets.
func (p *PCD) Remember(m *Memory) {
	m.States("chains", p.chains.Visible)
	m.States("hidden", p.chains.Hidden)
	m.Counter("sweeps", &p.chains.Sweeps)
	m.Counter("doublings", &p.doublings)
	p.population.overlap.Remember(m.under("overlap"))
	if p.replicas != nil {
		p.replicas.remember(m.under("replicas"))
	}
	if p.jumps != nil {
		p.jumps.remember(m.under("jumps"), p.chains.Visible.Units())
	}
}
