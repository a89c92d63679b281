package train_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
	"github.com/harmonium-rbm/harmonium/train"
)

// climber is a negative phase of one's own that brings replicas, or none, and counts the looks at its chains.
type climber struct {
	tieleman
	sets   int
	ladder *sample.Tempering
	looked int
}

func (c *climber) Start(s train.Setup) error {
	if c.sets > 0 {
		line := rbm.NewLine(sample.IndependentModel(s.Model), s.Model, s.Conditionals)
		c.ladder = sample.NewTempering(line, sample.FromBiases(s.Model, c.sets, s.Key), 5, s.Key)
	}
	return c.tieleman.Start(s)
}

func (c *climber) Phase(ctx context.Context, dst *rbm.Statistics, u train.Update) error {
	if c.ladder != nil {
		c.ladder.Round()
	}
	return c.tieleman.Phase(ctx, dst, u)
}

func (c *climber) Remember(m *train.Memory) {
	c.tieleman.Remember(m)
	if c.ladder != nil {
		monitor.RememberReplicas(m, "ladder.", c.ladder)
	}
}

func (c *climber) Ladder() *sample.Tempering { return c.ladder }
func (*climber) Sweeps() int                 { return 3 }

func (c *climber) Visible() rbm.Batch {
	c.looked++
	return c.tieleman.Visible()
}

// A negative phase of one's own has what it offers taken, and its replicas where it has any, also after resuming.
func TestOwnNegative(t *testing.T) {
	set, err := data.BarsSample(8, 8, 200, rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	for _, sets := range []int{0, 6} {
		config := func(c *climber) train.Config {
			c.sets = sets
			return train.Config{Negative: c, Updates: 200, Every: 100, Rate: 0.03}
		}
		c := new(climber)
		training := start(t, 60, set, config(c))
		var half bytes.Buffer
		var last *train.Evaluation
		for p := range training.Steps(t.Context()) {
			if e := p.Evaluation; e != nil && e.Sweeps != 3 {
				t.Errorf("update %d: evaluation of %d sweeps, want 3", p.Update, e.Sweeps)
			}
			if p.Update == 100 {
				if err := training.Checkpoint(&half); err != nil {
					t.Fatal(err)
				}
			}
			last = p.Evaluation
		}
		if found := last.Findings; len(found) == 0 || found[len(found)-1].Code != "chains-slow" {
			t.Errorf("findings are %v, want chains-slow among them", found)
		}
		if c.looked != 3 { // updates 1, 100, 200
			t.Errorf("the monitor looked at the chains %d times, want 3", c.looked)
		}
		if own := bytes.Contains(half.Bytes(), []byte(`"monitor.ladder.betas"`)); own != (sets == 0) {
			t.Errorf("%d replica sets: the monitor keeps its own: %v", sets, own)
		}
		again := start(t, 60, set, config(new(climber)))
		if err := again.Resume(half.Bytes()); err != nil {
			t.Fatal(err)
		}
		all := finish(t, again)
		if e := all[len(all)-1].Evaluation; e.LogZ != last.LogZ || again.Model.W[7] != training.Model.W[7] {
			t.Errorf("%d replica sets: resumed, log Z is %v and w is %v, want %v and %v",
				sets, e.LogZ, again.Model.W[7], last.LogZ, training.Model.W[7])
		}
	}
}
