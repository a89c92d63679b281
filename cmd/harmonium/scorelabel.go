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
	rows, _, err := o.streamFor(t, model, o.data, data.MayLack(l.columns...))
	if err != nil {
		return err
	}
	defer rows.Close()
	d := l.of(t, model, o.seed)
	result := &predictionResult{File: o.out, Label: l.name, Classes: l.classes, Rows: rows.Rows()}
	if err := result.write(ctx, t, d, rows); err != nil {
		return err
	}
	result.Gaps, result.Findings = d.gaps, append([]diag.Finding{}, d.rough.findings()...)
	result.Seconds = time.Since(begun).Seconds()
	if err := t.result(result, result.table); err != nil {
		return err
	}
	return untrusted(result.Findings)
}

// write writes a line for each row: its label and log P(y|v) of that, both empty where it has none, the predicted class
// and the probability of each class.
func (r *predictionResult) write(ctx context.Context, t *terminal, d *labelled, rows *data.Stream) error {
	r.Columns = []string{columnRow, "label", "log_probability", "predicted"}
	for _, c := range d.classes {
		r.Columns = append(r.Columns, "p_"+c)
	}
	return atomicfile.Write(r.File, func(w io.Writer) error {
		lines, head := csv.NewWriter(w), r.Columns
		if rows.HasNames() {
			head = append([]string{data.IndexName(rows.Head.Index, head)}, head...)
		}
		lines.Write(head)
		for b, err := range t.blocks(ctx, "classes", d.model, rows) {
			if err == nil {
				d.given, d.logs = d.given[:0], d.logs[:0]
				err = d.add(ctx, t, b)
			}
			if err != nil {
				return err
			}
			for k, y := range d.given {
				if y < 0 {
					r.Unlabelled++
				}
				lines.Write(d.line(b, k))
			}
		}
		lines.Flush()
		return lines.Error()
	})
}

// line is the line of row k of a block.
func (d *labelled) line(b block, k int) (line []string) {
	if b.set.Names != nil {
		line = append(line, b.set.Names[k])
	}
	line = append(line, strconv.Itoa(b.from+k+1), "", "", d.classes[d.predicted(k)])
	if y := d.given[k]; y >= 0 {
		line[len(line)-3], line[len(line)-2] = d.classes[y], number(d.probs(k)[y])
	}
	for _, log := range d.probs(k) {
		line = append(line, number(math.Exp(log)))
	}
	return line
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
