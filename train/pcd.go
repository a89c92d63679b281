package train

import (
	"context"

	"harmonium/monitor"
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
)

// PCD is persistent contrastive divergence (T. Tieleman, ICML 2008): the chains of the negative phase are not started again at each update,
// but go on from where the update before has left them. As the model changes little from update to update they stay close to its
// distribution with few sweeps each.
//
// Three things beside it are in files of their own: a random restart (restart.go), exchange with replica sets (refresh.go), and as many
// sweeps as the chains need (adapt.go).
type PCD struct {
	Steps  int // Gibbs sweeps an update; 0 means DefaultSteps
	Chains int // 0 means DefaultChains

	Adapt        bool // instead of Steps: as many as the chains need to forget within a few updates, from 1 to 64
	Refresh      int  // replica sets that exchange states with the chains, no more than chains
	Temperatures int  // of these; 0 means DefaultTemperatures
	Along        bool // the replicas lie along the models frozen in the training so far, and not on the straight line

	chains  *sample.Chains // the last is the random restart
	overlap monitor.Overlap
	cost    struct{ sweep, average float64 }

	restartKey rng.Key
	replicas   *replicaSets // nil without Refresh
	together   rbm.Batch    // the chains and those of the replica sets at the model
	doubled    uint64       // the number of doublings that Adapt has made of one sweep
}

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
			Help: "Gibbs sweeps an update; more: less bias, more time; auto: as many as the chains need to forget within a few updates"},
		{Name: "chains", At: &p.Chains, Default: DefaultChains, Least: 1, Help: "persistent chains; more: less noise in the gradient, more time"},
		{Name: "refresh", At: &p.Refresh,
			Help: "replica sets that exchange states with the chains, so that these change modes; 0 means none, " +
				"10 cost as much as 6 to 15 sweeps of 100 chains"},
	}, replicaSettings(&p.Temperatures, &p.Along, "refresh")...)
}

// Start draws the chains from the model's visible biases.
func (p *PCD) Start(s Setup) error {
	if err := checkChains(p.Kind(), s.Model, p.Chains, 1); err != nil {
		return err
	}
	p.chains = sample.NewChains(sample.FromBiases(s.Model, p.Chains+1, s.Key), s.Model.N(), s.Key)
	p.cost.average = monitor.GibbsCost(s.Model, p.Chains+1, 0)
	p.cost.sweep = monitor.GibbsCost(s.Model, p.Chains+1, 1) - p.cost.average
	p.restartKey = s.Key.Stream(rng.StreamRestart)
	if err := p.startRefresh(s); err != nil {
		return err
	}
	p.overlap = monitor.NewOverlap(p.watched())
	return nil
}

// Phase lets the chains go on, and averages over them: ⟨v_i h_j⟩_model ≈ (1/N) Σ_r v_ri P(h_j|v_r).
func (p *PCD) Phase(_ context.Context, dst *rbm.Statistics, u Update) error {
	p.chains.Sweep(u.Conditionals, p.Sweeps())
	p.tryRestart(u)
	p.refresh(u)
	p.overlap.See(p.watched(), u.Number+1)
	p.adapt(u.Number + 1)
	u.Conditionals.Statistics(dst, u.Model, p.visible(), nil)
	return nil
}

// visible are the chains that the phase averages over: all but the random restart.
func (p *PCD) visible() rbm.Batch { return p.chains.Visible.Slice(0, p.Chains) }

// Sweeps is the number of sweeps an update, as it is now.
func (p *PCD) Sweeps() int {
	if p.Adapt {
		return p.adapted()
	}
	return p.Steps
}

// Cost counts the sweeps, as many as there are now, and the average.
func (p *PCD) Cost() float64 { return float64(p.Sweeps())*p.cost.sweep + p.cost.average }

// Remember lists the chains.
func (p *PCD) Remember(m *Memory) {
	m.States("chains", p.chains.Visible)
	m.Counter("sweeps", &p.chains.Sweeps)
	m.Counter("doublings", &p.doubled)
	p.overlap.Remember(m.under("overlap"))
	if p.replicas != nil {
		p.replicas.remember(m.under("replicas"))
	}
}
