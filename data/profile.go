package data

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/harmonium-rbm/harmonium/rbm"
)

const (
	// maxTexts is the number of different texts up to which a column is one of categories: beyond are names and
	// comments.
	maxTexts = 100
	// fewIntegers is the number of different integers up to which they are categories, as counts and grades are; beyond
	// they are real numbers.
	fewIntegers = 10
)

// profile is what a first reading finds of a column of a table.
type profile struct {
	name  string
	field int      // its number in the file, from 0
	texts []string // different ones, at most maxTexts+1
	count []int    // how often each occurs
	seen  map[string]int

	rows, numbers int  // cells, and those of them that are numbers
	commas        int  // cells that would be numbers but for a decimal comma
	fraction      bool // a number is no integer
	first         find // the first cell that is no number
	huge          find // the first number that is not finite in float32
	odd           int  // cells that are none of 0, 1 and −1
	firstOdd      find
	mean, m2      float64

	hashes  map[uint64]struct{} // of the texts of the first column, while none comes twice
	counted bool                // they count the rows

	noGenotype find // the first cell that is no genotype, of a column of these

	missing      int
	firstMissing find

	gaps       bool // missing cells are no values
	dictionary bool // the file has a list of its values: they are categories
	genotype   bool // two columns of bits stand for it
	unnamed    bool // its kind is told of all columns, and not of it by name

	column rbm.Column     // what is told of it at first, and then what it is
	at     int            // the first of the set's columns that stand for it
	given  bool           // it is a column of a model, and may be the same in all rows
	other  bool           // it is the first column and none of a model's: names of the rows, or left out
	reason string         // why it was taken for its kind
	states map[string]int // the state of a text
}

// find is a cell, counted from 1, and its text.
type find struct {
	row, line int
	text      string
}

// isMissing reports whether a cell says that it has no value.
func isMissing(text string) bool {
	switch strings.ToLower(text) {
	case "", "na", "n/a", "nan", "-nan", "null", "?", "<na>", "#n/a", "#na":
		return true
	}
	return false
}

// add notes a cell; row counts from 0.
func (p *profile) add(text string, row, line int) error {
	p.differ(text, row)
	if isMissing(text) {
		if p.missing++; p.missing == 1 {
			p.firstMissing = find{row + 1, line, text}
		}
		if p.isGap(text) {
			return nil
		}
	}
	if p.addText(text) && !utf8.ValidString(text) {
		return p.refuseAs(row, line, fmt.Sprintf("found %.40q: %v", text, errNotUTF8))
	}
	p.rows++
	if p.genotype && p.noGenotype.row == 0 && !isMissing(text) && !slices.Contains(genotypeTexts, canonical(text)) {
		p.noGenotype = find{row + 1, line, strings.Clone(text)}
	}
	x, ok := number([]byte(text))
	switch {
	case !ok:
		if withPoint(text) != text {
			p.commas++
		}
		if p.first.row == 0 {
			p.first = find{row + 1, line, strings.Clone(text)}
		}
		return nil
	case !(math.Abs(x) <= math.MaxFloat32):
		if p.huge.row == 0 {
			p.huge = find{row + 1, line, strings.Clone(text)}
		}
		return nil
	}
	p.numbers++
	p.fraction = p.fraction || x != math.Trunc(x)
	d := x - p.mean // Welford
	p.mean += d / float64(p.numbers)
	p.m2 += float64(d * (x - p.mean))
	return nil
}

// addText counts a text, until there are too many different ones, and reports whether it is new.
func (p *profile) addText(text string) bool {
	k, ok := p.seen[text]
	if p.seen == nil {
		k = slices.Index(p.texts, text)
		ok = k >= 0
	}
	switch {
	case ok:
		p.count[k]++
		return false
	case len(p.texts) <= maxTexts:
		text = strings.Clone(text) // a field shares the memory of its row
		p.texts, p.count = append(p.texts, text), append(p.count, 1)
		if p.seen != nil {
			p.seen[text] = len(p.texts) - 1
		} else if len(p.texts) > 8 {
			p.seen = map[string]int{}
			for k, text := range p.texts {
				p.seen[text] = k
			}
		}
	}
	return true
}

