package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/data"
)

// registerReading adds the flags that say which rows and columns of a file to read, and how it writes them.
func registerReading(f *pflag.FlagSet, r *run.Reading) {
	s := &r.Select
	f.StringSliceVar(&s.Columns, "columns", nil,
		"columns to read, in this order, by their names, or by numbers such as 1:784 where they have none")
	f.StringSliceVar(&s.Drop, "drop", nil, "columns to leave out, by name or number")
	f.Var(&rowRange{s}, "rows", "rows to read, such as 1:1000")
	f.StringSliceVar(&s.Categories, "categories", nil,
		"columns whose whole numbers are categories, by name or number, or all; genotypes 0, 1, 2 are sites of 3 states")
	f.StringSliceVar(&s.Genotypes, "genotypes", nil,
		"columns of genotypes 0, 1, 2 to take as two bits each, >=1 and >=2, or all but those that --schema and --categories name; "+
			"of VCF, phased or not, all")
	f.StringVar(&s.RowNames, "row-names", "", "column that names the rows and is no unit; default: an index, or a first column that looks so")
	registerText(f, r)
	f.IntVar(&r.PackedUnits, "units", 0,
		"take bytes of .npy as packed bits of rows of this many units, as numpy.packbits(x, axis=1) makes them")
}

// registerText adds the flags that say how a file of text is written.
func registerText(f *pflag.FlagSet, r *run.Reading) {
	f.BoolVar(&r.NoNames, "no-names", false, "the first line of a text is a row, not names of columns")
	f.StringVar(&r.Decimal, "decimal", ".", "sign before the decimals of numbers in text, . or ,")
}

// rowRange is the value of --rows.
type rowRange struct{ s *data.Selection }

func (r *rowRange) Set(text string) error { return r.s.ParseRows(text) }

func (r *rowRange) String() string {
	if r.s == nil || r.s.FirstRow == 0 && r.s.LastRow == 0 {
		return ""
	}
	text := fmt.Sprint(max(1, r.s.FirstRow), ":")
	if r.s.LastRow > 0 {
		text += fmt.Sprint(r.s.LastRow)
	}
	return text
}

func (r *rowRange) Type() string { return "A:B" }
