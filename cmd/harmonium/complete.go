package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/impute"
	"github.com/harmonium-rbm/harmonium/rbm"
)

type completeOptions struct {
	data, out, cells string
	given            string // in place of data: a table may lack columns
	convergence      string
	copies           int
	verb             string // what is done, for errors; "" for complete
	lacking          bool   // a table may lack columns, which are missing in all rows
	dataFlags
}

func newComplete(t *terminal) *cobra.Command {
	o := &completeOptions{}
	cmd := &cobra.Command{
		Use:   "complete MODEL|RUN --data FILE -o FILE",
		Short: "Fill in missing cells by what a model expects there",
		Long: `Fill in the missing cells of a file: empty ones, NA or NaN.

Each row is completed by a draw from P(missing|known), so that completed rows are as varied as real
ones; --copies makes several of each. --cells writes what is expected of each missing cell: the
probability of each of its values, or mean and standard deviation of a number.

Given its known cells the model of a row is an RBM over the missing ones. Where that can be
enumerated everything is exact, elsewhere it is estimated by annealed importance sampling, for each
row by itself, with a standard error.

Annealing may miss states that are far from where it comes from, and its errors don't tell. So each
such row is searched for modes from other starts. R-hat compares the annealed chains, which are 16
independent batches, with one another and with a mode that they have missed. It is 1 where they
agree; where it is above 1.1 in a row, this and the row are told, with exit status 3. --convergence
writes it for all rows.

--given takes the place of --data where a table lacks columns: they are missing in all rows.`,
		Example: `  harmonium complete run --data gaps.csv -o filled.csv
  harmonium complete run --data gaps.csv --copies 20 -o filled.csv --cells cells.csv`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.given != "" {
				if o.data != "" {
					return badInput(errors.New("--data and --given both name the rows to complete: leave one of them out"))
				}
				o.data, o.lacking = o.given, true
			}
			return complete(cmd.Context(), t, o, args[0])
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.data, "data", "", "rows to complete (needed, or --given)")
	f.StringVar(&o.given, "given", "", "the same, of a table that may lack columns")
	f.StringVarP(&o.out, "out", "o", "", "file to write, .npy or .csv (needed unless --cells or --convergence is given)")
	f.IntVar(&o.copies, "copies", 1, "completed copies of each row")
	f.StringVar(&o.cells, "cells", "", "file to write what is expected of each missing cell to, .csv")
	f.StringVar(&o.convergence, "convergence", "", "file to write to how far the chains of each row with missing cells agree, .csv")
	o.dataFlags.register(f, t)
	return cmd
}

type completeResult struct {
	File        *string        `json:"file"`
	Cells       *string        `json:"cells"`
	Rows        int            `json:"rows"`
	Missing     int            `json:"missing"` // cells
	Gaps        int            `json:"gaps"`    // rows with missing cells
	Exact       int            `json:"exact"`   // of these
	Stderr      diag.Number    `json:"stderr"`  // the largest of the others' log-likelihoods
	Rhat        *diag.Number   `json:"rhat"`    // the largest of the others; null where there are none
	Convergence *string        `json:"convergence"`
	Seconds     float64        `json:"seconds"`
	Findings    []diag.Finding `json:"findings"`
}

