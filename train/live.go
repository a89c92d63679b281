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

// live estimates log Z at every evaluation, for a tenth of what the training costs. The witnesses of the training's path go on to the model as it is
// (trajectory). What can go wrong is that none of them is where the model has its weight. So another population is led the other way, along the models
// kept to the model without weights, from states that were found otherwise: half are those of the persistent chains, half are rows of data, all some
// sweeps later. This way back must not be the higher one. Where it is lower that says nothing, since the mean weight of its chains is ruled by those that are where
// the model has least. And neither these chains nor others that begin anywhere ([sample.Anywhere]) may come to a configuration that
// is more probable than log Z allows, which is at least −F of each.
type live struct {
	steps   int // of the way back
	key     rng.Key
	data    rbm.States
	doubted uint64 // the update at which an estimate was first in doubt; 0 while none was
}

const (
	liveChains  = 100  // of the way back
	livePart    = 0.03 // of the training's operations
	liveFewest  = 20   // steps, whatever they cost
	liveSweeps  = 10   // that forget how such states were found
	liveScouts  = 20   // chains that begin anywhere, to see what the others don't, and
	scoutSweeps = 20   // their sweeps
	// costLoad is that of a weight at a step apart from the chains: going on along the line, and to fixed point twice.
	costLoad = 16
	// Estimates are in doubt where the way back is higher by more than so many of the errors, or where the weights amount to fewer witnesses than these.
	doubtful  = 3
	slack     = 1
	lostBelow = 10
)

// newLive prepares for a training that costs so many operations from one evaluation to the next.
func newLive(t *Training, cost float64) *live {
	step := gibbsCost(t.Model, liveChains, 1) + costLoad*float64(len(t.Model.W))
	return &live{steps: max(liveFewest, int(livePart*cost/step)), key: t.along.key, data: t.set.States}
}

// persistent is a negative phase with chains that go on from update to update.
type persistent interface {
	visible() rbm.States
	goesAlong() bool // along the models that were kept: train has to keep them at hand
}

// logZ estimates log Z of the model as it is.
func (l *live) logZ(t *Training) (LogZ, []diag.Finding) {
	update, model, c := t.done, t.Model, t.conditionals
	key := l.key.Stream(rng.Stream(update))
	steps := l.steps
	if update == 1 {
		steps = liveFewest // the update has not paid for more
	}
	t.along.renew(steps)
	z, lost := t.along.logZ(model, c, key, liveFewest)
	chains := sample.Start(l.known(t.config.Negative, key), model.N(), key)
	chains.Sweeps = liveFewest // after the numbers that the way there has used
	chains.Sweep(c, liveSweeps)
	back := sample.NewPopulation(chains, key)
	back.Settle(c)
	found := max(-slices.Min(back.Free), l.scout(model, c, key))
	places := sample.Even(steps)
	slices.Reverse(places)
	back.Anneal(context.Background(), t.along.path(model), places[1:], c, nil) // an evaluation is finished even when the training is interrupted
	c.Update(model)
	fall, stderr, _ := back.Weigh()
	gap := sample.LogZWithoutWeights(t.along.base) - fall - z.Value
	limit := slack + doubtful*math.Hypot(z.Stderr, stderr)
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
			Message: fmt.Sprintf("a configuration with F = %.1f was found, so that log Z is more than %.1f; weighted chains from two sides give %.1f",
				-found, found, z.Value),
			Value: diag.Number(found - z.Value), Threshold: diag.Number(doubtful * z.Stderr),
			Consequence: "almost all of the model's weight is where neither of the two looks; the log-likelihoods here are upper bounds",
			Remedy:      "take a model from before, or train anew by --negative pcd, with more --steps or a lower --rate",
		}
		z.Value, z.Stderr = found, found-z.Value
		return z, []diag.Finding{hidden}
	}
	var findings []diag.Finding
	if lost || z.ESS < lostBelow {
		findings = append(findings, diag.Finding{
			Code:    "live-lost",
			Message: fmt.Sprintf("the weighted chains that follow the training have lost track of it: the weights of %d amount to %.1f", witnesses, z.ESS),
			Value:   diag.Number(z.ESS), Threshold: lostBelow,
			Consequence: "the log-likelihoods here may be too high by more than their errors",
			Remedy:      "score the model by 'harmonium eval'; to train so that chains follow, lower the learning rate",
		})
	}
	if since != 0 {
		findings = append(findings, diag.Finding{
			Code: "live-doubtful",
			Message: fmt.Sprintf("log Z was estimated from two sides, and since update %d these don't agree: here the way back is higher by %.2g nats",
				since, gap),
			Value: diag.Number(gap), Threshold: diag.Number(limit),
			Consequence: "the log-likelihoods here may be too high by more than their errors: there are states that the chains do not reach",
			Remedy:      "score the model by 'harmonium eval'; to train so that chains follow, lower the learning rate or raise --steps",
		})
	}
	return z, findings
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
