package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// labelResult is how well a model knows the label of rows.
type labelResult struct {
	Label      string         `json:"label"`
	Classes    []string       `json:"classes"`
	Rows       int            `json:"rows"`
	Unlabelled int            `json:"unlabelled"` // rows without a label, which don't count
	Data       string         `json:"data"`
	Role       role           `json:"role"`
	Accuracy   estimateResult `json:"accuracy"`
	LogLoss    estimateResult `json:"log_loss"`
	Guess      guessResult    `json:"guess"`
	Confusion  [][]int        `json:"confusion"` // rows of each class, by the class that is predicted
	Gaps       *gapsResult    `json:"gaps"`
	Seconds    float64        `json:"seconds"`
	Findings   []diag.Finding `json:"findings"`
}

// guessResult is what the frequencies of the classes come to, without a look at the rest of a row.
type guessResult struct {
	From     string         `json:"from"`  // whose frequencies: training, or data
	Class    string         `json:"class"` // the most frequent one
	Accuracy estimateResult `json:"accuracy"`
	LogLoss  estimateResult `json:"log_loss"`
}

// classify judges what models know of --label.
func (o *evalOptions) classify(ctx context.Context, t *terminal, paths []string) error {
	begun := time.Now()
	var models []*rankedLabel
	for _, path := range paths {
		j, err := o.openRows(t, path)
		if err != nil {
			return err
		}
		if len(models) > 0 && o.data == "" {
			if err := models[0].judged.sameHeldOut(j); err != nil {
				return err
			}
		}
		m := &rankedLabel{Model: path, judged: j}
		if m.labelResult, err = o.classifyBy(ctx, t, j); err != nil {
			return err
		}
		if len(models) > 0 {
			if err := models[0].comparable(m); err != nil {
				return err
			}
		}
		models = append(models, m)
	}
	if len(models) > 1 {
		return (&labelRank{Models: models}).print(t, begun)
	}
	m := models[0]
	if err := t.result(m.labelResult, func(w io.Writer) { m.table(w, m.judged) }); err != nil {
		return err
	}
	return untrusted(m.Findings)
}

// classifyBy judges one model. Of its rows those with a label are left.
func (o *evalOptions) classifyBy(ctx context.Context, t *terminal, j *judged) (*labelResult, error) {
	begun := time.Now()
	l, err := parseLabel(j.model, o.label)
	if err != nil {
		return nil, badInput(err)
	}
	d, err := l.judge(ctx, t, j.model, j.set, o.seed)
	if err != nil {
		return nil, err
	}
	result := &labelResult{
		Label: l.name, Classes: l.classes, Rows: j.set.Rows(), Data: j.set.Path, Role: j.role, Gaps: d.gaps,
		Findings: append([]diag.Finding{}, d.rough.findings()...),
	}
	var rows []int
	for r, y := range d.given {
		if y >= 0 {
			rows = append(rows, r)
		}
	}
	if result.Unlabelled = j.set.Rows() - len(rows); rows == nil {
		return nil, badInput(fmt.Errorf("%s: %w", j.set.Path, errNoLabels))
	}
	j.set = j.set.Subset(rows)
	frequencies, from := l.frequencies(t, j)
	often := slices.Index(frequencies, slices.Max(frequencies))
	result.Guess = guessResult{From: from, Class: l.classes[often]}
	for range l.classes {
		result.Confusion = append(result.Confusion, make([]int, len(l.classes)))
	}
	var guesses []float64
	var right, guessed []bool
	j.scores = nil
	for _, r := range rows {
		y, predicted := d.given[r], d.predicted(r)
		result.Confusion[y][predicted]++
		right, guessed = append(right, y == predicted), append(guessed, y == often)
		j.scores, guesses = append(j.scores, -d.probs(r)[y]), append(guesses, -math.Log(frequencies[y]))
	}
	result.Accuracy, result.LogLoss = accuracy(right, j.set), mean(j.scores, j.set)
	result.Guess.Accuracy, result.Guess.LogLoss = accuracy(guessed, j.set), mean(guesses, j.set)
	result.Seconds = time.Since(begun).Seconds()
	return result, nil
}

// frequencies are those of the classes in the training data of a run, or else in the rows with a label, by Laplace's
// rule (n_y+1)/(N+K), so that a class that has not been seen has some.
func (l *label) frequencies(t *terminal, j *judged) (frequencies []float64, from string) {
	set, from := j.set, "data"
	if j.run != nil {
		if train, _, err := j.run.OpenData(); err == nil && train.Fit(j.model.Columns) == nil && train.Units() == j.model.M() {
			set, from = train, "training"
		}
	}
	c := rbm.NewClassifier(j.model, l.units, t.compute)
	frequencies, total := slices.Repeat([]float64{1}, c.Classes()), float64(c.Classes())
	for r := range set.Rows() {
		if y := l.classOf(c, set, r); y >= 0 {
			frequencies[y] += set.Weight(r)
			total += set.Weight(r)
		}
	}
	for y := range frequencies {
		frequencies[y] /= total
	}
	return frequencies, from
}

