package data

import (
	"bufio"
	"bytes"
	"cmp"
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

// A table is text with a line of names, and columns of different kinds: two values, categories, or real numbers.
const (
	mostCategories  = 50 // of texts: more are names or identifiers, unless a schema says otherwise
	mostWholeStates = 10 // of whole numbers: more are real numbers
)

// missingTexts are what cells without a value hold.
var missingTexts = []string{"", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?"}

// takesTable reports whether text that begins with head is to be read as a table: a schema says so, or it has a line of
// names, and cells that are no bits or spins.
func takesTable(s source, head []byte, o options) bool {
	switch {
	case o.schema != nil:
		return true
	case o.threshold != nil || o.bernoulli || o.reals || !beginsWithNames(head):
		return false
	}
	l, err := newLines(s)
	if err != nil {
		return false
	}
	line, err := l.next()
	for err == nil && line[0] == '#' {
		line, err = l.next()
	}
	t := text{separator: separatorOf(line, true)}
	names := t.count(line)
	for line, err = l.next(); err == nil; line, err = l.next() {
		if bytes.IndexByte(line, '"') >= 0 {
			return true // which numbers without quotes don't need
		}
		if t.count(line) != names {
			return false
		}
		for more := true; more; {
			var cell []byte
			cell, line, more = t.cut(line)
			if x, err := strconv.ParseFloat(string(cell), 64); err != nil || x != 0 && x != 1 && x != -1 {
				return true
			}
		}
	}
	return false
}

// beginsWithNames reports whether the first line, as far as it is in head, has several names: none of the cells is a
// number, and none but the first is empty, which an index of rows may be.
func beginsWithNames(head []byte) bool {
	first := firstLine(head)
	if end := strings.LastIndexAny(first, ",;\t"); len(first) == len(head) && end >= 0 {
		first = first[:end] // the last cell may be cut
	}
	names, err := tableReader(strings.NewReader(first), first).Read()
	if err != nil || len(names) < 2 {
		return false
	}
	for k, name := range names {
		_, err := strconv.ParseFloat(strings.TrimSpace(name), 64)
		if err == nil || errors.Is(err, strconv.ErrRange) || strings.TrimSpace(name) == "" && k > 0 {
			return false
		}
	}
	return true
}

// beginsWithNamesOf reports whether the first line, as far as it is in head, has the names of columns, which may be
// numbers.
func beginsWithNamesOf(head []byte, columns []rbm.Column) bool {
	first := firstLine(head)
	names := strings.Split(first, ",")
	if len(first) == len(head) {
		names = names[:len(names)-1] // the last one may be cut
	}
	if len(columns) == 0 || len(names) == 0 || len(names) > len(columns) {
		return false
	}
	for k, name := range names {
		if columns[k].Name != name {
			return false
		}
	}
	return true
}

// firstLine is the first line that is not blank and no comment.
func firstLine(head []byte) string {
	first := strings.TrimLeft(strings.TrimPrefix(string(head), "\ufeff"), " \t\r\n")
	for strings.HasPrefix(first, "#") {
		_, first, _ = strings.Cut(first, "\n")
		first = strings.TrimLeft(first, " \t\r\n")
	}
	first, _, _ = strings.Cut(first, "\n")
	return first
}

// tableReader reads cells separated as those of a line of names.
func tableReader(r io.Reader, names string) *csv.Reader {
	c := csv.NewReader(r)
	c.TrimLeadingSpace = true
	switch {
	case strings.ContainsRune(names, ','):
	case strings.ContainsRune(names, ';'):
		c.Comma = ';'
	case strings.ContainsRune(names, '\t'):
		c.Comma = '\t'
	}
	return c
}

// tableColumn is a column of a table while it is read.
type tableColumn struct {
	name    string
	cells   []int // number of each row's text
	texts   []string
	numbers map[string]int // of the texts
	dropped bool
	index   bool // of rows, without a name
}

func readTable(s source, o options) (*Set, error) {
	all, format, err := readColumns(s, o.schema)
	if err != nil {
		return nil, err
	}
	if err := refuseMissing(all); err != nil {
		return nil, err
	}
	set := &Set{Format: format + s.pack}
	var kept []*tableColumn
	for _, c := range all {
		if c.dropped {
			continue
		}
		column, err := c.judge(o.schema)
		if err != nil {
			return nil, err
		}
		set.Columns, kept = append(set.Columns, column), append(kept, c)
	}
	if len(kept) == 0 {
		return nil, errors.New("the table has no columns, or the schema drops all of them")
	}
	layer, err := rbm.NewLayers(rbm.LayoutFor(set.Columns)...)
	if err != nil {
		return nil, err
	}
	set.Values, set.States = layer.Kind(), layer.NewBatch(len(kept[0].cells))
	for k, span := range rbm.Spans(set.Columns) {
		if err := kept[k].fill(set, set.Columns[k], span); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// readColumns reads all cells as texts.
func readColumns(s source, schema *Schema) (all []*tableColumn, format string, err error) {
	r, err := s.open()
	if err != nil {
		return nil, "", err
	}
	buffer := bufio.NewReaderSize(r, 1<<16)
	head, err := buffer.Peek(1 << 15)
	if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
		return nil, "", err
	}
	cells := tableReader(buffer, firstLine(head))
	cells.Comment = '#'
	cells.ReuseRecord = true
	names, err := cells.Read()
	if err != nil {
		return nil, "", fmt.Errorf("line of names: %w", err)
	}
	seen := map[string]int{}
	for k, name := range names {
		name = strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))
		c := &tableColumn{name: name, numbers: map[string]int{}, dropped: schema.drops(name)}
		if c.index = name == "" && k == 0; c.index {
			c.dropped = true
		} else if before, again := seen[name]; again {
			return nil, "", fmt.Errorf("columns %d and %d are both called %q, want different names", before, k+1, name)
		}
		seen[name] = k + 1
		all = append(all, c)
	}
	if err := schema.check(seen); err != nil {
		return nil, "", err
	}
	for {
		row, err := cells.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, "", err
		}
		for k, text := range row {
			if c := all[k]; !c.dropped {
				c.add(strings.TrimSpace(text))
			}
		}
	}
	format = "table (" + map[rune]string{',': "commas", ';': "semicolons", '\t': "tabs"}[cells.Comma] + ")"
	for _, c := range all {
		if !c.dropped && len(c.cells) == 0 {
			return nil, "", errors.New("no rows below the line of names")
		}
	}
	return all, format, nil
}

