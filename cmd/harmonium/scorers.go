package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/impute"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// scorers score rows, a block at a time. Scores of rows are kept, a number each; those of units are not.
type scorers struct {
	judges  []*judged // one model, and another to compare it with
	columns []string
	seed    uint64

	conditionals []*rbm.Conditionals
	free         []*column // F(v) of each row, by each model; of what is known of a row with gaps −log Σ e^(−F(v))
	scales       []*column // of rows with gaps, by each model: the log of the scales of what is missing
	stderrs      []*column // of their likelihoods
	likelihood   *rbm.PseudoLikelihood
	pseudo       column // of each row, where it is wanted
	keepsPseudo  bool
	units        []scoredUnit // whose surprise is wanted
	terms        []float64
	ranked       ranking
	block        []blockScores // by each model
}

// blockScores are the numbers of the rows of a block.
type blockScores struct{ free, scales, stderrs []float64 }

// scoredUnit is a unit or site whose surprise is wanted.
type scoredUnit struct {
	name  string
	site  int     // among those of the pseudo-likelihood
	scale float64 // log Scale of its column: densities are in the units of the table
	sum   float64 // of its surprises over the rows, by weight
}

// scoredUnits are those of all sites: in the order of a table's columns, and with their names, or called v1, v2, ….
func scoredUnits(model *rbm.Model, sites []rbm.Site) []scoredUnit {
	units, places := make([]scoredUnit, len(sites)), map[int]int{}
	for k, site := range sites {
		units[k], places[site.First] = scoredUnit{name: fmt.Sprintf("v%d", k+1), site: k}, k
	}
	for c, span := range rbm.Spans(model.Columns) {
		column := model.Columns[c]
		units[c].site, units[c].scale = places[span.From], rbm.LogScale(model.Columns[c:c+1])
		if column.Name != "" {
			units[c].name = column.Name
		}
	}
	return units
}

// surprise is −log P(v_i|v_−i) of the unit, of the terms of a row.
func (u *scoredUnit) surprise(terms []float64) float64 { return u.scale - terms[u.site] }

// Columns of scores. The columns of --surprise are named surprisePrefix and the unit.
const (
	columnRow        = "row"
	columnLL         = "log_likelihood"
	columnFree       = "free_energy"
	columnError      = "error"
	columnPseudo     = "pseudo_log_likelihood"
	columnAgainst    = "log_likelihood_against"
	columnErrorOther = "error_against"
	columnDifference = "difference"
	surprisePrefix   = "surprise_"
)

func (o *scoreOptions) scorers(t *terminal, judges []*judged) (*scorers, error) {
	s := &scorers{
		judges: judges, seed: o.seed, keepsPseudo: o.pseudo, columns: []string{columnRow, columnLL}, ranked: ranking{most: o.top},
		block: make([]blockScores, len(judges)),
	}
	for _, j := range judges {
		s.conditionals = append(s.conditionals, rbm.NewConditionals(j.model, t.compute))
		s.free, s.scales, s.stderrs = append(s.free, new(column)), append(s.scales, new(column)), append(s.stderrs, new(column))
	}
	if o.free {
		s.columns[1] = columnFree
	}
	gaps := judges[0].stream.HasGaps()
	if gaps {
		s.columns = append(s.columns, columnError)
	}
	if o.pseudo {
		s.columns = append(s.columns, columnPseudo)
	}
	if len(judges) > 1 {
		s.columns = append(s.columns, columnAgainst)
		if gaps {
			s.columns = append(s.columns, columnErrorOther)
		}
		s.columns = append(s.columns, columnDifference)
	}
	if o.pseudo || o.units {
		var err error
		if s.likelihood, err = rbm.NewPseudoLikelihood(judges[0].model, t.compute); err != nil {
			return nil, badInput(err)
		}
	}
	if o.units {
		s.units = scoredUnits(judges[0].model, s.likelihood.Sites())
		for _, u := range s.units {
			s.columns = append(s.columns, surprisePrefix+u.name)
		}
	}
	return s, nil
}

// close gives back what the numbers of many rows are kept in.
func (s *scorers) close() {
	s.pseudo.close()
	for m := range s.judges {
		s.free[m].close()
		s.scales[m].close()
		s.stderrs[m].close()
	}
}

