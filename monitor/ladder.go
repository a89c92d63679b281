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

// Numbers of temperatures change; a checkpoint has that of its time.
func (l *ladder) remember(m Memory) {
	if n, ok := m.Length("ladder.betas"); ok {
		l.Resize(max(2, n))
	}
	s := l.State()
	m.Counter("ladder.followed", &l.rounds)
	m.Number("ladder.account", &l.account.balance)
	m.Counter("ladder.rounds", s.Rounds)
	m.Counter("ladder.sweeps", s.Sweeps)
	m.States("ladder.states", s.Visible)
	m.Numbers("ladder.betas", s.Betas)
	m.Numbers("ladder.rejected", s.Rejected)
	m.Numbers("ladder.tried", s.Tried)
}