func (c *tableColumn) add(text string) {
	n, ok := c.numbers[text]
	if !ok {
		n = len(c.texts)
		text = strings.Clone(text) // the record is read into again
		c.numbers[text], c.texts = n, append(c.texts, text)
	}
	c.cells = append(c.cells, n)
}

// refuseMissing says how many cells are missing, in which columns, and where the first is.
func refuseMissing(all []*tableColumn) error {
	total, columns, at, where := 0, []string{}, math.MaxInt, ""
	for k, c := range all {
		count := 0
		for r, n := range c.cells {
			if slices.Contains(missingTexts, c.texts[n]) {
				if count++; r < at {
					at, where = r, fmt.Sprintf("row %d, column %d (%s): found %q", r+1, k+1, c.name, c.texts[n])
				}
			}
		}
		if count > 0 {
			columns = append(columns, fmt.Sprintf("%s %d", c.name, count))
			total += count
		}
	}
	if total == 0 {
		return nil
	}
	if len(columns) > 5 {
		columns = append(columns[:5], fmt.Sprintf("%d more columns", len(columns)-5))
	}
	return fmt.Errorf("%d cells are missing (%s), the first in %s: fill them in, or leave out these rows or columns", total,
		strings.Join(columns, ", "), where)
}

// judge says what kind of column it is.
func (c *tableColumn) judge(schema *Schema) (rbm.Column, error) {
	column := rbm.Column{Name: c.name, Kind: schema.kind(c.name)}
	numeric, whole := c.numeric()
	if column.Kind == "" {
		switch {
		case len(c.texts) <= 2:
			column.Kind = rbm.Bernoulli
		case numeric && (!whole || len(c.texts) > mostWholeStates):
			column.Kind = rbm.Gaussian
		case !numeric && len(c.texts) > mostCategories:
			return column, fmt.Errorf("column %s has %d different texts in %d rows, such as %q and %q: "+
				"of names and identifiers nothing can be learned; a schema can drop the column (%s,drop), or take it as it is (%s,categorical)",
				c.name, len(c.texts), len(c.cells), c.texts[0], c.texts[1], c.name, c.name)
		default:
			column.Kind = rbm.Categorical
		}
	}
	texts := slices.Clone(c.texts)
	slices.SortFunc(texts, func(a, b string) int {
		if numeric {
			x, _ := strconv.ParseFloat(a, 64)
			y, _ := strconv.ParseFloat(b, 64)
			return cmp.Or(cmp.Compare(x, y), strings.Compare(a, b))
		}
		return strings.Compare(a, b)
	})
	if given := schema.categories(c.name); given != nil {
		texts = slices.Clone(given)
	}
	switch column.Kind {
	case rbm.Bernoulli:
		if len(texts) > 2 {
			return column, fmt.Errorf("column %s has %d different values, and the schema says two", c.name, len(texts))
		}
		if len(texts) == 1 {
			texts = append(texts, "not "+texts[0])
		}
		if texts[0] != "0" || texts[1] != "1" {
			column.Categories = texts
		}
	case rbm.Categorical:
		if len(texts) < 2 {
			return column, fmt.Errorf("column %s has %q in all rows, want two categories at least", c.name, texts[0])
		}
		column.Categories = texts
	}
	return column, nil
}

