package data

import (
	"errors"
	"fmt"
)

// errChanged is found when a second reading differs from the first.
var errChanged = errors.New("the file changed while it was read")

// A matrix is a decoded file before its values are judged: its size, which is known from bytes that are really
// there, and a function that goes through the values once.
type matrix struct {
	rows, units int
	names       []string // of the columns, nil where there are none
	shape       []int
	format      string
	bytes       bool // the values are of type uint8
	finite      bool // no value can be missing
	scattered   bool // the rows don't come one after the other
	scan        func(put put) error
	scanBytes   func(put putBytes) error // the same of values that are bytes; nil for others

	from   int   // the first row of the file that is read, from 0
	fields []int // the columns of the file that are read, from 0; nil: all
}

// put takes consecutive values of row r from column c on (both from 0) and keeps no reference to them. It returns a
// *cellError for a value it refuses.
type put func(r, c int, values []float64) error

// putBytes is [put] of bytes.
type putBytes func(r, c int, values []uint8) error

// asNumbers goes through bytes as numbers.
func asNumbers(scan func(put putBytes) error) func(put put) error {
	return func(put put) error {
		var values []float64
		return scan(func(r, c int, bytes []uint8) error {
			values = values[:0]
			for _, x := range bytes {
				values = append(values, float64(x))
			}
			return put(r, c, values)
		})
	}
}

// place is a cell of the file, counted from 1, for one of the rows and columns that are read.
func (m *matrix) place(r, c int) (row, column int) {
	if m.fields != nil {
		c = m.fields[c]
	}
	return m.from + r + 1, c + 1
}

// choose keeps some of the rows and columns.
func (m *matrix) choose(s *Selection) error {
	from, to := s.rows()
	if err := s.checkRows(m.rows); err != nil {
		return err
	}
	if to < 0 || to > m.rows {
		to = m.rows
	}
	keep, err := s.kept(m.names, m.units)
	if err != nil {
		return err
	}
	if s.Columns != nil || s.Drop != nil {
		m.pick(keep)
	}
	if from == 0 && to == m.rows {
		return nil
	}
	m.from, m.rows = from, to-from
	scan := m.scan
	m.scan = func(put put) error {
		return scan(func(r, c int, values []float64) error {
			if r < from || r >= to {
				return nil
			}
			return put(r-from, c, values)
		})
	}
	if scan := m.scanBytes; scan != nil {
		m.scanBytes = func(put putBytes) error {
			return scan(func(r, c int, values []uint8) error {
				if r < from || r >= to {
					return nil
				}
				return put(r-from, c, values)
			})
		}
	}
	return nil
}

// pick keeps the columns of some fields, in their order.
func (m *matrix) pick(fields []int) {
	at := make([]int, m.units) // the column of each field, −1 for none
	for field := range at {
		at[field] = -1
	}
	names := m.names
	m.names = nil
	for k, field := range fields {
		at[field] = k
		if names != nil {
			m.names = append(m.names, names[field])
		}
	}
	m.units, m.shape, m.fields, m.scanBytes = len(fields), nil, fields, nil
	scan := m.scan
	m.scan = func(put put) error {
		return scan(func(r, c int, values []float64) error {
			for i := 0; i < len(values); {
				first, run := at[c+i], 1
				for first >= 0 && i+run < len(values) && at[c+i+run] == first+run {
					run++
				}
				if first >= 0 {
					if err := put(r, first, values[i:i+run]); err != nil {
						return err
					}
				}
				i += run
			}
			return nil
		})
	}
}

// cellError is a value that was refused. Row, line and column count from 1; line 0 is none.
type cellError struct {
	row, line, column int
	found, want       string
	grey              bool // whether x may be a grey value
	text              bool // found is no number
}

// ErrGrey is the error of values that are not binary, where nothing says how to make them so: [Threshold] or
// [Bernoulli].
var ErrGrey = errors.New("grey values")

// Is reports whether target is [ErrGrey] and the value may be grey.
func (e *cellError) Is(target error) bool { return target == ErrGrey && e.grey }

func (e *cellError) Error() string {
	line := ""
	if e.line != 0 && e.line != e.row {
		line = fmt.Sprintf(" (line %d)", e.line)
	}
	return fmt.Sprintf("row %d%s, column %d: found %s, want %s", e.row, line, e.column, e.found, e.want)
}