// missingCells says how many cells are missing, in which columns, and where the first is: as an error, or as a note
// where gaps are expected.
func missingCells(profiles []*profile, gaps bool) (note string, err error) {
	n, columns := 0, []string{}
	var first *profile
	for _, p := range profiles {
		if p.missing == 0 || slices.ContainsFunc(p.column.Categories, isMissing) {
			continue
		}
		n += p.missing
		columns = append(columns, fmt.Sprintf("%s %d", p.name, p.missing))
		if first == nil || p.firstMissing.row < first.firstMissing.row {
			first = p
		}
	}
	if n == 0 {
		return "", nil
	}
	if more := len(columns) - 8; more > 0 {
		columns = append(columns[:8], fmt.Sprintf("%d more columns", more))
	}
	note = fmt.Sprintf("%s missing (%s)", plural(n, "cell is", "cells are"), strings.Join(columns, ", "))
	if gaps {
		return note, nil
	}
	at := first.firstMissing
	return "", &refusal{fmt.Errorf("%s, the first in row %d%s, column %d (%s): found %q: fill them in, or leave out these rows or columns",
		note, at.row, lineOf(at.line), first.field+1, first.name, at.text), ErrMissing}
}

func plural(n int, one, more string) string { return fmt.Sprintf("%d %s", n, pluralWord(n, one, more)) }

