package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/internal/atomicfile"
)

// predictionResult is what score --label has written.
type predictionResult struct {
	File       string         `json:"file"`
	Label      string         `json:"label"`
	Classes    []string       `json:"classes"`
	Rows       int            `json:"rows"`
	Unlabelled int            `json:"unlabelled"`
	Columns    []string       `json:"columns"`
	Gaps       *gapsResult    `json:"gaps"`
	Seconds    float64        `json:"seconds"`
	Findings   []diag.Finding `json:"findings"`
}

// predict writes the distribution of --label of each row.
func (o *scoreOptions) predict(ctx context.Context, t *terminal, path string) error {
	begun := time.Now()
	model, r, err := t.openModel(path)
	if err != nil {
		return err
	}
	switch {
	case o.out == "":
		return badInput(errors.New("no file for the predictions: name one by -o FILE"))
	case !strings.EqualFold(filepath.Ext(o.out), ".csv"):
		return badInput(fmt.Errorf("-o %s: classes have names: want a file that ends in .csv", o.out))
	}
	if err := checkArray(o.out, append(inputsOf(path, r), dataInputs(o.data)...)); err != nil {
		return err
	}
	l, err := parseLabel(model, o.label)
	if err != nil {
		return badInput(err)
	}
	set, err := o.openFor(model, o.data, data.Gaps(), data.MayLack(l.columns...))
	if err != nil {
		return err
	}
	d, err := l.judge(ctx, t, model, set, o.seed)
	if err != nil {
		return err
	}
	result := &predictionResult{
		File: o.out, Label: l.name, Classes: l.classes, Rows: set.Rows(), Gaps: d.gaps, Findings: append([]diag.Finding{}, d.findings...),
	}
	for _, y := range d.given {
		if y < 0 {
			result.Unlabelled++
		}
	}
	if result.Columns, err = d.write(o.out); err != nil {
		return err
	}
	result.Seconds = time.Since(begun).Seconds()
	if err := t.result(result, result.table); err != nil {
		return err
	}
	return untrusted(result.Findings)
}

// write writes a line for each row: its label and log P(y|v) of that, both empty where it has none, the predicted class
// and the probability of each class.
func (d *labelled) write(path string) (columns []string, err error) {
	columns = []string{columnRow, "label", "log_probability", "predicted"}
	for _, c := range d.classes {
		columns = append(columns, "p_"+c)
	}
	return columns, atomicfile.Write(path, func(w io.Writer) error {
		lines, head := csv.NewWriter(w), columns
		if d.set.Names != nil {
			head = append([]string{"name"}, head...)
		}
		lines.Write(head)
		for r, y := range d.given {
			line := []string(nil)
			if d.set.Names != nil {
				line = append(line, d.set.Names[r])
			}
			line = append(line, strconv.Itoa(r+1), "", "", d.classes[d.predicted(r)])
			if y >= 0 {
				line[len(line)-3], line[len(line)-2] = d.classes[y], number(d.of(r)[y])
			}
			for _, log := range d.of(r) {
				line = append(line, number(math.Exp(log)))
			}
			lines.Write(line)
		}
		lines.Flush()
		return lines.Error()
	})
}

func (r *predictionResult) table(w io.Writer) {
	fmt.Fprintf(w, "wrote\t%d rows to %s\n", r.Rows, r.File)
	if r.Unlabelled > 0 {
		fmt.Fprintf(w, "without a label\t%d\n", r.Unlabelled)
	}
	if r.Gaps != nil {
		fmt.Fprintf(w, "rows with gaps\t%s\n", r.Gaps)
	}
	fmt.Fprintf(w, "label\t%s: %s\n", r.Label, inWords(r.Classes))
	fmt.Fprintf(w, "columns\t%s\n", inWords(r.Columns))
	printFindings(w, r.Findings)
}
