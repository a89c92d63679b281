package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/rbm"
)

const mostMove = 1 // nats by which outliers may move the mean

// withoutOutliers returns the rows that chains may start at: real numbers out of all proportion would lead them nowhere.
func withoutOutliers(set *data.Set, model *rbm.Model) *data.Set {
	if set.States.Bits() == set.Units() {
		return set
	}
	logs := model.FreeEnergy(set.States)
	for r := range logs {
		logs[r] = -logs[r]
	}
	outliers := diag.Outliers(logs, set.Weights, mostMove)
	var rows []int
	for r := range set.Rows() {
		if !slices.Contains(outliers, r) {
			rows = append(rows, r)
		}
	}
	return set.Subset(rows)
}

// outlierRows is the finding of a few rows whose scores make the mean what it is, or nil.
func outlierRows(logs []float64, set *data.Set) *diag.Finding {
	rows := diag.Outliers(logs, set.Weights, mostMove)
	if rows == nil {
		return nil
	}
	weights, names := make([]float64, len(logs)), make([]string, len(rows))
	for r := range weights {
		weights[r] = set.Weight(r)
	}
	for k, r := range rows {
		weights[r], names[k] = 0, fmt.Sprint(r+1)
	}
	all, _ := diag.WeightedMean(logs, set.Weights)
	others, _ := diag.WeightedMean(logs, weights)
	const most = 5
	if more := len(rows) - most; more > 0 {
		names = append(names[:most], fmt.Sprintf("%d more", more))
	}
	which := "row " + names[0] + " scores"
	if len(rows) > 1 {
		which = "rows " + strings.Join(names, ", ") + ": the first of them scores"
	}
	return &diag.Finding{
		Code: "outlier-rows",
		Message: fmt.Sprintf("%s %s nats%s, and all others %s on average",
			which, diag.Number(logs[rows[0]]).Digits(2), farCell(set, rows[0]), diag.Number(others).Digits(2)),
		Value: diag.Number(others - all), Threshold: mostMove,
		Consequence: "the mean says more about these rows than about all others",
	}
}

// farCell names the real column in which a row is farthest from the mean, if that is far.
func farCell(set *data.Set, r int) string {
	const far = 10 // standard deviations, of standardised columns
	text, largest := "", float64(far)
	for k, span := range rbm.Spans(set.Columns) {
		c := set.Columns[k]
		if x := set.States.Value(r, span.From); c.Kind == rbm.Gaussian && c.Scale != 0 && math.Abs(x) > largest {
			largest = math.Abs(x)
			text = fmt.Sprintf(" (column %s is %.4g there, %.3g standard deviations from the mean)", c.Name, x*c.Scale+c.Mean, largest)
		}
	}
	return text
}
