package train

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/internal/settings"
	"github.com/harmonium-rbm/harmonium/rbm"
)

type (
	// Setting is a number or a choice that shapes a training. It is named once, in the list that [Config], a negative
	// phase or an optimiser keeps: config.json, the flags of the command, their help and the checks are all made from
	// these lists.
	Setting = settings.Setting
	// Text is a value that is read and written as text.
	Text = settings.Text
	// Configurable is what is chosen by its name and has settings of its own: a [Negative] or an [Optimizer].
	Configurable = settings.Configurable
)

// Config says how to train. Its zero value is the default, chosen by measurement (docs/decisions/0072 and 0097).
type Config struct {
	Seed    uint64           // of every random number of the run
	Compute *compute.Context // nil means the default; the result doesn't depend on it

	Negative  Negative  // nil means the first of Negatives, or &Exact{} for rows with bases of at most 10 sites
	Optimizer Optimizer // nil means &Adam{}, the first of Optimizers

	Batch    int      // rows a minibatch; 0 means DefaultBatch, or all rows if there are fewer
	Rate     float64  // learning rate η at the start; 0 means the optimizer's default
	Schedule Schedule // how η falls; "" means DefaultSchedule
	// Rise is the largest factor by which η may be above its schedule while chains follow the model, as the errors of log
	// Z at scores tell; 1 means that it is never above. 0 means DefaultRise where Rate is the default of Adam, and a trust
	// region bounds the updates of a model of bits that is not Trained, or less where that rate is higher for a short
	// training; and else 1.
	Rise float64

	L1, L2 float64 // penalties L1·Σ|w_ij| + ½·L2·Σ w_ij² on the cost; biases are free
	Clip   float64 // bound on |w_ij|; 0 means none

	// The centered gradient subtracts the data's means from v and h, which makes training insensitive to how the units
	// are coded (Montavon & Müller 2012; Melchior, Fischer & Wiskott, JMLR 17 (2016)). Plain turns it off: the
	// lecture's gradient.
	Plain bool
	// Training starts with visible biases at the log-odds of the data's means (Hinton 2010, section 8).
	// KeepBiases leaves the model's as they are.
	KeepBiases bool
	// Trained says that the model is trained already: it keeps its biases, chains and replicas come to it by replica
	// exchange before the first update, and its first score costs as much as others. It is none of the Settings.
	Trained bool
	// Wide says that the first weights are not small, so that units are far from independent: chains and replicas come to
	// the model, and its first score costs as much as others, as where it is Trained. It is none of the Settings.
	Wide bool

	// Training stops at the first of these to be reached. The learning rate falls over the updates that Epochs and
	// Updates allow, or, where Time is the only bound, over the time.
	Epochs  int           // passes over the data; 0 means no bound, or, where Updates and Time are 0 too, DefaultEpochs
	Updates int           // 0 means no bound
	Time    time.Duration // 0 means no bound; the only setting that makes a run depend on a clock

	// Likelihood is that of rows which are no configurations of the visible units ([data.Set].Bases); nil for any other
	// data. It is none of the Settings.
	Likelihood Likelihood

	// Continued are the bounds of later: each takes the place of those before once its number of updates is done
	// ([Training.Continue]). It is none of the Settings.
	Continued []Continuation

	Valid *data.Set // scored at every evaluation; chooses the best model
	// Evaluations without a better validation score before stopping; 0 means never. A training that overfits then goes
	// back to its best model, and ends from there with a rate that falls to zero, unless the schedule is Constant or
	// Time is the only bound.
	Patience int
	// The mean of the parameters over the last updates is scored too where training ends, and taken for the best model
	// where it scores higher. There is little to gain where the rate falls to zero (docs/math.md).
	Average bool
	// Updates between evaluations, beside that of the first update; 0 means one epoch, or more where scores would cost
	// too much for that.
	Every int
}

// The defaults that Config's zero values stand for.
const (
	DefaultBatch    = 100
	DefaultEpochs   = 300 // or, with validation data, as many more as make 12,000 updates; of other kinds and with bases others
	DefaultSchedule = Linear
	DefaultRise     = 4
)

// The least numbers of updates of a training that nothing bounds. Tables may be small, and 300 passes over 90 rows are 300
// updates.
const (
	validatedUpdates = 12000 // where validation data tell when it overfits, and end it (docs/decisions/0123)
	realUpdates      = 5000  // with real visible units
	measuredUpdates  = 10000 // with bases (docs/decisions/0098)
	complexUpdates   = 20000 // of a complex wavefunction, whose dephasing falls over the first half (docs/decisions/0102)
)