func pluralWord(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// isGap reports whether a text stands for a missing cell. A category of that name does not.
func (p *profile) isGap(text string) bool {
	return p.gaps && isMissing(text) && !slices.ContainsFunc(p.column.Categories, isMissing)
}

// decide finds the column's kind and categories.
func (p *profile) decide() error {
	kind := p.column.Kind
	switch {
	case p.given && kind == rbm.Gaussian:
		return p.checkNumbers()
	case p.given:
		return nil // cells that are of no state are refused in their place
	case kind != "":
		p.reason = "as told"
		if p.genotype {
			return p.checkGenotypes()
		}
	default:
		var err error
		if kind, err = p.guess(); err != nil {
			return err
		}
		p.column.Kind = kind
	}
	if kind == rbm.Gaussian {
		return p.checkReal()
	}
	if p.column.Categories != nil {
		return nil
	}
	p.column.Categories = p.categories()
	n := len(p.column.Categories)
	switch {
	case n > maxTexts:
		return &refusal{fmt.Errorf("column %s has more than %d different texts, such as %q and %q: "+
			"leave it out, by the line %s,drop in a schema", p.name, maxTexts, p.texts[0], p.texts[1], quoteField(p.name)), ErrLeaveOut}
	case n == 1:
		return p.constant()
	case kind == rbm.Bernoulli && n != 2:
		return fmt.Errorf("column %s has %d different values, and the schema says two", p.name, n)
	case kind == rbm.Bernoulli && slices.Equal(p.column.Categories, []string{"0", "1"}):
		p.column.Categories = nil
	}
	return nil
}

// guess tells the kind of a column by its values.
func (p *profile) guess() (rbm.Kind, error) {
	different := p.categories()
	n := len(different)
	switch numbers := p.numbers == p.rows; {
	case p.commas > 0 && p.numbers+p.commas == p.rows:
		return "", p.checkNumbers()
	case n == 1:
		return "", p.constant()
	case n == 2 && p.huge.row == 0:
		p.reason = fmt.Sprintf("two different values, %s is 1", different[1])
		if numbers && different[0] == "0" && different[1] == "1" {
			p.reason = "all values are 0 and 1"
		}
		return rbm.Bernoulli, nil
	case p.dressed():
		return "", p.refuseDressed()
	case p.dictionary:
		p.reason = fmt.Sprintf("a dictionary of %d values in the file", n)
		return rbm.Categorical, nil
	case p.huge.row > 0:
		return "", p.checkNumbers()
	case numbers && p.fraction:
		p.reason = "numbers, not all whole"
		return rbm.Gaussian, nil
	case numbers && n > fewIntegers:
		p.reason = fmt.Sprintf("more than %d different whole numbers", fewIntegers)
		return rbm.Gaussian, nil
	case numbers:
		p.reason = fmt.Sprintf("%d different whole numbers", n)
		return rbm.Categorical, nil
	case 2*p.numbers > p.rows:
		return "", p.checkNumbers()
	case n > maxTexts || n > fewIntegers && 2*n > p.rows:
		return "", p.tooMany(n)
	}
	p.reason = fmt.Sprintf("%d different texts", n)
	return rbm.Categorical, nil
}

func (p *profile) tooMany(n int) error {
	some := "more than " + strconv.Itoa(maxTexts)
	if n <= maxTexts {
		some = strconv.Itoa(n)
	}
	err := fmt.Errorf("column %s has %s different texts in %d rows, such as %q and %q: of names and identifiers nothing can be learned; "+
		"a schema can drop the column (%s,drop), or take it as it is (%s,categorical)",
		p.name, some, p.rows, p.texts[0], p.texts[1], quoteField(p.name), quoteField(p.name))
	return &refusal{err, ErrRowNames}
}

// constant refuses a column of one value.
func (p *profile) constant() error {
	return &refusal{fmt.Errorf("column %s is %q in all %d rows: there is nothing to learn from it; "+
		"leave it out, by the line %s,drop in a schema", p.name, p.texts[0], p.rows, quoteField(p.name)), ErrLeaveOut}
}

// checkNumbers refuses a cell that is no finite number.
func (p *profile) checkNumbers() error {
	switch {
	case p.huge.row > 0:
		return p.refuse(p.huge.row-1, p.huge.line, p.huge.text, "a finite number that float32 holds")
	case p.first.row > 0:
		want := "a finite number"
		if p.column.Kind == "" {
			want = fmt.Sprintf("a number as in %d of the %d rows, or a schema that says %s,categorical", p.numbers, p.rows, quoteField(p.name))
			if p.numbers+p.commas == p.rows {
				want = fmt.Sprintf("numbers with a decimal point, or a schema that says %s,categorical", quoteField(p.name))
			}
		}
		err, way := p.refuse(p.first.row-1, p.first.line, p.first.text, want), ErrCategories
		if withPoint(p.first.text) != p.first.text {
			way = ErrDecimal
		}
		return &refusal{err, way}
	}
	return nil
}

// checkGenotypes refuses a value that is no genotype.
func (p *profile) checkGenotypes() error {
	if at := p.noGenotype; at.row > 0 {
		return &refusal{p.refuse(at.row-1, at.line, at.text, "0, 1 or 2, the copies of an allele"), ErrGenotypes}
	}
	return nil
}

// checkReal refuses what is no column of real numbers that change.
func (p *profile) checkReal() error {
	if err := p.checkNumbers(); err != nil {
		return err
	}
	p.column.Categories = nil
	deviation := math.Sqrt(p.m2 / float64(p.numbers))
	switch {
	case deviation == 0:
		return p.constant()
	case deviation < math.Abs(p.mean)/(1<<15): // float32 has 2⁻²⁴ of a number: steps of less than 1/256 of the deviation
		return fmt.Errorf("column %s has numbers near %.6g that differ by %.3g only, for which float32 has no room: subtract %.6g from all",
			p.name, p.mean, deviation, math.Round(p.mean))
	}
	return nil
}

// refuse is the error of a cell; row counts from 0.
func (p *profile) refuse(row, line int, text, want string) error {
	return p.refuseAs(row, line, fmt.Sprintf("found %.40q, want %s", text, want))
}

func (p *profile) refuseAs(row, line int, text string) error {
	return fmt.Errorf("row %d%s, column %s: %s", row+1, lineOf(line), p.name, text)
}

// lineOf says where a row is in a text.
func lineOf(line int) string {
	if line == 0 {
		return ""
	}
	return fmt.Sprintf(" (line %d)", line)
}

// canonical is the text of a number in one way of writing, and any other text as it is. So are numbers beyond 2^53,
// which float64 can't tell apart.
func canonical(text string) string {
	const largest = 1 << 53
	switch x, ok := number([]byte(text)); {
	case !ok || isMissing(text) || math.Abs(x) > largest:
		return text
	case x == math.Trunc(x):
		return strconv.FormatFloat(x+0, 'f', -1, 64)
	default:
		return strconv.FormatFloat(x+0, 'g', -1, 64)
	}
}

// categories returns the different values, numbers in rising order and before texts, which are in that of their bytes.
func (p *profile) categories() []string {
	var list []string
	for _, text := range p.texts {
		list = append(list, canonical(text))
	}
	slices.SortFunc(list, func(a, b string) int {
		x, isNumber := number([]byte(a))
		y, other := number([]byte(b))
		switch {
		case isNumber && other:
			return cmp.Compare(x, y)
		case isNumber != other:
			return bit(other) - bit(isNumber)
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(list)
}

// number numbers the texts of the states.
func (p *profile) number() {
	p.states = map[string]int{}
	if p.column.Kind == rbm.Gaussian {
		return
	}
	list := statesOf(p.column)
	for a, text := range list {
		p.states[canonical(text)] = a
	}
	for a, text := range list {
		p.states[text] = a
	}
}

// quoteField writes a field of a schema.
func quoteField(text string) string {
	if strings.ContainsAny(text, ",\"\n") {
		return strconv.Quote(text)
	}
	return text
}
