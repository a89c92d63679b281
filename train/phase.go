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
}

// The defaults of the negative phases, chosen by measurement (docs/decisions/0072).
const (
	DefaultSteps    = 10  // Gibbs sweeps an update
	DefaultChains   = 100 // of PCD
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
