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

// live estimates log Z at every evaluation, for less than a tenth of what the training costs. Chains drawn from the witnesses, which follow the
// training's mean (trajectory), go on to the model. What can go wrong is that none of them is where the model has its weight. So other chains are led
// the other way, to the mean, from states that were found otherwise: half are those of the persistent chains, half are rows of data, all some sweeps
// later. The two ways must agree. Now and then, with all the steps that the training has paid for, a check leads such chains on a straight line to the
// model without weights, and new witnesses from there. And neither these chains nor others that begin anywhere ([sample.RandomStarts]) may come to a
// configuration that is more probable than log Z allows, which is at least −F of each.
type live struct {
	ways int     // chains of a way back; twice as many go there
	step float64 // cost of a step of a check, there and back
	key  rng.Key
	data rbm.Batch

	// What a checkpoint holds.
	scored  uint64  // the update of the last evaluation
	paid    float64 // steps of checks that the training has paid for, less those made
	steps   uint64  // of the next check, at least
	gap     float64 // in log Z, between the way back of the last check and the witnesses
	doubted uint64  // the last update at which two ways did not agree, until a check at which they do; 0 if there is none
	differ  float64 // by so much,
	limit   float64 // and more than this
}

const (
	livePart    = 0.015 // of the training's operations, for checks
	liveFewest  = 20    // steps of the first check; so many are there at the beginning, if half of what the whole training pays is as many
	liveEnough  = 500   // a check is due when twice the steps of the one before are paid for, or so many. It makes all that are,
	liveMost    = 1e5   // up to these
	scorePart   = 0.015 // of the training's operations, for the rest of the evaluations
	mostWays    = 100   // chains of a way back; where they cost more than scorePart, half of them, and
	fewestWays  = 25    // at the least so many
	liveScores  = 20    // evaluations, where --every isn't given: fewer if fewestWays cost too much for as many, more if mostWays don't
	liveSteps   = 8     // between the mean and the model
	liveSweeps  = 10    // that forget how states to go back from were found
	perScout    = 5     // chains of a way back for a chain that begins anywhere, to see what the others don't, and
	scoutSweeps = 20    // its sweeps
	// costLoad is that of a weight at a step apart from the chains: going on along the path, and to fixed point twice.
	costLoad = 16
	// Estimates are in doubt where the two ways differ by more than slack and so many of their errors.
	slack    = 1
	doubtful = 3
)

// The streams of random numbers of an evaluation.
const (
	streamFresh rng.Stream = iota + 1 // new witnesses
	streamWhole                       // the way back of a check
	streamThere                       // from the mean to the model
	streamBack                        // from the model to the mean
)

// stepCost is the operations of a step of a number of chains, with W brought to fixed point.
func stepCost(model *rbm.Model, chains int) float64 {
	return gibbsCost(model, chains, 1) + costLoad*float64(len(model.W))
}

// liveCost is that of an evaluation without a check, with so many chains on the way back, that scores so many rows.
func liveCost(model *rbm.Model, ways int, rows float64) float64 {
	return liveSteps*(stepCost(model, 2*ways)+stepCost(model, ways)) + gibbsCost(model, ways, liveSweeps) +
		gibbsCost(model, ways/perScout, scoutSweeps) + rows/2*gibbsCost(model, 1, 0)
}

// liveEvery is the number of updates between two evaluations where it isn't given. With --steps auto it is that of the sweeps at the beginning.
func liveEvery(t *Training, rows float64) int {
	updates := func(ways int) int {
		return int(math.Ceil(liveCost(t.Model, ways, rows) / (scorePart * t.updateCost())))
	}
	return max(updates(fewestWays), min(updates(mostWays), t.planned/liveScores))
}

// newLive prepares for evaluations of so many rows after so many updates each.
func newLive(t *Training, every int, rows float64) *live {
	ways, pay := mostWays, scorePart*t.updateCost()*float64(every)
	for ways > fewestWays && liveCost(t.Model, ways, rows) > pay {
		ways /= 2
	}
	l := &live{ways: ways, key: t.trajectory.key.Stream(rng.StreamEstimate), data: t.set.States, steps: liveFewest}
	l.step = stepCost(t.Model, witnessCount) + stepCost(t.Model, ways)
	l.paid = min(liveFewest, l.pay(t, t.planned)/2)
	return l
}

// pay is the number of steps of checks that cost livePart of so many updates as they are now.
func (l *live) pay(t *Training, updates int) float64 {
	return livePart * float64(updates) * t.updateCost() / l.step
}

// persistent is a negative phase with chains that go on from update to update.
type persistent interface {
	visible() rbm.Batch
	goesAlong() bool // along the models that were kept: train has to keep them at hand
}