// survey goes through the rows once before they are scored by model m, if log Z needs some of them, takes long, or rows have
// gaps. These are filled by draws, at which chains may begin; the likelihoods of what is known are kept. It returns rows for
// AIS.
func (s *scorers) survey(ctx context.Context, t *terminal, m int) (*data.Set, error) {
	j := s.judges[m]
	gaps := j.stream.HasGaps()
	switch all := j.stream.All(); {
	case !gaps && j.method != methodAIS && (j.method != monitor.MethodExact || exact.Cost(j.model) <= affordable):
		return nil, nil
	case all != nil && !gaps && all.Rows() <= mostStarts: // grey values among them
		weighted := *all
		weighted.Weights = j.weights
		return &weighted, nil
	}
	starts, name := newStarts(j.model, j.rows(), j.weights != nil, s.seed, t.compute), "rows"
	if gaps {
		name, j.gaps = "gaps", &gapsResult{}
	}
	rough := new(roughRows)
	for b, err := range t.blocks(ctx, name, j.model, j.stream) {
		if err == nil && gaps {
			err = s.complete(ctx, t, m, &b, rough)
		}
		if err != nil {
			return nil, err
		}
		starts.see(b.rows, b.from, j.weightsOf(b))
	}
	j.findings = append(j.findings, rough.findings()...)
	return starts.rows(), nil
}

// weightsOf are the weights of the rows of a block, or nil.
func (j *judged) weightsOf(b block) []float64 {
	if j.weights == nil {
		return nil
	}
	return j.weights[b.from : b.from+b.rows.Rows()]
}

// complete fills the gaps of a block, and keeps what is known of its rows.
func (s *scorers) complete(ctx context.Context, t *terminal, m int, b *block, rough *roughRows) error {
	j, o := s.judges[m], likelihoods(s.seed, t.compute)
	o.First = b.from
	filled := b.rows.Like(b.rows.Rows())
	err := impute.Rows(ctx, j.model, b.rows, b.set.Known, o, func(k int, row *impute.Row) error {
		filled.Slice(k, k+1).Copy(row.Draws)
		rough.see(b.from+k, row)
		j.gaps.see(row)
		if err := s.free[m].add(-row.LogKnown); err != nil {
			return err
		}
		if err := s.scales[m].add(rbm.LogScaleOf(j.model.Columns, row.Missing)); err != nil {
			return err
		}
		return s.stderrs[m].add(row.Stderr)
	})
	b.rows = filled
	return badInput(err)
}

// write scores all rows, and writes them to a file unless its name is "".
func (s *scorers) write(ctx context.Context, t *terminal, path string) error {
	j, score := s.judges[0], s.score
	if len(s.judges) > 1 {
		next, stop := iter.Pull2(s.judges[1].stream.Blocks(blockSize(j.model)))
		defer stop()
		score = func(b block, numbers []float64) error {
			set, err, ok := next()
			if err != nil || !ok {
				return badInput(cmp.Or(err, errors.New("the data changed while it was read")))
			}
			other := b
			other.set, other.rows = set, set.States
			return s.scoreBy(b, other, numbers)
		}
	}
	blocks := eachBlock(t.blocks(ctx, "scores", j.model, j.stream), len(s.columns), score)
	if path != "" {
		head := &j.stream.Head
		return data.WriteArray(path, data.Array{Rows: j.rows(), Columns: s.columns, Named: j.stream.HasNames(), Index: head.Index}, blocks)
	}
	for _, err := range blocks {
		if err != nil {
			return err
		}
	}
	return nil
}

// score writes the columns of a block of rows.
func (s *scorers) score(b block, numbers []float64) error { return s.scoreBy(b, block{}, numbers) }

