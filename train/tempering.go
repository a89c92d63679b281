package train

import (
	"context"
	"fmt"

	"harmonium/rbm"
	"harmonium/sample"
)

// PT is the negative phase by parallel tempering: persistent chains like those of PCD at each of Rungs models between the model without
// weights and the model, which exchange states ([sample.Tempering]; G. Desjardins, A. Courville, Y. Bengio, P. Vincent and O. Delalleau, AISTATS
// 2010). The chains of the model can change modes that PCD's are caught in. An update costs Rungs times that of PCD and more.
type PT struct {
	Steps  int // rounds an update; 0 means 1
	Chains int // ladders; 0 means DefaultChains
	Rungs  int // 0 means DefaultRungs

	ladders *sample.Tempering
	cost    float64
}

// DefaultRungs is the number of rungs of PT.
const DefaultRungs = 10

// evenEvery is the number of updates after which the rungs are spaced anew.
const evenEvery = 50

// Start draws the chains from the model's visible biases.
func (p *PT) Start(s Setup) error {
	if p.Steps == 0 {
		p.Steps = 1
	}
	if p.Chains == 0 {
		p.Chains = DefaultChains
	}
	if p.Rungs == 0 {
		p.Rungs = DefaultRungs
	}
	if p.Steps < 0 || p.Chains < 0 || p.Rungs < 2 {
		return fmt.Errorf("pt with %d steps, %d chains and %d rungs, want at least one, one and two", p.Steps, p.Chains, p.Rungs)
	}
	base := s.Model.Clone()
	clear(base.W)
	clear(base.C)
	p.ladders = sample.NewTempering(base, s.Model, sample.FromBiases(s.Model, p.Chains, s.Key), p.Rungs, s.Key, s.Workers)
	// An exchange takes two products for each of the two neighbours, and is tried in every second round.
	p.cost = float64(p.Rungs) * (2*gibbsCost(s.Model, p.Chains, p.Steps) + costLoad*float64(len(s.Model.W)))
	return nil
}

// Phase lets the chains go on and averages over those of the model.
func (p *PT) Phase(_ context.Context, dst *rbm.Statistics, u Update) error {
	p.ladders.Follow()
	if u.Number > 0 && u.Number%evenEvery == 0 {
		p.ladders.Even()
	}
	for range p.Steps {
		p.ladders.Round()
	}
	u.Conditionals.Statistics(dst, u.Model, p.ladders.Visible(), nil)
	return nil
}

// Cost counts the rounds and the rungs' models.
func (p *PT) Cost() float64 { return p.cost }

func (p *PT) visible() rbm.States { return p.ladders.Visible() }

// Remember lists the chains and the ladder.
func (p *PT) Remember(m *Memory) {
	s := p.ladders.State()
	m.Counter("rounds", s.Rounds)
	for k, v := range s.Visible {
		m.States(fmt.Sprintf("chains.%d", k), v)
		m.Counter(fmt.Sprintf("sweeps.%d", k), s.Sweeps[k])
	}
	for k, x := range s.Numbers {
		m.Number(fmt.Sprintf("ladder.%d", k), x)
	}
}
