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
	Laddered    bool             // whether snapshots come with a ladder
	// Conditionals of Model at the beginning of each update, for the ladder of a training that brings none.
	Conditionals *rbm.Conditionals
}

// Monitor scores a model while it is trained.
type Monitor struct {
	config   Config
	accounts *accounts
	plan     plan
	live     *live     // nil where scores are exact
	ladder   *ladder   // nil where there are no live scores, or snapshots come with one
	free     []float64 // scratch
}

// New begins before the first update.
func New(c Config) *Monitor {
	if c.Updates == 0 {
		c.Updates = math.MaxInt
	}
	m := &Monitor{config: c, accounts: newAccounts(c)}
	m.plan = newPlan(c, m.accounts)
	if m.plan.method == MethodLive {
		key := rng.Seed(c.Seed).Stream(rng.StreamLive)
		m.live = newLive(c, m.plan, m.accounts, key.Stream(rng.StreamEstimate))
		if !c.Laddered {
			m.ladder = newLadder(c, &m.accounts.follow, key)
		}
	}
	return m
}

// Every is the number of updates between scores.
func (m *Monitor) Every() int { return m.plan.every }

// Follow is called after each update.
func (m *Monitor) Follow() {
	if m.ladder != nil {
		m.ladder.follow()
	}
}

// Memory lists what a checkpoint holds, as views of the places where it lives.
type Memory interface {
	// Length is the number of numbers that a checkpoint has under a name, while one is read.
	Length(name string) (n int, ok bool)
	States(name string, x rbm.Batch)
	Numbers(name string, x []float64)
	Number(name string, x *float64)
	Counters(name string, x []uint64)
	Counter(name string, x *uint64)
}

// Remember lists everything that must survive from one update to the next.
func (m *Monitor) Remember(memory Memory) {
	if m.live != nil {
		m.live.remember(memory)
	}
	if m.ladder != nil {
		m.ladder.remember(memory)
	}
}