// scoreBy writes the columns of a block of rows, which the second model may have in another order of its units.
func (s *scorers) scoreBy(b, other block, numbers []float64) error {
	for m, b := range []block{b, other}[:len(s.judges)] {
		if err := s.find(m, b); err != nil {
			return err
		}
	}
	if s.likelihood != nil {
		if err := s.scoreUnits(b.rows); err != nil {
			return err
		}
	}
	pseudo := make([]float64, b.rows.Rows())
	if s.keepsPseudo {
		if err := s.pseudo.read(pseudo, b.from); err != nil {
			return err
		}
	}
	for k := range b.rows.Rows() {
		row := append(numbers[k*len(s.columns):][:0], float64(b.from+k+1))
		if s.judges[0].logZ == nil {
			row = append(row, s.block[0].free[k])
		} else {
			row = append(row, s.log(0, k))
		}
		row = s.appendError(row, 0, k)
		if s.keepsPseudo {
			row = append(row, pseudo[k])
		}
		if len(s.judges) > 1 {
			row = s.appendError(append(row, s.log(1, k)), 1, k)
			row = append(row, s.log(0, k)-s.log(1, k))
		}
		for i := range s.units {
			u := &s.units[i]
			x := u.surprise(s.terms[k*len(s.units):])
			row = append(row, x)
			weight := 1.0
			if w := s.judges[0].weights; w != nil {
				weight = w[b.from+k]
			}
			u.sum += float64(weight * x)
		}
		s.rank(b, k)
	}
	return nil
}

// find finds the numbers of a block's rows by model m.
func (s *scorers) find(m int, b block) error {
	rows := b.rows.Rows()
	of := &s.block[m]
	for _, x := range []*[]float64{&of.free, &of.scales, &of.stderrs} {
		*x = slices.Grow((*x)[:0], rows)[:rows]
	}
	if !s.judges[m].stream.HasGaps() {
		clear(of.scales)
		clear(of.stderrs)
		s.conditionals[m].FreeEnergy(of.free, b.rows)
		return s.free[m].add(of.free...)
	}
	return errors.Join(s.free[m].read(of.free, b.from), s.scales[m].read(of.scales, b.from), s.stderrs[m].read(of.stderrs, b.from))
}

// appendError appends the standard error of the likelihood of row k of the block by model m, where some rows have gaps.
func (s *scorers) appendError(row []float64, m, k int) []float64 {
	if !s.judges[m].stream.HasGaps() {
		return row
	}
	return append(row, s.block[m].stderrs[k])
}

// scoreUnits takes log P(v_i|v_−i) of all units of a block, or of each row their sum alone.
func (s *scorers) scoreUnits(v rbm.Batch) error {
	scale := rbm.LogScale(s.judges[0].model.Columns)
	if s.units == nil {
		for _, log := range s.likelihood.Log(v) {
			if err := s.pseudo.add(log - scale); err != nil {
				return err
			}
		}
		return nil
	}
	n := len(s.units)
	s.terms = slices.Grow(s.terms[:0], v.Rows()*n)[:v.Rows()*n]
	s.likelihood.Terms(s.terms, v)
	if !s.keepsPseudo {
		return nil
	}
	for terms := range slices.Chunk(s.terms, n) {
		sum := -scale
		for _, x := range terms {
			sum += x
		}
		if err := s.pseudo.add(sum); err != nil {
			return err
		}
	}
	return nil
}

// log is the log-likelihood of row k of the block by model m.
func (s *scorers) log(m, k int) float64 {
	return s.judges[m].log(s.block[m].free[k], s.block[m].scales[k])
}

// logs are the log-likelihoods of all rows by model m.
func (s *scorers) logs(m int, failed *error) iter.Seq[float64] {
	if !s.judges[m].stream.HasGaps() {
		return func(yield func(float64) bool) {
			for free := range s.free[m].all(failed) {
				if !yield(s.judges[m].log(free, 0)) {
					return
				}
			}
		}
	}
	return paired(s.free[m].all(failed), s.scales[m].all(failed), s.judges[m].log)
}

// differences are those of the log-likelihoods of the first model to those of the second.
func (s *scorers) differences(failed *error) iter.Seq[float64] {
	return paired(s.logs(0, failed), s.logs(1, failed), func(x, y float64) float64 { return x - y })
}

// paired is f of the numbers of two sequences of equal length.
func paired(a, b iter.Seq[float64], f func(x, y float64) float64) iter.Seq[float64] {
	return func(yield func(float64) bool) {
		next, stop := iter.Pull(b)
		defer stop()
		for x := range a {
			if y, ok := next(); !ok || !yield(f(x, y)) {
				return
			}
		}
	}
}

