package train

import (
	"context"
	"errors"
	"fmt"

	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// PCD is persistent contrastive divergence (T. Tieleman, ICML 2008): the chains of the negative phase are not started
// again at each update, but go on from where the update before has left them. As the model changes little from update
// to update they stay close to its distribution with few sweeps each.
//
// What goes beyond the paper is in files of its own: the chains jump between modes (jumps.go) and exchange states with
// replica sets, which change modes (replicas.go), and the number of sweeps may follow (adapt.go) from the overlap time
// of the chains (overlap.go).
type PCD struct {
	Steps    int // Gibbs sweeps an update; 0 means DefaultSteps
	Chains   int // 0 means DefaultChains
	Replicas int // replica sets that exchange states with the chains; 0 means none

	// Trust is the largest standard deviation, over the chains, of the change of free energy in an update, in nats
	// ([Bounded]); 0 means none.
	Trust float64

	Adapt bool // instead of Steps: from 1 to 64 sweeps, so that the chains forget within a few updates

	chains     *sample.Chains
	replicas   *replicaSets // nil for none
	jumps      *jumps       // nil for none
	population population   // the chains, and the replicas at the model
	doublings  uint64       // of one sweep, by Adapt
	setup      Setup
	cost       struct{ sweep, average, jumps, trust float64 }
}

// Start draws the chains from independent units. To a model that is trained already they come in the first Phase.
func (p *PCD) Start(s Setup) error {
	if err := p.check(s.Model); err != nil {
		return err
	}
	p.setup = s
	p.chains = sample.NewChains(sample.FromBiases(s.base(), p.Chains, s.Key), s.Model.Hidden, s.Key)
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
	return nil
}

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

// Phase lets the chains go on, and averages over them: ⟨v_i h_j⟩_model ≈ (1/N) Σ_r v_ri P(h_j|v_r). The product that
// P(h|v) comes from also gives the draw of h that the next update's first sweep begins with.
func (p *PCD) Phase(_ context.Context, dst *rbm.Statistics, u Update) error {
	if u.Number == 0 && p.setup.Base != nil {
		p.settle(u)
	}
	p.sweep(u)
	if p.replicas != nil {
		if p.jumps != nil {
			p.replicas.Jumps = p.jumps.move(&p.population, u)
		}
		p.replicas.exchange(&p.population, u)
	}
	u.Average(dst, p.chains.Rows())
	p.population.see(u.Number + 1)
	p.adapt(u.Number + 1)
	return nil
}

// sweep makes the sweeps of an update.
func (p *PCD) sweep(u Update) {
	if u.Number == 0 {
		p.chains.Sweep(u.Conditionals, p.Sweeps())
	} else {
		p.chains.SweepDrawn(u.Conditionals, p.Sweeps())
	}
}

// Visible are the chains, which the phase averages over.
func (p *PCD) Visible() rbm.Batch { return p.chains.Visible }

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
