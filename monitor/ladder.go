package monitor

import (
	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// The ladder of a training whose negative phase has none.
const (
	ladderSets         = 20
	ladderTemperatures = 10 // at the beginning
)

// Replicas that follow a training, in a negative phase or beside it, have at most MostTemperatures, which are spaced
// again after every RespaceEvery rounds.
const (
	MostTemperatures = 40
	RespaceEvery     = 50
)

// ladder is replica exchange ([sample.Tempering]) beside a training, for scores. It follows the model by as many rounds
// as its account affords. Its replicas jump between the modes that the last search has found.
type ladder struct {
	*sample.Tempering
	model   *rbm.Model
	on      *compute.Context
	trained bool // the model is, before the first update
	account *account
	known   sample.KnownModes // of Jumps
}

func newLadder(c Config, a *account, key rng.Key) *ladder {
	line := rbm.NewLine(c.base(), c.Model, c.Conditionals)
	starts := sample.FromBiases(c.Model, ladderSets, key)
	return &ladder{
		Tempering: sample.NewTempering(line, starts, ladderTemperatures, key),
		model:     c.Model, trained: c.Trained, on: c.Conditionals.Compute(), account: a,
	}
}

// base are independent units: the model's without weights or, where it is trained already or there are real numbers,
// which a trained model keeps close to what its hidden units say, with the means and variances of the data.
func (c Config) base() *rbm.Model {
	base := sample.IndependentModel(c.Model)
	if c.Trained || !c.Model.Discrete() {
		base.SetMoments(c.Data.Means(), c.Data.Variances())
	}
	return base
}

// jumpTo has the replicas jump between modes.
func (l *ladder) jumpTo(jumps *sample.Jumps) { l.Jumps, l.known = jumps, jumps.Known() }

// due reports whether follow is going to make rounds. Where its jumps or its temperatures come only then, it may.
func (l *ladder) due() bool {
	if l.Jumps == nil && len(l.known.Bounds) > 0 || l.trained && l.Rounds() == 0 {
		return true
	}
	l.account.price = RoundCost(l.Tempering, l.model)
	return l.account.balance+l.account.pays(1) >= 1
}

// follow makes the rounds that an update pays for.
func (l *ladder) follow() {
	if l.Jumps == nil && len(l.known.Bounds) > 0 { // after a checkpoint has been read
		l.Jumps = sample.NewJumps(l.model.Visible, l.known.Means, l.known.Bounds, l.on)
	}
	if l.trained && l.Rounds() == 0 {
		Settle(l.Tempering)
	}
	l.account.price = RoundCost(l.Tempering, l.model) // with its jumps
	l.account.Earn(1)
	for l.account.Affords(1) {
		l.account.Spend(1)
		l.Round()
		if l.Rounds()%RespaceEvery == 0 {
			l.Respace(MostTemperatures)
		}
	}
}

// The stages of Settle, in rounds.
const (
	firstStage = 25
	lastStage  = 200
)

// Settle brings replicas that were drawn from independent units to a model that is trained already, in stages of 25,
// 50, 100 and 200 rounds. After each but the last the temperatures are spaced again.
func Settle(t *sample.Tempering) {
	for rounds := firstStage; ; rounds *= 2 {
		for range rounds {
			t.Round()
		}
		if rounds >= lastStage {
			return
		}
		t.Respace(MostTemperatures)
	}
}

func (l *ladder) remember(m Memory) {
	m.Number("ladder.account", &l.account.balance)
	RememberReplicas(m, "ladder.", l.Tempering)
	if RememberModes(m, "ladder.", &l.known, l.model.M()) {
		l.Jumps = nil
	}
}

// RememberModes lists what must survive of modes to jump to, under names with a prefix, and reports whether they are
// read.
func RememberModes(m Memory, prefix string, known *sample.KnownModes, units int) (read bool) {
	n, read := m.Length(prefix + "bounds")
	if read {
		n = min(n, sample.MostJumps)
		*known = sample.KnownModes{Means: make([]float32, n*units), Bounds: make([]float64, n)}
	}
	m.Floats(prefix+"means", known.Means)
	m.Numbers(prefix+"bounds", known.Bounds)
	m.Check(known.Check)
	return read
}

// RememberReplicas lists what must survive of replica sets, under names with a prefix. Their number of temperatures
// changes along a training: a checkpoint has that of its time, at most MostTemperatures.
func RememberReplicas(m Memory, prefix string, t *sample.Tempering) {
	if n, ok := m.Length(prefix + "betas"); ok {
		t.Resize(min(max(2, n), MostTemperatures))
	}
	s := t.State()
	m.Counter(prefix+"rounds", s.Rounds)
	m.Counter(prefix+"sweeps", s.Sweeps)
	m.Counter(prefix+"renewals", s.Renewals)
	m.States(prefix+"states", s.Visible)
	m.States(prefix+"renewed", s.Renewed)
	m.Numbers(prefix+"betas", s.Betas)
	m.Numbers(prefix+"rejected", s.Rejected)
	m.Numbers(prefix+"tried", s.Tried)
	m.Check(s.Check)
}
