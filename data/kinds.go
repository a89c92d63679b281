package data

import (
	"errors"
	"fmt"
	"slices"

	"harmonium/rbm"
)

// ForColumns reads a second file for columns of a first, or of a model: a table as a schema of them would have it, an
// array of real numbers where they are real, one-hot states where they are sites. [Set.Fit] has still to match it.
func ForColumns(columns []rbm.Column) Option {
	return func(o *options) { o.columns = columns }
}

// forColumns settles how to read a file that is a table, or not.
func (o *options) forColumns(table bool) {
	all := func(kind rbm.Kind) bool {
		return !slices.ContainsFunc(o.columns, func(c rbm.Column) bool { return c.Kind != kind })
	}
	switch {
	case o.columns == nil:
	case table:
		o.schema = &Schema{columns: map[string]schemaColumn{}}
		for _, c := range o.columns {
			o.schema.names = append(o.schema.names, c.Name)
			o.schema.columns[c.Name] = schemaColumn{c.Kind, c.Categories}
			o.schema.given = true
		}
	case all(rbm.Gaussian):
		o.reals = true
	case all(rbm.Categorical):
		o.oneHot = true
	}
}

// OneHot reads an array of rows × sites × states, in which one state of each site is 1, as categorical columns.
func OneHot() Option { return func(o *options) { o.oneHot = true } }

// sites turns a set of bits, one-hot states, into categorical columns: the given ones, or, in the layout sites × states,
// columns whose categories are numbers.
func (s *Set) sites(columns []rbm.Column) error {
	if s.Values != rbm.Bernoulli || s.grey != nil || columns == nil && len(s.Shape) != 2 {
		return fmt.Errorf("found rows of the layout %v, want one-hot states: 0 and 1 in the layout sites × states", s.Shape)
	}
	if columns == nil {
		if s.Shape[1] < 2 {
			return errors.New("found sites of one state, want two at least")
		}
		columns = numberedSites(s.Shape[0], s.Shape[1])
	}
	spans := rbm.Spans(columns)
	if units := spans[len(spans)-1].To; units != s.Units() {
		return fmt.Errorf("found %d columns, want %d of one-hot states: %s", s.Units(), units, describeColumns(columns))
	}
	site := make([]int, s.Units())
	for k, span := range spans {
		for i := span.From; i < span.To; i++ {
			site[i] = k
		}
	}
	for r := range s.Rows() {
		on := make([]int, len(columns))
		for i := range s.States.On(r) {
			on[site[i]]++
		}
		for k, n := range on {
			if n != 1 {
				return fmt.Errorf("row %d, site %d has %d states that are 1, want one", r+1, k+1, n)
			}
		}
	}
	s.Columns, s.Values, s.Shape = columns, rbm.Categorical, nil
	return nil
}

// numberedSites are columns of sites with as many states, which are numbers.
func numberedSites(sites, states int) []rbm.Column {
	categories := make([]string, states)
	for k := range categories {
		categories[k] = fmt.Sprint(k)
	}
	columns := make([]rbm.Column, sites)
	for i := range columns {
		columns[i] = rbm.Column{Name: fmt.Sprint(i + 1), Kind: rbm.Categorical, Categories: categories}
	}
	return columns
}
