package monitor

// Tests along trainings live in package monitor_test, as train imports monitor. This is what they see of the inside.

const (
	LiveScores   = liveScores
	FewestRounds = fewestRounds
	MostRounds   = mostRounds
)

// ScoreLive scores live, although enumeration would be cheap, by a number of rounds.
func (m *Monitor) ScoreLive(rounds int) {
	m.plan.method, m.plan.rounds = MethodLive, rounds
	m.scoreLive()
}

// Method is how the model is scored.
func (m *Monitor) Method() string { return m.plan.method }

// Rounds is the number of rounds of a live score.
func (m *Monitor) Rounds() int { return m.live.rounds }

// Follows is whether the monitor has a ladder of its own, and FollowPart the part of the training's operations for it.
func (m *Monitor) Follows() bool       { return m.ladder != nil }
func (m *Monitor) FollowPart() float64 { return m.accounts.follow.part }

// Followed is the number of rounds of the monitor's own ladder, and RoundCost the price of the last.
func (m *Monitor) Followed() float64  { return float64(m.ladder.Rounds()) }
func (m *Monitor) RoundCost() float64 { return m.accounts.follow.price }

// SavedToFollow is the number of rounds that have been paid for, and not yet made.
func (m *Monitor) SavedToFollow() float64 { return m.accounts.follow.balance }

// FollowMore makes the rounds of the monitor's own ladder that many times cheaper.
func (m *Monitor) FollowMore(times float64) { m.accounts.follow.part *= times }

// Temperatures is the number of temperatures of the ladder.
func (m *Monitor) Temperatures() int { return len(m.live.ladder.Betas()) }

// LiveCost is that of a live score.
func (m *Monitor) LiveCost(rows float64) float64 { return liveCost(m.config, m.live.rounds, rows) }

// ScorePart is the part of the training's operations for scores.
func (m *Monitor) ScorePart() float64 { return m.accounts.score.part }

// SavedForModes is the balance of the account of searches, and what it has earned so far.
func (m *Monitor) SavedForModes() (saved, earned float64) {
	return m.accounts.modes.balance, m.accounts.modes.pays(int(m.live.scored))
}

// Scored has the last score follow an update.
func (m *Monitor) Scored(update uint64) { m.live.scored = update }

// DoNotFollow leaves the monitor's own ladder where it is.
func (m *Monitor) DoNotFollow() { m.accounts.follow.part = 0 }
