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
	fewestSearch    = 2   // starts of each kind at a score, at least
	mostSearch      = 20  // and at most
	mostBefore      = 16  // modes of the search before where another begins,
	usualIterations = 5   // iterations of each, as they have hardly moved
	mostJudged      = 133 // starts of each kind for the model that is kept, at most: those of a run of estimate.LogZ
	fewestAIS       = 20  // steps of AIS from a mode, at least
	mostAIS         = 500 // and at most
)

// search looks for modes of the model from as many starts of each kind as the account pays for, and returns the largest
// variational bound. It is −Inf where the account does not pay. The replicas that the monitor keeps jump to what it
// finds from then on. Where [sample.CheckModes] has an error it is a bound by chains from random restarts.
func (l *live) search(now Snapshot, key rng.Key) (bound float64) {
	before := 0
	if l.own != nil {
		before = min(len(l.own.known.Bounds), mostBefore)
	}
	again := SearchCost(l.model, before*usualIterations) - SearchCost(l.model, 0)
	count := searchStarts(l.model, l.modes.balance-again, mostSearch)
	if sample.CheckModes(l.model) != nil {
		return l.boundOfRestarts(key)
	}
	if count < fewestSearch {
		return math.Inf(-1)
	}
	modes := sample.NewModes(l.model, l.conditionals.Compute())
	_ = modes.Search(context.Background(), count, l.starts(now.Known, count, before, key), key) // never cancelled
	modes.EndSearch()
	l.modes.Spend(SearchCost(l.model, modes.Iterations))
	if l.own != nil {
		l.own.jumpTo(modes.Jumps())
	}
	return modes.List[0].Bound
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
