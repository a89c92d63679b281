package data

import (
	"errors"
	"fmt"
	"slices"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// categories reads a matrix as sites whose states are the values that the matrix has, in rising order: all sites have
// the same states, as those of an alignment have. Genotypes 0, 1 and 2 so are sites of three states: any frequencies of
// them are those of some biases, and every state of the units is a genotype. Where gaps are expected, NaN is one.
func (m *matrix) categories(s *Selection, gaps bool) (*reading, error) {
	if s.Categories != nil && !slices.Equal(s.Categories, []string{"all"}) {
		return nil, errors.New("in an array, columns are categories all or none: say all")
	}
	var values []float64
	missing := false
	err := m.scan(func(r, c int, row []float64) error {
		for i, x := range row {
			k, ok := slices.BinarySearch(values, x)
			if missing = missing || x != x; ok || gaps && x != x {
				continue
			}
			if x-x != 0 || len(values) == maxTexts {
				at, column := m.place(r, c+i)
				return refuse(at-1, column-1, x, fmt.Sprintf("one of at most %d finite numbers, as categories", maxTexts))
			}
			values = slices.Insert(values, k, x)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	switch len(values) {
	case 0:
		return nil, errors.New("all values are missing: want two categories or more")
	case 1:
		return nil, fmt.Errorf("all values are %v: want two categories or more", values[0])
	}
	texts := make([]string, len(values))
	for k, x := range values {
		texts[k] = fmt.Sprint(x)
	}
	head := &Set{Values: rbm.Categorical, Format: m.format, States: rbm.NewBatch(0, m.units*len(values))}
	for i := range m.units {
		head.Columns = append(head.Columns, rbm.Column{Name: m.columnName(i), Kind: rbm.Categorical, Categories: texts})
	}
	reading := &reading{head: head, rows: m.rows, gaps: missing, inMemory: m.scattered}
	spans := rbm.Spans(head.Columns)
	reading.fill = func(size int, each func(s *Set) error) error {
		b := newBlocks(reading, size, each)
		if err := m.scan(func(r, c int, row []float64) error {
			set, at, err := b.row(r)
			if err != nil {
				return err
			}
			for i, x := range row {
				k, ok := slices.BinarySearch(values, x)
				switch {
				case ok:
					set.States.SetBit(at, spans[c+i].From+k, true)
				case gaps && x != x:
					set.setGap(at, spans[c+i], set.Columns[c+i])
				default:
					return errChanged
				}
			}
			return nil
		}); err != nil {
			return err
		}
		return b.end()
	}
	return reading, nil
}
