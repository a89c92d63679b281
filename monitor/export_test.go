package monitor

import (
	"math"

	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
)

// Tests along trainings live in package monitor_test, as train imports monitor. This is what they see of the inside.

const (
	AISChains     = aisChains
	FewestReverse = fewestReverse
	MostReverse   = mostReverse
	LiveScores    = liveScores
	LookCost      = lookCost
	LostTrack     = lostTrack
)

// ScoreLive scores live, although enumeration would be cheap, at the price of a number of rows. reverse is the number of chains of
// reverse AIS, or 0 for what the account pays.
func (m *Monitor) ScoreLive(every int, rows float64, reverse int) {
	key := rng.Seed(m.config.Seed).Stream(rng.StreamLive).Stream(rng.StreamEstimate)
	m.plan.method, m.plan.reverse = MethodLive, reverseChains(m.config, m.accounts, every, rows)
	m.live = newLive(m.config, m.plan, m.accounts, key)
	if reverse > 0 {
		m.live.reverse = reverse
	}
}

// Method is how the model is scored.
func (m *Monitor) Method() string { return m.plan.method }

// Reverse is the number of chains of reverse AIS.
func (m *Monitor) Reverse() int { return m.live.reverse }

// LiveCost is that of a live score.
func (m *Monitor) LiveCost(rows float64) float64 {
	return liveCost(m.config.Model, m.live.reverse, rows)
}

// ScorePart and CheckPart are the parts of the training's operations for scores and checks.
func (m *Monitor) ScorePart() float64 { return m.accounts.score.part }
func (m *Monitor) CheckPart() float64 { return m.accounts.check.part }

// CheckBalance is the balance of the account of checks, in operations.
func (m *Monitor) CheckBalance() float64 { return m.accounts.check.balance * m.accounts.check.price }

// CheapChecks makes checks a hundred times cheaper.
func (m *Monitor) CheapChecks() { m.accounts.check.price /= 100 }

// FollowPays is the number of steps of the AIS chains that a number of updates pays for.
func (m *Monitor) FollowPays(updates int) float64 { return m.accounts.follow.pays(updates) }

// FollowBalance is the balance of the account of these steps.
func (m *Monitor) FollowBalance() float64 { return m.accounts.follow.balance }

// SavedForModes is the balance of the account of searches, and what it has earned so far.
func (m *Monitor) SavedForModes() (saved, earned float64) {
	return m.accounts.modes.balance, m.accounts.modes.pays(int(m.live.scored))
}

// Scored has the last score follow an update.
func (m *Monitor) Scored(update uint64) { m.live.scored = update }

// DoNotFollow leaves the mean where it is.
func (m *Monitor) DoNotFollow() { m.accounts.follow.balance = -math.MaxInt32 }

// Mean is the running mean of the model, and the number of models in it.
func (m *Monitor) Mean() (mean *rbm.Model, seen uint64) { return m.follower.mean, m.follower.seen }

// Chains are the AIS chains.
func (m *Monitor) Chains() *sample.WeightedChains { return m.follower.chains }

// Longest is the longest step of the AIS chains.
func (m *Monitor) Longest() *float64 { return &m.follower.longest }

// Lost is whether they have lost track.
func (m *Monitor) Lost() bool { return lost(m.follower.longest) }

// Renew sends new AIS chains.
func (m *Monitor) Renew(steps int, key rng.Key) { m.follower.renew(steps, key) }

// SetRoom bounds the number of models that are frozen.
func (m *Monitor) SetRoom(models uint64) { m.ladder.room = models }

// MostFrozen is mostFrozen.
func MostFrozen(parameters int) uint64 { return mostFrozen(parameters) }
