package monitor

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// Searches for modes ([sample.Modes]): one at each score that its account pays for, and a larger one for the model that
// a finished training keeps, with AIS from each mode.
const (
	fewestStarts    = 12  // at a score, at least,
	mostStarts      = 300 // and at most,
	patternPart     = 30  // of which a thirtieth are of each kind of pattern
	usualIterations = 20  // of a start to count with: more than the mean
	fewestSearch    = 2   // starts of each kind for the model that is kept, at least
	mostJudged      = 133 // and at most: those of a run of estimate.LogZ
	fewestAIS       = 20  // steps of AIS from a mode, at least
	mostAIS         = 500 // and at most
)

// search looks for modes of the model from as many starts as the account pays for, and returns jumps to these and to
// the modes that the ladder knows, and the largest variational bound. Where the account does not pay the jumps are the
// ladder's, and the bound is −Inf. The replicas that the monitor keeps jump to what it finds from then on. Where
// [sample.CheckModes] has an error there are no jumps, and it is a bound by chains from random restarts.
func (l *live) search(now Snapshot, replicas rbm.Batch, key rng.Key) (jumps *sample.Jumps, bound float64) {
	if sample.CheckModes(l.model) != nil {
		return nil, l.boundOfRestarts(key)
	}
	count := usualStarts(l.model, l.modes.balance)
	if count < fewestStarts {
		return l.ladder.Jumps, math.Inf(-1)
	}
	var before sample.KnownModes
	if l.own != nil {
		before = l.own.known
	} else if l.ladder.Jumps != nil {
		before = l.ladder.Jumps.Known()
	}
	patterns := max(1, count/patternPart)
	starts := l.starts(count-sample.SearchKinds*patterns, before, key, replicas, now.Known)
	modes := sample.NewModes(l.model, l.conditionals.Compute())
	_ = modes.Search(context.Background(), patterns, starts, key) // never cancelled
	modes.EndSearch()
	l.modes.Spend(SearchCost(l.model, modes.Iterations))
	jumps, bound = modes.Jumps(), modes.List[0].Bound
	if l.own != nil {
		l.own.jumpTo(jumps)
		return jumps, bound
	}
	return jumps.With(before), bound
}

// restarts are random restarts of a score, and restartSweeps their sweeps: a part of a hundred of its rounds.
const (
	restarts      = 20
	restartSweeps = 10
)

// boundOfRestarts is the largest variational bound of states that random restarts come to.
func (l *live) boundOfRestarts(key rng.Key) float64 {
	chains := sample.NewChains(sample.RandomStarts(l.model, restarts, key), l.model.Hidden, key)
	chains.Sweep(l.conditionals, restartSweeps)
	return slices.Max(sample.VariationalBounds(l.model, chains.Visible))
}

// judgeModes looks for modes of a model that its score z has missed. Variational bounds hold for certain. AIS from each
// mode gives its share of Z, and the sum of the shares is a lower bound of Z in probability.
func (m *Monitor) judgeModes(model *rbm.Model, z sample.LogZ) []diag.Finding {
	budget, key := m.accounts.judge.pays(int(m.live.scored)), m.live.key.Stream(0) // updates count from 1
	count := searchStarts(model, budget/2, mostJudged)
	if count < fewestSearch || sample.CheckModes(model) != nil {
		return nil
	}
	modes := sample.NewModes(model, m.config.Compute)
	_ = modes.Search(context.Background(), count, sample.FromRows(m.config.Data.States, count, key), key) // never cancelled
	modes.EndSearch()
	left, limit := budget-SearchCost(model, modes.Iterations), 0.0
	shares := m.annealModes(modes, model, left, key)
	exceeds := func(shares sample.LogZ) bool {
		limit = slack + doubtful*math.Hypot(shares.Stderr, z.Stderr)
		return shares.Value-z.Value > limit
	}
	if exceeds(shares) { // a few chains may have got a weight that is far too large by chance, but hardly twice
		if again := m.annealModes(modes, model, left, key.Stream(1)); again.Value < shares.Value {
			shares = again
		}
	}
	if exceeds(shares) {
		more := shares.Value - z.Value
		return []diag.Finding{{
			Code: sample.CodeHiddenMode,
			Message: fmt.Sprintf("AIS from the %d modes that were found gives log Z = %.1f ± %.1f; %s",
				modes.Found, shares.Value, shares.Stderr, liveGave(z)),
			Value: diag.Number(more), Threshold: diag.Number(limit),
			Consequence: fmt.Sprintf("%.2g %% of the model's weight is in modes that these do not reach; the log-likelihoods here are "+
				"upper bounds, about %.1f nats too high", -100*math.Expm1(-more), more),
		}}
	}
	least := sample.NoBounds()
	least.Modes = modes.List[0].Bound
	_, findings := conclude(z, least)
	return findings
}

// annealModes estimates the shares of modes by AIS from each, in falling order of their bounds as far as budget
// operations go, and returns the logarithm of the sum of the shares.
func (m *Monitor) annealModes(modes *sample.Modes, model *rbm.Model, budget float64, key rng.Key) sample.LogZ {
	step := stepCost(model, sample.ModeChains)
	list := make([]int, max(0, min(len(modes.List), int(budget/(fewestAIS*step)))))
	for k := range list {
		list[k] = k
	}
	if len(list) > 0 {
		steps, c := min(int(budget/(float64(len(list))*step)), mostAIS), rbm.NewConditionals(model, m.config.Compute.Alone())
		keys := func(k int) rng.Key { return key.Stream(rng.Stream(k)) }
		_ = modes.AIS(context.Background(), list, sample.ModeChains, steps, c, keys, nil) // never cancelled
	}
	return modes.LogZ()
}

// liveGave is the clause of findings on what a live score gave.
func liveGave(z sample.LogZ) string { return fmt.Sprintf("replicas and AIS give %.1f", z.Value) }

// conclude compares an estimate of log Z with bounds that hold for certain. Where these prove it wrong, log Z is the
// largest bound, with an error that reaches down to the estimate.
func conclude(z sample.LogZ, least sample.Least) (sample.LogZ, []diag.Finding) {
	limit := slack + doubtful*z.Stderr
	if !(least.Value() > z.Value+limit) {
		return z, nil
	}
	hidden := least.Finding(liveGave(z), z, limit)
	return sample.LogZ{Value: least.Value(), Stderr: least.Value() - z.Value, ESS: z.ESS}, []diag.Finding{hidden}
}

// distinct returns the places of distinct rows of a set, of those that are known whole.
func distinct(set *data.Set) (order []int) {
	for r := range set.Rows() {
		if !set.Gaps(r) {
			order = append(order, r)
		}
	}
	slices.SortFunc(order, func(r, s int) int { return set.States.Compare(r, set.States, s) })
	return slices.CompactFunc(order, func(r, s int) bool { return set.States.Compare(r, set.States, s) == 0 })
}

// massOf returns log Σ e^x over some places of x.
func massOf(x []float64, places []int) float64 {
	logs := make([]sample.LogZ, len(places))
	for k, r := range places {
		logs[k].Value = x[r]
	}
	return sample.SumLogZ(logs...).Value
}
