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
	Steps  int  // rounds an update; 0 means 1
	Chains int  // ladders; 0 means DefaultChains
	Rungs  int  // 0 means DefaultRungs
	Along  bool // the rungs are along the training so far, and not on the straight line

	ladders *ladders
	mixing  mixing
	cost    float64
}

// DefaultRungs is the number of rungs of PT.
const DefaultRungs = 10

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
	p.ladders = newLadders(s, p.Chains, p.Rungs, p.Along)
	p.cost = laddersCost(s.Model, p.Chains, p.Rungs, p.Steps)
	p.mixing = newMixing(p.visible())
	return nil
}

// Phase lets the chains go on and averages over those of the model.
func (p *PT) Phase(_ context.Context, dst *rbm.Statistics, u Update) error {
	p.ladders.follow(u)
	for range p.Steps {
		p.ladders.Round()
	}
	p.mixing.see(p.visible(), u.Number+1)
	u.Conditionals.Statistics(dst, u.Model, p.visible(), nil)
	return nil
}

// Cost counts the rounds and the rungs' models.
func (p *PT) Cost() float64 { return p.cost }

func (p *PT) visible() rbm.Batch { return p.ladders.Visible() }

func (p *PT) remembers(update uint64) chainMemory {
	return chainMemory{updates: p.mixing.updates(update), sweeps: p.Steps, fair: 1, remedy: "raise --steps or --rungs, or lower --rate"}
}

func (p *PT) goesAlong() bool { return p.Along }

// Remember lists the chains and the ladder.
func (p *PT) Remember(m *Memory) {
	p.ladders.remember(m)
	m.under("mixing", p.mixing.remember)
}

// ladders are tempered chains that follow the model from update to update.
type ladders struct {
	*sample.Tempering
	base  *rbm.Model // without weights
	along bool
	kept  uint64 // models of the trajectory that the rungs are placed along
}

// evenEvery is the number of updates after which the rungs are spaced anew.
const evenEvery = 50

func newLadders(s Setup, count, rungs int, along bool) *ladders {
	base := sample.IndependentModel(s.Model)
	path := sample.Path{base, s.Model}
	return &ladders{
		Tempering: sample.NewTempering(path, sample.FromBiases(s.Model, count, s.Key), rungs, s.Key, s.Compute), base: base, along: along,
	}
}

// laddersCost is the number of operations of so many rounds. An exchange takes two products for each of the two neighbours, and is tried in every
// second round.
func laddersCost(model *rbm.Model, count, rungs, rounds int) float64 {
	return float64(rungs) * (2*gibbsCost(model, count, rounds) + costLoad*float64(len(model.W)))
}

// follow takes over the model of an update, and the models kept along the training.
func (l *ladders) follow(u Update) {
	path := sample.Path{l.base}
	if l.along {
		path = append(path, u.trajectory...)
		if kept := uint64(len(u.trajectory)); kept != l.kept {
			l.Compress(float64(l.kept+1) / float64(kept+1))
			l.kept = kept
		}
	}
	l.SetPath(append(path, u.Model))
	if u.Number > 0 && u.Number%evenEvery == 0 {
		l.RespaceEvenly()
	}
}

func (l *ladders) remember(m *Memory) {
	m.Counter("kept", &l.kept)
	s := l.State()
	m.Counter("rounds", s.Rounds)
	for k, v := range s.Visible {
		m.States(fmt.Sprintf("chains.%d", k), v)
		m.Counter(fmt.Sprintf("sweeps.%d", k), s.Sweeps[k])
	}
	for k, x := range s.Numbers {
		m.Number(fmt.Sprintf("ladder.%d", k), x)
	}
}
