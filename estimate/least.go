package estimate

import (
	"fmt"
	"math"
	"slices"

	"harmonium/diag"
	"harmonium/rbm"
	"harmonium/sample"
)

// Least are bounds below log Z that hold for certain, not in probability.
type Least struct {
	// Configuration is the largest −F(v) of a configuration that has been seen.
	Configuration float64
	// Rows is log Σ e^(−F(v)) over the distinct rows of data and of training data: their probabilities sum to at most 1.
	Rows float64
	// Modes is the largest variational bound of a mode.
	Modes float64
}

// Value is the largest of them.
func (l Least) Value() float64 { return max(l.Configuration, l.Rows, l.Modes) }

// finding says that the bounds prove AIS and tempering wrong.
func (l Least) finding(ais, tempered sample.LogZ) diag.Finding {
	estimates := fmt.Sprintf("AIS gives %.1f, and tempering %.1f", ais.Value, tempered.Value)
	found := "the distinct rows have probabilities that sum to more than 1"
	switch l.Value() {
	case l.Configuration:
		found = sample.FoundConfiguration(-l.Configuration)
	case l.Modes:
		found = fmt.Sprintf("a mode with the variational bound %.1f was found", l.Modes)
	}
	f := sample.HiddenMode(l.Value(), found, estimates, ais, agreement*ais.Stderr)
	if l.Value() == l.Rows && l.Rows > l.Configuration {
		f.Code, f.Consequence = CodeMass, "log Z is too low, and the log-likelihoods here are upper bounds"
	}
	return f
}

// CodeMass is the code of the finding that the probabilities of distinct rows sum to more than 1.
const CodeMass = "mass"

// see takes note of configurations.
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

// blockRows are scored at once.
const blockRows = 4096

// seeData takes note of the data and of the training data.
func (e *estimator) seeData() {
	e.least = Least{math.Inf(-1), math.Inf(-1), math.Inf(-1)}
	all := stack(e.data, e.o.Training)
	order := make([]int, all.Rows())
	for r := range order {
		order[r] = r
	}
	slices.SortFunc(order, func(r, s int) int { return all.Compare(r, all, s) })
	order = slices.CompactFunc(order, func(r, s int) bool { return all.Compare(r, all, s) == 0 })
	var logs []sample.LogZ
	for block := range slices.Chunk(order, blockRows) {
		rows := rbm.NewBatch(len(block), all.Units())
		rows.Gather(all, block)
		for _, f := range e.see(rows) {
			logs = append(logs, sample.LogZ{Value: -f})
		}
	}
	e.least.Rows = sample.SumLogZ(logs...).Value
}
