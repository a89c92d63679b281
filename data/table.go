package data

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// table is rows of texts, from a file of any format, below the names of its columns.
type table struct {
	names    []string // of the columns, that of an index is ""
	numbered bool     // the file has no names: they are numbers
	where    string   // the place of the names, for messages
	format   string
	records  func(each func(row, line int, fields []string) error) error // calls each for every row, from 0; line 0 is none

	all, rows    int    // rows that were read, and those of them that are asked for
	index        int    // the field with the names of the rows, −1 for none
	indexNote    string // for the note of an index; "" says what is known of any
	counter      string // the name of a column that is left out as an index
	notes        []string
	odds         map[int]string // what fields hold that no text is made of
	dictionaries map[int]bool   // fields that the file has as numbers in a list of values

	odd     int // cells that are none of 0, 1 and −1, missing ones among them
	minus   int // cells that are −1
	words   int // cells that are no numbers
	missing int // cells that are missing
}

// number calls the columns 1, 2 and so on.
func (t *table) number(columns int) {
	t.numbered, t.where = true, ""
	for k := range columns {
		t.names = append(t.names, fmt.Sprint(k+1))
	}
}

// fileNames are the names that the file has, or nil.
func (t *table) fileNames() []string {
	if t.numbered {
		return nil
	}
	return t.names
}

// beginsWithOther reports whether the first column is none of these.
func (t *table) beginsWithOther(columns []rbm.Column) bool {
	return !slices.ContainsFunc(columns, func(c rbm.Column) bool { return c.Name == t.names[0] })
}

// clear reports whether rows without names are a table beyond doubt: some cells are texts or missing, more than one
// unless gaps are expected.
func (t *table) clear(gaps bool) bool {
	return len(t.names) > 1 && (t.words+t.missing > 1 || gaps && t.missing > 0)
}

// damage is the single cell for which a table that has been read is not one of bits, beside names of the rows; nil where
// there is none, or more than one.
func (t *table) damage(profiles []*profile, o options) (cell *cellError) {
	for _, p := range profiles {
		switch {
		case p.odd == 0 || p.other || t.isIndex(p, o):
		case cell != nil || p.odd > 1:
			return nil
		default:
			cell = p.notBinary()
		}
	}
	return cell
}

// notBinary refuses the first cell that is no bit, as a matrix does.
func (p *profile) notBinary() *cellError {
	c := &cellError{row: p.firstOdd.row, line: p.firstOdd.line, column: p.field + 1}
	x, ok := number([]byte(p.firstOdd.text))
	if !ok {
		c.found, c.want, c.text = strconv.Quote(p.firstOdd.text), "a number", true
		return c
	}
	c.found, c.want, c.grey = strconv.FormatFloat(x, 'g', -1, 64), binaryWanted, x-x == 0
	return c
}

// each calls back for every row that is asked for, from 0, with its number in the file.
func (t *table) each(s *Selection, back func(row, at, line int, fields []string) error) error {
	from, to := s.rows()
	t.all = 0
	err := t.records(func(row, line int, fields []string) error {
		switch t.all = row + 1; {
		case row < from:
			return nil
		case to >= 0 && row >= to:
			return errEnough
		}
		return back(row-from, row, line, fields)
	})
	if err == errEnough {
		return nil
	}
	return err
}

// read finds out what the columns are, in a first reading. A second one sets the numbers.
func (t *table) read(o options) (*reading, error) {
	kept, err := t.profiles(o)
	if err == nil {
		err = t.profile(kept, &o.selection)
	}
	var r *reading
	if err == nil {
		r, err = t.build(kept, o)
	}
	if err != nil {
		o.note(t.notes)
	}
	return r, err
}

