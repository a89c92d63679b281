package monitor

import (
	"context"
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// live estimates log Z of the model of a training where enumeration would cost too much, in two ways: from the replicas
// of the ladder, by Bennett's acceptance ratios ([sample.Bennett]), and by AIS from independent units.
type live struct {
	base *rbm.Model // independent units

	ladder       *sample.Tempering
	own          *ladder           // the monitor's, whose Tempering that is; or nil
	conditionals *rbm.Conditionals // at which its line ends
	model        *rbm.Model
	rounds       int // of a score
	key          rng.Key
	data         rbm.Batch
	rows         []int    // the places of distinct rows of training data that are scored
	modes        *account // of searches for modes
	scored       uint64   // the update of the last score
	trained      int      // updates that pay for the first score of a model that is trained already; else 0
	renewal      renewal
}

const (
	liveScores   = 20  // of a training, if nothing else is said: fewer where fewestRounds cost too much, more where mostRounds don't
	livePasses   = 15  // over the data between two scores with validation data, at most, on the same terms
	fewestRounds = 30  // of a score, at least
	mostRounds   = 200 // and at most
	firstRounds  = 10  // of the score after the first update, which has paid for none: units are nearly independent then
	burnIn       = 3   // a third as many rounds more come before those that count
	jumpPart     = 3   // the upper third of the temperatures jumps, in three times as many sets as the training's replicas
	aisChains    = 100 // of AIS,
	aisPart      = 3   // in as many steps as cost the rounds, or a third of that where replicas jump
	// Estimates are in doubt where they differ by more than slack and doubtful standard errors.
	slack    = 1
	doubtful = 3
)

// The streams of random numbers of a score.
const (
	streamRounds rng.Stream = iota + 1
	streamModes             // searches for modes
	streamAnneal            // AIS
)

// newLive prepares for scores.
func newLive(c Config, own *ladder, p plan, a *accounts, key rng.Key) *live {
	a.modes.most = SearchCost(c.Model, mostStarts*usualIterations)
	ladder := c.Ladder
	if own != nil {
		ladder = own.Tempering
	}
	trained := 0
	if c.Trained {
		trained = p.every
	}
	return &live{
		base: c.base(), trained: trained,
		ladder: ladder, own: own, conditionals: c.Conditionals, model: c.Model, rounds: p.rounds, key: key, data: c.Data.States,
		rows: distinct(p.train), modes: &a.modes,
	}
}

// logZ estimates log Z of the model, at which it leaves the conditionals, by rounds of a copy of the ladder at the
// model and by AIS, and combines the two. least are bounds by what was found on the way.
//
// The copy jumps to modes that are looked for in the model as it is now: those of the training may be many updates old,
// and modes that have no replicas gain weight in each. Its first rounds don't count, in which the replicas come to where
// the model has its weight. The others give log Z by exchanges and by jumps ([sample.Bennett.WithJumps]).
//
// The error of the rounds is the spread over replica sets, and what the second half of them has changed: replicas that
// are not at equilibrium drift. The findings say so where that is much. AIS starts at independent units each time, so
// that it has no past to lag behind.
func (l *live) logZ(now Snapshot) (z sample.LogZ, least sample.Least, findings []diag.Finding) {
	key := l.key.Stream(rng.Stream(now.Update))
	pay := int(now.Update - l.scored)
	if now.Update == 1 {
		pay = max(pay, l.trained)
	}
	l.modes.Earn(pay)
	l.scored = now.Update
	l.conditionals.Update(l.model)
	t := l.ladder.Clone(key.Stream(streamRounds))
	var bound float64
	t.Jumps, bound = l.search(now, t.Visible(), key.Stream(streamModes))
	t.JumpSets, t.JumpTop = jumpPart*t.JumpingSets(), (len(t.Betas())+jumpPart-1)/jumpPart
	rounds := l.rounds
	if now.Update == 1 && l.trained == 0 {
		rounds = firstRounds
	}
	for range rounds / burnIn {
		t.Round()
	}
	ratios := sample.NewBennett(t).WithJumps()
	for range rounds {
		t.Round()
	}
	z, drift := ratios.LogZ(), ratios.Drift()
	findings = append(relaxation(z, drift), l.renewal.findings(l.ladder)...)
	z.Stderr = math.Hypot(z.Stderr, drift)
	steps, anneal := max(1, rounds*t.ChainSteps()/aisChains), key.Stream(streamAnneal)
	if t.Jumps != nil {
		steps = max(1, steps/aisPart)
	}
	ais := confirm(z, l.anneal(steps, anneal), func() sample.LogZ { return l.anneal(steps, anneal.Stream(1)) })
	z = combine(z, ais)
	least = l.bounds(t.Visible())
	least.Modes = max(least.Modes, bound)
	return z, least, findings
}

// bounds are those of log Z by states that were found: −F, unless P(v) is a density, and the variational bounds where
// there is no search for modes.
func (l *live) bounds(v rbm.Batch) sample.Least {
	least := sample.NoBounds()
	if sample.CheckModes(l.model) != nil {
		least.Modes = slices.Max(sample.VariationalBounds(l.model, v))
	}
	if !l.model.Discrete() {
		return least
	}
	free := make([]float64, v.Rows())
	l.conditionals.FreeEnergy(free, v)
	for _, f := range free {
		least.Configuration = max(least.Configuration, -f)
	}
	return least
}

// anneal is AIS from independent units to the model, with as many steps between each two neighbours of the ladder.
func (l *live) anneal(steps int, key rng.Key) sample.LogZ {
	line, betas := rbm.NewLine(l.base, l.model, l.conditionals), l.ladder.Betas()
	places := sample.Respace(betas, slices.Repeat([]float64{1}, len(betas)-1), steps)
	chains, _, _ := sample.AIS(context.Background(), line, places, aisChains, key, nil) // never cancelled
	return chains.LogZ()
}

// confirm holds AIS against an estimate by rounds. Where it is higher by more than an error it is made again, and the lower
// one counts: a few chains may have got a weight that is far too large by chance, but hardly twice.
func confirm(rounds, ais sample.LogZ, again func() sample.LogZ) sample.LogZ {
	if ais.Value-rounds.Value > math.Hypot(rounds.Stderr, ais.Stderr) {
		if second := again(); second.Value < ais.Value {
			return second
		}
	}
	return ais
}

// combine makes one estimate of log Z of two, by rounds of the replicas and by AIS, which is a lower bound in
// probability. Where it is lower it has missed something that the replicas are in, and the rounds hold. Where it is
// higher by no more than three errors √(σ_rounds² + σ_AIS²), it is the mean with the weights 1/σ². Beyond that the
// replicas are not where the model has its weight now, and AIS holds.
//
// The error σ of the mean grows to σ√(1+x²) where they differ by x errors, as both may be too sure (after R. T. Birge,
// Phys. Rev. 40 (1932) 207). Where AIS holds, half of the difference is part of it.
func combine(rounds, ais sample.LogZ) sample.LogZ {
	const tiny = 1e-12 // variance of estimates that are exact but for rounding
	more, apart := ais.Value-rounds.Value, math.Hypot(rounds.Stderr, ais.Stderr)
	if more < 0 {
		return rounds
	} else if more > doubtful*apart {
		return sample.LogZ{Value: ais.Value, Stderr: math.Hypot(ais.Stderr, more/2), ESS: rounds.ESS}
	}
	u, v := 1/(rounds.Stderr*rounds.Stderr+tiny), 1/(ais.Stderr*ais.Stderr+tiny)
	return sample.LogZ{
		Value: (u*rounds.Value + v*ais.Value) / (u + v), Stderr: math.Hypot(1, more/math.Hypot(apart, tiny)) / math.Sqrt(u+v), ESS: rounds.ESS,
	}
}

// starts returns count states to begin a search for modes at. A fifth are modes of before, if there are as many. Half of
// the others are known states, which may all be in few modes, and half are data, which may be in modes that no state is in.
func (l *live) starts(count int, before sample.KnownModes, key rng.Key, known ...rbm.Batch) rbm.Batch {
	v := sample.FromRows(l.data, count, key)
	to := min(count/5, len(before.Bounds))
	if to > 0 {
		before.Rows(v.Slice(0, to), l.model.Visible)
	}
	end := to + (count-to)/2
	for _, states := range known {
		if part := min(end-to, states.Rows()); part > 0 {
			v.Slice(to, to+part).Copy(states.Slice(0, part))
			to += part
		}
	}
	return v
}

func (l *live) remember(m Memory) {
	m.Counter("live.scored", &l.scored)
	m.Number("live.modes", &l.modes.balance)
	m.Counter("live.renewal.rounds", &l.renewal.rounds)
	m.Counter("live.renewal.count", &l.renewal.count)
	m.Number("live.renewal.time", &l.renewal.time)
}
