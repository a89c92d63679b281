package train

import (
	"context"

	"harmonium/compute"
	"harmonium/monitor"
	"harmonium/rbm"
	"harmonium/rng"
)

// Negative supplies the negative phase of the gradient, the averages ⟨v_i⟩, ⟨h_j⟩ and ⟨v_i h_j⟩ over the model. It may keep
// state, such as chains: use a fresh one for each training.
type Negative interface {
	Configurable
	// Start is called once, before the first Phase, with the model as it is before the first update. Defaults are filled in by then.
	Start(s Setup) error
	// Phase writes the averages over the model into dst.
	Phase(ctx context.Context, dst *rbm.Statistics, u Update) error
	// Cost is the number of elementary operations of one Phase, for deciding what else is affordable.
	Cost() float64
	// Remember lists what must survive from one update to the next.
	Remember(*Memory)
}

// Negatives returns one of each kind of negative phase; the first is the default. A new one is a file with its type, and a row here.
func Negatives() []Negative {
	return []Negative{
		&PCD{},
		&CD{},
		&PT{},
		&Exact{},
	}
}

// Setup is what a Negative may use from the beginning.
type Setup struct {
	Model   *rbm.Model
	Batch   int     // rows of a minibatch, at most
	Key     rng.Key // of the negative phase
	Compute *compute.Context
}

// Update is what a Negative may use for one update.
type Update struct {
	Number       uint64 // 0, 1, …
	Model        *rbm.Model
	Conditionals *rbm.Conditionals // of Model
	Rows         rbm.Batch         // the minibatch

	ladder []*rbm.Model // models frozen along the training so far, where the replicas of PCD or PT lie along them
}

// The defaults of the negative phases, chosen by measurement (docs/decisions/0042).
const (
	DefaultSteps        = 10  // Gibbs sweeps an update; rounds of PT
	DefaultChains       = 100 // of PCD; replica sets of PT
	DefaultTemperatures = 10  // of replica sets
)

// persistent is a negative phase with chains that go on from update to update.
type persistent interface {
	visible() rbm.Batch
	alongLadder() bool // whether its replicas lie along the models frozen along the training
}

// mixing is a negative phase whose chains may be slow to forget.
type mixing interface {
	mixing(update uint64) monitor.Mixing
}
