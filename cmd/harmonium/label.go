package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/impute"
	"github.com/harmonium-rbm/harmonium/rbm"
)

const labelHelp = "column that is a class y: judge P(y|v) instead of log P(v); a name, or the numbers of one-hot units from 1, such as " +
	"785:794, where columns have no names"

// label is a column of a model as a class.
type label struct {
	name    string
	columns []string // their names, where they have some
	classes []string
	units   []int
}

// parseLabel reads --label: the name of a column, or a list of columns of two values, of which one is on, by their
// names, or by numbers from 1 where they have none.
func parseLabel(model *rbm.Model, text string) (*label, error) {
	spans, names := rbm.Spans(model.Columns), columnNames(model)
	for k, c := range model.Columns {
		switch {
		case c.Genotype != "" && (c.Name == text || c.Genotype == text):
			return nil, fmt.Errorf("--label %s: a genotype is two bits, one of which tells of the other, and no class: "+
				"train with it as a column of three categories, --categories %s", text, c.Genotype)
		case c.Name == text:
			return columnLabel(c, spans[k])
		}
	}
	l := &label{name: text}
	for item := range strings.SplitSeq(text, ",") {
		if k := slices.Index(names, item); k >= 0 {
			if model.Columns[k].Kind == rbm.Categorical || model.Columns[k].Kind == rbm.Gaussian {
				return nil, fmt.Errorf("--label %s: %s is a column of %s units: want a list of columns of two values, or a single column",
					text, item, model.Columns[k].Kind)
			}
			l.units, l.classes, l.columns = append(l.units, spans[k].From), append(l.classes, item), append(l.columns, item)
			continue
		}
		if names != nil {
			return nil, fmt.Errorf("--label %s: the model has no column %q: it has %s", text, item, inWords(names))
		}
		first, last, isRange := strings.Cut(item, ":")
		if !isRange {
			last = first
		}
		from, err := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		if err != nil || err2 != nil || from < 1 || to < from || to > model.M() {
			return nil, fmt.Errorf("--label %s: found %q, want a number from 1 to %d or a range such as %d:%d, as the columns have no names",
				text, item, model.M(), model.M()-1, model.M())
		}
		for i := from; i <= to; i++ {
			l.units, l.classes = append(l.units, i-1), append(l.classes, strconv.Itoa(i))
		}
	}
	if len(l.units) == 1 {
		l.classes = bitNames(model.Visible.Kind())
	}
	return l, l.check(model)
}

func columnLabel(c rbm.Column, span rbm.Span) (*label, error) {
	if c.Kind == rbm.Gaussian {
		return nil, fmt.Errorf("--label %s: the column has real numbers: want one of two values or of categories", c.Name)
	}
	l := &label{name: c.Name, columns: []string{c.Name}, classes: c.Categories}
	if l.classes == nil {
		l.classes = bitNames(c.Kind)
	}
	for i := span.From; i < span.To; i++ {
		l.units = append(l.units, i)
	}
	return l, nil
}

func bitNames(kind rbm.Kind) []string {
	if kind == rbm.Spin {
		return []string{"-1", "1"}
	}
	return []string{"0", "1"}
}

// check refuses units that are no label.
func (l *label) check(model *rbm.Model) error {
	bits := model.Visible.NewBatch(0).Bits()
	for k, i := range l.units {
		if i >= bits {
			return fmt.Errorf("--label %s: unit %d is a real number: want units of 0 and 1", l.name, i+1)
		}
		if slices.Contains(l.units[:k], i) {
			return fmt.Errorf("--label %s: unit %d comes twice", l.name, i+1)
		}
		for _, s := range rbm.SitesOf(model.Visible) {
			if i >= s.First && i < s.First+s.States && (len(l.units) != s.States || slices.Min(l.units) != s.First) {
				return fmt.Errorf("--label %s: unit %d is a state of a site: want all of the site, --label %d:%d",
					l.name, i+1, s.First+1, s.First+s.States)
			}
		}
	}
	return nil
}

// labelled are rows with the distribution of their label, as a model has it.
type labelled struct {
	*label
	model      *rbm.Model
	classifier *rbm.Classifier
	seed       uint64
	given      []int     // class of each row, −1 for none
	logs       []float64 // log P(y|v), rows × classes
	gaps       *gapsResult
	rough      roughRows
}

func (l *label) of(t *terminal, model *rbm.Model, seed uint64) *labelled {
	return &labelled{
		label: l, model: model, classifier: rbm.NewClassifier(model, l.units, t.compute), seed: seed,
		rough: roughRows{what: "the log-probability of the label"},
	}
}

