package data

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// text is the layout of a text file.
type text struct {
	separator byte // ',' or ';', ' ' for spaces and tabs, or digits
	units     int
	first     int      // number of the line that holds row 1
	names     []string // of the columns
	trailing  bool     // a separator ends every row
	decimal   byte     // of numbers; 0 for a point
	rows      int
}

// digits is the separator of digits run together; it is none, as no line has a line break inside.
const digits = '\n'

// separators are their names in Set.Format.
var separators = map[byte]string{',': "commas", ';': "semicolons", ' ': "blanks", digits: "digits"}

// readLines reads the text once to count its rows, so that the bits can be allocated at once.
func readLines(s source, o options, weights bool) (*matrix, error) {
	t, err := measure(s, o, weights)
	if err != nil {
		return nil, err
	}
	return &matrix{
		rows: t.rows, units: t.units, names: t.names, format: fmt.Sprintf("text (%s)%s", separators[t.separator], s.pack),
		scan: func(put put) error { return t.scan(s, put) },
	}, nil
}

// errTable is the error of a text that only a table can be, such as one with an index of its rows.
var errTable = errors.New("the first column has no name: want a table")

func measure(s source, o options, weights bool) (*text, error) {
	l, err := newLines(s)
	if err != nil {
		return nil, err
	}
	h, err := readHeader(l, o)
	line := h.line
	if err == nil && h.names != nil {
		line, err = l.nextRow()
	}
	if err == io.EOF {
		return nil, errors.New("no rows")
	}
	if err != nil {
		return nil, err
	}
	t := &text{separator: separatorOf(line, weights, o.decimal), first: l.line, decimal: o.decimal}
	t.units = t.count(line)
	if end := line[len(line)-1]; t.units > 1 && (end == ',' || end == ';') && end == t.separator {
		t.trailing, t.units = true, t.units-1
		if n := len(h.names); n == t.units+1 && h.names[n-1] == "" {
			h.names = h.names[:n-1]
		}
	}
	if n := len(h.names); n > 0 && n != t.units {
		return nil, &refusal{fmt.Errorf("line %d looks like %s, but row 1 (line %d) has %s", h.skip+1, plural(n, "column name", "column names"),
			t.first, plural(t.units, "column", "columns")), ErrRagged}
	}
	if t.names = h.names; t.names != nil && !weights {
		if err := checkUTF8(t.names, fmt.Sprintf(" (line %d)", h.skip+1)); err != nil {
			return nil, err
		}
		if t.names[0] == "" {
			return nil, errTable
		}
		if err := checkNames(t.names, fmt.Sprintf(" (line %d)", h.skip+1)); err != nil {
			return nil, err
		}
	}
	for err == nil {
		t.rows++
		_, err = l.nextRow()
	}
	if err != io.EOF {
		return nil, err
	}
	return t, nil
}

// separatorOf guesses the separator from row 1.
func separatorOf(line []byte, weights bool, decimal byte) byte {
	switch {
	case bytes.IndexByte(line, ',') >= 0 && decimal != ',':
		return ','
	case bytes.IndexByte(line, ';') >= 0:
		return ';'
	case bytes.ContainsAny(line, " \t"):
		return ' '
	case !weights && len(line) > 1 && len(bytes.Trim(line, "01")) == 0:
		return digits
	}
	return ','
}

// cut returns the first field of a line, the rest after the separator, and whether there was one.
func (t *text) cut(line []byte) (field, rest []byte, more bool) {
	switch t.separator {
	case digits:
		return line[:1], line[1:], len(line) > 1
	case ' ':
		for i, c := range line {
			if c == ' ' || c == '\t' {
				return line[:i], bytes.TrimLeft(line[i:], " \t"), true
			}
		}
		return line, nil, false
	}
	i := bytes.IndexByte(line, t.separator)
	if i < 0 {
		return bytes.Trim(line, " \t"), nil, false
	}
	return bytes.Trim(line[:i], " \t"), line[i+1:], true
}

func (t *text) count(line []byte) int {
	n := 0
	for more := true; more; n++ {
		_, line, more = t.cut(line)
	}
	return n
}

// scan goes through the rows a second time and parses them.
func (t *text) scan(s source, put put) error {
	l, err := newLines(s)
	if err != nil {
		return err
	}
	values := make([]float64, 0, chunk)
	for r := 0; ; {
		line, err := l.nextRow()
		switch {
		case err == io.EOF && r == t.rows:
			return nil
		case err == io.EOF || err == nil && r == t.rows:
			return errChanged
		case err != nil:
			return err
		case l.line < t.first:
			continue
		}
		if err := t.row(line, r, values, put); err != nil {
			if cell, ok := errors.AsType[*cellError](err); ok {
				cell.line = l.line
			}
			return err
		}
		r++
	}
}

// row parses row r; values is room for some of its numbers.
func (t *text) row(line []byte, r int, values []float64, put put) error {
	column, rest := 0, line
	more := true
	for ; more && column < t.units; column++ {
		if len(values) == cap(values) {
			if err := put(r, column-len(values), values); err != nil {
				return err
			}
			values = values[:0]
		}
		var x float64
		if len(rest) > 2 && rest[1] == t.separator && rest[0]|1 == '1' && rest[2] > ' ' {
			x, rest = float64(rest[0]-'0'), rest[2:] // the most frequent case, faster than by cut
		} else {
			var field []byte
			field, rest, more = t.cut(rest)
			var ok bool
			if x, ok = t.number(field); !ok {
				return &cellError{row: r + 1, column: column + 1, found: fmt.Sprintf("%.20q", field), want: "a number", text: true}
			}
		}
		values = append(values, x)
	}
	if t.trailing {
		more = !more || len(rest) > 0
	}
	if more || column < t.units {
		return &refusal{fmt.Errorf("row %d: found %s, want %d as in row 1", r+1, plural(t.count(line), "column", "columns"),
			t.units+bit(t.trailing)), ErrRagged}
	}
	return put(r, column-len(values), values)
}

// number parses a number that may be in quotes or have a decimal comma.
func (t *text) number(field []byte) (float64, bool) {
	if x, ok := number(field); ok {
		return x, ok
	}
	if n := len(field); n > 2 && field[0] == '"' && field[n-1] == '"' {
		field = bytes.TrimSpace(field[1 : n-1])
	}
	if t.decimal == ',' {
		field = bytes.Replace(field, []byte(","), []byte("."), 1)
	}
	return number(field)
}

// number parses a decimal number, or nan or inf for others to refuse. Numbers with leading zeros are none: they
// are more likely digits that should have been separated.
func number(field []byte) (x float64, ok bool) {
	switch {
	case len(field) == 0:
		return 0, false
	case len(field) == 1 && field[0]|1 == '1':
		return float64(field[0] - '0'), true
	case len(field) == 2 && field[0] == '-' && field[1] == '1':
		return -1, true
	case len(field) > 1 && field[0] == '0' && field[1] >= '0' && field[1] <= '9':
		return 0, false
	case len(field) > 1 && field[1]|0x20 == 'x', len(field) > 2 && field[2]|0x20 == 'x': // hexadecimal, signed or not
		return 0, false
	case bytes.IndexByte(field, '_') >= 0: // Go reads 1_0 as 10
		return 0, false
	}
	x, err := strconv.ParseFloat(string(field), 64)
	return x, err == nil
}
