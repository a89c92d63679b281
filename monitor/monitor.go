package monitor

import (
	"math"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// Config says what to watch.
type Config struct {
	Model       *rbm.Model       // as it is before the first update
	Data, Valid *data.Set        // to score; Valid may be nil
	Seed        uint64           // of every random number
	Likelihood  Likelihood       // of rows with bases ([data.Set].Bases); nil: there are none
	Compute     *compute.Context // nil means the default; results don't depend on it
	Cost        func() float64   // elementary operations of an update, as it is now ([GibbsCost])
	Updates     int              // planned; 0 means that nobody knows
	Epoch       int              // updates of a pass over the data
	Every       int              // updates between scores; 0 means an epoch, or more where scores cost too much for that
	// Trained says that Model is trained already: the first score is as large as others, and replicas come to the model
	// by rounds before the first update.
	Trained bool
	// Conditionals of Model, which Follow finds at the model before the update, and Score takes to the model after it;
	// nil means some of the monitor's own.
	Conditionals *rbm.Conditionals
	// Ladder is two or more sets of replicas between independent units and the model, on a line that ends at
	// Conditionals, which follow the training anyway; nil has the monitor keep some.
	Ladder *sample.Tempering
}

// Likelihood is what rows that were measured in many bases have instead of −F(v).
type Likelihood interface {
	// LogWeights writes log Z·P(row) of each row of outcomes, in float64.
	LogWeights(dst []float64, model *rbm.Model, outcomes rbm.Batch, bases []string)
}

// Monitor scores a model while it is trained.
type Monitor struct {
	config   Config
	accounts *accounts
	plan     plan
	live     *live     // nil where scores are exact
	ladder   *ladder   // the monitor's own; nil where there are no live scores, or the training has one
	free     []float64 // scratch
}

const unknownUpdates = math.MaxInt

// New begins before the first update.
func New(c Config) *Monitor {
	if c.Updates == 0 {
		c.Updates = unknownUpdates
	}
	if c.Conditionals == nil {
		c.Conditionals = rbm.NewConditionals(c.Model, c.Compute)
	}
	if c.Ladder != nil && c.Ladder.Visible().Rows() < 2 {
		panic("monitor: a ladder of one replica set, which tells no error of log Z")
	}
	m := &Monitor{config: c, accounts: newAccounts(c)}
	m.plan = newPlan(c, m.accounts)
	if m.plan.method == MethodLive {
		m.scoreLive()
	}
	return m
}

// scoreLive prepares for live scores.
func (m *Monitor) scoreLive() {
	key := rng.Seed(m.config.Seed).Stream(rng.StreamLive)
	if m.config.Ladder == nil {
		m.ladder = newLadder(m.config, &m.accounts.follow, key)
	}
	m.live = newLive(m.config, m.ladder, m.plan, m.accounts, key.Stream(rng.StreamEstimate))
}

// Every is the number of updates between scores.
func (m *Monitor) Every() int { return m.plan.every }

// Due reports whether the next Follow uses Config.Conditionals: whoever changes the model before calls their Load.
func (m *Monitor) Due() bool { return m.ladder != nil && m.ladder.due() }

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
	Floats(name string, x []float32)
	Counter(name string, x *uint64)
	// Check is called with what must hold of everything that has been read.
	Check(holds func() error)
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
