package train

import (
	"context"
	"fmt"
	"math"
	"slices"

	"harmonium/diag"
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
)

// codeHidden is the finding of a configuration that is more probable than an estimate of log Z allows.
const codeHidden = "hidden-mode"

// live estimates log Z at every evaluation, for a tenth of what the training costs. A population of weighted chains is led from the model
// without weights, whose log Z is known, to the model as it is ([sample.Population]). What can go wrong is that no chain finds
// states that matter. So another population is led the other way, from states that are found without annealing: half are those of the
// persistent chains, half are rows of data, all some sweeps later. The two ways must agree. And neither these chains nor others that begin
// anywhere ([sample.Anywhere]) may come to a configuration that is more probable than log Z allows, which is at least −F of each.
//
// The persistent chains could carry the weights for nothing, from update to update. They would be wrong: an update goes against the
// very states that its chains are in (docs/decisions.md).
type live struct {
	base    *rbm.Model // without weights
	steps   int        // each way
	key     rng.Key
	data    rbm.States
	doubted uint64 // the update at which an estimate was first in doubt; 0 while none was
}

const (
	liveChains  = 100
	livePart    = 0.08 // of the training's operations
	liveFewest  = 20   // steps, whatever they cost
	liveSweeps  = 10   // that forget how such states were found
	liveScouts  = 20   // chains that begin anywhere, to see what the others don't, and
	scoutSweeps = 20   // their sweeps
	// costLoad is that of a weight at a step apart from the chains: going on along the line, and to fixed point twice.
	costLoad = 16
	// The two ways are in doubt if they differ by more than so many of their errors.
	doubtful = 3
)

// newLive prepares for a training that costs so many operations from one evaluation to the next.
func newLive(t *Training, cost float64) *live {
	base := sample.Base(t.Model)
	step := gibbsCost(base, liveChains, 1) + costLoad*float64(len(base.W))
	return &live{
		base: base, data: t.set.States, steps: max(liveFewest, int(livePart*cost/step/2)), key: rng.Seed(t.config.Seed).Stream(rng.StreamLive),
	}
}

// persistent is a negative phase with chains that go on from update to update.
type persistent interface {
	visible() rbm.States
	goesAlong() bool // along the models that were kept: train has to keep them at hand
}

// logZ estimates log Z of the model after an update. c is left at the model.
func (l *live) logZ(model *rbm.Model, c *rbm.Conditionals, negative Negative, update uint64) (LogZ, []diag.Finding) {
	ctx := context.Background() // an evaluation is finished even when the training is interrupted
	key := l.key.Stream(rng.Stream(update))
	steps := l.steps
	if update == 1 {
		steps = liveFewest // the update has not paid for more
	}
	path, places := sample.Path{l.base, model}, sample.Even(steps)
	there := sample.Independent(l.base, liveChains, key)
	there.Anneal(ctx, path, places[1:], c, nil)
	z := LogZ{}
	z.Value, z.Stderr, z.ESS = there.Weigh()
	chains := sample.Start(l.known(negative, key), model.N(), key)
	chains.Sweeps = uint64(steps) // after the numbers that the way there has used
	chains.Sweep(c, liveSweeps)
	back := sample.NewPopulation(chains, key)
	back.Settle(c)
	found := max(-slices.Min(back.Free), l.scout(model, c, key))
	slices.Reverse(places)
	back.Anneal(ctx, path, places[1:], c, nil)
	c.Update(model)
	fall, stderr, ess := back.Weigh()
	gap := sample.LogZWithoutWeights(l.base) - fall - z.Value
	z.ESS = min(z.ESS, ess)
	limit := doubtful * math.Hypot(z.Stderr, stderr)
	since := l.doubted
	if !(math.Abs(gap) <= limit) && since == 0 {
		if since = update; update > 1 { // with so few steps as the first has, this one alone is in doubt
			l.doubted = update
		}
	}
	z.Stderr = math.Hypot(z.Stderr, gap)
	if found > z.Value+doubtful*z.Stderr {
		hidden := diag.Finding{
			Code: codeHidden,
			Message: fmt.Sprintf("a configuration with F = %.1f was found, so that log Z is more than %.1f; annealing from two sides gives %.1f",
				-found, found, z.Value),
			Value: diag.Number(found - z.Value), Threshold: diag.Number(doubtful * z.Stderr),
			Consequence: "almost all of the model's weight is where neither of the two looks; the log-likelihoods here are upper bounds",
			Remedy:      "take a model from before, or train anew by --negative pcd, with more --steps or a lower --rate",
		}
		z.Value, z.Stderr = found, found-z.Value
		return z, []diag.Finding{hidden}
	}
	if since == 0 {
		return z, nil
	}
	return z, []diag.Finding{{
		Code: "live-doubtful",
		Message: fmt.Sprintf("log Z was estimated from two sides, and since update %d these don't agree: here they differ by %.2g nats",
			since, math.Abs(gap)),
		Value: diag.Number(gap), Threshold: diag.Number(limit),
		Consequence: "the log-likelihoods here may be too high by more than their errors: there are states that the chains do not reach",
		Remedy:      "score the model by 'harmonium eval'; to train so that chains follow, lower the learning rate or raise --steps",
	}}
}

// scout returns the largest −F of chains that begin anywhere.
func (l *live) scout(model *rbm.Model, c *rbm.Conditionals, key rng.Key) float64 {
	chains := sample.Start(sample.Anywhere(model, liveScouts, key), model.N(), key.Stream(rng.StreamAnywhere))
	chains.Sweep(c, scoutSweeps)
	free := make([]float64, liveScouts)
	c.FreeEnergy(free, chains.Visible)
	return -slices.Min(free)
}

// known returns states that the model should give weight to: persistent chains, which may all be caught in one mode, and data, which may be
// in modes that the model does not have, as many of each; only data where there are no such chains.
func (l *live) known(negative Negative, key rng.Key) rbm.States {
	v := sample.FromRows(l.data, liveChains, key)
	if p, ok := negative.(persistent); ok {
		chains := p.visible()
		half := v.Slice(0, min(liveChains/2, chains.Rows()))
		copy(half.Words(), chains.Words())
	}
	return v
}
