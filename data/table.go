package data

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"harmonium/rbm"
)

// table is a file of text with names at its top and values of any kind.
type table struct {
	source
	comma rune
	skip  int      // lines before the names
	names []string // of the columns, that of an index is ""
	rows  int
	odd   int // cells that are none of 0, 1 and −1, missing ones among them
	notes []string
}

// errRagged is the error of rows that don't have the columns of the names.
var errRagged = errors.New("rows of different lengths")

// raggedError says which row.
type raggedError struct{ text string }

func (e *raggedError) Error() string        { return e.text }
func (e *raggedError) Is(target error) bool { return target == errRagged }

// findTable finds the line of names. headed is false if the first line that is no comment has a number or is empty, or
// names no more than one column and not unmistakably so; the names of columns that are asked for may be numbers.
func findTable(s source, columns []rbm.Column) (t *table, headed bool) {
	t = &table{source: s, comma: ','}
	l, err := newLines(s)
	if err != nil {
		return t, false
	}
	line, err := l.next()
	for err == nil && line[0] == '#' {
		line, err = l.next()
	}
	if err != nil || line[0] == '>' {
		return t, false
	}
	t.skip = l.line - 1
	most := 0
	for _, c := range ",;\t" { // commas that are as many go first
		if n := bytes.Count(line, []byte(string(c))); n > most {
			t.comma, most = c, n
		}
	}
	r := csv.NewReader(bytes.NewReader(line))
	r.Comma, r.TrimLeadingSpace = t.comma, t.comma != '\t'
	if t.names, err = r.Read(); err != nil && !errors.Is(err, io.EOF) {
		return t, false
	}
	for k, name := range t.names {
		t.names[k] = strings.TrimSpace(name)
	}
	if len(columns) > 0 && slices.EqualFunc(t.names, columns, func(name string, c rbm.Column) bool { return name == c.Name }) {
		return t, true
	}
	for k := range t.names {
		if _, err := strconv.ParseFloat(t.names[k], 64); err == nil && !bytes.ContainsRune(line, '"') || t.names[k] == "" && k > 0 {
			return t, false
		}
	}
	return t, len(t.names) > 1 || countNames(line) > 0
}

// damaged reports whether a table that has been read looks like a file of bits, but for a single cell or its quotes.
func (t *table) damaged() bool {
	_, err := strconv.ParseFloat(t.names[0], 64)
	return t.odd == 1 || t.odd == 0 && err == nil
}

// readTable reads a file that must be a table.
func readTable(s source, o options) (*Set, error) {
	t, headed := findTable(s, o.columns)
	if !headed {
		return nil, errors.New("found no names at the top of the file: " +
			"want a table with a line of names, separated by commas, semicolons or tabs")
	}
	return t.read(o)
}

// records calls each for every row, from 0, with its line in the file. The fields are valid until it returns; blanks
// around them are no part of them.
func (t *table) records(each func(row, line int, fields []string) error) error {
	r, err := t.open()
	if err != nil {
		return err
	}
	b := newBuffer(r)
	if bom, _ := b.Peek(3); string(bom) == "\ufeff" {
		b.Discard(3)
	}
	for range t.skip {
		if err := skipLine(b); err != nil {
			return changed(err)
		}
	}
	c := csv.NewReader(b)
	c.Comma, c.FieldsPerRecord, c.ReuseRecord, c.TrimLeadingSpace = t.comma, -1, true, t.comma != '\t'
	if _, err := c.Read(); err != nil {
		return t.explain(err)
	}
	for row := 0; ; row++ {
		fields, err := c.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return t.explain(err)
		}
		line, _ := c.FieldPos(0)
		line += t.skip
		if len(fields) != len(t.names) {
			return &raggedError{fmt.Sprintf("row %d (line %d): found %d columns, want %d as there are names (line %d)",
				row+1, line, len(fields), len(t.names), t.skip+1)}
		}
		for k, field := range fields {
			fields[k] = strings.TrimSpace(field)
		}
		if err := each(row, line, fields); err != nil {
			return err
		}
	}
}

func skipLine(b *bufio.Reader) error {
	_, err := b.ReadSlice('\n')
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = b.ReadSlice('\n')
	}
	return err
}

