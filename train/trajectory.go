package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"harmonium/internal/safetensors"
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
)

// trajectory is the path of the training, or rather that of the running mean of the model over about the last third of what was seen: the path of the
// parameters themselves is noisy, and therefore long.
//
// Weighted chains follow the mean, the witnesses: they begin at the model without weights, whose log Z is known, and by Jarzynski's equality
// their mean weight tells log Z of the mean ([sample.WeightedChains]). They take no part in the gradient. Chains that do can't carry weights, as
// an update goes against the very states that they are in (docs/decisions/0025).
//
// A mean is kept whenever the witnesses would exchange states with those of the one kept before in less than keepBelow of all cases: chains can
// exchange states along the models kept ([sample.Path]).
type trajectory struct {
	base *rbm.Model // without weights
	mean *rbm.Model
	seen uint64  // models that mean is made of
	paid float64 // steps of the witnesses that the training has paid for, less those made

	witnesses *sample.WeightedChains
	longest   float64 // of their steps: what it added to the standard deviation of their log weights
	key       rng.Key

	room       uint64     // models that may be kept
	count      uint64     // of models kept
	last       *rbm.Model // the last of them, and the witnesses when it was, with their log weights
	chains     rbm.Batch
	logWeights []float64
	keeps      bool         // whether the negative phase goes along the models kept
	models     []*rbm.Model // then all of them

	ofLast, ofMean *rbm.Conditionals
	before         *rbm.Model // scratch
	free           [4][]float64
}

const (
	witnessCount = 200
	lookEvery    = 20 // updates between two looks at the model, or more, where they don't pay for a step of the witnesses
	followPart   = 0.02
	followFirst  = 200     // steps are there at the beginning, if the whole training pays for as many; and no more can be saved
	keepBelow    = 0.3     // of exchanges: N. Béreux et al., ICLR 2025, keep models at 0.25
	keepMost     = 200     // models; trainings measured so far kept 3 to 18,
	keepBytes    = 1 << 28 // of parameters of all models kept, in memory and on disk
	keepCost     = 2       // in steps

	// Between two models the witnesses make as many steps as keep what these add to the variance of their log weights near this.
	bridgeVariance = 0.05
	// They have lost track where a step leaves less than this part of them with weight.
	lostPart  = 0.1
	lostTrack = 1000 // a length that stands for all that are longer, or not a number
)

func newTrajectory(t *Training) *trajectory {
	base := sample.IndependentModel(t.Model)
	y := &trajectory{
		base: base, mean: base.Clone(), key: rng.Seed(t.config.Seed).Stream(rng.StreamLive),
		last: base.Clone(), chains: rbm.NewBatch(witnessCount, base.M()), logWeights: make([]float64, witnessCount),
		ofLast: rbm.NewConditionals(base, t.config.Compute), ofMean: rbm.NewConditionals(base, t.config.Compute), before: base.Clone(),
	}
	y.witnesses = sample.NewIndependent(base, witnessCount, y.key)
	y.room = keptAtMost(len(base.W) + len(base.B) + len(base.C))
	y.witnesses.UpdateFreeEnergies(y.ofMean)
	for k := range y.free {
		y.free[k] = make([]float64, witnessCount)
	}
	y.paid = max(1+keepCost, min(followFirst, y.pay(t, t.planned)))
	chains, ok := t.config.Negative.(persistent)
	y.keeps = ok && chains.goesAlong()
	return y
}

// pay is the number of steps of the witnesses that cost followPart of so many updates as they are now.
func (y *trajectory) pay(t *Training, updates int) float64 {
	return followPart * float64(updates) * t.updateCost() / stepCost(y.base, witnessCount)
}

// see takes the model after an update. It returns a model to keep, or nil.
func (y *trajectory) see(t *Training) *rbm.Model {
	if t.done%lookEvery != 0 {
		return nil
	}
	pay := y.pay(t, lookEvery)
	y.paid = min(y.paid+pay, max(pay, followFirst))
	most := int(y.paid) - keepCost
	if most < 1 {
		return nil
	}
	y.seen++
	part := float32(min(1, 3/float64(y.seen+2)))
	before, now := y.before.Parameters(), t.Model.Parameters()
	for k, mean := range y.mean.Parameters() {
		copy(before[k], mean)
		for i, x := range mean {
			mean[i] = x + float32(part*(now[k][i]-x))
		}
	}
	lengths := bridge(y.witnesses, y.before, y.mean, y.ofMean, int(pay)-keepCost, most)
	y.paid -= float64(len(lengths) + keepCost)
	y.longest = max(y.longest, longest(lengths))
	if !y.hasRoom(t.part()) || y.count > 0 && y.exchanges() >= keepBelow {
		return nil
	}
	kept := y.mean.Clone()
	for k, x := range kept.Parameters() {
		copy(y.last.Parameters()[k], x)
	}
	y.ofLast.Update(y.last)
	copy(y.chains.Words(), y.witnesses.Chains.Visible.Words())
	copy(y.logWeights, y.witnesses.LogWeights)
	y.count++
	if y.keeps {
		y.models = append(y.models, kept)
	}
	return kept
}

