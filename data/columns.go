package data

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// Layer returns a visible layer for the set, with biases 0: of the kind of its values, or for its columns.
func (s *Set) Layer() (rbm.Layer, error) {
	if s.Columns == nil {
		return rbm.NewLayer(s.Values, s.Units()), nil
	}
	return rbm.NewLayers(rbm.LayoutFor(s.Columns)...)
}

// Variances returns the weighted variance of every unit's stored number over the rows where it is known, or nil for a
// set without real numbers.
func (s *Set) Variances() []float64 {
	if s.States.Bits() == s.Units() {
		return nil
	}
	if s.Known.Rows() > 0 {
		return s.variancesOfKnown()
	}
	means, total, bits := s.Means(), s.TotalWeight(), s.States.Bits()
	variances := make([]float64, len(means))
	add := func(variance *float64, w, d float64) { *variance += float64(w * d * d) }
	for r := range s.Rows() {
		w := s.Weight(r)
		for i, mean := range means[:bits] {
			add(&variances[i], w, s.States.Value(r, i)-mean)
		}
		of, to := means[bits:], variances[bits:]
		for k, x := range s.States.Reals(r) {
			add(&to[k], w, float64(x)-of[k])
		}
	}
	for i := range variances {
		variances[i] /= total
	}
	return variances
}

// state is the state of a site in row r.
func (s *Set) state(r int, span rbm.Span) int {
	for i := span.From; i < span.To; i++ {
		if s.States.Bit(r, i) {
			return i - span.From
		}
	}
	panic(fmt.Sprintf("data: no state in units %d to %d of row %d", span.From, span.To, r))
}

// Standardize shifts and scales the real columns to mean 0 and variance 1, and keeps the map in Columns, which it gives
// to a set that had none. A column that never changes is only shifted.
func (s *Set) Standardize() {
	means, variances := s.Means(), s.Variances()
	if variances == nil {
		return
	}
	s.nameColumns()
	columns := slices.Clone(s.Columns)
	for k, span := range rbm.Spans(columns) {
		if c := &columns[k]; c.Kind == rbm.Gaussian {
			c.Mean, c.Scale = means[span.From], math.Sqrt(variances[span.From])
			if c.Scale == 0 {
				c.Scale = 1
			}
			s.rescale(span.From, rbm.Column{}, *c)
		}
	}
	s.Columns = columns
}

// nameColumns gives columns to a set of real numbers that has none.
func (s *Set) nameColumns() {
	if s.Columns != nil {
		return
	}
	for i := range s.Units() {
		s.Columns = append(s.Columns, rbm.Column{Name: fmt.Sprint(i + 1), Kind: s.Values})
	}
}

// rescale turns the numbers of unit i from those of one map into those of another.
func (s *Set) rescale(i int, from, to rbm.Column) {
	before, after := scaleOf(from.Scale), scaleOf(to.Scale)
	k := i - s.States.Bits()
	for r := range s.Rows() {
		x := &s.States.Reals(r)[k]
		*x = float32((float64(float64(*x)*before) + from.Mean - to.Mean) / after)
	}
}

// scaleOf is a scale, of which 0 stands for 1.
func scaleOf(scale float64) float64 {
	if scale == 0 {
		return 1
	}
	return scale
}

// Fit makes a second set, such as validation data, one of the columns of a first or of a model: the same columns in the
// same order by name and kind, categories in the first's order, real numbers by its map. The error says what does not
// fit.
func (s *Set) Fit(columns []rbm.Column) error {
	if columns == nil || sameColumns(s.Columns, columns) {
		return nil
	}
	if s.Columns == nil {
		if !slices.ContainsFunc(columns, func(c rbm.Column) bool { return c.Kind != s.Values }) && len(columns) == s.Units() {
			s.nameColumns()
			for k := range s.Columns {
				s.Columns[k].Name = columns[k].Name
			}
			return s.setColumns(columns)
		}
		return fmt.Errorf("%s has %d %s columns without names, want %s", s.Path, s.Units(), s.Values, describeColumns(columns))
	}
	if len(s.Columns) != len(columns) {
		return fmt.Errorf("%s has %d columns, want %d", s.Path, len(s.Columns), len(columns))
	}
	for k, c := range columns {
		if got := s.Columns[k]; got.Name != c.Name && !strings.HasPrefix(s.Format, "FASTA") { // whose sites have numbers for names
			return fmt.Errorf("%s: column %d is %q, want %q: ForColumns reads a file with its columns in the order of others",
				s.Path, k+1, got.Name, c.Name)
		} else if got.Kind != c.Kind {
			return fmt.Errorf("%s: column %d (%s) is %s, want %s: a schema file says what a column is", s.Path, k+1, c.Name, got.Kind, c.Kind)
		}
	}
	return s.setColumns(columns)
}

