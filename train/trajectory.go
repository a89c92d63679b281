package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
)

// trajectory is the path of the training, or rather that of the model's mean over about the last third of the updates: the path of the parameters
// themselves is noisy, and therefore long.
//
// Weighted chains follow the mean, the witnesses: they begin at the model without weights, whose log Z is known, and by Jarzynski's equality
// their mean weight tells log Z of the mean ([sample.Population]). They take no part in the gradient. Chains that do can't carry weights, as
// an update goes against the very states that they are in (docs/decisions.md).
//
// A mean is kept whenever the witnesses would exchange states with those of the one kept before in less than keepBelow of all cases: chains can
// exchange states along the models kept ([sample.Path]).
type trajectory struct {
	base      *rbm.Model // without weights
	mean      *rbm.Model
	seen      uint64  // models that mean is made of
	pay, paid float64 // steps of the witnesses that the training pays for, from one look at the model to the next, and not used so far
	witnesses *sample.Population
	lost      uint64 // 1 when a step was too long for the witnesses, until they begin anew
	key       rng.Key

	count   uint64     // of models kept
	last    *rbm.Model // the last of them, and the witnesses when it was, with their log weights
	chains  rbm.States
	weights []float64
	along   bool         // whether the negative phase goes along the models kept
	models  []*rbm.Model // then all of them

	ofLast, ofMean *rbm.Conditionals
	free           [4][]float64
}

const (
	witnesses   = 200
	followEvery = 20   // updates between two looks at the model, or as many more
	followPart  = 0.04 // as keep the cost of the witnesses' steps below this part of the training's
	followFirst = 200  // of which so many are free
	keepBelow   = 0.3  // of exchanges: N. Béreux et al., ICLR 2025, keep models at 0.25
	keepMost    = 200  // models; trainings measured so far kept 3 to 18
	keepCost    = 2    // steps

	// Between two models the witnesses make as many steps as add bridgeVariance each to the variance of their log weights, if these are paid for. They
	// have lost track where a step is longer than lostStep: for normal log weights, where e^(−lostStep²) of them count.
	bridgeVariance = 0.05
	lostStep       = 1.5
)

func newTrajectory(t *Training) *trajectory {
	base := sample.Base(t.Model)
	y := &trajectory{
		base: base, mean: base.Clone(), key: rng.Seed(t.config.Seed).Stream(rng.StreamLive),
		last: base.Clone(), chains: rbm.NewStates(witnesses, base.M()), weights: make([]float64, witnesses),
		ofLast: rbm.NewConditionals(base, t.config.Workers), ofMean: rbm.NewConditionals(base, t.config.Workers),
	}
	y.witnesses = sample.Independent(base, witnesses, y.key)
	y.witnesses.Settle(y.ofMean)
	for k := range y.free {
		y.free[k] = make([]float64, witnesses)
	}
	y.pay = followPart * followEvery * t.updateCost() / (gibbsCost(base, witnesses, 1) + costLoad*float64(len(base.W)))
	y.paid = followFirst
	chains, ok := t.config.Negative.(persistent)
	y.along = ok && chains.goesAlong()
	return y
}

// see takes the model after an update. It returns a model to keep, or nil.
func (y *trajectory) see(model *rbm.Model, update uint64) *rbm.Model {
	if update%followEvery != 0 {
		return nil
	}
	y.paid += y.pay
	most := int(y.paid) - keepCost
	if most < 1 {
		return nil
	}
	y.seen++
	part := float32(min(1, 3/float64(y.seen+2)))
	before, now := y.mean.Clone(), model.Parameters()
	for k, mean := range y.mean.Parameters() {
		for i, x := range mean {
			mean[i] = x + float32(part*(now[k][i]-x))
		}
	}
	lengths := bridge(y.witnesses, before, y.mean, y.ofMean, int(y.pay)-keepCost, most)
	y.paid -= float64(len(lengths) + keepCost)
	if slices.Max(lengths) > lostStep {
		y.lost = 1
	}
	if y.count >= keepMost || y.count > 0 && y.exchanges() >= keepBelow {
		return nil
	}
	kept := y.mean.Clone()
	for k, x := range kept.Parameters() {
		copy(y.last.Parameters()[k], x)
	}
	y.ofLast.Update(y.last)
	copy(y.chains.Words(), y.witnesses.Chains.Visible.Words())
	copy(y.weights, y.witnesses.LogWeights)
	y.count++
	if y.along {
		y.models = append(y.models, kept)
	}
	return kept
}

