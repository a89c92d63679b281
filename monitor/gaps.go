package monitor

import (
	"context"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/impute"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// The rows with gaps of a set that a score takes, as many as the account affords: the likelihood of what is known of
// one costs as much as an update, or more. gapSteps bounds the annealing of one.
const (
	fewestGapRows = 20
	mostGapRows   = 200
	gapSteps      = 128
	pricedRows    = 20
)

// gapSets is the number of sets to score that have gaps.
func (c Config) gapSets() int {
	sets := 0
	for _, set := range []*data.Set{c.Data, c.Valid} {
		if set != nil && set.Missing() > 0 {
			sets++
		}
	}
	return sets
}

// gapCost is that of a row with gaps: the mean over the first pricedRows of each set, as a row costs the more, the more
// of it is missing.
func gapCost(c Config) float64 {
	sum, rows := 0.0, 0
	for _, set := range []*data.Set{c.Data, c.Valid} {
		if set == nil {
			continue
		}
		index := set.RowsWithGaps()
		for _, r := range index[:min(len(index), pricedRows)] {
			model := c.Model
			if given, err := model.Given(set.States, r, func(i int) bool { return set.Known.Bit(r, i) }); err == nil {
				model = given.Model
			}
			sum += impute.Cost(model, gapSteps, stepCost(model, 1))
			rows++
		}
	}
	return sum / max(1, float64(rows))
}

// planGaps returns the number of updates between scores at which the account pays for some rows with gaps, and how many
// of these it then pays for in each set.
func planGaps(c Config, a *accounts, every int) (int, int) {
	sets := c.gapSets()
	if sets == 0 {
		return every, 0
	}
	if c.Every == 0 {
		needed := a.gaps.period() * fewestGapRows * sets
		every = max(every, min(needed, max(1, c.Updates/liveScores)))
	}
	return every, min(max(int(a.gaps.pays(every))/sets, fewestGapRows), mostGapRows)
}

// mostRows bounds the rows of a set that are scored, so that about gapRows of them have gaps.
func mostRows(set *data.Set, most, gapRows int) int {
	gaps := len(set.RowsWithGaps())
	if gaps <= gapRows {
		return most
	}
	return min(most, max(1, gapRows*set.Rows()/gaps))
}

// completeScores sets the logs of the rows of a set that have gaps to log Σ e^(−F(v)) over what is missing. The error
// is of energies that are too large.
func completeScores(model *rbm.Model, set *data.Set, logs []float64, on *compute.Context) error {
	index := set.RowsWithGaps()
	if index == nil {
		return nil
	}
	v, known := set.States.Like(len(index)), set.Known.Like(len(index))
	v.Gather(set.States, index)
	known.Gather(set.Known, index)
	o := impute.Options{LogOnly: true, Steps: gapSteps, Compute: on}
	return impute.Rows(context.Background(), model, v, known, o, func(k int, row *impute.Row) error {
		logs[index[k]] = row.LogKnown + rbm.LogScaleOf(model.Columns, row.Missing) // which logP subtracts of all columns
		return nil
	})
}