// build is the reading of columns that a first one has seen.
func (t *table) build(kept []*profile, o options) (*reading, error) {
	kept, err := t.choose(kept, o)
	if err != nil {
		return nil, err
	}
	set := &Set{Format: t.format, Notes: t.notes}
	for _, p := range kept {
		p.at = len(set.Columns)
		columns, reasons := p.columns()
		set.Columns, set.Reasons = append(set.Columns, columns...), append(set.Reasons, reasons...)
	}
	if err := checkNames(namesOf(set.Columns), ""); err != nil {
		return nil, err
	}
	layer, err := rbm.NewLayers(rbm.LayoutFor(set.Columns)...)
	if err != nil {
		return nil, err
	}
	bits := layer.NewBatch(0).Bits()
	set.Values, set.States = layer.Kind(), rbm.NewReals(0, bits, layer.Units()-bits)
	r := &reading{head: set, rows: t.rows, named: t.index >= 0}
	if r.named {
		set.Index = t.names[t.index]
	}
	r.gaps = slices.ContainsFunc(kept, func(p *profile) bool { return p.missing > 0 && p.isGap("") })
	for _, p := range kept {
		p.number()
	}
	r.fill = func(size int, each func(s *Set) error) error {
		b := newBlocks(r, size, each)
		err := t.fill(b, kept, &o.selection)
		if errors.Is(err, errRagged) { // which the first reading did not find
			err = errChanged
		}
		if err != nil {
			return err
		}
		return b.end()
	}
	return r, nil
}

// profiles are those of the columns that are asked for, before any row is read.
func (t *table) profiles(o options) ([]*profile, error) {
	if err := checkUTF8(t.names, t.where); err != nil {
		return nil, err
	}
	if err := checkNames(t.names, t.where); err != nil {
		return nil, err
	}
	t.addLacking(o)
	if err := o.schema.check(t.names); err != nil {
		return nil, err
	}
	fields, err := o.selection.kept(t.fileNames(), len(t.names))
	if o.schema.isGiven() {
		fields, err = fieldsOf(o.schema.names, t.names, len(t.names))
	}
	if err != nil {
		return nil, err
	}
	categorical, err := o.selection.categorical(t.fileNames(), len(t.names))
	if err != nil {
		return nil, err
	}
	genotypes, err := o.selection.genotypes(t.fileNames(), len(t.names), func(field int) bool {
		return o.schema.kind(t.names[field]) != "" || slices.Contains(categorical, field)
	})
	if err != nil {
		return nil, err
	}
	if err := t.checkAsked(o, fields, categorical, genotypes); err != nil {
		return nil, err
	}
	if err := t.findIndex(o); err != nil {
		return nil, err
	}
	var kept []*profile
	if _, odd := t.odds[0]; o.schema.isGiven() && t.index < 0 && !odd && !slices.Contains(fields, 0) {
		kept = append(kept, &profile{name: t.names[0], other: true})
	}
	for _, field := range fields {
		name := t.names[field]
		switch {
		case o.schema.drops(name):
			t.notes = append(t.notes, fmt.Sprintf("column %s is left out, as the schema says", name))
			continue
		case field == t.index:
			continue
		}
		if what, ok := t.odds[field]; ok {
			return nil, &refusal{fmt.Errorf("column %s holds %s: want numbers, texts or true and false", name, what), ErrLeaveOut}
		}
		p := &profile{name: name, field: field, given: o.schema.isGiven(), gaps: o.gaps, dictionary: t.dictionaries[field]}
		p.column = rbm.Column{Name: name, Kind: o.schema.kind(name), Categories: slices.Clone(o.schema.categories(name))}
		isGenotype := slices.Contains(genotypes, field)
		switch asked := slices.Contains(categorical, field); {
		case p.given:
			p.genotype = o.schema.columns[name].genotype
		case isGenotype && (asked || p.column.Kind != ""):
			return nil, fmt.Errorf("column %s is to be taken as genotypes and as something else: want one of them", name)
		case isGenotype:
			p.genotype, p.column.Kind, p.unnamed = true, rbm.Bernoulli, slices.Equal(o.selection.Genotypes, allColumns)
		case asked && p.column.Kind != "" && p.column.Kind != rbm.Categorical && !p.given:
			return nil, fmt.Errorf("column %s is %s by the schema, and to be taken as categories: want one of them", name, p.column.Kind)
		case asked && p.column.Kind == "":
			p.column.Kind, p.unnamed = rbm.Categorical, slices.Equal(o.selection.Categories, allColumns)
		case p.column.Kind == "" && o.reals:
			p.column.Kind, p.unnamed = rbm.Gaussian, true
		}
		if p.genotype {
			p.column.Categories = slices.Clone(genotypeTexts)
		}
		kept = append(kept, p)
	}
	if len(kept) == 0 {
		return nil, errors.New("the table has no columns, or the schema drops all of them")
	}
	return kept, nil
}