// setColumns turns the states into those of other columns of the same kinds.
func (s *Set) setColumns(columns []rbm.Column) error {
	layer, err := rbm.NewLayers(rbm.LayoutFor(columns)...)
	if err != nil {
		return err
	}
	states, from, to := layer.NewBatch(s.Rows()), rbm.Spans(s.Columns), rbm.Spans(columns)
	known := s.Known.Like(s.Known.Rows())
	for k, c := range columns {
		before := s.Columns[k]
		for r := range s.Rows() {
			if s.Known.Rows() > 0 {
				whole := s.Known.Bit(r, from[k].From)
				for i := to[k].From; i < to[k].To; i++ {
					known.SetBit(r, i, whole)
				}
				if !whole {
					if c.Kind == rbm.Categorical {
						states.SetBit(r, to[k].From, true)
					}
					continue
				}
			}
			switch c.Kind {
			case rbm.Gaussian:
				states.Reals(r)[to[k].From-states.Bits()] = s.States.Reals(r)[from[k].From-s.States.Bits()]
				continue
			case rbm.Categorical:
				text := before.Categories[s.state(r, from[k])]
				at := slices.Index(c.Categories, text)
				if at < 0 {
					return &refusal{fmt.Errorf("%s: row %d, column %d (%s): found %q, want one of %s",
						s.Path, s.first+r+1, k+1, c.Name, text, strings.Join(c.Categories, ", ")), ErrNewCategory}
				}
				for i := to[k].From; i < to[k].To; i++ {
					states.SetBit(r, i, i == to[k].From+at)
				}
				continue
			}
			on, err := s.matchBit(r, from[k].From, before, c)
			if err != nil {
				return fmt.Errorf("%s: row %d, column %d (%s): %w", s.Path, s.first+r+1, k+1, c.Name, err)
			}
			states.SetBit(r, to[k].From, on)
		}
	}
	before := s.Columns
	s.States, s.Known, s.Columns = states, known, columns
	for k, c := range columns {
		if c.Kind == rbm.Gaussian {
			s.rescale(to[k].From, before[k], c)
		}
	}
	return nil
}

// matchBit is the bit of a column of two values whose texts may be others, or in another order.
func (s *Set) matchBit(r, i int, from, to rbm.Column) (on bool, err error) {
	on = s.States.Bit(r, i)
	texts, want := from.Categories, to.Categories
	if texts == nil {
		texts = []string{"0", "1"}
	}
	if want == nil {
		want = []string{"0", "1"}
	}
	text := texts[0]
	if on && len(texts) > 1 {
		text = texts[1]
	}
	at := slices.Index(want, text)
	if at < 0 {
		return false, fmt.Errorf("found %q, want %s", text, strings.Join(want, " or "))
	}
	return at == 1, nil
}

func sameColumns(a, b []rbm.Column) bool {
	return slices.EqualFunc(a, b, func(a, b rbm.Column) bool {
		return a.Name == b.Name && a.Kind == b.Kind && a.Mean == b.Mean && a.Scale == b.Scale && slices.Equal(a.Categories, b.Categories)
	})
}

func describeColumns(columns []rbm.Column) string {
	var parts []string
	for _, p := range rbm.LayoutFor(columns) {
		parts = append(parts, p.String())
	}
	return strings.Join(parts, " and ")
}
