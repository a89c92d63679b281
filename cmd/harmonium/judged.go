package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/impute"
	"github.com/harmonium-rbm/harmonium/quantum"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// judged is a model, the rows that it is scored on, in its own units, and log Z.
type judged struct {
	path     string
	model    *rbm.Model
	run      *run.Run     // nil for a model file
	set      *data.Set    // nil where the rows come in blocks
	stream   *data.Stream // else nil
	weights  []float64    // of the rows of the stream
	method   string       // of finding log Z
	kept     string       // file in which an enumeration keeps where it stands; "" for none
	logZ     *logZResult  // nil where the scores need none
	findings []diag.Finding
	role     role
	scores   []float64 // of each row

	likelihood *quantum.Likelihood // of rows with bases; nil for others
	letters    quantum.Unitaries   // of these bases

	gaps    *gapsResult
	known   []float64 // log Σ e^(−F(v)) over what is missing of each row; nil for rows without gaps
	scales  []float64 // log of the scales of what is missing of each row
	stderrs []float64 // of known
}

// gapsResult is how the likelihoods of rows with gaps were found.
type gapsResult struct {
	Rows      int         `json:"rows"`      // with gaps
	Estimated int         `json:"estimated"` // of these by AIS
	Stderr    diag.Number `json:"stderr"`    // the largest of their likelihoods', or of means of hidden units

	what string // is told of them; "" for likelihoods
}

func (g *gapsResult) see(row *impute.Row) {
	if row.Missing != nil {
		g.Rows++
	}
	if !row.Exact {
		g.Estimated++
	}
	g.Stderr = max(g.Stderr, diag.Number(row.Stderr))
}

func (g *gapsResult) String() string {
	text := fmt.Sprintf("%d, %s", g.Rows, cmp.Or(g.what, "of which what is known is scored"))
	if g.Estimated > 0 {
		text += fmt.Sprintf(", %d of them by AIS with standard errors up to %.2g", g.Estimated, float64(g.Stderr))
		if g.what == "" {
			text += " nats"
		}
	}
	return text
}

// likelihoods are the options of completing rows for their likelihoods.
func likelihoods(seed uint64, on *compute.Context) impute.Options {
	return impute.Options{Draws: 1, LogOnly: true, Judge: true, Seed: seed, Compute: on}
}

// complete fills the gaps of the rows by draws, at which chains may begin, and keeps the likelihoods of what is known.
func (j *judged) complete(ctx context.Context, t *terminal, seed uint64) error {
	if j.set.Missing() == 0 {
		return nil
	}
	bar := t.progress("gaps", int64(j.set.Rows()))
	defer bar.stop()
	whole, rough := *j.set, &roughRows{}
	whole.States, whole.Known = j.set.States.Like(j.set.Rows()), rbm.Batch{}
	rows := j.set.Rows()
	j.known, j.scales, j.stderrs, j.gaps = make([]float64, rows), make([]float64, rows), make([]float64, rows), &gapsResult{}
	err := impute.Rows(ctx, j.model, j.set.States, j.set.Known, likelihoods(seed, t.compute), func(r int, row *impute.Row) error {
		whole.States.Slice(r, r+1).Copy(row.Draws)
		j.known[r], j.stderrs[r] = row.LogKnown, row.Stderr
		j.scales[r] = rbm.LogScaleOf(j.model.Columns, row.Missing)
		rough.see(r, row)
		j.gaps.see(row)
		bar.set(int64(r+1), fmt.Sprintf("%d rows", r+1))
		return nil
	})
	if err != nil {
		return badInput(err)
	}
	j.set, j.findings = &whole, append(j.findings, rough.findings()...)
	return nil
}

// findLogZ finds log Z, unless the method is without it, and the likelihoods of rows with gaps.
func (j *judged) findLogZ(ctx context.Context, t *terminal, budget int64, seed uint64) error {
	if err := j.complete(ctx, t, seed); err != nil {
		return err
	}
	starts := j.set
	if j.method == methodAIS {
		starts = startsOf(j.set, j.model, seed, t.compute)
	}
	return j.logZFrom(ctx, t, starts, budget, seed)
}

// logZFrom finds log Z, unless the method is without it, by AIS that begins at some rows.
func (j *judged) logZFrom(ctx context.Context, t *terminal, starts *data.Set, budget int64, seed uint64) error {
	logZ, findings, err := t.logZ(ctx, j.method, j.model, j.run, starts, budget, seed, j.kept)
	j.logZ, j.findings = logZ, append(j.findings, findings...)
	return err
}

// log is the log-likelihood of a row of free energy F, a density in the units of the table. scale is the log of the scales
// of what is missing of the row, 0 for a whole one.
func (j *judged) log(free, scale float64) float64 {
	return -(free - scale) - (j.logZ.Value + rbm.LogScale(j.model.Columns))
}

// comparable refuses models whose log-likelihoods are of different things: a probability of bits is not a density of
// real numbers, and some columns of a table are not all of them.
func (j *judged) comparable(other *judged) error {
	if a, b := j.rows(), other.rows(); a != b {
		return badInput(fmt.Errorf("%s is scored on %d rows, %s on %d: want the same rows", j.path, a, other.path, b))
	}
	a, b := variables(j.model), variables(other.model)
	if x, y := without(a, b), without(b, a); len(x)+len(y) > 0 {
		return badInput(fmt.Errorf("the log-likelihoods of %s and %s can't be compared: only the first is of %s, only the second of %s",
			j.path, other.path, inWords(x), inWords(y)))
	}
	return nil
}

// rows is the number of rows that are scored.
func (j *judged) rows() int {
	if j.stream != nil {
		return j.stream.Rows()
	}
	return j.set.Rows()
}

// variables name what a model has a distribution of: the columns of a table, where they have names, or its units. Units
// of 0 and 1 and spins are the same, and so are columns of them that have numbers for names.
func variables(model *rbm.Model) []string {
	var list []string
	columns, numbered := model.Columns, true
	for k, c := range columns {
		numbered = numbered && c.Name == strconv.Itoa(k+1) && c.Categories == nil && c.Kind != rbm.Gaussian
	}
	if numbered {
		columns = nil
	}
	for _, c := range columns {
		switch c.Kind {
		case rbm.Gaussian:
			list = append(list, fmt.Sprintf("a real %q", c.Name))
		case rbm.Categorical:
			list = append(list, fmt.Sprintf("%q of %d categories", c.Name, len(c.Categories)))
		default:
			list = append(list, fmt.Sprintf("%q of 2 values", c.Name))
		}
	}
	if list != nil {
		return list
	}
	for _, p := range rbm.LayoutOf(model.Visible) {
		if p.Kind == rbm.Spin {
			p.Kind = rbm.Bernoulli
		}
		list = append(list, p.String())
	}
	return list
}

// without returns what is in a list and not in another.
func without(list, other []string) []string {
	list = slices.Clone(list)
	for _, x := range other {
		if k := slices.Index(list, x); k >= 0 {
			list = slices.Delete(list, k, k+1)
		}
	}
	return list
}

// inWords joins the first ones of a list.
func inWords(list []string) string {
	const most = 6
	text := strings.Join(list[:min(most, len(list))], ", ")
	switch {
	case len(list) == 0:
		return "nothing"
	case len(list) > most:
		text += fmt.Sprintf(" and %d more", len(list)-most)
	}
	return text
}