// accuracy is the part p of the rows that are right, by their weights, with its binomial error √(p(1−p)/N), in which p
// is taken as (pN+1)/(N+2): without that it were 0 where all rows are right. Of weights N is the effective number of
// rows, (Σw)²/Σw².
func accuracy(right []bool, set *data.Set) estimateResult {
	var hits, total, squares float64
	for r, yes := range right {
		w := set.Weight(r)
		total += w
		squares += float64(w * w)
		if yes {
			hits += w
		}
	}
	p, n := hits/total, total*total/squares
	q := (p*n + 1) / (n + 2)
	return estimateResult{diag.Number(p), diag.Number(math.Sqrt(q * (1 - q) / n))}
}

// mostClasses is how many classes a confusion matrix for people has at most.
const mostClasses = 12

func (r *labelResult) table(w io.Writer, j *judged) {
	fmt.Fprintf(w, "rows\t%d", r.Rows)
	if r.Unlabelled > 0 {
		fmt.Fprintf(w, ", of which %d without a label don't count", r.Unlabelled)
	}
	fmt.Fprintln(w)
	if r.Gaps != nil {
		fmt.Fprintf(w, "rows with gaps\t%s\n", r.Gaps)
	}
	j.note(w)
	from := "the training data"
	if r.Guess.From == "data" {
		from = "these rows"
	}
	fmt.Fprintf(w, "label\t%s: %s\n", r.Label, inWords(r.Classes))
	fmt.Fprintf(w, "accuracy\t%s\n", r.Accuracy.plain())
	fmt.Fprintf(w, "  always %s\t%s, the most frequent class of %s\n", r.Guess.Class, r.Guess.Accuracy.plain(), from)
	fmt.Fprintf(w, "log loss\t%s nats a row\n", r.LogLoss.plain())
	fmt.Fprintf(w, "  frequencies\t%s nats a row, those of the classes of %s\n", r.Guess.LogLoss.plain(), from)
	if len(r.Classes) <= mostClasses {
		fmt.Fprint(w, "\nclass\tpredicted as")
		for _, c := range r.Classes {
			fmt.Fprintf(w, "\t%s", c)
		}
		for y, row := range r.Confusion {
			fmt.Fprintf(w, "\n%s\t", r.Classes[y])
			for _, n := range row {
				fmt.Fprintf(w, "\t%d", n)
			}
		}
		fmt.Fprintln(w)
	}
	printFindings(w, r.Findings)
}

func (e estimateResult) plain() string { return e.Value.Digits(4) + " ± " + e.Stderr.Digits(4) }

// labelRank compares what several models know of a label of the same rows.
type labelRank struct {
	Rows    int            `json:"rows"`
	Data    string         `json:"data"`
	Models  []*rankedLabel `json:"models"` // the lowest log loss first
	Seconds float64        `json:"seconds"`
}

type rankedLabel struct {
	Model      string              `json:"model"`
	Difference *monitor.Difference `json:"difference"` // of the log loss to the best; null for it
	*labelResult

	judged *judged
}

// comparable refuses a model of other classes or rows.
func (m *rankedLabel) comparable(other *rankedLabel) error {
	if slices.Equal(m.Classes, other.Classes) && m.Rows == other.Rows && m.Unlabelled == other.Unlabelled {
		return nil
	}
	return badInput(fmt.Errorf("%s has the classes %s of %d rows with a label, %s %s of %d: want the same",
		m.Model, inWords(m.Classes), m.Rows-m.Unlabelled, other.Model, inWords(other.Classes), other.Rows-other.Unlabelled))
}

// print sorts the models, takes paired differences, and prints a table.
func (r *labelRank) print(t *terminal, begun time.Time) error {
	r.Rows, r.Data = r.Models[0].Rows, r.Models[0].Data
	slices.SortStableFunc(r.Models, func(a, b *rankedLabel) int { return cmp.Compare(a.LogLoss.Value, b.LogLoss.Value) })
	var findings []diag.Finding
	for k, m := range r.Models {
		if findings = append(findings, m.Findings...); k > 0 {
			m.Difference = new(m.judged.minus(r.Models[0].judged))
		}
	}
	r.Seconds = time.Since(begun).Seconds()
	if err := t.result(r, r.table); err != nil {
		return err
	}
	return untrusted(findings)
}

func (r *labelRank) table(w io.Writer) {
	fmt.Fprintf(w, "rows\t%d\n", r.Rows)
	fmt.Fprint(w, "\nmodel\tunits\taccuracy\tlog loss (nats a row)\tdifference to the best\n")
	for k, m := range r.Models {
		difference := "best"
		if k > 0 {
			if difference = m.Difference.String(); !m.Difference.Clear() {
				difference += ": not told apart"
			}
		}
		units := fmt.Sprintf("%d×%d", m.judged.model.M(), m.judged.model.N())
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", m.Model, units, m.Accuracy.plain(), m.LogLoss.plain(), difference)
	}
	for _, m := range r.Models {
		m.judged.note(w)
	}
	for _, m := range r.Models {
		printFindings(w, m.Findings)
	}
}
