package monitor

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

// follower is the running mean of the model over about the last third of what was seen, with AIS chains that follow it. The path of the
// parameters themselves is noisy, and therefore long.
//
// The chains begin at independent units, whose log Z is known. By Jarzynski's equality their mean weight tells log Z of the mean
// ([sample.WeightedChains]). They take no part in the gradient. Weights on the gradient's own chains are biased: each update lowers the
// probability of the states they occupy (docs/decisions/0025).
type follower struct {
	base, mean *rbm.Model // independent units, and the running mean
	seen       uint64     // models that the mean is made of
	chains     *sample.WeightedChains
	longest    float64 // step of the chains so far: what it added to the standard deviation of their log weights
	account    *account

	key    rng.Key
	atMean *rbm.Conditionals
	before *rbm.Model // scratch
}

const (
	aisChains    = 200
	lookEvery    = 20   // updates after which the mean and the chains follow the model, if their account affords a step
	lookCost     = 2    // of that without the steps, in steps
	stepsSaved   = 200  // at most; lent before the first update where the whole training pays for them
	stepVariance = 0.05 // that a step should add to that of the log weights: their number follows from it
	// The chains have lost track where a step leaves less than this part of them with weight.
	lostPart  = 0.1
	lostTrack = 1000 // a length that stands for all that are longer, or not a number
)

func newFollower(c Config, a *account, key rng.Key) *follower {
	base := sample.IndependentModel(c.Model)
	f := &follower{
		base: base, mean: base.Clone(), before: base.Clone(), account: a, key: key,
		chains: sample.NewIndependent(base, aisChains, key), atMean: rbm.NewConditionals(base, c.Compute),
	}
	f.chains.UpdateFreeEnergies(f.atMean)
	a.most = stepsSaved
	a.balance = max(1+lookCost, min(stepsSaved, a.pays(c.Updates)))
	return f
}

// follow moves the mean towards the model, and the chains to the mean. It reports whether the account affords that.
func (f *follower) follow(model *rbm.Model) bool {
	f.account.Earn(lookEvery)
	if !f.account.Affords(1 + lookCost) {
		return false
	}
	f.move(model)
	least, most := int(f.account.pays(lookEvery))-lookCost, int(f.account.balance)-lookCost
	lengths := f.bridge(least, most)
	f.account.Spend(float64(len(lengths) + lookCost))
	f.longest = max(f.longest, longest(lengths))
	return true
}

// move takes one more model into the mean.
func (f *follower) move(model *rbm.Model) {
	f.seen++
	part := float32(min(1, 3/float64(f.seen+2)))
	f.before.Copy(f.mean)
	now := model.Parameters()
	for k, mean := range f.mean.Parameters() {
		for i, x := range mean.Values {
			mean.Values[i] = x + float32(part*(now[k].Values[i]-x))
		}
	}
}

// bridge takes the chains from the mean before to the mean, at which it leaves the conditionals, in least to most steps and at least
// one. It returns the steps' lengths.
func (f *follower) bridge(least, most int) []float64 {
	f.atMean.Update(f.mean)
	length := f.chains.StdLogWeight(f.atMean)
	steps := most
	if need := math.Ceil(length * length / stepVariance); need < float64(most) {
		steps = min(max(1, least, int(need)), most)
	}
	path := sample.Path{f.before, f.mean}
	lengths, _ := f.chains.Anneal(context.Background(), path, sample.Even(steps)[1:], f.atMean, nil) // never cancelled
	return lengths
}

// renew sends new chains from independent units to the mean by AIS. They take the place of the old ones if these have
// lost track, if their log Z is higher by more than the errors, or if it has the smaller error and is not lower by more than these: in too
// few steps chains miss states, and then their log Z is too low with a small error.
func (f *follower) renew(steps int, key rng.Key) {
	fresh, lengths, _ := sample.AIS(context.Background(), sample.Path{f.base, f.mean}, sample.Even(steps), aisChains, f.atMean, key, nil)
	old, z := f.chains.LogZ(), fresh.LogZ()
	higher, limit := z.Value-old.Value, doubtful*math.Hypot(z.Stderr, old.Stderr)
	step := longest(lengths)
	if !lost(step) && (lost(f.longest) || higher > limit || z.Stderr < old.Stderr && higher > -limit) {
		fresh = fresh.Clone(f.key) // which a resumed training knows; its numbers go on where the old ones have used them
		fresh.Chains.Sweeps = f.chains.Chains.Sweeps
		f.chains, f.longest = fresh, step
	}
}

// longest is the length of the longest step, and a finite number.
func longest(lengths []float64) float64 {
	if x := slices.Max(lengths); x < lostTrack {
		return x
	}
	return lostTrack
}

// left is the part of the chains that a step of such a length leaves with weight, as their effective sample size would have it for normal
// log weights.
func left(length float64) float64 { return math.Exp(-length * length) }

// lost is whether chains lose track in a step of such a length.
func lost(length float64) bool { return left(length) < lostPart }

func (f *follower) remember(m Memory) {
	m.Model("mean", f.mean)
	m.Counter("mean.seen", &f.seen)
	m.Number("mean.account", &f.account.balance)
	m.Number("mean.longest", &f.longest)
	s := f.chains.State()
	m.States("ais.states", s.Visible)
	m.Counter("ais.sweeps", s.Sweeps)
	m.Numbers("ais.weights", s.LogWeights)
	m.Counters("ais.families", s.Families)
	m.Number("ais.logz", s.LogZ)
	m.Number("ais.variance", s.Variance)
}

func (f *follower) resume() error {
	if !f.mean.Finite() {
		return errors.New("the mean of the models is not finite")
	}
	if v := *f.chains.State().Variance; v < 0 {
		return fmt.Errorf("the variance of log Z of the AIS chains is %v, want no less than 0", v)
	}
	f.atMean.Update(f.mean)
	f.chains.UpdateFreeEnergies(f.atMean)
	return nil
}
