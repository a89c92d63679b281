package train

import (
	"context"

	"harmonium/monitor"
	"harmonium/rbm"
)

// PT is the negative phase by parallel tempering (G. Desjardins, A. Courville, Y. Bengio, P. Vincent and O. Delalleau, AISTATS 2010):
// persistent chains like those of PCD at each of several temperatures, between independent units and the model, which exchange states
// ([sample.Tempering]). So the chains at the model change modes, where PCD's stay in one. An update costs Temperatures times that of PCD,
// and more.
type PT struct {
	Steps        int  // rounds an update; 0 means DefaultSteps
	Chains       int  // replica sets; 0 means DefaultChains
	Temperatures int  // 0 means DefaultTemperatures
	Ladder       bool // the replicas lie along the ladder, the models frozen in the training so far, and not on the straight line

	replicas *replicaSets
	overlap  monitor.Overlap
	cost     float64
}

// Kind is "pt".
func (*PT) Kind() string { return "pt" }

// About names the method.
func (*PT) About() string {
	return "persistent chains that change modes by parallel tempering; takes more time"
}

// Settings lists the settings.
func (p *PT) Settings() []Setting {
	return append([]Setting{
		{Name: "steps", At: &p.Steps, Default: DefaultSteps, Least: 1,
			Help: "Gibbs sweeps and exchanges an update; more: less bias, more time"},
		{Name: "chains", At: &p.Chains, Default: DefaultChains, Least: 1,
			Help: "replica sets; more: less noise in the gradient, more time"},
	}, replicaSettings(&p.Temperatures, &p.Ladder, "")...)
}

// Start draws the chains from the model's visible biases.
func (p *PT) Start(s Setup) error {
	if err := checkChains(p.Kind(), s.Model, p.Chains, p.Temperatures); err != nil {
		return err
	}
	p.replicas = newReplicaSets(s, p.Chains, p.Temperatures)
	p.cost = replicasCost(s.Model, p.Chains, p.Temperatures, p.Steps)
	p.overlap = monitor.NewOverlap(p.Visible())
	return nil
}

// Phase lets the replica sets go on and averages over the chains of the model.
func (p *PT) Phase(_ context.Context, dst *rbm.Statistics, u Update) error {
	p.replicas.follow(u)
	for range p.Steps {
		p.replicas.Round()
	}
	p.overlap.See(p.Visible(), u.Number+1)
	u.Conditionals.Statistics(dst, u.Model, p.Visible(), nil)
	return nil
}

// Cost counts the rounds and the models of the temperatures.
func (p *PT) Cost() float64 { return p.cost }

// Visible are the replicas at the model.
func (p *PT) Visible() rbm.Batch { return p.replicas.Visible() }

// UsesLadder tells whether the replicas lie along the ladder.
func (p *PT) UsesLadder() bool { return p.Ladder }

// Mixing tells the overlap time of the replicas at the model. It should be one update.
func (p *PT) Mixing(updates uint64) monitor.Mixing {
	return monitor.Mixing{Time: p.overlap.Time(updates), Fair: 1, Sweeps: p.Steps}
}

// Remember lists the replica sets.
func (p *PT) Remember(m *Memory) {
	p.replicas.remember(m.under("replicas"))
	p.overlap.Remember(m.under("overlap"))
}