func complete(ctx context.Context, t *terminal, o *completeOptions, path string) error {
	model, r, err := t.openModel(path)
	if err != nil {
		return err
	}
	set, err := o.check(model, append(inputsOf(path, r), dataInputs(o.data)...))
	if err != nil {
		return err
	}
	if o.out != "" {
		bytes := float64(set.Rows()) * float64(o.copies) * (float64(model.M())/8 + 4*float64(model.M()-set.States.Bits()))
		if err := claim(bytes, fmt.Sprintf("%d copies of %d rows", o.copies, set.Rows()), "take fewer --copies"); err != nil {
			return err
		}
	}
	begun := time.Now()
	result := &completeResult{Rows: set.Rows(), Missing: data.Describe(set).Missing, Findings: []diag.Finding{}}
	if result.Missing == 0 {
		return badInput(fmt.Errorf("%s has no missing cells: there is nothing to %s", o.data, cmp.Or(o.verb, "complete")))
	}
	filled := *set
	filled.Known, filled.Weights, filled.Names = rbm.Batch{}, nil, nil
	if filled.Columns == nil {
		filled.Columns = model.Columns
	}
	if o.out != "" {
		filled.States = set.States.Like(set.Rows() * o.copies)
	}
	cells, rough := newCellList(set, model), &roughRows{}
	convergence := newConvergenceList(set, cells)
	bar := t.progress("rows", int64(set.Rows()))
	err = impute.Rows(ctx, model, set.States, set.Known, o.impute(t), func(r int, row *impute.Row) error {
		if o.out != "" {
			filled.States.Slice(r*o.copies, (r+1)*o.copies).Copy(row.Draws)
			if set.Names != nil {
				for range o.copies {
					filled.Names = append(filled.Names, set.Names[r])
				}
			}
		}
		if row.Missing != nil {
			result.see(row)
			rough.see(r, row)
			if o.cells != "" {
				cells.add(r, row)
			}
			convergence.add(r, row)
		}
		bar.set(int64(r+1), fmt.Sprintf("%d rows", r+1))
		return nil
	})
	bar.stop()
	if err != nil {
		return badInput(err)
	}
	if err := t.compute.Err(); err != nil {
		return err
	}
	if o.out != "" {
		result.File = &o.out
		if err := data.WriteSet(o.out, &filled); err != nil {
			return err
		}
		t.noteGenotypes(o.out, &filled)
	}
	if o.cells != "" {
		result.Cells = &o.cells
		if err := writeLines(o.cells, cells.lines); err != nil {
			return err
		}
	}
	if o.convergence != "" {
		result.Convergence = &o.convergence
		if err := writeLines(o.convergence, convergence.lines); err != nil {
			return err
		}
	}
	result.Findings = append(result.Findings, rough.findings()...)
	result.Seconds = time.Since(begun).Seconds()
	if err := t.result(result, result.table); err != nil {
		return err
	}
	return untrusted(result.Findings)
}

// check refuses what can't be done before the work, and opens the rows.
func (o *completeOptions) check(model *rbm.Model, inputs []input) (*data.Set, error) {
	switch {
	case o.data == "":
		return nil, badInput(errors.New("no rows to complete: name a file by --data, or by --given"))
	case o.out == "" && o.cells == "" && o.convergence == "":
		return nil, badInput(errors.New("nothing to do: name a file for the completed rows by -o FILE, or one for the cells by --cells FILE"))
	case o.copies < 1:
		return nil, badInput(fmt.Errorf("--copies is %d, want 1 or more", o.copies))
	}
	var out []string
	if o.out != "" {
		if err := (&data.Set{Columns: model.Columns, Values: model.Visible.Kind()}).CheckName(o.out); err != nil {
			return nil, badInput(err)
		}
		out = append(out, o.out)
	}
	for _, list := range []struct{ flag, path string }{{"cells", o.cells}, {"convergence", o.convergence}} {
		if list.path == "" {
			continue
		}
		if err := checkList(list.flag, list.path); err != nil {
			return nil, err
		}
		out = append(out, list.path)
	}
	if err := checkFiles(out, inputs); err != nil {
		return nil, err
	}
	options := []data.Option{data.Gaps()}
	if o.lacking {
		options = append(options, data.MayLack(tableColumns(model)...))
	}
	return o.openFor(model, o.data, options...)
}

// tableColumns are the names of the columns that a table for the model has: one for the two bits of a genotype.
func tableColumns(model *rbm.Model) []string {
	names := columnNames(model)
	for k := range names {
		if c := model.Columns[k]; c.Genotype != "" {
			names[k] = c.Genotype
		}
	}
	return slices.Compact(names)
}

func (o *completeOptions) impute(t *terminal) impute.Options {
	i := impute.Options{Seed: o.seed, LogOnly: o.cells == "", Rhat: true, Compute: t.compute}
	if o.out != "" {
		i.Draws = o.copies
	}
	return i
}

func (r *completeResult) see(row *impute.Row) {
	r.Gaps++
	if row.Exact {
		r.Exact++
	} else if worst := diag.Number(worstRhat(row)); r.Rhat == nil || worst > *r.Rhat {
		r.Rhat = &worst
	}
	r.Stderr = diag.Number(math.Max(float64(r.Stderr), row.Stderr))
}

func (r *completeResult) table(w io.Writer) {
	fmt.Fprintf(w, "rows\t%d, of which %d have %d missing cells\n", r.Rows, r.Gaps, r.Missing)
	switch annealed := r.Gaps - r.Exact; annealed {
	case 0:
		fmt.Fprintf(w, "method\texact\n")
	default:
		fmt.Fprintf(w, "method\t%d rows exact, %d by AIS, whose log-likelihoods have standard errors up to %.2g nats\n",
			r.Exact, annealed, float64(r.Stderr))
		fmt.Fprintf(w, "R-hat\tup to %.4g\n", float64(*r.Rhat))
	}
	for _, file := range []*string{r.File, r.Cells, r.Convergence} {
		if file != nil {
			fmt.Fprintf(w, "wrote\t%s\n", *file)
		}
	}
	printFindings(w, r.Findings)
}
