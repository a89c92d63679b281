package estimate

import (
	"slices"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/sample"
)

// seeStates raises the bounds by states that may be in modes: variational bounds where there is no search for modes.
func (e *estimator) seeStates(v rbm.Batch) {
	if e.model.Discrete() {
		e.see(v)
	}
	if e.modes == nil {
		e.least.Modes = max(e.least.Modes, slices.Max(sample.VariationalBounds(e.model, v)))
	}
}

// see raises the bound −F(v) ≤ log Z by configurations, and returns F of each.
func (e *estimator) see(v rbm.Batch) (free []float64) {
	free = make([]float64, v.Rows())
	e.conditionals.FreeEnergy(free, v)
	for r, f := range free {
		if -f > e.least.Configuration {
			e.least.Configuration = -f
			e.lowest = v.Slice(r, r+1).Clone()
		}
	}
	return free
}

// blockRows is the number of rows whose F is computed at once, for memory's sake.
const blockRows = 4096

// seeData sets the bounds by the data and the training data: the largest −F(v), and log Σ e^(−F(v)) over distinct rows,
// unless P(v) is a density, and by some rows as states.
func (e *estimator) seeData() {
	e.least = sample.NoBounds()
	if e.modes == nil {
		e.seeStates(e.rows(back, e.key))
	}
	if !e.model.Discrete() {
		return
	}
	all := stack(e.data, e.o.Training)
	order := make([]int, all.Rows())
	for r := range order {
		order[r] = r
	}
	slices.SortFunc(order, func(r, s int) int { return all.Compare(r, all, s) })
	order = slices.CompactFunc(order, func(r, s int) bool { return all.Compare(r, all, s) == 0 })
	var logs []sample.LogZ
	for block := range slices.Chunk(order, blockRows) {
		rows := all.Like(len(block))
		rows.Gather(all, block)
		for _, f := range e.see(rows) {
			logs = append(logs, sample.LogZ{Value: -f})
		}
	}
	e.least.Rows = sample.SumLogZ(logs...).Value
}
