package monitor

import (
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
)

// The ladder of a training whose negative phase has none.
const (
	ladderSets         = 20
	ladderTemperatures = 10
	ladderMost         = 40
	respaceEvery       = 50 // rounds
)

// ladder is replica exchange ([sample.Tempering]) beside a training, for scores. It follows the model by as many rounds
// as its account affords.
type ladder struct {
	*sample.Tempering
	model   *rbm.Model
	account *account
	rounds  uint64
}

func newLadder(c Config, a *account, key rng.Key) *ladder {
	line := rbm.NewLine(sample.IndependentModel(c.Model), c.Model, c.Conditionals)
	starts := sample.FromBiases(c.Model, ladderSets, key)
	return &ladder{Tempering: sample.NewTempering(line, starts, ladderTemperatures, key), model: c.Model, account: a}
}

// follow makes the rounds that an update pays for.
func (l *ladder) follow() {
	l.account.price = RoundCost(l.Tempering, l.model)
	l.account.Earn(1)
	for l.account.Affords(1) {
		l.account.Spend(1)
		l.Round()
		if l.rounds++; l.rounds%respaceEvery == 0 {
			l.Respace(ladderMost)
		}
	}
}

func (l *ladder) remember(m Memory) {
	m.Counter("ladder.followed", &l.rounds)
	m.Number("ladder.account", &l.account.balance)
	RememberReplicas(m, "ladder.", l.Tempering, ladderMost)
}

// RememberReplicas lists what must survive of replica sets, under names with a prefix. Their number of temperatures
// changes along a training: a checkpoint has that of its time, which is at most most.
func RememberReplicas(m Memory, prefix string, t *sample.Tempering, most int) {
	if n, ok := m.Length(prefix + "betas"); ok {
		t.Resize(min(max(2, n), most))
	}
	s := t.State()
	m.Counter(prefix+"rounds", s.Rounds)
	m.Counter(prefix+"sweeps", s.Sweeps)
	m.States(prefix+"states", s.Visible)
	m.Numbers(prefix+"betas", s.Betas)
	m.Numbers(prefix+"rejected", s.Rejected)
	m.Numbers(prefix+"tried", s.Tried)
	m.Check(s.Check)
}
