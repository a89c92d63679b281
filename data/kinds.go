package data

import (
	"errors"
	"fmt"
	"slices"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// ForColumns reads a second file for columns of a first, or of a model: a table as a schema of them would have it, and
// an array as [WriteSet] writes it, the numbers of all units. [Set.Fit] has still to match it.
func ForColumns(columns []rbm.Column) Option {
	return func(o *options) { o.columns = columns }
}

// ForModel reads a file of rows for a model: the columns that the model has, by name, or numbers of all its visible units.
// What the model does not fit is an error.
func ForModel(model *rbm.Model) Option {
	columns := model.Columns
	if columns == nil && model.Visible.Kind() == rbm.Gaussian { // without names
		columns = make([]rbm.Column, model.M())
		for i := range columns {
			columns[i].Kind = rbm.Gaussian
		}
	}
	return func(o *options) { o.model, o.columns = model, columns }
}

// fitModel matches rows with a model.
func (s *Set) fitModel(model *rbm.Model) error {
	if err := s.Fit(model.Columns); err != nil {
		return err
	}
	if s.Units() != model.M() {
		return fmt.Errorf("%s has %d units a row, the model has %d visible units", s.Path, s.Units(), model.M())
	}
	if bits := model.Visible.NewBatch(0).Bits(); s.States.Bits() != bits {
		return fmt.Errorf("%s has %d units of bits, the model has %d: its visible units are %s",
			s.Path, s.States.Bits(), bits, model.Visible.Kind())
	}
	return nil
}

// forColumns settles how to read a file that is a table, or not.
func (o *options) forColumns(table bool) {
	is := func(kind rbm.Kind) func(rbm.Column) bool { return func(c rbm.Column) bool { return c.Kind == kind } }
	plain := func(c rbm.Column) bool { return c.Kind == rbm.Spin || c.Kind == rbm.Bernoulli && c.Categories == nil }
	switch {
	case o.columns == nil:
	case table:
		o.schema = &Schema{columns: map[string]schemaColumn{}}
		for k, c := range o.columns {
			o.schema.given = true
			if rbm.GenotypeAt(o.columns, k) {
				o.schema.names = append(o.schema.names, c.Genotype)
				o.schema.columns[c.Genotype] = schemaColumn{kind: c.Kind, genotype: true}
			} else if c.Genotype == "" {
				o.schema.names = append(o.schema.names, c.Name)
				o.schema.columns[c.Name] = schemaColumn{kind: c.Kind, categories: c.Categories}
			}
		}
	default:
		o.reals = slices.ContainsFunc(o.columns, is(rbm.Gaussian))
		o.units = !every(o.columns, plain) && !every(o.columns, is(rbm.Gaussian))
	}
}

func every(columns []rbm.Column, is func(rbm.Column) bool) bool {
	return !slices.ContainsFunc(columns, func(c rbm.Column) bool { return !is(c) })
}

// OneHot reads an array of rows × sites × states, in which one state of each site is 1, as categorical columns.
func OneHot() Option { return func(o *options) { o.units = true } }

// ofUnits turns a set of bits or real numbers, those of all units, into one of columns: the given ones, or, in the
// layout sites × states, categorical columns whose categories are numbers. Real columns stay in the units of the file.
func (s *Set) ofUnits(columns []rbm.Column) error {
	bits := s.Values != rbm.Spin && s.grey == nil
	switch {
	case columns != nil && !bits:
		return fmt.Errorf("found -1 or grey values, want 0 and 1 and real numbers: %s", describeColumns(columns))
	case columns == nil && (!bits || len(s.Shape) != 2):
		return fmt.Errorf("found rows of the layout %v, want one-hot states: 0 and 1 in the layout sites × states", s.Shape)
	case columns == nil && s.Shape[1] < 2:
		return errors.New("found sites of one state, want two at least")
	case columns == nil:
		columns = numberedSites(s.Shape[0], s.Shape[1])
	}
	layer, err := rbm.NewLayers(rbm.LayoutFor(columns)...)
	if err != nil {
		return err
	}
	if s.Units() != layer.Units() {
		return fmt.Errorf("found %d columns, want those of %d units, one-hot states and numbers: %s",
			s.Units(), layer.Units(), describeColumns(columns))
	}
	before := s.States
	s.Columns, s.Values, s.Shape, s.States = slices.Clone(columns), layer.Kind(), nil, layer.NewBatch(s.Rows())
	spans := rbm.Spans(columns)
	for k := range s.Columns {
		s.Columns[k].Mean, s.Columns[k].Scale = 0, 0
	}
	for r := range s.Rows() {
		for k, span := range spans {
			if err := s.setUnits(r, before, s.Columns[k], span); err != nil {
				return fmt.Errorf("row %d, column %d (%s): %w", s.first+r+1, span.From+1, columns[k].Name, err)
			}
		}
	}
	return nil
}

// setUnits sets the units of a column in row r to the numbers that another batch has for them.
func (s *Set) setUnits(r int, from rbm.Batch, c rbm.Column, span rbm.Span) error {
	if !s.isKnown(r, span.From) {
		for i := span.From; i < span.To; i++ {
			if s.Known.Bit(r, i) {
				return fmt.Errorf("found a part of its %d states missing, want all or none", span.To-span.From)
			}
		}
		s.setGap(r, span, c)
		return nil
	}
	if c.Kind == rbm.Gaussian {
		s.States.Reals(r)[span.From-s.States.Bits()] = float32(from.Value(r, span.From))
		return nil
	}
	on := 0
	for i := span.From; i < span.To; i++ {
		x := from.Value(r, i)
		if x != 0 && x != 1 {
			return fmt.Errorf("found %v in the place of unit %d, which is 0 or 1", x, i+1)
		}
		s.States.SetBit(r, i, x == 1)
		on += int(x)
	}
	if c.Kind == rbm.Categorical && on != 1 {
		return fmt.Errorf("found %d of its %d states that are 1, want one", on, span.To-span.From)
	}
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
