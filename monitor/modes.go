package monitor

import (
	"context"
	"fmt"
	"math"
	"slices"

	"harmonium/data"
	"harmonium/diag"
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
)

// Searches for modes ([sample.Modes]): one at each score that its account pays for, and a larger one for the model that
// a finished training keeps, with AIS from each mode.
const (
	fewestSearch = 2 // starts of a kind,
	mostSearch   = 20
	mostJudged   = 133 // for the model that is kept
	modeChains   = 40  // of AIS from a mode, in
	fewestAIS    = 20  // steps
	mostAIS      = 500
)

// search looks for modes of the model from as many starts of each kind as the account pays for, and returns the largest
// variational bound: −Inf where it does not pay, and of units that are no bits, which have no modes.
func (l *live) search(now Snapshot, key rng.Key) (bound float64) {
	count := searchStarts(now.Model, l.modes.balance, mostSearch)
	if count < fewestSearch || now.Model.CheckBits() != nil {
		return math.Inf(-1)
	}
	modes := sample.NewModes(now.Model, now.Conditionals.Compute())
	_ = modes.Search(context.Background(), count, l.starts(now.Known, count, key), key) // never cancelled
	l.modes.Spend(searchCost(now.Model, modes.Iterations))
	return modes.List[0].Bound
}

// judgeModes looks for modes of a model that a score has missed. Their bounds hold for certain, and AIS from each of
// them gives a lower bound in probability of the sum of their shares of Z.
func (m *Monitor) judgeModes(model *rbm.Model, z sample.LogZ) []diag.Finding {
	budget, key := m.accounts.judge.pays(int(m.live.scored)), m.live.key.Stream(0) // updates count from 1
	count := searchStarts(model, budget/2, mostJudged)
	if count < fewestSearch || model.CheckBits() != nil {
		return nil
	}
	modes := sample.NewModes(model, m.config.Compute)
	_ = modes.Search(context.Background(), count, sample.FromRows(m.config.Data.States, count, key), key) // never cancelled
	shares := m.annealModes(modes, model, budget-searchCost(model, modes.Iterations), key)
	more, limit := shares.Value-z.Value, slack+doubtful*math.Hypot(shares.Stderr, z.Stderr)
	if more > limit {
		return []diag.Finding{{
			Code: sample.CodeHiddenMode,
			Message: fmt.Sprintf("AIS from the %d modes that were found gives log Z = %.1f ± %.1f; %s",
				modes.Found, shares.Value, shares.Stderr, liveGave(z)),
			Value: diag.Number(more), Threshold: diag.Number(limit),
			Consequence: fmt.Sprintf("%.2g %% of the model's weight is in modes that these do not reach; the log-likelihoods here are "+
				"upper bounds, about %.1f nats too high", -100*math.Expm1(-more), more),
		}}
	}
	_, findings := conclude(z, sample.Least{Configuration: math.Inf(-1), Rows: math.Inf(-1), Modes: modes.List[0].Bound})
	return findings
}

// annealModes estimates the shares of the modes by AIS from each, of the largest first as far as a number of operations
// goes, and returns the logarithm of their sum.
func (m *Monitor) annealModes(modes *sample.Modes, model *rbm.Model, budget float64, key rng.Key) sample.LogZ {
	step, c := stepCost(model, modeChains), rbm.NewConditionals(model, m.config.Compute)
	count := min(len(modes.List), int(budget/(fewestAIS*step)))
	for k := range count {
		steps := min(int(budget/(float64(count)*step)), mostAIS)
		_ = modes.AIS(context.Background(), k, modeChains, steps, c, key.Stream(rng.Stream(k))) // never cancelled
	}
	return modes.LogZ()
}

// liveGave is the clause of findings on what a live score gave.
func liveGave(z sample.LogZ) string { return fmt.Sprintf("AIS and reverse AIS give %.1f", z.Value) }

// conclude holds an estimate of log Z against bounds that hold for certain. Where these prove it wrong, log Z is the
// largest of them, with an error that reaches the estimate.
func conclude(z sample.LogZ, least sample.Least) (sample.LogZ, []diag.Finding) {
	limit := slack + doubtful*z.Stderr
	if !(least.Value() > z.Value+limit) {
		return z, nil
	}
	hidden := least.Finding(liveGave(z), z, limit)
	return sample.LogZ{Value: least.Value(), Stderr: least.Value() - z.Value, ESS: z.ESS}, []diag.Finding{hidden}
}

// distinct are the places of rows of a set, one of each that are the same.
func distinct(set *data.Set) []int {
	order := make([]int, set.Rows())
	for r := range order {
		order[r] = r
	}
	slices.SortFunc(order, func(r, s int) int { return set.States.Compare(r, set.States, s) })
	return slices.CompactFunc(order, func(r, s int) bool { return set.States.Compare(r, set.States, s) == 0 })
}

// massOf is log Σ e^x over some places of x.
func massOf(x []float64, places []int) float64 {
	logs := make([]sample.LogZ, len(places))
	for k, r := range places {
		logs[k].Value = x[r]
	}
	return sample.SumLogZ(logs...).Value
}
