package train

import (
	"cmp"
	"context"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/sample"
)

// PCD is persistent contrastive divergence (T. Tieleman, ICML 2008): the chains of the negative phase are not started
// again at each update, but go on from where the update before has left them. As the model changes little from update
// to update they stay close to its distribution with few sweeps each.
//
// What goes beyond the paper is in files of its own, from mix.go on: the chains jump between modes and exchange states
// with replica sets, which change modes, and the number of sweeps may follow from the overlap time of the chains
// (adapt.go). What it has in common with other phases is in pcdsettings.go.
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
	p.chains = sample.NewChains(sample.FromBiases(cmp.Or(s.Base, s.Model), p.Chains, s.Key), s.Model.Hidden, s.Key)
	p.equip()
	return nil
}

// Phase lets the chains go on, and averages over them: ⟨v_i h_j⟩_model ≈ (1/N) Σ_r v_ri P(h_j|v_r). The product that
// P(h|v) comes from also gives the draw of h that the next update's first sweep begins with.
func (p *PCD) Phase(_ context.Context, dst *rbm.Statistics, u Update) error {
	if u.Number == 0 && p.setup.Base != nil {
		p.settle(u)
	}
	p.sweep(u)
	p.mix(u)
	u.Average(dst, p.chains.Rows())
	p.population.see(u.Number + 1)
	p.adapt(u.Number + 1)
	return nil
}

// sweep makes the sweeps of an update.
func (p *PCD) sweep(u Update) {
	if u.Number == 0 {
		p.chains.Sweep(u.Conditionals.Short(), p.Sweeps())
	} else {
		p.chains.SweepDrawn(u.Conditionals.Short(), p.Sweeps())
	}
}

// Visible are the chains, which the phase averages over.
func (p *PCD) Visible() rbm.Batch { return p.chains.Visible }
