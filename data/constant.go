package data

import (
	"errors"
	"fmt"

	"harmonium/diag"
)

// ErrConstant is the error of data that there is nothing to learn from, because no unit ever changes.
var ErrConstant = errors.New("give rows that differ")

// Constant returns the finding of data in which no unit ever changes, or nil. means and variances are those of
// the units ([Set.Means], [Set.Variances]): the mean of a bit that never changes is 0 or 1, as the sums above and below
// the fraction are then of the same numbers.
func Constant(means, variances []float64) *diag.Finding {
	ones := 0
	for i, p := range means {
		if variances != nil && variances[i] > 0 || variances == nil && p != 0 && p != 1 {
			return nil
		}
		if p == 1 {
			ones++
		}
	}
	return &diag.Finding{
		Code: "constant-data",
		Message: fmt.Sprintf("the data is constant: none of its %d units changes from row to row (%d are always on, %d always off)",
			len(means), ones, len(means)-ones),
		Value: 0, Threshold: 1, // units that change
		Consequence: "there is nothing to learn from it",
	}
}
