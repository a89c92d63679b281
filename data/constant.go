package data

import (
	"errors"
	"fmt"
	"math"

	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// ErrConstant is the error of data that there is nothing to learn from, because no unit ever changes.
var ErrConstant = errors.New("give rows that differ")

// Constant returns the finding of data in which no unit ever changes, or nil. means and variances are those of
// the units ([Set.Means], [Set.Variances]): the mean of a bit that never changes is 0 or 1, as the sums above and below
// the fraction are then of the same numbers.
func Constant(means, variances []float64) *diag.Finding {
	ones := 0
	for i, p := range means {
		if p != p { // missing in all rows
			continue
		}
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

// MissingColumns returns the finding of units that are missing in all rows, or nil.
func (s *Set) MissingColumns() *diag.Finding {
	if s.Known.Rows() == 0 {
		return nil
	}
	count, first := 0, -1
	for i, n := range s.Known.Counts() {
		if n == 0 {
			if count++; first < 0 {
				first = i
			}
		}
	}
	if count == 0 {
		return nil
	}
	return &diag.Finding{
		Code: "missing-column",
		Message: fmt.Sprintf("%s missing in all %d rows, the first is unit %d",
			plural(count, "unit is", "units are"), s.Rows(), first+1),
		Value: diag.Number(count), Threshold: 1,
		Consequence: "nothing can be learned of it",
	}
}

// changes reports whether two known values of real number k differ, or none is known.
func (s *Set) changes(k int) bool {
	first := -1
	for r := range s.Rows() {
		switch {
		case s.Known.Rows() > 0 && !s.Known.Bit(r, s.States.Bits()+k):
		case first < 0:
			first = r
		case s.States.Reals(r)[k] != s.States.Reals(first)[k]:
			return true
		}
	}
	return first < 0
}

// ErrConstantColumn is the error of real numbers that are the same in all rows.
var ErrConstantColumn = errors.New("leave it out; if its numbers differ in the file, it is by less than float32 can hold: " +
	"subtract one number from all of them, or multiply all by one")

// ConstantReals returns the finding of columns of real numbers that never change, or nil: their variance is 0, and the
// density that a model can give them has no bound. Numbers may be different in the file and the same in float32.
func (s *Set) ConstantReals() *diag.Finding {
	bits := s.States.Bits()
	if bits == s.Units() || s.Rows() == 0 {
		return nil
	}
	still, first := 0, 0
	for k := range s.Units() - bits {
		if s.changes(k) {
			continue
		}
		if still++; still == 1 {
			first = k
		}
	}
	if still == 0 {
		return nil
	}
	name, column := s.realColumn(first)
	value := s.value(0, rbm.Span{From: bits + first}, column)
	return &diag.Finding{
		Code: "constant-column",
		Message: fmt.Sprintf("%s of real numbers never change, the first is %s, which float32 holds as %.7g in all rows",
			plural(still, "column", "columns"), name, value),
		Value: diag.Number(still), Threshold: 1,
		Consequence: "its variance is 0, and the density that a model can give it has no bound",
	}
}

// realColumn is the name and the column of the k-th real number.
func (s *Set) realColumn(k int) (name string, column rbm.Column) {
	for c, span := range rbm.Spans(s.Columns) {
		if span.From == s.States.Bits()+k {
			return fmt.Sprintf("column %d (%s)", c+1, s.Columns[c].Name), s.Columns[c]
		}
	}
	return fmt.Sprintf("column %d", k+1), rbm.Column{}
}

// mostReal bounds real numbers as a model has them: float32 doesn't hold the squares of larger ones.
const mostReal = 1e19

// CheckReals refuses real numbers that are too large on the scale of a model, with the moments of all units on it. Data
// that are shifted and scaled by themselves never are.
func (s *Set) CheckReals(means, variances []float64) error {
	for k := range s.Units() - s.States.Bits() {
		i := s.States.Bits() + k
		if size := math.Hypot(means[i], math.Sqrt(variances[i])); size > mostReal {
			name, _ := s.realColumn(k)
			return fmt.Errorf("%s has numbers of about %.3g on the model's scale, want at most %g: %w", name, size, mostReal, ErrScale)
		}
	}
	return nil
}

// ErrScale is the error of numbers that are far from the scale of a model.
var ErrScale = errors.New("multiply all of them by one number")
