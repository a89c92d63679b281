package train_test

import (
	"context"
	"fmt"
	"math"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
	"github.com/harmonium-rbm/harmonium/train"
)

func ExampleStart() {
	set, _ := data.BarsSample(4, 4, 2000, rng.Seed(1))
	model := rbm.New(set.Units(), 16, rng.Seed(1))
	training, err := train.Start(model, set, train.Config{Epochs: 50}) // the zero Config is a good one
	if err != nil {
		fmt.Println(err)
		return
	}
	for p := range training.Steps(context.Background()) {
		if e := p.Evaluation; e != nil && p.Update == p.Planned {
			fmt.Printf("%s log-likelihood above independent units: %v\n", e.Train.Method, e.Train.Value > -16*math.Ln2)
		}
	}
	// Output: exact log-likelihood above independent units: true
}

// tieleman is a negative phase of one's own: persistent chains that make one sweep an update, and nothing else. It also
// offers its chains to scores, and their overlap time to evaluations.
type tieleman struct {
	chains  *sample.Chains
	overlap monitor.Overlap
	cost    float64
}

var _ interface {
	train.Negative
	train.Persistent
	train.Mixer
} = (*tieleman)(nil)

func (*tieleman) Kind() string              { return "tieleman" }
func (*tieleman) About() string             { return "persistent chains that make one sweep an update" }
func (*tieleman) Settings() []train.Setting { return nil }
func (p *tieleman) Cost() float64           { return p.cost }
func (p *tieleman) Visible() rbm.Batch      { return p.chains.Visible }

func (p *tieleman) Start(s train.Setup) error {
	const chains = 100
	p.chains = sample.NewChains(sample.FromBiases(s.Model, chains, s.Key), s.Model.Hidden, s.Key)
	p.overlap = monitor.NewOverlap(p.chains.Visible)
	p.cost = monitor.GibbsCost(s.Model, chains, 1)
	return nil
}

func (p *tieleman) Phase(_ context.Context, dst *rbm.Statistics, u train.Update) error {
	p.chains.Sweep(u.Conditionals, 1)
	p.overlap.See(p.chains.Visible, u.Number+1)
	u.Conditionals.Statistics(dst, p.chains.Visible, nil)
	return nil
}

func (p *tieleman) Mixing(updates uint64) monitor.Mixing {
	return monitor.Mixing{Time: p.overlap.Time(updates), Fair: 1, Sweeps: 1}
}

func (p *tieleman) Remember(m *train.Memory) {
	m.States("chains", p.chains.Visible)
	m.Counter("sweeps", &p.chains.Sweeps)
	p.overlap.Remember(m)
}

func ExampleNegative() {
	set, _ := data.BarsSample(4, 4, 2000, rng.Seed(1))
	training, err := train.Start(rbm.New(16, 16, rng.Seed(1)), set, train.Config{Negative: &tieleman{}})
	if err != nil {
		fmt.Println(err)
		return
	}
	var last diag.Finding
	for p := range training.Steps(context.Background()) {
		if e := p.Evaluation; e != nil && len(e.Findings) > 0 {
			last = e.Findings[0]
		}
	}
	fmt.Println(training.Finished(), last.Code)
	// Output: done chains-caught
}
