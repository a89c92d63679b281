package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/harmonium-rbm/harmonium/internal/settings"
)

// Bounds say when a training ends: at the first of them that is reached. 0 means no bound.
type Bounds struct {
	Epochs  int
	Updates int
	Time    time.Duration
}

// A Continuation is bounds that take the place of the ones before, once a number of updates is done. The schedule is
// laid out once more over the updates that are left then, from a rate of η·min(1, 2·left/all): from η where they are
// half of all or more, so that they learn as much as in a training that was planned for all, and from less where they
// are few, as these can't average away the noise of η: a warm restart (I. Loshchilov and F. Hutter, ICLR 2017).
type Continuation struct {
	After int           // updates
	Spent time.Duration // by then, where Time is the only bound
	Bounds
}

// restartShare is the part of all updates or of the time from which on a continuation begins at the whole rate.
// docs/math.md has what it was measured by.
const restartShare = 0.5

// restartFactor is the rate that the schedule begins at as a multiple of η, where a part of all is left.
func (s Schedule) restartFactor(left float64) float64 {
	if s == Constant {
		return 1
	}
	return min(1, left/restartShare)
}

// settings lists the members of a continuation in config.json.
func (c *Continuation) settings() []Setting {
	return []Setting{
		{Name: "after", At: &c.After}, {Name: "spent", At: &c.Spent},
		{Name: "epochs", At: &c.Epochs}, {Name: "updates", At: &c.Updates}, {Name: "time", At: &c.Time},
	}
}

// MarshalJSON writes an object of all numbers.
func (c Continuation) MarshalJSON() ([]byte, error) {
	return settings.Object(settings.Members(c.settings()))
}

// UnmarshalJSON reads what MarshalJSON wrote. Its errors tell nothing of the text.
func (c *Continuation) UnmarshalJSON(text []byte) error {
	var found map[string]json.RawMessage
	if err := json.Unmarshal(text, &found); err != nil {
		return err
	}
	return settings.Take(found, c.settings())
}

// bounds are those of the beginning.
func (c Config) bounds() Bounds { return Bounds{c.Epochs, c.Updates, c.Time} }

// lastBounds are those that training ends by.
func (c Config) lastBounds() Bounds {
	if last := len(c.Continued) - 1; last >= 0 {
		return c.Continued[last].Bounds
	}
	return c.bounds()
}

// planned is the number of updates after which training ends if nothing ends it before, with a number of minibatches an
// epoch; noBound where Time is the only bound.
func (b Bounds) planned(batches int) int {
	n := noBound
	if b.Epochs > 0 {
		n = min(b.Epochs, (noBound-1)/batches) * batches
	}
	if b.Updates > 0 {
		n = min(n, b.Updates)
	}
	return n
}

// checkContinuations refuses a list that no training makes.
func (c Config) checkContinuations() error {
	for k, next := range c.Continued {
		if err := settings.Resolve(next.settings()); err != nil {
			return fmt.Errorf("continuation %d: %w", k+1, err)
		}
		if next.Bounds == (Bounds{}) {
			return fmt.Errorf("continuation %d: %w", k+1, errUnbounded)
		}
		if next.Spent > 0 && next.Spent >= next.Time {
			return fmt.Errorf("continuation %d: time is %v, of which %v are over: want more", k+1, next.Time, next.Spent)
		}
		if k > 0 && next.After <= c.Continued[k-1].After {
			return fmt.Errorf("continuation %d is after update %d, and the one before after %d: want them to rise",
				k+1, next.After, c.Continued[k-1].After)
		}
	}
	return nil
}

var errUnbounded = errors.New("no bound: want epochs, updates or time")

// Bounds are the ones that hold now.
func (t *Training) Bounds() Bounds { return t.now.Bounds }

// Continue has a training, finished or not, go on to other bounds, which take the place of all that hold now or later.
// It is one of [Config].Continued from then on. Bounds that the training ends by anyway change nothing. The error says
// where they are behind the training.
func (t *Training) Continue(to Bounds) error {
	if to == t.config.lastBounds() {
		return nil
	}
	if to == (Bounds{}) {
		return errUnbounded
	}
	batches, done := t.config.batches(t.set.Rows()), int(t.done)
	next := Continuation{After: done, Bounds: to}
	switch planned := to.planned(batches); {
	case planned == noBound:
		next.Spent = t.elapsed()
	case planned <= done:
		return fmt.Errorf("%d updates are done, which are %.4g passes over the data, and the training would end after %d: want more in all",
			done, float64(done)/float64(batches), planned)
	}
	if to.Time > 0 && t.elapsed() >= to.Time {
		return fmt.Errorf("the training has taken %.4gs, and would end after %v: want more in all", t.elapsed().Seconds(), to.Time)
	}
	list := slices.DeleteFunc(slices.Clone(t.config.Continued), func(c Continuation) bool { return c.After >= done })
	config := t.config
	config.Continued = append(list, next)
	if err := config.checkContinuations(); err != nil {
		return err
	}
	t.config, t.continued = config, len(list)
	t.proceed()
	return nil
}

// proceed takes over the bounds that hold after the updates done. Where they take effect just now, training is not
// finished any more: it may overfit again, or lose patience.
func (t *Training) proceed() {
	for ; t.pending() && t.config.Continued[t.continued].After <= int(t.done); t.continued++ {
		t.begin(t.config.Continued[t.continued])
		if t.now.After == int(t.done) {
			t.reason, t.bestNow.since = "", 0
			t.overfit.begun, t.overfit.length, t.overfit.worse = 0, 0, 0
		}
	}
}

// pending reports whether there are bounds that take effect later. Those of now then end nothing, where they are times:
// another clock may run faster.
func (t *Training) pending() bool { return t.continued < len(t.config.Continued) }

func (t *Training) begin(c Continuation) {
	t.now, t.planned = c, c.planned(t.config.batches(t.set.Rows()))
}

// rewind goes back to the bounds of the beginning, before a checkpoint is read.
func (t *Training) rewind() {
	t.continued = 0
	t.begin(Continuation{Bounds: t.config.bounds()})
}

// overtime reports whether the time is over.
func (t *Training) overtime() bool {
	return t.now.Time > 0 && !t.pending() && t.elapsed() >= t.now.Time
}