// explain says in our words what encoding/csv found.
func (t *table) explain(err error) error {
	e, ok := errors.AsType[*csv.ParseError](err)
	switch {
	case !ok:
		return err
	case errors.Is(e.Err, csv.ErrQuote) || errors.Is(e.Err, csv.ErrBareQuote):
		return &raggedError{fmt.Sprintf("line %d: found a quote in a place where none may be; "+
			"want quotes around a whole field, and doubled inside", e.Line+t.skip)}
	}
	return &raggedError{fmt.Sprintf("line %d: %v", e.Line+t.skip, e.Err)}
}

// read finds out what the columns are, in a first reading, and sets the numbers of a set in a second one.
func (t *table) read(o options) (*Set, error) {
	profiles, err := t.profile()
	if err != nil {
		return nil, err
	}
	kept, err := t.choose(profiles, o)
	if err != nil {
		return nil, err
	}
	set := &Set{Notes: t.notes}
	for _, p := range kept {
		set.Columns, set.Reasons = append(set.Columns, p.column), append(set.Reasons, p.reason)
	}
	layer, err := rbm.NewLayers(rbm.LayoutFor(set.Columns)...)
	if err != nil {
		return nil, err
	}
	bits := layer.NewBatch(0).Bits()
	set.Values, set.States = layer.Kind(), rbm.NewReals(t.rows, bits, layer.Units()-bits)
	set.Format = fmt.Sprintf("table (%s)%s", map[rune]string{',': "commas", ';': "semicolons", '\t': "tabs"}[t.comma], t.pack)
	return set, t.fill(set, kept)
}

// fill sets the numbers of a set whose columns are kept.
func (t *table) fill(set *Set, kept []*profile) error {
	spans, last := rbm.Spans(set.Columns), 0
	for _, p := range kept {
		p.number()
	}
	err := t.records(func(row, line int, fields []string) error {
		if row >= set.Rows() {
			return errChanged
		}
		last = row + 1
		for k, p := range kept {
			text, at := fields[p.field], spans[k].From
			if p.column.Kind == rbm.Gaussian {
				x, ok := number([]byte(text))
				if !ok || !(math.Abs(x) <= math.MaxFloat32) {
					return p.refuse(row, line, text, "a finite number")
				}
				set.States.Reals(row)[at-set.States.Bits()] = float32(x)
				continue
			}
			a, ok := p.states[text]
			if !ok {
				if a, ok = p.states[canonical(text)]; !ok {
					return p.refuse(row, line, text, "one of "+strings.Join(statesOf(p.column), ", "))
				}
			}
			if p.column.Kind == rbm.Categorical {
				set.States.SetBit(row, at+a, true)
			} else {
				set.States.SetBit(row, at, a == 1)
			}
		}
		return nil
	})
	if err == nil && last != set.Rows() {
		err = errChanged
	}
	return err
}

// choose decides on the kind of every column, by a schema or by its values, and returns those that are kept.
func (t *table) choose(profiles []*profile, o options) ([]*profile, error) {
	names := map[string]int{}
	for k, name := range t.names {
		names[name] = k
	}
	if err := o.schema.check(names); err != nil {
		return nil, err
	}
	var kept []*profile
	for _, p := range profiles {
		switch {
		case o.schema.drops(p.name):
			if !o.schema.given {
				t.notes = append(t.notes, fmt.Sprintf("column %s is left out, as the schema says", p.name))
			}
			continue
		case p.name == "" && p.field == 0 && o.schema.kind("") == "":
			t.notes = append(t.notes, "the first column has no name and is left out, as an index of the rows")
			continue
		}
		p.column = rbm.Column{Name: p.name, Kind: o.schema.kind(p.name), Categories: slices.Clone(o.schema.categories(p.name))}
		p.given = o.schema != nil && o.schema.given
		if p.column.Kind == "" && o.reals {
			p.column.Kind = rbm.Gaussian
		}
		kept = append(kept, p)
	}
	if len(kept) == 0 {
		return nil, errors.New("the table has no columns, or the schema drops all of them")
	}
	if err := missingCells(kept); err != nil {
		return nil, err
	}
	for _, p := range kept {
		if err := p.decide(); err != nil {
			return nil, err
		}
	}
	return kept, nil
}

// statesOf are the texts of a column's states, those of bits where it has none.
func statesOf(c rbm.Column) []string {
	switch {
	case c.Categories != nil:
		return c.Categories
	case c.Kind == rbm.Spin:
		return []string{"-1", "1"}
	}
	return []string{"0", "1"}
}