// enumeratedSites is the number of sites up to which rows with bases have the exact negative phase: 2^10 configurations
// cost less than chains, and have none of their noise, which the higher rate makes felt.
const enumeratedSites = 10

// measuredRate is by how much the default rate of rows with bases is higher: phases go far, and most of the way is flat.
const measuredRate = 6

// The default rate depends on the number of updates and of hidden units, but with bases, where that was not measured. It
// is that of the optimiser for usualUpdates and usualHidden units or more. It is higher for short trainings and small
// models, but where no trust region holds updates back, where a model is trained already, and with other optimisers
// than Adam.
const (
	usualUpdates = 12000
	usualHidden  = 100
	fewestHidden = 20 // fewer have the rate of these
	mostLength   = 4  // times the usual rate, at 750 updates and fewer
)

// rateFactor is the default rate of a training as a multiple of the optimiser's: √(usual/updates), as the best rate of
// stochastic gradient descent over a given number of updates is (A. Defazio, A. Cutkosky, H. Mehta and K. Mishchenko,
// arXiv 2310.07831), and √(usual/n) with n hidden units. Noise moves each weight by about the rate in every update, by
// rate·√updates in all, and so the input of a visible unit by rate·√(n·updates). Too much of that makes the model sharp
// without making it better.
//
// rise is by how much it may rise: by DefaultRise, but in a short training, whose rate is higher already and has few
// scores to follow, by its part of usualUpdates of that; and not at all with spins, whose models get sharper by it and no
// better (docs/decisions/0121).
func (c *Config) rateFactor(model *rbm.Model, updates int) (factor, rise float64) {
	length := 1.0
	if updates != noBound {
		length = math.Sqrt(usualUpdates / float64(updates))
	}
	if !c.mayRise(model) {
		return min(length, 1), 1
	}
	length = min(length, mostLength)
	n := min(max(model.N(), fewestHidden), usualHidden)
	if rise = 1; model.Visible.Kind() == rbm.Bernoulli {
		rise = max(DefaultRise/max(length*length, 1), 1)
	}
	return length * math.Sqrt(usualHidden/float64(n)), rise
}

// mayRise reports whether default rates may be above the usual one.
func (c *Config) mayRise(model *rbm.Model) bool {
	_, adam := c.Optimizer.(*Adam)
	return adam && !c.Trained && isBounded(c.Negative, model)
}

// Schedule is how the learning rate falls from η to its end over the planned updates or time.
type Schedule string

// The schedules, with x ∈ [0,1] the part that is done of the planned updates, or of the time where that is the only
// bound.
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

// Settings lists the settings, but for the negative phase and the optimiser.
func (c *Config) Settings() []Setting {
	epochs := DefaultEpochs
	if c.Updates > 0 || c.Time > 0 {
		epochs = 0
	}
	return []Setting{
		{Name: "seed", At: &c.Seed, Help: "of all random numbers; the same seed gives the same bytes"},
		{Name: "epochs", At: &c.Epochs, Default: epochs, Help: "passes over the data; no bound where updates or time is given alone; " +
			"with validation data 12,000 updates, with real columns 5,000, with bases 10,000, of a complex state 20,000, if these are more"},
		{Name: "updates", At: &c.Updates, Help: "updates after which to stop; 0 means no bound"},
		{Name: "time", At: &c.Time, Help: "time such as 90s or 2h after which to stop; the only setting that makes a run depend on the clock: " +
			"alone, the rate falls over the time"},
		{Name: "batch", At: &c.Batch, Help: fmt.Sprintf("rows a minibatch; 0 means %d, or all if there are fewer; "+
			"smaller ones make more updates an epoch", DefaultBatch)},
		{Name: "rate", At: &c.Rate, Help: "learning rate at the start; 0 means the optimiser's default: " + defaultRates() +
			"; as 1/√updates less over more than 12000 updates, and with adam and a bound of trust more over fewer, " +
			"up to four times, and as 1/√n more with fewer than 100 hidden units; six times as much with bases, however many"},
		{Name: "rise", At: &c.Rise, Help: fmt.Sprintf("largest factor by which the rate may be above its schedule while the errors of log Z "+
			"at evaluations are small; 0 means %d for bits with adam's default rate and a bound of trust, less where that is higher for a short "+
			"training, and else 1", DefaultRise)},
		{Name: "schedule", At: &c.Schedule, Default: DefaultSchedule,
			Help: "constant, linear, cosine or power; a rate that falls to zero averages the noise away"},
		{Name: "l1", At: &c.L1, Help: "penalty on the sum of |w|"},
		{Name: "l2", At: &c.L2, Help: "penalty on half the sum of w squared"},
		{Name: "clip", At: &c.Clip, Help: "bound on |w|; 0 means none"},
		{Name: "centered", At: not{&c.Plain}, Default: true, Help: "use the centered gradient, which doesn't mind how units are coded"},
		{Name: "data_biases", At: not{&c.KeepBiases}, Default: true, Help: "start visible biases at the log-odds of the data's means"},
		{Name: "patience", At: &c.Patience, Help: "evaluations without a better validation score after which to stop; 0 means never, " +
			"but a training that overfits goes back to its best model, and ends from there with a rate that falls to zero"},
		{Name: "every", At: &c.Every, Help: "updates between evaluations, from which the best model is chosen; " +
			"0 means an epoch, or more where scores would cost too much for that"},
		{Name: "average", At: truth{&c.Average}, Default: false, Help: "score the mean of the last parameters too, at the end, and keep it " +
			"where validation data are more likely under it: what a rate that doesn't fall to zero leaves of noise averages away"},
	}
}

