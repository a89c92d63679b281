package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// scorers score rows, a block at a time. Scores of rows are kept, a number each; those of units are not.
type scorers struct {
	judges  []*judged // one model, and another to compare it with
	columns []string

	conditionals []*rbm.Conditionals
	free         [][]float64 // F(v) of each row, by each model; of what is known of a row with gaps −log Σ e^(−F(v))
	likelihood   *rbm.PseudoLikelihood
	pseudo       []float64 // of each row, where it is wanted
	keepsPseudo  bool
	units        []scoredUnit // whose surprise is wanted
	terms        []float64
}

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
	s := &scorers{judges: judges, free: make([][]float64, len(judges)), keepsPseudo: o.pseudo, columns: []string{columnRow, columnLL}}
	for _, j := range judges {
		s.conditionals = append(s.conditionals, rbm.NewConditionals(j.model, t.compute))
	}
	if o.free {
		s.columns[1] = columnFree
	}
	gaps := judges[0].known != nil
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

// write scores all rows, and writes them to a file unless its name is "".
func (s *scorers) write(ctx context.Context, t *terminal, path string) error {
	set := s.judges[0].set
	blocks := eachBlock(t.blocks(ctx, "scores", s.judges[0].model, set), len(s.columns), s.score)
	if path != "" {
		return data.WriteArray(path, data.Array{Rows: set.Rows(), Columns: s.columns, Names: set.Names}, blocks)
	}
	for _, err := range blocks {
		if err != nil {
			return err
		}
	}
	return nil
}

// score writes the columns of a block of rows.
func (s *scorers) score(b block, numbers []float64) error {
	first, rows := b.from, b.rows.Rows()
	for m, j := range s.judges {
		s.free[m] = append(s.free[m], make([]float64, rows)...)
		s.conditionals[m].FreeEnergy(s.free[m][first:], j.set.States.Slice(first, first+rows))
		if j.known != nil {
			for k, log := range j.known[first : first+rows] {
				s.free[m][first+k] = -log
			}
		}
	}
	if s.likelihood != nil {
		s.scoreUnits(b.rows)
	}
	for k := range rows {
		row := append(numbers[k*len(s.columns):][:0], float64(first+k+1))
		if s.judges[0].logZ == nil {
			row = append(row, s.free[0][first+k])
		} else {
			row = append(row, s.log(0, first+k))
		}
		row = s.appendError(row, 0, first+k)
		if s.keepsPseudo {
			row = append(row, s.pseudo[first+k])
		}
		if len(s.judges) > 1 {
			row = s.appendError(append(row, s.log(1, first+k)), 1, first+k)
			row = append(row, s.log(0, first+k)-s.log(1, first+k))
		}
		for i := range s.units {
			u := &s.units[i]
			x := u.surprise(s.terms[k*len(s.units):])
			row = append(row, x)
			u.sum += float64(s.judges[0].set.Weight(first+k) * x)
		}
	}
	return nil
}

// appendError appends the standard error of a row's likelihood by model m, where some rows have gaps.
func (s *scorers) appendError(row []float64, m, r int) []float64 {
	if s.judges[m].known == nil {
		return row
	}
	return append(row, s.judges[m].stderrs[r])
}

// scoreUnits takes log P(v_i|v_−i) of all units of a block, or of each row their sum alone.
func (s *scorers) scoreUnits(v rbm.Batch) {
	scale := rbm.LogScale(s.judges[0].model.Columns)
	if s.units == nil {
		for _, log := range s.likelihood.Log(v) {
			s.pseudo = append(s.pseudo, log-scale)
		}
		return
	}
	n := len(s.units)
	s.terms = slices.Grow(s.terms[:0], v.Rows()*n)[:v.Rows()*n]
	s.likelihood.Terms(s.terms, v)
	if !s.keepsPseudo {
		return
	}
	for terms := range slices.Chunk(s.terms, n) {
		sum := -scale
		for _, x := range terms {
			sum += x
		}
		s.pseudo = append(s.pseudo, sum)
	}
}

// log is the log-likelihood of row r by model m.
func (s *scorers) log(m, r int) float64 { return s.judges[m].log(r, s.free[m][r]) }

func (s *scorers) logs(m int) []float64 {
	logs := make([]float64, len(s.free[m]))
	for r := range logs {
		logs[r] = s.log(m, r)
	}
	return logs
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

// least returns the least likely rows, and of equal ones the first.
func (s *scorers) least(count int) []leastRow {
	set, free := s.judges[0].set, s.free[0]
	order, by := make([]int, len(free)), make([]float64, len(free))
	for r := range order {
		order[r], by[r] = r, s.judges[0].unscaled(r, free[r])
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(by[b], by[a]) })
	var list []leastRow
	for _, r := range order[:min(count, len(order))] {
		l := leastRow{Row: r + 1, LL: diag.Number(math.NaN()), Free: free[r]}
		if set.Names != nil {
			l.Name = set.Names[r]
		}
		if s.judges[0].logZ != nil {
			l.LL = diag.Number(s.log(0, r))
		}
		if s.judges[0].known != nil {
			l.Error = s.judges[0].stderrs[r]
		}
		if s.units != nil {
			l.Surprise = s.surprises(set.States.Slice(r, r+1))
		}
		list = append(list, l)
	}
	return list
}

// surprises are those of a row's units that exceed the unit's mean over the rows by most.
func (s *scorers) surprises(row rbm.Batch) []surprise {
	terms, total := make([]float64, len(s.units)), s.judges[0].set.TotalWeight()
	s.likelihood.Terms(terms, row)
	var list []surprise
	for _, u := range s.units {
		list = append(list, surprise{u.name, u.surprise(terms), u.sum / total})
	}
	slices.SortStableFunc(list, func(a, b surprise) int { return cmp.Compare(b.Nats-b.Mean, a.Nats-a.Mean) })
	return list[:min(mostSurprising, len(list))]
}
