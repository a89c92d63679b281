package data

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// textRecords is a text whose rows are fields of any kind.
type textRecords struct {
	source
	header
	decimal byte
	columns int // fields of a row
}

// findTable finds out how a text is laid out as a table: one with a line of names, or of rows alone.
func findTable(s source, o options) (*table, error) {
	l, err := newLines(s)
	if err != nil {
		return nil, err
	}
	h, err := readHeader(l, o)
	if err == io.EOF {
		err = errors.New("no rows")
	}
	if err != nil {
		return nil, err
	}
	if h.fields == nil {
		return nil, fmt.Errorf("line %d: %w", h.skip+1, errQuote)
	}
	x := &textRecords{source: s, header: h, decimal: o.decimal, columns: len(h.fields)}
	if h.names == nil && len(o.columns) != 0 && len(o.columns) == len(h.fields) {
		for _, c := range o.columns { // those that are asked for, in their order
			h.names = append(h.names, c.Name)
		}
	}
	t := &table{
		names: h.names, format: fmt.Sprintf("table (%s)%s", separatorNames[h.comma], s.pack), records: x.records,
		where: fmt.Sprintf(" (line %d)", h.skip+1),
	}
	if h.names != nil && len(o.columns) == 0 && h.names[0] != "" && inSequence(h.names) {
		t.notes = append(t.notes, fmt.Sprintf("line %d, %s, is taken for names of the columns", h.skip+1, someOf(h.names)))
	}
	if h.names == nil {
		t.number(len(h.fields))
		return t, nil
	}
	if x.header.names == nil {
		return t, nil
	}
	x.fit(t)
	named := t.names
	if named[0] == "" {
		named = named[1:]
	}
	if len(o.columns) == len(named) && !h.asked(o.columns) && countsColumns(o.columns) { // of a file that had no names
		for k, c := range o.columns {
			named[k] = c.Name
		}
	}
	return t, nil
}

// countsColumns reports whether the names of columns are 1, 2 and so on.
func countsColumns(columns []rbm.Column) bool {
	for k, c := range columns {
		if c.Name != strconv.Itoa(k+1) {
			return false
		}
	}
	return true
}

// fit compares the names with row 1. Where that has one field more, it ends with a separator, or begins with the name
// of the row, as in tables of R; where names end with a separator alone, they have one less.
func (x *textRecords) fit(t *table) {
	fields, err := x.firstRow()
	n := len(t.names)
	switch {
	case err != nil:
	case len(fields) == n+1 && fields[n] == "":
		t.names = append(t.names[:n:n], "")
	case len(fields) == n+1:
		t.names = append([]string{""}, t.names...)
	case len(fields) == n-1 && t.names[n-1] == "":
		t.names = t.names[:n-1]
	}
	x.columns = len(t.names)
}

func (x *textRecords) firstRow() (first []string, err error) {
	columns := x.columns
	x.columns = 0 // any
	err = x.records(func(_, _ int, fields []string) error {
		first = append(first, fields...)
		return errEnough
	})
	x.columns = columns
	if err == errEnough {
		err = nil
	}
	return first, err
}

// errEnough ends a reading early.
var errEnough = errors.New("enough rows")

// errRagged is the error of rows that don't have the columns of the names.
var errRagged = errors.New("rows of different lengths")

// raggedError says which row.
type raggedError struct {
	text  string
	quote bool // it is a quote that parts rows in another way
}

func (e *raggedError) Error() string { return e.text }
func (e *raggedError) Is(target error) bool {
	return target == errRagged || target == ErrRagged && !e.quote
}

// errQuote is the error of a quote inside of a field.
var errQuote = errors.New("found a quote in a place where none may be; want quotes around a whole field, and doubled inside")

// records calls each for every row, from 0, with its line in the file. The fields are valid until it returns; blanks
// around them are no part of them.
func (x *textRecords) records(each func(row, line int, fields []string) error) error {
	r, err := x.open()
	if err != nil {
		return err
	}
	b := newBuffer(r)
	if bom, _ := b.Peek(3); string(bom) == "\ufeff" {
		b.Discard(3)
	}
	for range x.skip {
		if err := skipLine(b); err != nil {
			return changed(err)
		}
	}
	c := csv.NewReader(b)
	c.Comma, c.FieldsPerRecord, c.ReuseRecord, c.TrimLeadingSpace = x.comma, -1, true, x.comma != '\t'
	if x.names != nil {
		if _, err := c.Read(); err != nil {
			return x.explain(err)
		}
	}
	for row := 0; ; {
		fields, err := c.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return x.explain(err)
		}
		line, _ := c.FieldPos(0)
		line += x.skip
		for k, field := range fields {
			fields[k] = withPointIf(strings.TrimSpace(field), x.decimal)
		}
		if isComment(fields) {
			continue
		}
		if n := len(fields); x.comma == ' ' && n == x.columns+1 && fields[n-1] == "" { // blanks at the end
			fields = fields[:n-1]
		}
		if len(fields) != x.columns && x.columns > 0 {
			return x.ragged(row, line, len(fields))
		}
		if err := each(row, line, fields); err != nil {
			return err
		}
		row++
	}
}

// isComment reports whether a row is a line that begins with # and a blank, or has nothing more; #N/A and #3 are
// values.
func isComment(fields []string) bool {
	return strings.HasPrefix(fields[0], "# ") || fields[0] == "#" && len(fields) == 1
}

// withPoint makes a decimal point of the comma in a number.
func withPoint(text string) string {
	if strings.Count(text, ",") == 1 {
		if point := strings.Replace(text, ",", ".", 1); isNumber(point) {
			return point
		}
	}
	return text
}

// withPointIf is withPoint where numbers have a decimal comma.
func withPointIf(text string, decimal byte) string {
	if decimal == ',' {
		return withPoint(text)
	}
	return text
}

func (x *textRecords) ragged(row, line, found int) error {
	want := "as in row 1"
	if x.names != nil {
		want = fmt.Sprintf("as there are names (line %d)", x.skip+1)
	}
	what := plural(found, "column", "columns")
	return &raggedError{fmt.Sprintf("row %d (line %d): found %s, want %d %s", row+1, line, what, x.columns, want), false}
}

func skipLine(b *bufio.Reader) error {
	_, err := b.ReadSlice('\n')
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = b.ReadSlice('\n')
	}
	return err
}

// explain says in our words what encoding/csv found.
func (x *textRecords) explain(err error) error {
	e, ok := errors.AsType[*csv.ParseError](err)
	switch {
	case !ok:
		return err
	case errors.Is(e.Err, csv.ErrQuote) || errors.Is(e.Err, csv.ErrBareQuote):
		return &raggedError{fmt.Sprintf("line %d: %v", e.Line+x.skip, errQuote), true}
	}
	return &raggedError{fmt.Sprintf("line %d: %v", e.Line+x.skip, e.Err), true}
}
