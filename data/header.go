package data

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// header is what the first line of a text says that is neither blank nor a comment.
type header struct {
	comma  rune     // the separator; ' ' for blanks
	skip   int      // lines before it
	line   []byte   // valid until the next one is read
	fields []string // of the line
	names  []string // of the columns, "" for an index of the rows; nil where the line is a row
}

// separatorNames are the names of separators in Set.Format.
var separatorNames = map[rune]string{',': "commas", ';': "semicolons", '\t': "tabs", '|': "bars", ' ': "blanks"}

// readHeader reads the first line that counts. A line such as sep=; before it, as spreadsheets write and hide, names
// the separator.
func readHeader(l *lines, o options) (h header, err error) {
	for {
		if h.line, err = l.next(); err != nil {
			return h, err
		}
		if separator, ok := bytes.CutPrefix(h.line, []byte("sep=")); ok && len(separator) == 1 && separatorNames[rune(separator[0])] != "" {
			h.comma = rune(separator[0])
			continue
		}
		if h.line[0] != '#' {
			break
		}
	}
	h.skip = l.line - 1
	if h.comma == 0 {
		h.comma = separatorIn(h.line, o.decimal)
	}
	line := h.line
	if h.comma == '\t' { // which may be white space at the ends
		line = bytes.TrimRight(l.whole, "\r\n")
	}
	r := csv.NewReader(bytes.NewReader(line))
	r.Comma, r.TrimLeadingSpace = h.comma, h.comma != '\t'
	if h.fields, err = r.Read(); err != nil && !errors.Is(err, io.EOF) {
		return h, nil // quotes in wrong places: not of names
	}
	for k, field := range h.fields {
		h.fields[k] = strings.TrimSpace(field)
	}
	if h.hasNames(o) {
		h.names = h.fields
	}
	return h, nil
}

// separatorIn is the most frequent separator of a line, commas first where others are as many. Blanks are one only
// where there is no other; a comma is none where numbers have it.
func separatorIn(line []byte, decimal byte) rune {
	comma, most := ',', 0
	for _, c := range ",;\t|" {
		if n := bytes.Count(line, []byte(string(c))); n > most && c != rune(decimal) {
			comma, most = c, n
		}
	}
	if most == 0 && bytes.IndexByte(line, ' ') >= 0 {
		return ' '
	}
	return comma
}

// hasNames reports whether the line holds names of columns: texts that are no numbers, but for a first one that may be
// empty. Numbers are names in quotes, in sequence (0, 1, 2 or 1, 2, 3, as programs number columns), or where they are
// asked for. Words such as True are none.
func (h *header) hasNames(o options) bool {
	quoted := bytes.IndexByte(h.line, '"') >= 0
	switch {
	case o.noNames:
		return false
	case h.asked(o.columns), len(h.fields) > 1 && inSequence(h.fields):
		return true
	case len(h.fields) > 1 && !slices.ContainsFunc(h.fields, func(s string) bool { return !isTruth(s) }):
		return false
	}
	for k, name := range h.fields {
		if _, err := strconv.ParseFloat(withPointIf(name, o.decimal), 64); err == nil && !quoted || name == "" && k == 0 && len(h.fields) == 1 {
			return false
		}
	}
	if quoted && !slices.ContainsFunc(h.fields, func(s string) bool { return !isNumber(s) }) {
		return false
	}
	return len(h.fields) > 1 || countNames(h.line) > 0
}

// asked reports whether the fields are or contain the names of columns that are asked for.
func (h *header) asked(columns []rbm.Column) bool {
	for _, c := range columns {
		if c.Name == "" || !slices.Contains(h.fields, c.Name) {
			return false
		}
	}
	return len(columns) > 0
}

// inSequence reports whether fields are numbers in sequence, from 0 or 1: four at least, or after an empty one.
func inSequence(fields []string) bool {
	least := 4
	if fields[0] == "" {
		fields, least = fields[1:], 1
	}
	if len(fields) < least || fields[0] != "0" && fields[0] != "1" {
		return false
	}
	first := bit(fields[0] == "1")
	for k, field := range fields {
		if field != strconv.Itoa(first+k) {
			return false
		}
	}
	return true
}

// isTruth reports whether a text is one of the two words for true and false.
func isTruth(text string) bool {
	switch strings.ToLower(text) {
	case "true", "false", "yes", "no":
		return true
	}
	return false
}

// countNames returns the number of columns if the line unmistakably holds column names: each begins with a letter,
// an underscore or a quote, and none is a number such as nan. Otherwise it returns 0.
func countNames(line []byte) int {
	t := text{separator: separatorOf(line, true, 0)}
	n := 0
	for more := true; more; n++ {
		var name []byte
		name, line, more = t.cut(line)
		if len(name) == 0 || !isLetter(name[0]) && bytes.IndexByte([]byte(`_"'`), name[0]) < 0 {
			return 0
		}
		if _, err := strconv.ParseFloat(string(name), 64); err == nil {
			return 0
		}
	}
	return n
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80 }

func isNumber(text string) bool {
	_, ok := number([]byte(text))
	return ok
}

// checkUTF8 refuses names in another encoding.
func checkUTF8(names []string, where string) error {
	for _, name := range names {
		if !utf8.ValidString(name) {
			return fmt.Errorf("the name %q%s: %w", name, where, errNotUTF8)
		}
	}
	return nil
}

// checkNames refuses names that come twice.
func checkNames(names []string, where string) error {
	seen := map[string]int{}
	for k, name := range names {
		if before, ok := seen[name]; ok && name != "" {
			return &refusal{fmt.Errorf("columns %d and %d%s are both called %q: want different names", before+1, k+1, where, name), ErrNoNames}
		}
		seen[name] = k
	}
	return nil
}
