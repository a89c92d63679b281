package train

import (
	"fmt"
	"math"
	"time"

	"harmonium/compute"
	"harmonium/data"
	"harmonium/rbm"
)

// Config says how to train. Its zero value is the default, chosen by measurement (docs/decisions/0042).
type Config struct {
	Seed    uint64           // of every random number of the run
	Compute *compute.Context // nil means the default; the result doesn't depend on it

	Negative  Negative  // nil means &PCD{}
	Optimizer Optimizer // nil means &Adam{}

	Batch    int      // rows a minibatch; 0 means DefaultBatch, or all rows if there are fewer
	Rate     float64  // learning rate η at the start; 0 means the optimizer's default
	Schedule Schedule // how η falls; "" means DefaultSchedule

	L1, L2 float64 // penalties L1·Σ|w_ij| + ½·L2·Σ w_ij² on the cost; biases are free
	Clip   float64 // bound on |w_ij|; 0 means none

	// The centered gradient subtracts the data's means from v and h, which makes training insensitive to how the units are
	// coded (Montavon & Müller 2012; Melchior, Fischer & Wiskott, JMLR 17 (2016)). Plain turns it off: the lecture's gradient.
	Plain bool
	// Training starts with visible biases at the log-odds of the data's means (Hinton 2010, section 8).
	// KeepBiases keeps those that the model has.
	KeepBiases bool

	// Training stops at the first of these to be reached. The learning rate falls over the updates that Epochs and Updates allow, or, where
	// Time is the only bound, over the time.
	Epochs  int           // passes over the data; 0 means no bound, or DefaultEpochs where Updates and Time are 0 too
	Updates int           // 0 means no bound
	Time    time.Duration // 0 means no bound; the only setting that makes a run depend on a clock

	Valid    *data.Set // scored at every evaluation; chooses the best model
	Patience int       // evaluations without a better validation score before stopping; 0 means never
	Every    int       // updates between evaluations, beside that of the first update; 0 means one epoch, or more where scores would cost too much for that
}

// The defaults that Config's zero values stand for.
const (
	DefaultBatch    = 20
	DefaultEpochs   = 50
	DefaultSchedule = Linear
)

// Schedule is how the learning rate falls from η to its end over the planned updates or time.
type Schedule string

// The schedules, with x ∈ [0,1] the part that is done of the planned updates, or of the time where that is the only bound.
const (
	Constant Schedule = "constant" // η
	Linear   Schedule = "linear"   // η (1−x)
	Cosine   Schedule = "cosine"   // η (1+cos πx)/2
	Power    Schedule = "power"    // η / (1+9x)
)

// Factor returns the learning rate at x as a multiple of η.
func (s Schedule) Factor(x float64) float64 {
	switch s {
	case Linear:
		return 1 - x
	case Cosine:
		return (1 + math.Cos(math.Pi*x)) / 2
	case Power:
		return 1 / (1 + 9*x)
	}
	return 1
}

// resolved returns the configuration with its defaults filled in, or an error that names the setting.
func (c Config) resolved(model *rbm.Model, rows int) (Config, error) {
	if c.Negative == nil {
		c.Negative = &PCD{}
	}
	if c.Optimizer == nil {
		c.Optimizer = &Adam{}
	}
	if c.Batch == 0 {
		c.Batch = min(DefaultBatch, rows)
	}
	if c.Rate == 0 {
		c.Rate = c.Optimizer.DefaultRate(model.Visible.Kind(), model.Hidden.Kind())
	}
	if c.Schedule == "" {
		c.Schedule = DefaultSchedule
	}
	if c.Epochs == 0 && c.Updates == 0 && c.Time == 0 {
		c.Epochs = DefaultEpochs
	}
	return c, c.check(rows)
}

func (c Config) check(rows int) error {
	for _, n := range []struct {
		name  string
		value float64
	}{
		{"batch", float64(c.Batch)}, {"rate", c.Rate}, {"l1", c.L1}, {"l2", c.L2}, {"clip", c.Clip},
		{"epochs", float64(c.Epochs)}, {"updates", float64(c.Updates)}, {"time", c.Time.Seconds()},
		{"patience", float64(c.Patience)}, {"every", float64(c.Every)},
	} {
		if !(n.value >= 0) || math.IsInf(n.value, 0) {
			return fmt.Errorf("%s is %v, want a finite number, not negative", n.name, n.value)
		}
	}
	switch c.Schedule {
	case Constant, Linear, Cosine, Power:
	default:
		return fmt.Errorf("schedule is %q, want constant, linear, cosine or power", c.Schedule)
	}
	if c.Batch > rows {
		return fmt.Errorf("batch is %d, but the data has %d rows", c.Batch, rows)
	}
	if c.Patience > 0 && c.Valid == nil {
		return fmt.Errorf("patience is %d, but there is no validation data to lose it on", c.Patience)
	}
	return nil
}

// batches is the number of minibatches an epoch of so many rows: batches are of Batch rows or one less.
func (c Config) batches(rows int) int { return (rows + c.Batch - 1) / c.Batch }

// noBound is the planned number of updates where Time is the only bound.
const noBound = math.MaxInt

// planned is the number of updates after which training stops if nothing stops it before.
func (c Config) planned(rows int) int {
	n := noBound
	if batches := c.batches(rows); c.Epochs > 0 {
		n = min(c.Epochs, (noBound-1)/batches) * batches
	}
	if c.Updates > 0 {
		n = min(n, c.Updates)
	}
	return n
}
