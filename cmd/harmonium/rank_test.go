package main

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// The best model comes first, a model whose log Z is only bounded last, and a difference within two errors is no winner.
// Errors of rows are those of the differences: scores that all rise alike differ without one.
func TestRank(t *testing.T) {
	model, set := rbm.New(3, 2, rng.Seed(1)), &data.Set{States: rbm.NewBatch(4, 3)}
	ranked := func(name string, logZStderr, upper float64, scores ...float64) rankedResult {
		j := &judged{path: name, model: model, set: set, scores: scores, logZ: &logZResult{
			Stderr: diag.Number(logZStderr), Upper: diag.Number(upper), Steps: 100,
		}}
		return rankedResult{Model: name, judged: j, evalResult: evalResult{LogZ: j.logZ, LL: new(mean(scores, set))}}
	}
	r := &rankResult{Rows: 4, Models: []rankedResult{
		ranked("below", 0, math.Inf(1), -1, -1, -1, -1),
		ranked("far", 0.04, 9, -12, -22, -32, -42),
		ranked("best", 0.03, 9, -10, -20, -30, -40),
		ranked("near", 0.4, 9, -10.5, -20.5, -30.5, -40.5),
	}}
	r.sort()
	var text bytes.Buffer
	w := tabwriter.NewWriter(&text, 0, 0, 1, ' ', 0)
	r.table(w)
	w.Flush()
	want := []string{
		"best 3×2 -25.000 ± 6.455 (rows) ± 0.030 (log Z) nats a row best",
		"near 3×2 -25.500 ± 6.455 (rows) ± 0.400 (log Z) nats a row -0.5000 ± 0.0000 (rows) ± 0.4011 (log Z): not told apart",
		"far 3×2 -27.000 ± 6.455 (rows) ± 0.040 (log Z) nats a row -2.0000 ± 0.0000 (rows) ± 0.0500 (log Z)",
		"below 3×2 below -1.000 nats a row unknown",
	}
	lines := strings.Split(strings.TrimSpace(text.String()), "\n")
	lines = lines[len(lines)-len(want):]
	for k := range want {
		if got := strings.Join(strings.Fields(lines[k]), " "); got != want[k] {
			t.Errorf("line %d is %q, want %q", k, got, want[k])
		}
	}
}
