package train

import (
	"context"
	"math"

	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// CD is contrastive divergence: chains that start at the rows of the minibatch and make Steps sweeps
// (G. E. Hinton, Neural Computation 14 (2002) 1771). It is biased towards models that are good near the data.
type CD struct {
	Steps int // sweeps an update; 0 means DefaultCDSteps

	key     rng.Key
	cost    float64
	overlap float64 // of the chains of the last update with the rows that they began at
}

// Kind is "cd".
func (*CD) Kind() string { return "cd" }

// About names the method.
func (*CD) About() string { return "chains that start at the data" }

// Settings lists the settings.
func (c *CD) Settings() []Setting {
	return []Setting{
		{Name: "steps", At: &c.Steps, Default: DefaultCDSteps, Least: 1, Help: "Gibbs sweeps an update; more: less bias, more time"},
	}
}

// Start takes the settings over.
func (c *CD) Start(s Setup) error {
	c.key, c.cost = s.Key, monitor.GibbsCost(s.Model, s.Batch, c.Steps)
	return nil
}

// Phase sweeps chains that start at the minibatch and averages over them.
func (c *CD) Phase(_ context.Context, dst *rbm.Statistics, u Update) error {
	chains := sample.NewChains(u.Rows, u.Model.Hidden, c.key)
	chains.Sweeps = u.Number * uint64(c.Steps)
	chains.Sweep(u.Conditionals.Short(), c.Steps)
	c.overlap = monitor.OverlapWith(u.Rows, chains.Visible)
	u.Average(dst, rbm.Rows{Visible: chains.Visible})
	return nil
}

// Cost counts the sweeps and the average.
func (c *CD) Cost() float64 { return c.cost }

// Mixing tells no more than whether the chains have forgotten in one update, after which they start again.
func (c *CD) Mixing(uint64) monitor.Mixing {
	m := monitor.Mixing{Time: 1, Fair: 1, Sweeps: c.Steps, Restarted: true}
	if c.overlap >= 1/math.E {
		m.Time = 2
	}
	return m
}

// Remember does nothing: contrastive divergence forgets its chains.
func (*CD) Remember(*Memory) {}
