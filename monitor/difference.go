package monitor

import (
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/diag"
)

// clearErrors is the number of standard errors above which a difference is clear.
const clearErrors = 2

// Difference is the mean of paired differences of two models' log-likelihoods, row by row, in nats a row. Stderr is the
// standard error of the differences over the rows. LogZStderr is that of both log Z, which shift all rows alike.
type Difference struct {
	Value      diag.Number `json:"value"`
	Stderr     diag.Number `json:"stderr"`
	LogZStderr diag.Number `json:"log_z_stderr"`
}

// NewDifference is the difference a − b of the log-likelihoods of the same rows with the given weights, of which nil
// means equal ones, and of models whose log Z have the given errors. These add up in squares, as if they were
// independent; those of similar models have the same random numbers, and are nearer to each other. It panics unless
// there are as many rows of both.
func NewDifference(a, b, weights []float64, logZStderrs ...float64) Difference {
	differences := make([]float64, len(a))
	for r, x := range a {
		differences[r] = x - b[r]
	}
	return DifferenceOf(slices.Values(differences), weights, logZStderrs...)
}

// DifferenceOf is [NewDifference] of the differences themselves, which it goes through twice.
func DifferenceOf(differences iter.Seq[float64], weights []float64, logZStderrs ...float64) Difference {
	value, stderr := diag.WeightedMeanOf(differences, weights)
	doubt := 0.0
	for _, e := range logZStderrs {
		doubt = math.Hypot(doubt, e)
	}
	return Difference{diag.Number(value), diag.Number(stderr), diag.Number(doubt)}
}

// error is that of rows and log Z together.
func (d Difference) error() float64 { return math.Hypot(float64(d.Stderr), float64(d.LogZStderr)) }

// Clear reports whether the difference is more than two errors, of rows and log Z together.
func (d Difference) Clear() bool { return math.Abs(float64(d.Value)) > clearErrors*d.error() }

// Total prints the difference with one error, of rows and log Z together.
func (d Difference) Total() string {
	return diag.Estimate{Value: d.Value, Stderr: diag.Number(d.error())}.String()
}

// String prints the difference with both errors.
func (d Difference) String() string {
	text := fmt.Sprintf("%s ± %s (rows)", d.Value.Digits(4), d.Stderr.Digits(4))
	if d.LogZStderr != 0 {
		text += fmt.Sprintf(" ± %s (log Z)", d.LogZStderr.Digits(4))
	}
	return text
}