// defaultRates lists the optimisers' default learning rates for bits, and for spins where they are others.
func defaultRates() string {
	var all []string
	for _, o := range Optimizers() {
		bits, spins := o.DefaultRate(rbm.Bernoulli, rbm.Bernoulli), o.DefaultRate(rbm.Spin, rbm.Spin)
		text := fmt.Sprintf("%s %g", o.Kind(), bits)
		if spins != bits {
			text += fmt.Sprintf(" (for spins %g)", spins)
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

// truth is a truth value as text, and not the opposite of one.
type (
	truth struct{ is *bool }
	not   struct{ is *bool }
)

func (t truth) Type() string   { return "bool" }
func (t truth) String() string { return strconv.FormatBool(*t.is) }

func (t truth) Set(text string) error {
	yes, err := strconv.ParseBool(text)
	if err != nil {
		return errors.New("want true or false")
	}
	*t.is = yes
	return nil
}

func (n not) Type() string   { return "bool" }
func (n not) String() string { return strconv.FormatBool(!*n.is) }

func (n not) Set(text string) error {
	yes := false
	err := truth{&yes}.Set(text)
	if err == nil {
		*n.is = !yes
	}
	return err
}

// Type is "string".
func (s *Schedule) Type() string { return "string" }

// String is the name, of the default one where there is none.
func (s *Schedule) String() string { return string(cmp.Or(*s, DefaultSchedule)) }

// Set takes the name of a schedule.
func (s *Schedule) Set(text string) error {
	switch to := Schedule(text); to {
	case Constant, Linear, Cosine, Power:
		*s = to
		return nil
	}
	return errors.New("want constant, linear, cosine or power")
}

// resolved returns the configuration with its defaults filled in, also those of its negative phase and optimiser, or an
// error that names the setting.
func (c Config) resolved(model *rbm.Model, rows int) (Config, error) {
	if c.Negative == nil {
		c.Negative = Negatives()[0]
		if c.Likelihood != nil && model.M() <= enumeratedSites {
			c.Negative = new(Exact)
		}
	}
	if c.Optimizer == nil {
		c.Optimizer = Optimizers()[0]
	}
	if c.Batch == 0 {
		c.Batch = min(DefaultBatch, rows)
	}
	byDefault := c.Rate == 0
	if byDefault {
		c.Rate = c.Optimizer.DefaultRate(model.Visible.Kind(), model.Hidden.Kind())
		if c.Likelihood != nil {
			c.Rate *= measuredRate
		}
	}
	c.Schedule = cmp.Or(c.Schedule, DefaultSchedule)
	c.KeepBiases = c.KeepBiases || c.Trained
	if c.Epochs == 0 && c.Updates == 0 && c.Time == 0 {
		c.Epochs = max(DefaultEpochs, (c.leastUpdates(model)+c.batches(rows)-1)/c.batches(rows))
	}
	for _, part := range []Configurable{c.Negative, c.Optimizer} {
		if err := settings.Resolve(part.Settings()); err != nil {
			return c, fmt.Errorf("%s: %w", part.Kind(), err)
		}
	}
	if err := settings.Resolve(c.Settings()); err != nil {
		return c, err
	}
	rise := 1.0
	if byDefault && c.Likelihood == nil {
		var factor float64
		factor, rise = c.rateFactor(model, c.bounds().planned(c.batches(rows)))
		c.Rate *= factor
	}
	c.Rise = cmp.Or(c.Rise, rise)
	if c.Rise < 1 {
		return c, fmt.Errorf("rise is %g, want 1 or more, or 0 for the default", c.Rise)
	}
	if c.Rise > 1 && !isBounded(c.Negative, model) {
		return c, fmt.Errorf("rise is %g, which needs a bound of trust, and units with two values", c.Rise)
	}
	if err := c.checkContinuations(); err != nil {
		return c, err
	}
	if err := c.Schedule.Set(string(c.Schedule)); err != nil {
		return c, fmt.Errorf("schedule is %q, %w", string(c.Schedule), err)
	}
	if c.Batch > rows {
		return c, fmt.Errorf("batch is %d, but the data has %d rows", c.Batch, rows)
	}
	if c.Patience > 0 && c.Valid == nil {
		return c, fmt.Errorf("patience is %d, which needs validation data: %w", c.Patience, ErrNoValidation)
	}
	if c.Average && c.Valid == nil {
		return c, fmt.Errorf("the mean of the last updates (average) needs validation data to be compared by: %w", ErrNoValidation)
	}
	return c, nil
}

// ErrNoValidation is the error of settings that need validation data where there are none.
var ErrNoValidation = errors.New("there is no validation data")

// Fresh returns the same settings with a negative phase and an optimiser that no training has used.
func (c Config) Fresh() Config {
	if c.Negative != nil {
		c.Negative = settings.Fresh(Negatives(), c.Negative)
	}
	if c.Optimizer != nil {
		c.Optimizer = settings.Fresh(Optimizers(), c.Optimizer)
	}
	return c
}

// MarshalJSON writes every number that shapes a training: an object of the settings, with "negative" and "optimizer" as
// objects of "kind" and their own settings. Compute, Valid, Trained, Wide and Likelihood are left out.
func (c Config) MarshalJSON() ([]byte, error) {
	negative, err := settings.Encode(c.Negative)
	if err != nil {
		return nil, err
	}
	optimizer, err := settings.Encode(c.Optimizer)
	if err != nil {
		return nil, err
	}
	all := append(settings.Members(c.Settings()),
		settings.Member{Name: "negative", Value: negative}, settings.Member{Name: "optimizer", Value: optimizer})
	if len(c.Continued) > 0 {
		all = append(all, settings.Member{Name: "continued", Value: c.Continued})
	}
	return settings.Object(all)
}

// UnmarshalJSON reads what MarshalJSON wrote. Its errors tell nothing of the text.
func (c *Config) UnmarshalJSON(text []byte) error {
	var found map[string]json.RawMessage
	err := json.Unmarshal(text, &found)
	if err != nil {
		return err
	}
	if c.Negative, err = settings.Decode(Negatives(), found["negative"]); err != nil {
		return fmt.Errorf("negative: %w", err)
	}
	if c.Optimizer, err = settings.Decode(Optimizers(), found["optimizer"]); err != nil {
		return fmt.Errorf("optimizer: %w", err)
	}
	if text, ok := found["continued"]; ok {
		if err := json.Unmarshal(text, &c.Continued); err != nil {
			return fmt.Errorf("continued: %w", err)
		}
	}
	delete(found, "continued")
	delete(found, "negative")
	delete(found, "optimizer")
	return settings.Take(found, c.Settings())
}

// leastUpdates is the number of updates that a training which nothing bounds has at least; 0 means one for each minibatch of
// DefaultEpochs.
func (c *Config) leastUpdates(model *rbm.Model) int {
	switch state := model.State; {
	case c.Likelihood != nil && state != nil && state.Kind == rbm.StateComplex:
		return complexUpdates
	case c.Likelihood != nil:
		return measuredUpdates
	case !model.Discrete():
		return realUpdates
	case c.Valid != nil && !c.Trained:
		return validatedUpdates
	}
	return 0
}

// batches is the number of minibatches an epoch, of Batch rows or one less.
func (c Config) batches(rows int) int { return (rows + c.Batch - 1) / c.Batch }

// noBound is the planned number of updates where Time is the only bound.
const noBound = math.MaxInt