// keptAtMost is the number of models of so many parameters that may be kept: keepMost, or fewer where these would take more than keepBytes.
func keptAtMost(parameters int) uint64 { return uint64(min(keepMost, keepBytes/(4*parameters))) }

// hasRoom is whether one more model may be kept when a part of the training is done. Half of the room is there from the beginning; the
// other half comes by and by, so that a large model, of which few may be kept, isn't kept in the first updates alone.
func (y *trajectory) hasRoom(part float64) bool {
	first := (y.room + 1) / 2
	return y.count < min(y.room, first+uint64(part*float64(y.room-first+1)))
}

// bridge leads a population from one model to another, at which it leaves the conditionals, by so many steps at least, if they are one or more, and at
// most. It returns their lengths.
func bridge(p *sample.WeightedChains, from, to *rbm.Model, c *rbm.Conditionals, least, most int) []float64 {
	c.Update(to)
	length := p.StdLogWeight(c)
	steps := most
	if need := math.Ceil(length * length / bridgeVariance); need < float64(most) {
		steps = min(max(1, least, int(need)), most)
	}
	lengths, _ := p.Anneal(context.Background(), sample.Path{from, to}, sample.Even(steps)[1:], c, nil) // never cancelled
	return lengths
}

// renew leads new witnesses on a straight line from the model without weights to the mean, in so many steps. They take the place of the old ones if these
// have lost track, if their log Z is higher by more than the errors, or if it has the smaller error and is not lower by more than these: in too few
// steps chains miss states, and then their log Z is too low with a small error.
func (y *trajectory) renew(steps int, key rng.Key) {
	fresh, lengths, _ := sample.AIS(context.Background(), sample.Path{y.base, y.mean}, sample.Even(steps), witnessCount, y.ofMean, key, nil)
	old, z := y.witnesses.LogZ(), fresh.LogZ()
	higher, limit := z.Value-old.Value, doubtful*math.Hypot(z.Stderr, old.Stderr)
	step := longest(lengths)
	if !lost(step) && (lost(y.longest) || higher > limit || z.Stderr < old.Stderr && higher > -limit) {
		fresh = fresh.Clone(y.key) // which a resumed training knows; its numbers go on where the old ones have used them
		fresh.Chains.Sweeps = y.witnesses.Chains.Sweeps
		y.witnesses, y.longest = fresh, step
	}
}

// longest is the length of the longest step, and a finite number.
func longest(lengths []float64) float64 {
	if x := slices.Max(lengths); x < lostTrack {
		return x
	}
	return lostTrack
}

// left is the part of the witnesses that a step of such a length leaves with weight, as their effective sample size would have it for normal log weights.
func left(length float64) float64 { return math.Exp(-length * length) }

// lost is whether witnesses have lost track in a step of such a length.
func lost(length float64) bool { return left(length) < lostPart }

// exchanges is the mean probability of an exchange of the witnesses' states with those of the last model kept.
func (y *trajectory) exchanges() float64 {
	chains := y.witnesses.Chains.Visible
	y.ofLast.FreeEnergy(y.free[0], y.chains)
	y.ofMean.FreeEnergy(y.free[1], chains)
	y.ofLast.FreeEnergy(y.free[2], chains)
	y.ofMean.FreeEnergy(y.free[3], y.chains)
	before, now := y.logWeights, y.witnesses.LogWeights
	heaviest := slices.Max(before) + slices.Max(now)
	var sum, exchanged float64
	for r := range witnessCount {
		other := (r + witnessCount/2) % witnessCount // a witness may remember where it was
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
	m.Number("longest", &y.longest)
	m.Counter("count", &y.count)
	m.floats("last", y.last.W, y.last.B, y.last.C)
	m.States("last.witnesses", y.chains)
	m.Numbers("last.weights", y.logWeights)
	for k, model := range y.models {
		m.floats(modelName(k), model.W, model.B, model.C)
	}
}

func modelName(k int) string { return fmt.Sprintf("model.%d", k) }

// makeRoom prepares for the models that a checkpoint holds.
func (y *trajectory) makeRoom(checkpoint *safetensors.File) {
	y.models = nil
	for y.keeps {
		if _, err := checkpoint.Tensor("trajectory." + modelName(len(y.models)) + ".0"); err != nil {
			return
		}
		y.models = append(y.models, y.base.Clone())
	}
}

// resume checks what was remembered, and takes it over.
func (y *trajectory) resume() error {
	if !y.mean.Finite() || !y.last.Finite() || slices.ContainsFunc(y.models, func(m *rbm.Model) bool { return !m.Finite() }) {
		return errors.New("a mean of models is not finite")
	}
	if v := y.witnesses.Known[1]; v < 0 {
		return fmt.Errorf("the variance of log Z of the witnesses is %v, want no less than 0", v)
	}
	if y.keeps && y.count != uint64(len(y.models)) {
		return fmt.Errorf("the training has kept %d models on its path, but there are %d", y.count, len(y.models))
	}
	y.ofMean.Update(y.mean)
	y.ofLast.Update(y.last)
	y.witnesses.UpdateFreeEnergies(y.ofMean)
	return nil
}
