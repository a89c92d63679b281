package monitor

import (
	"context"

	"harmonium/compute"
	"harmonium/data"
	"harmonium/impute"
	"harmonium/rbm"
)

// gapRows is the number of rows of a set with gaps that are scored: the likelihood of what is known of one takes
// milliseconds.
const gapRows = 200

// mostRows bounds the rows of a set that are scored.
func mostRows(set *data.Set, most int) int {
	if set.Missing() > 0 {
		return min(most, gapRows)
	}
	return most
}

// gapsCost is that of the rows with gaps that a score takes.
func gapsCost(c Config) float64 {
	rows := 0
	for _, set := range []*data.Set{c.Data, c.Valid} {
		if set != nil && set.Missing() > 0 {
			rows += min(set.Rows(), gapRows)
		}
	}
	if rows == 0 {
		return 0
	}
	return float64(rows) * impute.Cost(c.Model, stepCost(c.Model, 1))
}

// completeScores sets the logs of the rows of a set that have gaps to log Σ e^(−F(v)) over what is missing. The error
// is of energies that are too large.
func completeScores(model *rbm.Model, set *data.Set, logs []float64, on *compute.Context) error {
	var index []int
	for r := range set.Rows() {
		if set.Gaps(r) {
			index = append(index, r)
		}
	}
	if index == nil {
		return nil
	}
	v, known := set.States.Like(len(index)), set.Known.Like(len(index))
	v.Gather(set.States, index)
	known.Gather(set.Known, index)
	return impute.Rows(context.Background(), model, v, known, impute.Options{LogOnly: true, Compute: on}, func(k int, row *impute.Row) error {
		logs[index[k]] = row.LogKnown + rbm.LogScaleOf(model.Columns, row.Missing) // which logP subtracts of all columns
		return nil
	})
}
