package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"harmonium/cmd/harmonium/internal/plot"
	"harmonium/diag"
	"harmonium/rbm"
	"harmonium/sample"
)

// inspectedMode is a mode of the model that inspect has found.
type inspectedMode struct {
	Share   diag.Number `json:"share"` // of Z, by AIS from the mode
	Stderr  diag.Number `json:"stderr"`
	Data    diag.Number `json:"data"`    // part of the rows of data; null without data
	Samples diag.Number `json:"samples"` // part of the samples
}

// shownModes is how many modes a picture has at most.
const shownModes = 12

// modes draws the means of the largest modes, with their shares of Z, of data and of samples.
func (i *inspection) modes(ctx context.Context, t *terminal) error {
	if err := i.model.CheckBits(); err != nil {
		t.warn("without the modes: %v", err)
		return nil
	}
	set, known := i.rowsOfData(), rbm.Batch{}
	if set != nil {
		known = set.States
	}
	const whole = 1000
	bar := t.progress("modes", whole)
	survey, err := sample.NewSurvey(ctx, i.model, sample.SurveyOptions{
		Known: known, Seed: i.o.seed, Compute: t.compute,
		Progress: func(modes int, done float64) { bar.set(int64(whole*done), fmt.Sprintf("%d modes", modes)) },
	})
	bar.stop()
	if err != nil {
		return err
	}
	samples, rows := survey.Parts(i.samples, nil), make([]float64, len(survey.List))
	for k := range rows {
		rows[k] = math.NaN()
	}
	if set != nil {
		rows = survey.Parts(set.States, set.Weights)
	}
	for k := range survey.List {
		i.result.Modes = append(i.result.Modes, inspectedMode{
			diag.Number(survey.Share[k]), diag.Number(survey.Stderr[k]), diag.Number(rows[k]), diag.Number(samples[k])})
	}
	picture, numbers, err := i.paths("modes")
	if err != nil {
		return err
	}
	if err := plot.Tiles(picture, i.modesSheet(survey)); err != nil {
		return err
	}
	return plot.WriteCSV(numbers, i.modesLines(survey))
}

// modesSheet is the picture of the largest modes.
func (i *inspection) modesSheet(survey *sample.Survey) plot.Sheet {
	shown := min(shownModes, len(survey.List))
	s := plot.Sheet{
		Title: fmt.Sprintf("Modes of the model (%d of %d), with their shares by AIS", shown, survey.Found),
		Rows:  i.rows, Columns: i.columns, Means: true, Label: "mean of a unit", Dark: i.o.dark,
	}
	between := "\n"
	if i.rows == 1 { // tiles of a single row, one under the other
		s.Across, between = 1, ", "
	}
	for k, mode := range i.result.Modes[:shown] {
		words := []string{"model " + percentWithError(float64(mode.Share), float64(mode.Stderr))}
		if data := float64(mode.Data); !math.IsNaN(data) {
			words = append(words, "data "+percent(100*data))
		}
		words = append(words, "samples "+percent(100*float64(mode.Samples)))
		tile := make([]float64, i.model.M())
		for unit, μ := range survey.List[k].Visible {
			tile[unit] = float64(μ)
		}
		s.Tiles, s.Captions = append(s.Tiles, tile), append(s.Captions, strings.Join(words, between))
	}
	return s
}

// modesLines is the table of all modes, with their bounds and the means of their units.
func (i *inspection) modesLines(survey *sample.Survey) [][]string {
	lines := [][]string{{"mode", "share", "stderr", "data", "samples", "bound"}}
	for unit := range i.model.M() {
		lines[0] = append(lines[0], strconv.Itoa(unit))
	}
	for k, mode := range i.result.Modes {
		line := []string{strconv.Itoa(k + 1)}
		for _, x := range []diag.Number{mode.Share, mode.Stderr, mode.Data, mode.Samples, diag.Number(survey.List[k].Bound)} {
			line = append(line, numberOrNothing(float64(x)))
		}
		for _, μ := range survey.List[k].Visible {
			line = append(line, numberOrNothing(float64(μ)))
		}
		lines = append(lines, line)
	}
	return lines
}

// numberOrNothing is empty for NaN.
func numberOrNothing(x float64) string {
	if math.IsNaN(x) {
		return ""
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}

// modesTable writes the line of the modes: their shares of Z and of data, and how often chains changed between them.
func (r *inspectResult) modesTable(w io.Writer) {
	if len(r.Modes) == 0 {
		return
	}
	var shares, stderrs, rows []float64
	for _, mode := range r.Modes {
		shares, stderrs = append(shares, float64(mode.Share)), append(stderrs, float64(mode.Stderr))
		rows = append(rows, float64(mode.Data))
	}
	fmt.Fprintf(w, "modes\t%s of Z by AIS", shareList(shares, stderrs))
	if !math.IsNaN(rows[0]) {
		fmt.Fprintf(w, "; of the data %s", percents(rows, nil))
	}
	if r.Changes != nil { // of chains: exact samples have none
		fmt.Fprint(w, changesInWords(shares, *r.Changes))
	}
	fmt.Fprintln(w)
}
