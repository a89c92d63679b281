package train

import (
	"context"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// Negative supplies the negative phase of the gradient, the averages ⟨v_i⟩, ⟨h_j⟩ and ⟨v_i h_j⟩ over the model. It may
// keep state, such as chains: use a fresh one for each training. What it may offer besides: [Persistent], [Bounded],
// [Laddered], [Mixer], [Sweeper].
type Negative interface {
	Configurable
	// Start is called once, before the first Phase, with the model as it is before the first update. Defaults are
	// filled in by then.
	Start(s Setup) error
	// Phase writes the averages over the model into dst.
	Phase(ctx context.Context, dst *rbm.Statistics, u Update) error
	// Cost is the number of elementary operations of one Phase, for deciding what else is affordable.
	Cost() float64
	// Remember lists what must survive from one update to the next.
	Remember(*Memory)
}

// Negatives returns one of each kind of negative phase; the first is the default. A new one is a file with its type,
// and a row here.
func Negatives() []Negative {
	return []Negative{
		&PCD{Replicas: DefaultReplicas, Trust: DefaultTrust},
		&CD{},
		&Exact{},
	}
}

// Setup is what a Negative may use from the beginning.
type Setup struct {
	Model *rbm.Model
	// Base are independent units with the means of the data, for chains and replicas to begin at, where Model is trained
	// already; nil where Model itself is that, but for small weights.
	Base         *rbm.Model
	Conditionals *rbm.Conditionals // of Model, at the beginning of each update
	Data         rbm.Batch         // all rows
	Batch        int               // of them a minibatch, at most
	Key          rng.Key           // of the negative phase
	Compute      *compute.Context
}

// base are independent units to begin at.
func (s Setup) base() *rbm.Model {
	if s.Base != nil {
		return s.Base
	}
	return sample.IndependentModel(s.Model)
}

// Update is what a Negative may use for one update.
type Update struct {
	Number       uint64 // 0, 1, …
	Model        *rbm.Model
	Conditionals *rbm.Conditionals // of Model
	Rows         rbm.Batch         // the minibatch; where rows have bases, configurations for chains to begin at

	device *device
	data   *positive // nil: made by itself
}

// positive is a positive phase that waits for the states of the negative one.
type positive struct {
	dst  *rbm.Statistics
	rows rbm.Rows
	done bool
}

// Average writes the averages over states of the model into dst, which [Negative].Phase was given. Where it can it takes
// those of the positive phase at the same time, by one product: then the VH of dst is not written, and may be nil.
func (u Update) Average(dst *rbm.Statistics, states rbm.Rows) {
	if u.data == nil {
		u.Conditionals.Average(dst, states)
		return
	}
	u.Conditionals.Difference(u.data.dst, dst, u.data.rows, states)
	u.data.done = true
}

// phases makes both phases of an update, over the minibatch and over the model: all averages, and in the VH of the
// positive ones ⟨v_i h_j⟩_data − ⟨v_i h_j⟩_model.
func (t *Training) phases(ctx context.Context, rows rbm.Batch, weights []float32) error {
	u := Update{Number: t.done, Model: t.Model, Conditionals: t.conditionals, Rows: t.chainStarts(rows), device: t.device}
	if t.set.Bases == nil {
		u.data = &positive{dst: t.positive, rows: rbm.Rows{Visible: rows, Weights: weights}}
	}
	if !usesConditionalsAlone(t.config.Negative) {
		t.Current()
	}
	if err := t.config.Negative.Phase(ctx, t.negative, u); err != nil {
		return err
	}
	if u.data != nil && u.data.done {
		return nil
	}
	if u.data != nil {
		t.conditionals.Average(t.positive, u.data.rows)
	} else {
		t.config.Likelihood.Phase(t.positive, t.Model, t.conditionals, rows, t.bases, weights, t.left())
	}
	t.device.fetch(t.positive.VH)
	t.config.Compute.Subtract(t.positive.VH, t.positive.VH, t.negative.VH)
	t.device.push(t.positive.VH)
	return nil
}

// The defaults of the negative phases, chosen by measurement (docs/decisions/0097).
const (
	DefaultSteps    = 5   // Gibbs sweeps an update of PCD,
	DefaultCDSteps  = 10  // and of CD
	DefaultChains   = 200 // of PCD
	DefaultReplicas = 20  // replica sets of the PCD that [Negatives] returns,
	DefaultTrust    = 0.3 // and its bound on updates, in nats
)

// Persistent is a [Negative] with chains that go on from update to update. Searches for modes begin at half of them.
type Persistent interface {
	// Visible are the chains as the last Phase has left them; only read.
	Visible() rbm.Batch
}

// Mixer is a [Negative] whose chains may be slow to forget where they were. An [Evaluation] has the findings about
// that.
type Mixer interface {
	// Mixing is how well the chains mix after a number of updates. For persistent chains [monitor.Overlap] measures it.
	Mixing(updates uint64) monitor.Mixing
}

// Sweeper is a [Negative] that tells the number of its sweeps an update, for [Evaluation].Sweeps.
type Sweeper interface {
	Sweeps() int
}

// Laddered is a [Negative] with replicas at temperatures between independent units and the model. Live scores begin at
// them.
type Laddered interface {
	// Ladder is nil where there are none; only read.
	Ladder() *sample.Tempering
}