// judge finds the distribution of the label of all rows.
func (l *label) judge(ctx context.Context, t *terminal, model *rbm.Model, set *data.Set, seed uint64) (*labelled, error) {
	d := l.of(t, model, seed)
	classes := d.classifier.Classes()
	if err := claim(8*float64(set.Rows())*float64(classes), fmt.Sprintf("%d classes of %d rows", classes, set.Rows()),
		"take fewer --rows"); err != nil {
		return nil, err
	}
	for b, err := range t.blocks(ctx, "classes", model, set.Stream()) {
		if err == nil {
			err = d.add(ctx, t, b)
		}
		if err != nil {
			return nil, err
		}
	}
	return d, nil
}

// add appends the rows of a block.
func (d *labelled) add(ctx context.Context, t *terminal, b block) error {
	given, err := d.classesOf(d.classifier, b)
	if err != nil {
		return err
	}
	at := len(d.logs)
	d.given, d.logs = append(d.given, given...), append(d.logs, make([]float64, len(given)*d.classifier.Classes())...)
	d.classifier.LogProbs(d.logs[at:], b.rows)
	return d.complete(ctx, t, b)
}

// missing is how many units of the label are missing in row r.
func (l *label) missing(set *data.Set, r int) (n int) {
	for _, i := range l.units {
		if set.Known.Rows() > 0 && !set.Known.Bit(r, i) {
			n++
		}
	}
	return n
}

// classOf is the class of row r, −1 where its label is missing: where a unit of it is, or none of several is on.
func (l *label) classOf(c *rbm.Classifier, set *data.Set, r int) int {
	if l.missing(set, r) > 0 {
		return -1
	}
	return c.Class(set.States, r)
}

// classesOf returns the class of each row of a block. The error says of which row several units of the label are on.
func (l *label) classesOf(c *rbm.Classifier, b block) ([]int, error) {
	set := b.set
	given := make([]int, set.Rows())
	for r := range given {
		given[r] = l.classOf(c, set, r)
		on := func(i int) bool { return set.States.Bit(r, i) }
		if given[r] < 0 && l.missing(set, r) == 0 && slices.ContainsFunc(l.units, on) {
			return nil, badInput(fmt.Errorf("%s: row %d: several of the units of --label %s are on: want one, or none where the class isn't known",
				set.Path, b.from+r+1, l.name))
		}
	}
	return given, nil
}

// complete finds the distribution of rows of a block, the last ones, of which other cells than the label are missing, as
// complete does.
func (d *labelled) complete(ctx context.Context, t *terminal, b block) error {
	var index []int
	for r := range b.set.Known.Rows() {
		if b.set.Units()-b.set.Known.Ones(r) > d.missing(b.set, r) {
			index = append(index, r)
		}
	}
	if index == nil {
		return nil
	}
	if d.gaps == nil {
		d.gaps = &gapsResult{}
	}
	part, before := b.set.Subset(index), len(d.given)-b.set.Rows()
	o := impute.Options{Seed: d.seed, Compute: t.compute, First: d.gaps.Rows}
	d.gaps.Rows += len(index)
	err := impute.Classes(ctx, d.model, d.classifier, part.States, part.Known, o, func(k int, row *impute.ClassRow) error {
		r := before + index[k]
		copy(d.probs(r), row.LogProbs)
		at := d.given[r]
		if at < 0 {
			at = d.predicted(r)
		}
		if !row.Exact {
			d.gaps.Estimated++
		}
		d.gaps.Stderr = max(d.gaps.Stderr, diag.Number(row.Stderrs[at]))
		d.rough.see(b.from+index[k], &impute.Row{Stderr: row.Stderrs[at]})
		return nil
	})
	if err != nil {
		return badInput(fmt.Errorf("rows with gaps: %w", err))
	}
	return nil
}

// probs are log P(y|v) of the classes of row r.
func (d *labelled) probs(r int) []float64 { return d.logs[r*len(d.classes) : (r+1)*len(d.classes)] }

// predicted is the most probable class of row r, the first of equal ones.
func (d *labelled) predicted(r int) int {
	logs := d.probs(r)
	return slices.Index(logs, slices.Max(logs))
}

// errNoLabels is the error of rows that can't be judged.
var errNoLabels = errors.New("no row has a label, so that there is nothing to judge: harmonium score --label writes predictions")

// noLogZ refuses flags that have no effect with --label.
func noLogZ(flags *pflag.FlagSet, names ...string) error {
	for _, name := range names {
		if flags.Changed(name) {
			return badInput(fmt.Errorf("--%s has no effect with --label, which is about P(y|v) alone: leave one of them out", name))
		}
	}
	return nil
}
