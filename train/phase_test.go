package train_test

import (
	"bytes"
	"context"
	"testing"

	"harmonium/data"
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/train"
)

// climber is a negative phase of one's own that looks at the ladder.
type climber struct {
	tieleman
	uses           bool
	ladder, looked int // models of the ladder in the last phase, and looks at the chains
}

func (c *climber) Phase(ctx context.Context, dst *rbm.Statistics, u train.Update) error {
	c.ladder = len(u.Ladder)
	return c.tieleman.Phase(ctx, dst, u)
}

func (c *climber) UsesLadder() bool { return c.uses }
func (*climber) Sweeps() int        { return 3 }

func (c *climber) Visible() rbm.Batch {
	c.looked++
	return c.tieleman.Visible()
}

// A negative phase of one's own has what it offers taken, and the ladder where it uses it, also after resuming.
func TestOwnNegative(t *testing.T) {
	set, err := data.BarsSample(8, 8, 200, rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	for _, uses := range []bool{true, false} {
		config := func(c *climber) train.Config {
			c.uses = uses
			return train.Config{Negative: c, Updates: 200, Every: 100, Rate: 0.03}
		}
		c := new(climber)
		training := start(t, 60, set, config(c))
		var half bytes.Buffer
		for p := range training.Steps(t.Context()) {
			if e := p.Evaluation; e != nil && e.Sweeps != 3 {
				t.Errorf("update %d: evaluation of %d sweeps, want 3", p.Update, e.Sweeps)
			}
			if p.Update == 100 {
				if err := training.Checkpoint(&half); err != nil {
					t.Fatal(err)
				}
			}
			if e := p.Evaluation; p.Update == 200 && (len(e.Findings) == 0 || e.Findings[len(e.Findings)-1].Code != "chains-slow") {
				t.Errorf("findings are %v, want chains-slow among them", e.Findings)
			}
		}
		if c.looked != 3 { // updates 1, 100, 200
			t.Errorf("the monitor looked at the chains %d times, want 3", c.looked)
		}
		if (c.ladder > 0) != uses {
			t.Errorf("uses the ladder: %v, but it has %d models", uses, c.ladder)
		}
		resumed := new(climber)
		again := start(t, 60, set, config(resumed))
		if err := again.Resume(half.Bytes()); err != nil {
			t.Fatal(err)
		}
		finish(t, again)
		if resumed.ladder != c.ladder || again.Model.W[7] != training.Model.W[7] {
			t.Errorf("uses the ladder: %v: resumed, the ladder has %d models and w is %v, want %d and %v",
				uses, resumed.ladder, again.Model.W[7], c.ladder, training.Model.W[7])
		}
	}
}
