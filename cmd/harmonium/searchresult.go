package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/search"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/monitor"
)

// searchResult is the JSON of a search.
type searchResult struct {
	Search   string         `json:"search"`
	Best     *string        `json:"best"` // run directory
	Tied     []string       `json:"tied"` // with the best
	Rungs    []search.Rung  `json:"rungs"`
	Trials   []trialResult  `json:"trials"` // the best first
	Findings []diag.Finding `json:"findings"`
}

type trialResult struct {
	Run      string                  `json:"run"`
	Settings map[string]search.Value `json:"settings"`
	Status   search.Status           `json:"status"`
	Rung     int                     `json:"rung"`
	Updates  int                     `json:"updates"`
	Seconds  float64                 `json:"seconds"`
	ValidLL  *monitor.Score          `json:"valid_ll"`

	LogZStderr float64             `json:"log_z_stderr"`
	Difference *monitor.Difference `json:"difference"`
	Findings   []diag.Finding      `json:"findings"`
	Error      string              `json:"error"` // by which it diverged

	values []search.Value
}

func newSearchResult(s *search.Search) *searchResult {
	r := &searchResult{Search: s.Dir, Tied: []string{}, Rungs: s.Plan.Rungs, Findings: []diag.Finding{}}
	for _, t := range s.Plan.Ranked() {
		trial := trialResult{
			Run: s.Path(t), Settings: map[string]search.Value{}, Status: s.Plan.Status(t), Rung: len(t.Scores),
			Findings: []diag.Finding{}, Error: t.Diverged, values: t.Values,
		}
		for k, name := range s.Plan.Settings {
			trial.Settings[name] = t.Values[k]
		}
		if last := t.Last(); last != nil {
			trial.Updates, trial.Seconds, trial.ValidLL, trial.LogZStderr = last.Updates, last.Seconds, &last.ValidLL, last.LogZStderr
			trial.Difference, trial.Findings = last.Difference, last.Findings
		}
		switch trial.Status {
		case search.Best:
			r.Best, r.Findings = new(trial.Run), trial.Findings
		case search.Tied:
			r.Tied = append(r.Tied, trial.Run)
		}
		r.Trials = append(r.Trials, trial)
	}
	return r
}

// table is for people.
func (r *searchResult) table(w io.Writer, s *search.Search) {
	fmt.Fprintf(w, "trial\t%s\tvalidation\tto the best\tupdates\tseconds\t\n", strings.Join(s.Plan.Settings, "\t"))
	for _, t := range r.Trials {
		score, difference := "none", ""
		if t.ValidLL != nil {
			score = withError(t.ValidLL, t.LogZStderr)
		}
		if d := t.Difference; d != nil {
			difference = d.Total()
		}
		values := make([]string, len(t.values))
		for k, v := range t.values {
			values[k] = string(v)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%.1f\t%s\n", filepath.Base(t.Run), strings.Join(values, "\t"), score, difference,
			t.Updates, t.Seconds, t.inWords())
	}
	for _, t := range r.Trials {
		if t.Error != "" {
			fmt.Fprintf(w, "! %s: %s\n", filepath.Base(t.Run), t.Error)
		}
		if len(t.Findings) > 0 && (t.Status == search.Best || t.Status == search.Doubtful) {
			fmt.Fprintf(w, "%s\n", filepath.Base(t.Run))
			printFindings(w, t.Findings)
		}
	}
	if r.Best == nil {
		return
	}
	fmt.Fprintf(w, "\nbest\t%s", *r.Best)
	if len(r.Tied) > 0 {
		fmt.Fprintf(w, ", not told apart from %d more", len(r.Tied))
	}
	fmt.Fprintln(w)
}

// inWords tells what has become of a trial.
func (t *trialResult) inWords() string {
	switch t.Status {
	case search.Dropped:
		return fmt.Sprintf("dropped in rung %d", t.Rung)
	case search.Diverged:
		return fmt.Sprintf("diverged in rung %d", t.Rung+1)
	}
	return string(t.Status)
}