// logZ estimates log Z of the model as it is.
func (l *live) logZ(t *Training) (LogZ, []diag.Finding) {
	y, model, c := t.trajectory, t.Model, t.conditionals
	key := l.key.Stream(rng.Stream(t.done))
	c.Update(model)
	chains := sample.NewChains(l.known(t.config.Negative, key), model.N(), key)
	chains.Sweep(c, liveSweeps)
	found := l.scout(model, c, key)

	l.paid += l.pay(t, int(t.done-l.scored))
	l.scored = t.done
	var whole LogZ // by the way back of a check
	check := y.seen > 0 && l.paid >= float64(max(l.steps, liveFewest))
	if check {
		steps := int(min(l.paid, liveMost))
		y.renew(steps, key.Stream(streamFresh))
		whole = back(sample.Path{y.base, model}, steps, chains, c, key.Stream(streamWhole))
		whole.Value += sample.LogZWithoutWeights(y.base)
		l.paid -= float64(steps)
		l.steps = uint64(min(2*steps, liveEnough))
	}
	mean := y.witnesses.LogZ()
	there := y.witnesses.Draw(2*l.ways, key.Stream(streamThere))
	lengths, _ := there.Anneal(context.Background(), sample.Path{y.mean, model}, sample.Even(liveSteps)[1:], c, nil)
	step := max(y.longest, longest(lengths))
	z := there.LogZ()
	z.ESS *= mean.ESS / float64(2*l.ways) // as if all witnesses had gone
	if check {
		l.gap, l.doubted = whole.Value-z.Value, 0
		l.compare(t.done, l.gap, math.Hypot(z.Stderr, whole.Stderr))
	}
	last := back(sample.Path{y.mean, model}, liveSteps, chains, c, key.Stream(streamBack))
	c.Update(model)
	free := make([]float64, l.ways)
	c.FreeEnergy(free, chains.Visible)
	found = max(found, -slices.Min(free))
	// The error of the mean's log Z is not one of the way from there.
	gap := mean.Value + last.Value - z.Value
	l.compare(t.done, gap, math.Sqrt(max(0, z.Stderr*z.Stderr-mean.Stderr*mean.Stderr)+last.Stderr*last.Stderr))
	z.Stderr = math.Hypot(z.Stderr, gap)
	if found > z.Value+doubtful*z.Stderr {
		return LogZ{Value: found, Stderr: found - z.Value, ESS: z.ESS}, []diag.Finding{foundMode(found, z)}
	}
	z.Stderr = math.Hypot(z.Stderr, l.gap)
	return z, l.findings(step)
}

// foundMode is the finding of a configuration with −F above what an estimate of log Z allows.
func foundMode(found float64, z LogZ) diag.Finding {
	return diag.Finding{
		Code: codeHidden,
		Message: fmt.Sprintf("a configuration with F = %.1f was found, so that log Z is more than %.1f; weighted chains from two sides give %.1f",
			-found, found, z.Value),
		Value: diag.Number(found - z.Value), Threshold: diag.Number(doubtful * z.Stderr),
		Consequence: "almost all of the model's weight is where neither of the two looks; the log-likelihoods here are upper bounds",
	}
}

// findings says whether witnesses whose longest step is given have lost track, and whether two ways have not agreed.
func (l *live) findings(step float64) []diag.Finding {
	const consequence = "the log-likelihoods here may be too high by more than their errors"
	var findings []diag.Finding
	if lost(step) {
		findings = append(findings, diag.Finding{
			Code:    "live-lost",
			Message: fmt.Sprintf("the weighted chains that follow the training have lost track: a step has left %.2g %% of them with weight", 100*left(step)),
			Value:   diag.Number(left(step)), Threshold: lostPart, Consequence: consequence,
		})
	}
	if l.doubted > 0 {
		findings = append(findings, diag.Finding{
			Code:    "live-doubtful",
			Message: fmt.Sprintf("log Z was estimated from two sides, and at update %d these differed by %.2g nats", l.doubted, math.Abs(l.differ)),
			Value:   diag.Number(l.differ), Threshold: diag.Number(l.limit),
			Consequence: consequence + ": there are states that the chains do not reach",
		})
	}
	return findings
}

// compare notes where two ways do not agree.
func (l *live) compare(update uint64, differ, stderr float64) {
	if limit := slack + doubtful*stderr; !(math.Abs(differ) <= limit) {
		l.doubted, l.differ, l.limit = update, differ, limit
	}
}

// back is reverse AIS of a copy of the chains, along a path from its last model, at which the conditionals are, to its first. An evaluation is
// finished even when the training is interrupted.
func back(path sample.Path, steps int, chains *sample.Chains, c *rbm.Conditionals, key rng.Key) LogZ {
	z, _, _ := sample.ReverseAIS(context.Background(), path, sample.Even(steps), sample.NewChains(chains.Visible, chains.Hidden.Units(), key), c, key, nil)
	return z
}

// remember lists what a checkpoint holds.
func (l *live) remember(m *Memory) {
	m.Counter("scored", &l.scored)
	m.Number("paid", &l.paid)
	m.Counter("steps", &l.steps)
	m.Number("gap", &l.gap)
	m.Counter("doubted", &l.doubted)
	m.Number("differ", &l.differ)
	m.Number("limit", &l.limit)
}

// scout returns the largest −F of chains that begin anywhere.
func (l *live) scout(model *rbm.Model, c *rbm.Conditionals, key rng.Key) float64 {
	scouts := l.ways / perScout
	chains := sample.NewChains(sample.RandomStarts(model, scouts, key), model.N(), key.Stream(rng.StreamAnywhere))
	chains.Sweep(c, scoutSweeps)
	free := make([]float64, scouts)
	c.FreeEnergy(free, chains.Visible)
	return -slices.Min(free)
}

// known returns states that the model should give weight to: persistent chains, which may all be caught in one mode, and data, which may be
// in modes that the model does not have, as many of each; only data where there are no such chains.
func (l *live) known(negative Negative, key rng.Key) rbm.Batch {
	v := sample.FromRows(l.data, l.ways, key)
	if p, ok := negative.(persistent); ok {
		chains := p.visible()
		half := v.Slice(0, min(l.ways/2, chains.Rows()))
		half.Copy(chains.Slice(0, half.Rows()))
	}
	return v
}
