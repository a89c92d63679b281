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

// live estimates log Z at every evaluation, for a tenth of what the training costs. A copy of the witnesses, which follow the training's mean
// (trajectory), goes on to the model. What can go wrong is that none of them is where the model has its weight. So other chains are led the other way, to
// the mean, from states that were found otherwise: half are those of the persistent chains, half are rows of data, all some sweeps later. The two ways
// must agree. Now and then, with all the steps that the training has paid for, a check leads such chains on a straight line to the model without weights, and
// new witnesses from there. And neither these chains nor others that begin anywhere ([sample.Anywhere]) may come to a configuration that is more
// probable than log Z allows, which is at least −F of each.
type live struct {
	pay  float64 // steps of a check that the training pays for from one evaluation to the next
	key  rng.Key
	data rbm.States

	// What a checkpoint holds.
	paid    float64 // steps, not used so far
	steps   uint64  // of the next check, at least
	checked uint64  // the update of the last check; 0 before the first
	gap     float64 // in log Z, between the way back of the last check and the witnesses, and the most that it may be
	limit   float64
}

const (
	liveChains  = 100  // of the ways back
	livePart    = 0.04 // of the training's operations, for checks
	liveFewest  = 20   // steps of the first check, and between the mean and the model
	liveEnough  = 500  // each check has twice the steps of the one before or more, up to these
	liveSweeps  = 10   // that forget how such states were found
	liveScouts  = 20   // chains that begin anywhere, to see what the others don't, and
	scoutSweeps = 20   // their sweeps
	// costLoad is that of a weight at a step apart from the chains: going on along the path, and to fixed point twice.
	costLoad = 16
	// Estimates are in doubt where the two ways differ by more than slack and so many of their errors, or where the weights amount to fewer witnesses than lostBelow.
	slack     = 1
	doubtful  = 3
	lostBelow = 10
)

// newLive prepares for a training that costs so many operations from one evaluation to the next.
func newLive(t *Training, cost float64) *live {
	step := gibbsCost(t.Model, witnesses, 1) + gibbsCost(t.Model, liveChains, 1) + 2*costLoad*float64(len(t.Model.W))
	return &live{pay: livePart * cost / step, key: t.along.key, data: t.set.States, steps: liveFewest}
}

// persistent is a negative phase with chains that go on from update to update.
type persistent interface {
	visible() rbm.States
	goesAlong() bool // along the models that were kept: train has to keep them at hand
}

// logZ estimates log Z of the model as it is.
func (l *live) logZ(t *Training) (LogZ, []diag.Finding) {
	y, model, c := t.along, t.Model, t.conditionals
	key := l.key.Stream(rng.Stream(t.done))
	c.Update(model)
	chains := sample.Start(l.known(t.config.Negative, key), model.N(), key)
	chains.Sweep(c, liveSweeps)
	found := l.scout(model, c, key)

	if t.done > 1 { // the first update alone has not paid for it
		l.paid += l.pay
	}
	var whole LogZ // by the way back of a check
	check := y.seen > 0 && l.paid >= float64(l.steps)
	if check {
		steps := int(l.paid)
		y.renew(steps, key.Stream(1))
		whole = back(sample.Path{y.base, model}, steps, chains, c, key.Stream(2))
		whole.Value += sample.LogZWithoutWeights(y.base)
		l.paid -= float64(steps)
		l.steps = uint64(min(2*steps, liveEnough))
	}
	z, lost := y.logZ(model, c, key.Stream(3), liveFewest)
	if check {
		l.checked, l.gap, l.limit = t.done, whole.Value-z.Value, slack+doubtful*math.Hypot(z.Stderr, whole.Stderr)
	}
	mean, _, _ := y.witnesses.Weigh()
	last := back(sample.Path{y.mean, model}, liveFewest, chains, c, key.Stream(4))
	gap, limit := mean+last.Value-z.Value, slack+doubtful*math.Hypot(z.Stderr, last.Stderr)
	c.Update(model)
	free := make([]float64, liveChains)
	c.FreeEnergy(free, chains.Visible)
	found = max(found, -slices.Min(free))
	z.Stderr = math.Hypot(z.Stderr, math.Hypot(gap, l.gap))
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
	for _, side := range []struct {
		gap, limit float64
		update     uint64
	}{{gap, limit, t.done}, {l.gap, l.limit, l.checked}} {
		if !(math.Abs(side.gap) <= side.limit) {
			findings = append(findings, diag.Finding{
				Code:    "live-doubtful",
				Message: fmt.Sprintf("log Z was estimated from two sides, and at update %d these differ by %.2g nats", side.update, math.Abs(side.gap)),
				Value:   diag.Number(side.gap), Threshold: diag.Number(side.limit),
				Consequence: "the log-likelihoods here may be too high by more than their errors: there are states that the chains do not reach",
				Remedy:      "score the model by 'harmonium eval'; to train so that chains follow, lower the learning rate or raise --steps",
			})
			break
		}
	}
	return z, findings
}

// back leads a copy of the chains along a path from its last model, at which the conditionals are, to its first. The value is log Z of the last over that of the first.
func back(path sample.Path, steps int, chains *sample.Chains, c *rbm.Conditionals, key rng.Key) LogZ {
	p := sample.NewPopulation(sample.Start(chains.Visible, chains.Hidden.Units(), key), key)
	p.Settle(c)
	places := sample.Even(steps)
	slices.Reverse(places)
	p.Anneal(context.Background(), path, places[1:], c, nil) // an evaluation is finished even when the training is interrupted
	fall, stderr, ess := p.Weigh()
	return LogZ{-fall, stderr, ess}
}

// remember lists what a checkpoint holds.
func (l *live) remember(m *Memory) {
	m.Number("paid", &l.paid)
	m.Counter("steps", &l.steps)
	m.Counter("checked", &l.checked)
	m.Number("gap", &l.gap)
	m.Number("limit", &l.limit)
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
