package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/impute"
	"github.com/harmonium-rbm/harmonium/internal/atomicfile"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// cellList is what is expected of missing cells, a line for each number, or for each value of a category.
type cellList struct {
	set     *data.Set
	columns []rbm.Column // of the units, one each where nothing says what they are
	spans   []rbm.Span
	lines   [][]string
}

func newCellList(set *data.Set, model *rbm.Model) *cellList {
	c := &cellList{set: set, columns: model.Columns}
	if c.columns == nil {
		c.columns = numberedColumns(model)
	}
	c.spans = rbm.Spans(c.columns)
	c.lines = [][]string{{"row", "name", "column", "value", "mean", "deviation", "error"}}
	return c
}

// numberedColumns are columns of a model that has no names for them: units, and sites with numbers for states, by the
// number of their first unit, from 1.
func numberedColumns(model *rbm.Model) (columns []rbm.Column) {
	sites := map[int]rbm.Site{}
	for _, s := range rbm.SitesOf(model.Visible) {
		sites[s.First] = s
	}
	bits := model.Visible.NewBatch(0).Bits()
	for i := 0; i < model.M(); i++ {
		column := rbm.Column{Name: strconv.Itoa(i + 1), Kind: rbm.Bernoulli}
		if s, ok := sites[i]; ok {
			column.Kind = rbm.Categorical
			for a := range s.States {
				column.Categories = append(column.Categories, strconv.Itoa(a))
			}
			i += s.States - 1
		} else if i >= bits {
			column.Kind = rbm.Gaussian
		}
		columns = append(columns, column)
	}
	return columns
}

// checkList refuses a name for a list.
func checkList(flag, path string) error {
	if !strings.EqualFold(filepath.Ext(path), ".csv") {
		return badInput(fmt.Errorf("--%s %s: want a name that ends in .csv", flag, path))
	}
	return nil
}

// add adds the missing cells of a row.
func (c *cellList) add(r int, row *impute.Row) {
	if row.Means == nil {
		return
	}
	place := make(map[int]int, len(row.Missing))
	for k, i := range row.Missing {
		place[i] = k
	}
	name := nameOf(c.set, r)
	for k, column := range c.columns {
		span := c.spans[k]
		if _, missing := place[span.From]; !missing {
			continue
		}
		for i := span.From; i < span.To; i++ {
			at := place[i]
			mean, deviation, stderr, value := row.Means[at], row.Deviations[at], row.Errors[at], "1"
			switch {
			case column.Kind == rbm.Gaussian:
				scale := column.Scale
				if scale == 0 {
					scale = 1
				}
				mean, deviation, stderr, value = mean*scale+column.Mean, deviation*scale, stderr*scale, ""
			case column.Kind == rbm.Categorical:
				value = column.Categories[i-span.From]
			case column.Categories != nil:
				value = column.Categories[1]
			}
			c.lines = append(c.lines, []string{
				strconv.Itoa(r + 1), name, column.Name, value, number(mean), number(deviation), number(stderr),
			})
		}
	}
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', 6, 64) }

// nameOf is the name of a row, "" where it has none.
func nameOf(set *data.Set, r int) string {
	if set.Names == nil {
		return ""
	}
	return set.Names[r]
}

// writeLines writes a list as CSV.
func writeLines(path string, lines [][]string) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		if err := csv.NewWriter(w).WriteAll(lines); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	})
}

// convergenceList says how far the chains of each row with missing cells agree, a line a row.
type convergenceList struct {
	set   *data.Set
	first map[int]bool // units that are the first of a cell
	lines [][]string
}

func newConvergenceList(set *data.Set, list *cellList) *convergenceList {
	c := &convergenceList{set, map[int]bool{}, [][]string{{"row", "name", "missing", "method", "error", "ess", "rhat", "missed"}}}
	for k, span := range list.spans {
		c.first[span.From] = k == 0 || !rbm.GenotypeAt(list.columns, k-1)
	}
	return c
}

// add adds a row. What exact rows don't have is empty.
func (c *convergenceList) add(r int, row *impute.Row) {
	missing := 0
	for _, i := range row.Missing {
		if c.first[i] {
			missing++
		}
	}
	line := []string{strconv.Itoa(r + 1), nameOf(c.set, r), strconv.Itoa(missing), "exact", "0", "", "", ""}
	if !row.Exact {
		line = append(line[:3], "ais", number(row.Stderr), number(row.ESS), number(worstRhat(row)), number(row.Missed))
	}
	c.lines = append(c.lines, line)
}