// checkAsked refuses columns that are named as categories or genotypes without effect: what is left out has no kind, and
// a model knows which of its columns are genotypes.
func (t *table) checkAsked(o options, kept, categorical, genotypes []int) error {
	for _, asked := range []struct {
		what   string
		names  []string
		fields []int
	}{{"categories", o.selection.Categories, categorical}, {"genotypes", o.selection.Genotypes, genotypes}} {
		for _, field := range asked.fields {
			if !slices.Equal(asked.names, allColumns) && !o.schema.isGiven() && !slices.Contains(kept, field) {
				return fmt.Errorf("column %s is to be taken as %s, and is left out: want one of them", t.names[field], asked.what)
			}
		}
	}
	if !o.schema.isGiven() {
		return nil
	}
	isGenotype := func(field int) bool { return o.schema.columns[t.names[field]].genotype }
	for _, field := range genotypes {
		if !slices.Equal(o.selection.Genotypes, allColumns) && slices.Contains(kept, field) && !isGenotype(field) {
			return fmt.Errorf("column %s is to be taken as genotypes, and is none in the model", t.names[field])
		}
	}
	return nil
}

// addLacking adds columns that the table may lack, empty in all rows.
func (t *table) addLacking(o options) {
	added := 0
	for _, name := range o.lack {
		if !t.numbered && !slices.Contains(t.names, name) {
			t.names = append(slices.Clip(t.names), name)
			added++
		}
	}
	if added == 0 {
		return
	}
	records := t.records
	t.records = func(each func(row, line int, fields []string) error) error {
		return records(func(row, line int, fields []string) error {
			return each(row, line, append(slices.Clip(fields), make([]string, added)...))
		})
	}
}

// noteLeftOut names the columns that a model has not.
func (t *table) noteLeftOut(s *Schema) {
	var extra []string
	for k, name := range t.names {
		if _, ok := s.columns[name]; !ok && name != "" && name != t.counter && k != t.index {
			extra = append(extra, name)
		}
	}
	if extra != nil {
		t.notes = append(t.notes, fmt.Sprintf("%s left out, which the model does not have: %s",
			plural(len(extra), "column is", "columns are"), someOf(extra)))
	}
}