// numeric reports whether all texts are numbers, and whether whole ones.
func (c *tableColumn) numeric() (numeric, whole bool) {
	whole = true
	for _, text := range c.texts {
		x, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return false, false
		}
		whole = whole && x == math.Trunc(x)
	}
	return true, whole
}

// fill writes the column's cells to its units.
func (c *tableColumn) fill(set *Set, column rbm.Column, span rbm.Span) error {
	numbers, states := make([]float32, len(c.texts)), make([]int, len(c.texts))
	for n, text := range c.texts {
		bad := func(want string) error {
			r := slices.Index(c.cells, n)
			return fmt.Errorf("row %d, column %s: found %q, want %s", r+1, c.name, text, want)
		}
		if column.Kind == rbm.Gaussian {
			x, err := strconv.ParseFloat(text, 64)
			if numbers[n] = float32(x); err != nil || math.IsInf(float64(numbers[n]), 0) || x != x {
				return bad("a finite number")
			}
			continue
		}
		texts := column.Categories
		if texts == nil {
			texts = []string{"0", "1"}
		}
		if states[n] = slices.Index(texts, text); states[n] < 0 {
			return bad("one of " + strings.Join(texts, ", "))
		}
	}
	for r, n := range c.cells {
		switch column.Kind {
		case rbm.Gaussian:
			set.States.Reals(r)[span.From-set.States.Bits()] = numbers[n]
		case rbm.Categorical:
			for i := span.From; i < span.To; i++ {
				set.States.SetBit(r, i, i == span.From+states[n])
			}
		default:
			set.States.SetBit(r, span.From, states[n] == 1)
		}
	}
	return nil
}

// Schema says of the columns of a table what they are. Columns that it does not name are told by their cells.
type Schema struct {
	columns map[string]schemaColumn
	names   []string
	only    bool // drop all others
}

type schemaColumn struct {
	kind       rbm.Kind // "" for a column to drop
	categories []string
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
		name := strings.TrimSpace(fields[0])
		if _, again := s.columns[name]; again {
			return nil, fmt.Errorf("schema: line %d names the column %q again", line, name)
		}
		c := schemaColumn{kind: kind}
		for _, text := range fields[2:] {
			c.categories = append(c.categories, strings.TrimSpace(text))
		}
		s.columns[name], s.names = c, append(s.names, name)
	}
}

func (s *Schema) drops(name string) bool {
	if s == nil {
		return false
	}
	c, ok := s.columns[name]
	return ok && c.kind == "" || !ok && s.only
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
func (s *Schema) check(names map[string]int) error {
	if s == nil {
		return nil
	}
	for _, name := range s.names {
		if _, ok := names[name]; !ok {
			return fmt.Errorf("the schema has a column %q, which the table does not have", name)
		}
	}
	return nil
}
