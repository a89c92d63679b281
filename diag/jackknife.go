package diag

import (
	"fmt"
	"math"
)

// Jackknife estimates a function of means: f gets the means of several observables, rows[k] holding observable k of
// every row. The rows are cut into bins (at most one a row) of rows that follow each other, f is evaluated without each
// bin in turn, and the spread of these values gives the error. The bins must be longer than the rows are correlated.
// The bias of f is corrected to first order.
//
// Bins may differ by one row, so this is the jackknife of F. M. T. A. Busing, E. Meijer and R. van der Leeden,
// Statistics and Computing 9 (1999) 3, which weighs each by its size; for equal bins it is the usual one (B. Efron,
// The Jackknife, 1982). It panics unless there are two rows and two bins or more, and as many rows of every
// observable.
func Jackknife(rows [][]float64, bins int, f func(means []float64) float64) Estimate {
	n := checkRows(rows, bins)
	bins = min(bins, n)
	totals, means := make([]float64, len(rows)), make([]float64, len(rows))
	for k, x := range rows {
		for _, x := range x {
			totals[k] += x
		}
		means[k] = totals[k] / float64(n)
	}
	whole := f(means)
	pseudo, shares := make([]float64, bins), make([]float64, bins) // n over the rows of a bin
	value := 0.0
	for b := range bins {
		from, to := b*n/bins, (b+1)*n/bins
		for k, x := range rows {
			rest := totals[k]
			for _, x := range x[from:to] {
				rest -= x
			}
			means[k] = rest / float64(n-(to-from))
		}
		shares[b] = float64(n) / float64(to-from)
		pseudo[b] = whole + (shares[b]-1)*(whole-f(means))
		value += pseudo[b] / shares[b]
	}
	variance := 0.0
	for b, x := range pseudo {
		variance += (x - value) * (x - value) / (shares[b] - 1) / float64(bins)
	}
	return Estimate{Value: Number(value), Stderr: Number(math.Sqrt(variance)), Tau: 0.5}
}

// JackknifeError returns the jackknife's standard error of a statistic θ of B independent groups,
//
//	√((B−1)/B Σ_b (θ_b − θ)²),
//
// where θ_b is the statistic without group b, and θ that of all groups or the mean of the θ_b. It is +Inf for a single
// group.
func JackknifeError(statistic float64, without []float64) float64 {
	if len(without) < 2 {
		return math.Inf(1)
	}
	squares, groups := 0.0, float64(len(without))
	for _, x := range without {
		squares += float64((x - statistic) * (x - statistic))
	}
	return math.Sqrt(squares * (groups - 1) / groups)
}

func checkRows(rows [][]float64, bins int) int {
	if len(rows) == 0 || len(rows[0]) < 2 || bins < 2 {
		panic(fmt.Sprintf("diag: Jackknife of %d observables in %d bins, want one of two rows, and two bins, or more",
			len(rows), bins))
	}
	for k, x := range rows {
		if len(x) != len(rows[0]) {
			panic(fmt.Sprintf("diag: observable %d has %d rows, observable 0 has %d", k, len(x), len(rows[0])))
		}
	}
	return len(rows[0])
}