// profile reads the table once.
func (t *table) profile(kept []*profile, s *Selection) error {
	counted := true // by the index
	err := t.each(s, func(row, at, line int, fields []string) error {
		t.rows = row + 1
		counted = counted && t.index >= 0 && isCount(fields[t.index], at)
		for _, p := range kept {
			text := fields[p.field]
			if p.other {
				if p.add(text, at, line) != nil {
					p.missing++ // no text: not a name either
				}
				continue
			}
			switch text {
			case "0", "1":
			case "-1":
				t.minus++
			default:
				if t.note(text, p.gaps) {
					if p.odd++; p.odd == 1 {
						p.firstOdd = find{at + 1, line, strings.Clone(text)}
					}
				}
			}
			if err := p.add(text, at, line); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && t.rows == 0 {
		if err = s.checkRows(t.all); err == nil {
			err = errors.New("no rows")
		}
	}
	t.noteIndex(counted)
	return err
}

// note counts a cell that is not written as 0, 1 or −1, and reports whether it is none of these.
func (t *table) note(text string, gaps bool) (odd bool) {
	x, ok := number([]byte(text))
	switch {
	case gaps && isMissing(text):
		t.missing++
	case ok && (x == 0 || x == 1):
	case ok && x == -1:
		t.minus++
	default:
		t.odd++
		t.missing += bit(isMissing(text))
		t.words += bit(!ok && !isMissing(text) && strings.Trim(text, "0123456789") != "")
		return true
	}
	return false
}

// fill sets the numbers of the columns that are kept.
func (t *table) fill(b *blocks, kept []*profile, s *Selection) error {
	spans := rbm.Spans(b.r.head.Columns)
	return t.each(s, func(row, at, line int, fields []string) error {
		set, row, err := b.row(row)
		if err != nil {
			return err
		}
		if t.index >= 0 {
			set.Names = append(set.Names, strings.Clone(fields[t.index]))
		}
		for _, p := range kept {
			text, unit := fields[p.field], spans[p.at].From
			if p.isGap(text) {
				set.setGap(row, spans[p.at], p.column)
				if p.genotype {
					set.setGap(row, spans[p.at+1], p.column)
				}
				continue
			}
			if p.column.Kind == rbm.Gaussian {
				x, ok := number([]byte(text))
				if !ok || !(math.Abs(x) <= math.MaxFloat32) {
					return p.refuse(at, line, text, "a finite number")
				}
				set.States.Reals(row)[unit-set.States.Bits()] = float32(x)
				continue
			}
			a, ok := p.states[text]
			if !ok {
				if a, ok = p.states[canonical(text)]; !ok {
					return &refusal{p.refuse(at, line, text, "one of "+strings.Join(statesOf(p.column), ", ")), ErrNewCategory}
				}
			}
			switch {
			case p.column.Kind == rbm.Categorical:
				set.States.SetBit(row, unit+a, true)
			case p.genotype:
				set.setGenotype(row, unit, a)
			default:
				set.States.SetBit(row, unit, a == 1)
			}
		}
		return nil
	})
}

// choose decides on the kind of every column, by a schema or by its values, and returns those that are kept.
func (t *table) choose(profiles []*profile, o options) ([]*profile, error) {
	var kept []*profile
	for _, p := range profiles {
		switch {
		case p.name == "" && (p.rows == 0 || p.missing == p.rows):
			t.notes = append(t.notes, fmt.Sprintf("column %d has no name and is empty: it is left out", p.field+1))
		case p.name == "":
			return nil, &refusal{fmt.Errorf("column %d%s has no name: want one", p.field+1, t.where), ErrNoNames}
		case t.isIndex(p, o):
			t.index = p.field
			t.noteIndex(p.counted)
		case p.other: // noteLeftOut tells
		default:
			kept = append(kept, p)
		}
	}
	if len(kept) == 0 {
		return nil, errors.New("the table has no columns but names of the rows")
	}
	t.odd = 0 // beside names of the rows
	for _, p := range kept {
		t.odd += p.odd
	}
	if o.schema.isGiven() {
		t.noteLeftOut(o.schema)
	}
	switch note, err := missingCells(kept, o.gaps); {
	case err != nil:
		return nil, err
	case note != "":
		t.notes = append(t.notes, note)
	}
	for _, p := range kept {
		if p.rows == 0 && !p.given {
			return nil, &refusal{fmt.Errorf("column %s is missing in all %d rows: leave it out", p.name, p.missing), ErrLeaveOut}
		}
		if t.odd == 0 && t.minus == 0 && p.column.Kind == "" { // bits, of which some may never change
			p.column.Kind, p.reason = rbm.Bernoulli, "all values are 0 and 1"
			continue
		}
		if err := p.checkSeparator(len(t.names)); err != nil {
			return nil, err
		}
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
