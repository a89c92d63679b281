package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/plot"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/sample"
	"github.com/harmonium-rbm/harmonium/sites"
)

// inspectedMode is a mode of the model that inspect has found.
type inspectedMode struct {
	Share     diag.Number `json:"share"` // of Z, by AIS from the mode
	Stderr    diag.Number `json:"stderr"`
	Data      diag.Number `json:"data"`                // part of the rows of data; null without data
	Samples   diag.Number `json:"samples"`             // part of the samples
	Consensus string      `json:"consensus,omitempty"` // most probable state of each site, in a model of categorical sites
}

const (
	shownModes     = 12 // in a picture, at most
	shownConsensus = 4  // modes in the table
)

// modes draws the means of the largest modes, with their shares of Z, of data and of samples.
func (i *inspection) modes(ctx context.Context, t *terminal) error {
	if err := sample.CheckModes(i.model); err != nil {
		t.warn("without a picture of modes: %v", err)
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
	for k, mode := range survey.List {
		one := inspectedMode{
			Share: diag.Number(survey.Share[k]), Stderr: diag.Number(survey.Stderr[k]), Data: diag.Number(rows[k]), Samples: diag.Number(samples[k]),
		}
		if v := i.sites; v != nil {
			one.Consensus = v.names.Join(sites.Consensus(v.Split(mode.Visible)))
		}
		i.result.Modes = append(i.result.Modes, one)
	}
	picture, numbers, err := i.paths("modes")
	if err != nil {
		return err
	}
	if i.sites != nil {
		err = i.drawLogos(picture, i.modesLogo(survey))
	} else {
		err = plot.Tiles(picture, i.modesSheet(survey))
	}
	if err != nil {
		return err
	}
	return plot.WriteCSV(numbers, i.modesLines(survey))
}

// modesSheet is the picture of the largest modes.
func (i *inspection) modesSheet(survey *sample.Survey) plot.Sheet {
	shown := min(shownModes, len(survey.List))
	s := plot.Sheet{
		Title: modesTitle(shown, survey.Found), Rows: i.rows, Columns: i.columns, Means: true, Label: "mean of a unit", Dark: i.o.dark,
	}
	between := "\n"
	if i.rows == 1 { // tiles of a single row, one under the other
		s.Across, between = 1, ", "
	}
	for k, mode := range survey.List[:shown] {
		tile := make([]float64, i.model.M())
		for unit, μ := range mode.Visible {
			tile[unit] = float64(μ)
		}
		s.Tiles, s.Captions = append(s.Tiles, tile), append(s.Captions, i.result.Modes[k].words(between))
	}
	return s
}

// modesLogo is the picture of the largest modes of a model of categorical sites.
func (i *inspection) modesLogo(survey *sample.Survey) plot.Logo {
	v := i.sites
	shown := min(shownModes, plot.MostLogos(v.Len()), len(survey.List))
	l := plot.Logo{
		Title: modesTitle(shown, survey.Found) + ": probabilities of states, times information", Y: "bits",
		Sites: v.names.Site, States: v.names.State, Same: true, Dark: i.o.dark,
	}
	for k, mode := range survey.List[:shown] {
		l.Panels = append(l.Panels, plot.LogoPanel{Name: i.result.Modes[k].words(", "), Heights: sites.Stacks(v.Split(mode.Visible))})
	}
	return l
}

func modesTitle(shown, found int) string {
	return fmt.Sprintf("Modes of the model (%d of %d), with their shares by AIS", shown, found)
}

// words are the parts of the model, of data and of samples.
func (m *inspectedMode) words(between string) string {
	words := []string{"model " + percentWithError(float64(m.Share), float64(m.Stderr))}
	if data := float64(m.Data); !math.IsNaN(data) {
		words = append(words, "data "+percent(100*data))
	}
	return strings.Join(append(words, "samples "+percent(100*float64(m.Samples))), between)
}

// modesLines is the table of all modes, with their bounds and the means of their units.
func (i *inspection) modesLines(survey *sample.Survey) [][]string {
	lines := [][]string{{"mode", "share", "stderr", "data", "samples", "bound"}}
	if v := i.sites; v != nil {
		lines[0] = append(lines[0], "consensus")
		for site, states := range v.names.State {
			for _, state := range states {
				lines[0] = append(lines[0], v.names.Site[site]+"="+state)
			}
		}
	} else {
		for unit := range i.model.M() {
			lines[0] = append(lines[0], strconv.Itoa(unit))
		}
	}
	for k, mode := range i.result.Modes {
		line := []string{strconv.Itoa(k + 1)}
		for _, x := range []diag.Number{mode.Share, mode.Stderr, mode.Data, mode.Samples, diag.Number(survey.List[k].Bound)} {
			line = append(line, numberOrNothing(float64(x)))
		}
		if i.sites != nil {
			line = append(line, mode.Consensus)
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
	for k, mode := range r.Modes[:min(shownConsensus, len(r.Modes))] {
		if mode.Consensus != "" {
			fmt.Fprintf(w, "mode %d\t%s\n", k+1, mode.Consensus)
		}
	}
}
