package monitor

import (
	"math"

	"harmonium/compute"
	"harmonium/data"
	"harmonium/rbm"
	"harmonium/rng"
)

// Config says what to watch.
type Config struct {
	Model       *rbm.Model       // as it is before the first update
	Data, Valid *data.Set        // to score; Valid may be nil
	Seed        uint64           // of every random number
	Compute     *compute.Context // nil means the default; results don't depend on it
	Cost        func() float64   // elementary operations of an update, as it is now ([GibbsCost])
	Updates     int              // planned; 0 means that nobody knows
	Epoch       int              // updates of a pass over the data
	Every       int              // updates between scores; 0 means an epoch, or more where scores cost too much for that
	Ladder      bool             // whether to keep the ladder for [Monitor.Ladder]
}

// Monitor scores a model while it is trained.
type Monitor struct {
	config   Config
	accounts *accounts
	follower *follower
	ladder   *ladder
	plan     plan
	live     *live     // nil where scores are exact
	free     []float64 // scratch
}

// New begins before the first update.
func New(c Config) *Monitor {
	if c.Updates == 0 {
		c.Updates = math.MaxInt
	}
	m := &Monitor{config: c, accounts: newAccounts(c)}
	key := rng.Seed(c.Seed).Stream(rng.StreamLive)
	m.follower = newFollower(c, &m.accounts.follow, key)
	m.ladder = newLadder(m.follower.base, c.Ladder, c.Compute)
	m.plan = newPlan(c, m.accounts)
	if m.plan.method == MethodLive {
		m.live = newLive(c, m.plan, m.accounts, key.Stream(rng.StreamEstimate))
	}
	return m
}

// Every is the number of updates between scores.
func (m *Monitor) Every() int { return m.plan.every }

// Ladder returns the models frozen along the training so far, oldest first, if Config.Ladder is set.
func (m *Monitor) Ladder() []*rbm.Model { return m.ladder.models }

// Follow takes the model after an update, counted from 1, when a part of the training is done. It returns a model to add to the ladder, or
// nil at most updates.
func (m *Monitor) Follow(update uint64, model *rbm.Model, part float64) *rbm.Model {
	if update%lookEvery != 0 || !m.follower.follow(model) {
		return nil
	}
	return m.ladder.freeze(m.follower, part)
}

// Memory lists what a checkpoint holds, as views of the places where it lives.
type Memory interface {
	Model(name string, model *rbm.Model)
	// Models lists any number of models of the form of like.
	Models(name string, models *[]*rbm.Model, like *rbm.Model)
	States(name string, x rbm.Batch)
	Numbers(name string, x []float64)
	Number(name string, x *float64)
	Counters(name string, x []uint64)
	Counter(name string, x *uint64)
}

// Remember lists everything that must survive from one update to the next. Call Resume after it has been changed.
func (m *Monitor) Remember(memory Memory) {
	m.follower.remember(memory)
	m.ladder.remember(memory)
	if m.live != nil {
		m.live.remember(memory)
	}
}

// Resume goes on from what was remembered. It returns an error if that can't be.
func (m *Monitor) Resume() error {
	if err := m.follower.resume(); err != nil {
		return err
	}
	return m.ladder.resume()
}
