package train

import (
	"context"

	"harmonium/monitor"
	"harmonium/rbm"
	"harmonium/sample"
)

// PCD is persistent contrastive divergence (T. Tieleman, ICML 2008): the chains of the negative phase are not started again at each update,
// but go on from where the update before has left them. As the model changes little from update to update they stay close to its
// distribution with few sweeps each.
//
// What goes beyond the paper is in files of its own. Movers (mover.go) take the chains to where sweeps alone do not: a random restart
// (restart.go) and exchange with replica sets (exchange.go). The number of sweeps may follow (adapt.go) from the overlap time of the chains
// (overlap.go).
type PCD struct {
	Steps  int // Gibbs sweeps an update; 0 means DefaultSteps
	Chains int // 0 means DefaultChains

	Adapt        bool // instead of Steps: from 1 to 64 sweeps, so that the chains forget within a few updates
	Refresh      int  // replica sets that exchange states with the chains, no more than chains
	Temperatures int  // of these; 0 means DefaultTemperatures
	Ladder       bool // the replicas lie along the ladder, the models frozen in the training so far, and not on the straight line

	chains     *sample.Chains // the last is the random restart
	population population     // the others, and what they exchange states with
	movers     []mover
	doublings  uint64 // of one sweep, by Adapt
	cost       struct{ sweep, average float64 }
}

// Start draws the chains from the model's visible biases.
func (p *PCD) Start(s Setup) error {
	if err := checkChains(p.Kind(), s.Model, p.Chains, 1); err != nil {
		return err
	}
	p.chains = sample.NewChains(sample.FromBiases(s.Model, p.Chains+1, s.Key), s.Model.N(), s.Key)
	p.cost.average = monitor.GibbsCost(s.Model, p.Chains+1, 0)
	p.cost.sweep = monitor.GibbsCost(s.Model, p.Chains+1, 1) - p.cost.average
	return p.startMovers(s)
}

// Phase lets the chains go on, and averages over them: ⟨v_i h_j⟩_model ≈ (1/N) Σ_r v_ri P(h_j|v_r).
func (p *PCD) Phase(_ context.Context, dst *rbm.Statistics, u Update) error {
	p.chains.Sweep(u.Conditionals, p.Sweeps())
	for _, m := range p.movers {
		m.move(&p.population, u)
	}
	u.Conditionals.Statistics(dst, u.Model, p.Visible(), nil)
	p.population.see(u.Number + 1)
	p.adapt(u.Number + 1)
	return nil
}

// Visible are the chains that the phase averages over: all but the random restart.
func (p *PCD) Visible() rbm.Batch { return p.chains.Visible.Slice(0, p.Chains) }

// Cost counts the sweeps, by their number of now, and the average.
func (p *PCD) Cost() float64 { return float64(p.Sweeps())*p.cost.sweep + p.cost.average }

// Kind is "pcd".
func (*PCD) Kind() string { return "pcd" }

// About names the method.
func (*PCD) About() string {
	return "persistent chains, and a random restart every 20 updates, a heuristic: docs/math.md"
}

// Settings lists the settings.
func (p *PCD) Settings() []Setting {
	return append([]Setting{
		{Name: "steps", At: &p.Steps, Auto: &p.Adapt, Default: DefaultSteps, Least: 1,
			Help: "Gibbs sweeps an update; more: less bias, more time; auto: 1 to 64, so that the chains forget within a few updates"},
		{Name: "chains", At: &p.Chains, Default: DefaultChains, Least: 1,
			Help: "persistent chains; more: less noise in the gradient, more time"},
		{Name: "refresh", At: &p.Refresh,
			Help: "replica sets that exchange states with the chains, so that these change modes; 0 means none, " +
				"10 cost as much as 6 to 15 sweeps of 100 chains"},
	}, replicaSettings(&p.Temperatures, &p.Ladder, "refresh")...)
}

// Remember lists the chains, and what movers remember.
func (p *PCD) Remember(m *Memory) {
	m.States("chains", p.chains.Visible)
	m.Counter("sweeps", &p.chains.Sweeps)
	m.Counter("doublings", &p.doublings)
	p.population.overlap.Remember(m.under("overlap"))
	for _, mover := range p.movers {
		mover.remember(m)
	}
}