// bridge leads a population from one model to another, at which it leaves the conditionals, by so many steps at least, and at most. It returns their
// lengths.
func bridge(p *sample.Population, from, to *rbm.Model, c *rbm.Conditionals, least, most int) []float64 {
	c.Update(to)
	length := p.Spread(c)
	steps := int(min(max(1, float64(least), math.Ceil(length*length/bridgeVariance)), float64(most)))
	lengths, _ := p.Anneal(context.Background(), sample.Path{from, to}, sample.Even(steps)[1:], c, nil) // never cancelled
	return lengths
}

// renew leads new witnesses on a straight line from the model without weights to the mean, in so many steps. They take the place of the old ones if these have lost
// track, if their log Z has the smaller error, or if it is higher by more than the errors: in too few steps chains miss states, and then their log Z
// is too low with a small error.
func (y *trajectory) renew(steps int, key rng.Key) {
	fresh := sample.Independent(y.base, witnesses, key)
	lengths, _ := fresh.Anneal(context.Background(), sample.Path{y.base, y.mean}, sample.Even(steps)[1:], y.ofMean, nil)
	old, oldError, _ := y.witnesses.Weigh()
	logZ, stderr, _ := fresh.Weigh()
	if lost := slices.Max(lengths) > lostStep; !lost && (y.lost == 1 || stderr < oldError || logZ-old > doubtful*math.Hypot(stderr, oldError)) {
		fresh = fresh.Clone(y.key) // which a resumed training knows; its numbers go on where the old ones have used them
		fresh.Chains.Sweeps = y.witnesses.Chains.Sweeps
		y.witnesses, y.lost = fresh, 0
	}
}

// logZ estimates log Z of the model, at which it leaves the conditionals, by a copy of the witnesses that goes on to it in so many steps. lost is
// whether they have lost track.
func (y *trajectory) logZ(model *rbm.Model, c *rbm.Conditionals, key rng.Key, steps int) (z LogZ, lost bool) {
	there := y.witnesses.Clone(key)
	lengths, _ := there.Anneal(context.Background(), sample.Path{y.mean, model}, sample.Even(steps)[1:], c, nil)
	z.Value, z.Stderr, z.ESS = there.Weigh()
	return z, y.lost == 1 || slices.Max(lengths) > lostStep
}

// exchanges is the mean probability of an exchange of the witnesses' states with those of the last model kept.
func (y *trajectory) exchanges() float64 {
	chains := y.witnesses.Chains.Visible
	y.ofLast.FreeEnergy(y.free[0], y.chains)
	y.ofMean.FreeEnergy(y.free[1], chains)
	y.ofLast.FreeEnergy(y.free[2], chains)
	y.ofMean.FreeEnergy(y.free[3], y.chains)
	before, now := y.weights, y.witnesses.LogWeights
	heaviest := slices.Max(before) + slices.Max(now)
	var sum, exchanged float64
	for r := range witnesses {
		other := (r + witnesses/2) % witnesses // a witness may remember where it was
		weight := math.Exp(before[r] + now[other] - heaviest)
		sum += weight
		exchanged += weight * math.Exp(min(0, y.free[0][r]+y.free[1][other]-y.free[2][other]-y.free[3][r]))
	}
	return exchanged / sum
}

func (y *trajectory) remember(m *Memory) {
	m.floats("mean", y.mean.W, y.mean.B, y.mean.C)
	m.Counter("seen", &y.seen)
	m.Number("paid", &y.paid)
	m.States("witnesses", y.witnesses.Chains.Visible)
	m.Counter("sweeps", &y.witnesses.Chains.Sweeps)
	m.Numbers("weights", y.witnesses.LogWeights)
	m.Numbers("known", y.witnesses.Known[:])
	m.Counters("families", y.witnesses.Families)
	m.Counter("lost", &y.lost)
	m.Counter("count", &y.count)
	m.floats("last", y.last.W, y.last.B, y.last.C)
	m.States("last.witnesses", y.chains)
	m.Numbers("last.weights", y.weights)
}

// resume takes over the models that were kept before, after the other things to remember.
func (y *trajectory) resume(models []*rbm.Model) error {
	if !y.mean.Finite() || !y.last.Finite() {
		return errors.New("a mean of models is not finite")
	}
	y.ofMean.Update(y.mean)
	y.ofLast.Update(y.last)
	y.witnesses.Settle(y.ofMean)
	if !y.along {
		return nil
	}
	if y.count != uint64(len(models)) {
		return fmt.Errorf("the training has kept %d models on its path, but there are %d", y.count, len(models))
	}
	for k, model := range models {
		if !model.Fits(y.mean) || !model.Finite() {
			return fmt.Errorf("model %d on the training's path is of other units, or not finite", k)
		}
	}
	y.models = slices.Clone(models)
	return nil
}
