package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/remedy"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/impute"
)

// roughRows are rows whose missing cells are known badly.
type roughRows struct {
	what                   string // is known badly; "" for the log-likelihood of the known cells
	errors, rhats, missing overLimit
}

// Bounds from which on a row is known badly.
const (
	roughError  = 0.5 // nats, of the standard error of its log-likelihood: modes may be missed
	roughRhat   = 1.1 // of R̂: the mean of a cell is known to about half of its deviation
	roughMissed = 0.1 // of the distribution, in a mode that no chain has come to
)

// overLimit counts rows above a bound.
type overLimit struct {
	count, first int
	worst        float64
}

func (o *overLimit) see(r int, x, limit float64) {
	if !(x > limit) {
		return
	}
	if o.count++; o.count == 1 {
		o.first = r
	}
	o.worst = max(o.worst, x)
}

func (x *roughRows) see(r int, row *impute.Row) {
	x.errors.see(r, row.Stderr, roughError)
	x.rhats.see(r, worstRhat(row), roughRhat)
	x.missing.see(r, row.Missed, roughMissed)
}

// worstRhat is the largest R̂ of a row's cells; NaN where there is none.
func worstRhat(row *impute.Row) float64 {
	if row.Rhat == nil {
		return math.NaN()
	}
	return slices.Max(row.Rhat)
}

func (x *roughRows) findings() []diag.Finding {
	var list []diag.Finding
	if e := x.errors; e.count > 0 {
		list = append(list, diag.Finding{
			Code: "rough-rows",
			Message: fmt.Sprintf("%s has a standard error above %g nats in %d of the rows, the first is row %d, and the largest is %.2g",
				cmp.Or(x.what, "the log-likelihood of the known cells"), roughError, e.count, e.first+1, e.worst),
			Value: diag.Number(e.worst), Threshold: roughError,
			Consequence: "annealing has found few of the states that matter there: draws and probabilities of these rows may be those of a part",
		})
	}
	if e := x.rhats; e.count > 0 {
		list = append(list, diag.Finding{
			Code: "unmixed-rows",
			Message: fmt.Sprintf("R-hat of a missing cell is above %g in %d of the rows, the first is row %d, and the largest is %.3g",
				roughRhat, e.count, e.first+1, e.worst),
			Value: diag.Number(e.worst), Threshold: roughRhat,
			Consequence: "chains that were annealed and chains of modes that were found otherwise don't agree on what is missing there",
		})
	}
	if e := x.missing; e.count > 0 {
		list = append(list, diag.Finding{
			Code: "missed-modes",
			Message: fmt.Sprintf("annealing has missed a mode with more than %.0f %% of the distribution in %d of the rows, the first is row %d, "+
				"and the largest has %.2g %%", 100*roughMissed, e.count, e.first+1, 100*e.worst),
			Value: diag.Number(e.worst), Threshold: roughMissed,
			Consequence: fmt.Sprintf("draws and means there are those of a part; log-likelihoods are too low, by %.2g nats or more in that row",
				-math.Log1p(-e.worst)),
		})
	}
	remedy.Add("complete", list)
	return list
}
