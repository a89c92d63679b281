package data

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// Schema says of the columns of a table what they are. Columns that it does not name are told by their cells.
type Schema struct {
	columns map[string]schemaColumn
	names   []string
	given   bool // they are those of a model: all others are dropped, and a column may be the same in all rows
}

type schemaColumn struct {
	kind       rbm.Kind // "" for a column to drop
	categories []string
	genotype   bool // two columns of bits
}

// schemaKinds are the words of a schema.
var schemaKinds = map[string]rbm.Kind{
	"binary": rbm.Bernoulli, "bernoulli": rbm.Bernoulli, "categorical": rbm.Categorical,
	"real": rbm.Gaussian, "gaussian": rbm.Gaussian, "drop": "",
}

// ParseSchema reads a schema: a line for each column, "name,kind" with the kind binary, categorical, real or drop, and
// after it, if they are to be in a certain order, the categories. Lines that begin with # don't count.
func ParseSchema(r io.Reader) (*Schema, error) {
	lines := csv.NewReader(r)
	lines.FieldsPerRecord = -1
	lines.TrimLeadingSpace = true
	lines.Comment = '#'
	s := &Schema{columns: map[string]schemaColumn{}}
	for {
		fields, err := lines.Read()
		if err == io.EOF && len(s.names) == 0 {
			return nil, errors.New("schema: no lines, want name,kind")
		}
		if err == io.EOF {
			return s, nil
		}
		if err != nil {
			return nil, fmt.Errorf("schema: %w", err)
		}
		line, _ := lines.FieldPos(0)
		if len(fields) < 2 {
			return nil, fmt.Errorf("schema: line %d: found %q, want name,kind", line, strings.Join(fields, ","))
		}
		kind, ok := schemaKinds[strings.TrimSpace(fields[1])]
		if !ok {
			return nil, fmt.Errorf("schema: line %d: found %q, want binary, categorical, real or drop", line, fields[1])
		}
		name := strings.TrimSpace(strings.TrimPrefix(fields[0], "\ufeff"))
		if _, again := s.columns[name]; again {
			return nil, fmt.Errorf("schema: line %d names the column %q again", line, name)
		}
		c := schemaColumn{kind: kind}
		for _, text := range fields[2:] {
			text = strings.TrimSpace(text)
			if slices.Contains(c.categories, text) {
				return nil, fmt.Errorf("schema: line %d names the category %q again", line, text)
			}
			c.categories = append(c.categories, text)
		}
		switch n := len(c.categories); {
		case n > 0 && kind != rbm.Bernoulli && kind != rbm.Categorical:
			return nil, fmt.Errorf("schema: line %d: found categories, which only binary and categorical columns have", line)
		case n == 1 || n > 2 && kind == rbm.Bernoulli:
			return nil, fmt.Errorf("schema: line %d: found %s, want two%s", line, plural(n, "category", "categories"),
				map[bool]string{true: " or more"}[kind == rbm.Categorical])
		}
		s.columns[name], s.names = c, append(s.names, name)
	}
}

// isGiven reports whether the columns are those of a model.
func (s *Schema) isGiven() bool { return s != nil && s.given }

func (s *Schema) drops(name string) bool {
	if s == nil {
		return false
	}
	c, ok := s.columns[name]
	return ok && c.kind == "" || !ok && s.given
}

func (s *Schema) kind(name string) rbm.Kind {
	if s == nil {
		return ""
	}
	return s.columns[name].kind
}

func (s *Schema) categories(name string) []string {
	if s == nil {
		return nil
	}
	return s.columns[name].categories
}

// check refuses a schema for columns that the table does not have.
func (s *Schema) check(names []string) error {
	if s == nil {
		return nil
	}
	var missing []string
	has := map[string]bool{}
	for _, name := range names {
		has[name] = true
	}
	for _, name := range s.names {
		if !has[name] {
			missing = append(missing, fmt.Sprintf("%q", name))
		}
	}
	switch {
	case missing == nil:
		return nil
	case s.given: // those of the columns of a first file, or of a model
		return fmt.Errorf("the table has no %s %s, which %s wanted: it has %s",
			pluralWord(len(missing), "column", "columns"), someOf(missing), pluralWord(len(missing), "is", "are"), someOf(names))
	}
	return fmt.Errorf("the schema has a column %s, which the table does not have: it has %s", missing[0], someOf(names))
}