// leastRow is one of the least likely rows.
type leastRow struct {
	Row      int         `json:"row"` // from 1
	Name     string      `json:"name,omitempty"`
	LL       diag.Number `json:"log_likelihood"` // null without log Z
	Free     float64     `json:"free_energy"`
	Error    float64     `json:"error,omitempty"`    // of a row with gaps
	Surprise []surprise  `json:"surprise,omitempty"` // the largest, with --surprise
}

// surprise is −log P(v_i|v_−i) of a unit. Units differ in what is usual: a real one has a density, in units of its own.
type surprise struct {
	Unit string  `json:"unit"`
	Nats float64 `json:"nats"`
	Mean float64 `json:"mean"` // over the rows
}

func (l leastRow) String() string {
	text, doubt := fmt.Sprintf("row %d", l.Row), ""
	if l.Name != "" {
		text += " (" + l.Name + ")"
	}
	if l.Error > 0 {
		doubt = fmt.Sprintf(" ± %.2g", l.Error)
	}
	if l.LL == l.LL {
		text += fmt.Sprintf(": %.3f%s nats", l.LL, doubt)
	} else {
		text += fmt.Sprintf(": free energy %.3f%s", l.Free, doubt)
	}
	var units []string
	for _, u := range l.Surprise {
		units = append(units, fmt.Sprintf("%s %.2f (mean %.2f)", u.Unit, u.Nats, u.Mean))
	}
	if units != nil {
		text += "; most surprising: " + strings.Join(units, ", ")
	}
	return text
}

// mostSurprising is how many units are told of a row.
const mostSurprising = 3

// ranking keeps the least likely rows.
type ranking struct {
	most int
	rows []rankedRow
}

// rankedRow is a row that may be one of the least likely.
type rankedRow struct {
	leastRow
	by float64
	v  rbm.Batch // its units, where their surprise is wanted
}

// rank keeps row k of the block if it is one of the least likely so far.
func (s *scorers) rank(b block, k int) {
	of := s.block[0]
	by := of.free[k] - of.scales[k]
	if !s.ranked.wants(by) {
		return
	}
	r := rankedRow{leastRow: leastRow{Row: b.from + k + 1, LL: diag.Number(math.NaN()), Free: of.free[k], Error: of.stderrs[k]}, by: by}
	if b.set.Names != nil {
		r.Name = b.set.Names[k]
	}
	if s.judges[0].logZ != nil {
		r.LL = diag.Number(s.log(0, k))
	}
	if s.units != nil {
		r.v = b.rows.Slice(k, k+1).Clone()
	}
	s.ranked.add(r)
}

// wants reports whether a row may be one of the least likely. Of equal ones the first are.
func (l *ranking) wants(by float64) bool {
	return l.most > 0 && (len(l.rows) < l.most || by > l.rows[l.most-1].by)
}

// add takes a row that comes after all others, and now and then leaves out what has become too much.
func (l *ranking) add(r rankedRow) {
	l.rows = append(l.rows, r)
	if len(l.rows) == l.most || len(l.rows) == 2*l.most {
		l.cut()
	}
}

func (l *ranking) cut() {
	slices.SortStableFunc(l.rows, func(a, b rankedRow) int { return cmp.Compare(b.by, a.by) })
	l.rows = l.rows[:min(l.most, len(l.rows))]
}

// least returns the least likely rows, and of equal ones the first.
func (s *scorers) least() (list []leastRow) {
	s.ranked.cut()
	for _, r := range s.ranked.rows {
		if s.units != nil {
			r.Surprise = s.surprises(r.v)
		}
		list = append(list, r.leastRow)
	}
	return list
}

// surprises are those of a row's units that exceed the unit's mean over the rows by most.
func (s *scorers) surprises(row rbm.Batch) []surprise {
	terms, total := make([]float64, len(s.units)), s.judges[0].totalWeight()
	s.likelihood.Terms(terms, row)
	var list []surprise
	for _, u := range s.units {
		list = append(list, surprise{u.name, u.surprise(terms), u.sum / total})
	}
	slices.SortStableFunc(list, func(a, b surprise) int { return cmp.Compare(b.Nats-b.Mean, a.Nats-a.Mean) })
	return list[:min(mostSurprising, len(list))]
}

// totalWeight is the sum of the weights of all rows.
func (j *judged) totalWeight() float64 {
	if j.weights == nil {
		return float64(j.rows())
	}
	total := 0.0
	for _, w := range j.weights {
		total += w
	}
	return total
}
