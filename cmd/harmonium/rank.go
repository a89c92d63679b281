package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/monitor"
)

// rankResult compares several models on the same rows.
type rankResult struct {
	Rows    int            `json:"rows"`
	Data    string         `json:"data"`
	Models  []rankedResult `json:"models"` // the best first
	Seconds float64        `json:"seconds"`
}

type rankedResult struct {
	Model      string              `json:"model"`
	Difference *monitor.Difference `json:"difference"` // to the best; null for it, and where log Z is only bounded
	evalResult

	judged *judged
}

// rank scores models on the same rows, and prints them as a table.
func (o *evalOptions) rank(ctx context.Context, t *terminal, models []*judged) error {
	begun := time.Now()
	result := &rankResult{Rows: models[0].set.Rows(), Data: models[0].set.Path}
	var findings []diag.Finding
	for _, j := range models {
		t.say("%s", j.path)
		scores, err := o.evaluate(ctx, t, j)
		if err != nil {
			return err
		}
		findings = append(findings, scores.Findings...)
		result.Models = append(result.Models, rankedResult{Model: j.path, evalResult: *scores, judged: j})
	}
	result.sort()
	result.Seconds = time.Since(begun).Seconds()
	if err := t.result(result, result.table); err != nil {
		return err
	}
	return untrusted(findings)
}

// score is the mean by which models are ranked.
func (r *rankedResult) score() estimateResult {
	if r.LL == nil {
		return r.PseudoLL
	}
	return *r.LL
}

func (r *rankedResult) scoreInWords() string {
	if r.LL == nil {
		return fmt.Sprintf("%s ± %s nats a row (pseudo)", r.PseudoLL.Value.Digits(4), r.PseudoLL.Stderr.Digits(4))
	}
	return r.LogZ.likelihood(r.LL)
}

// bounded reports whether the log-likelihood is only known to be lower.
func (r *rankedResult) bounded() bool { return r.LogZ != nil && r.LogZ.bound() }

// sort puts the best model first, models whose log Z is only bounded last, and takes paired differences to the best.
func (r *rankResult) sort() {
	slices.SortStableFunc(r.Models, func(a, b rankedResult) int {
		switch {
		case a.bounded() != b.bounded() && a.bounded():
			return 1
		case a.bounded() != b.bounded():
			return -1
		}
		return cmp.Compare(b.score().Value, a.score().Value)
	})
	best := r.Models[0]
	for k := range r.Models[1:] {
		if m := &r.Models[k+1]; !m.bounded() {
			m.Difference = new(m.judged.minus(best.judged))
		}
	}
}

// minus is the mean score of one model minus that of another on the same rows.
func (j *judged) minus(other *judged) monitor.Difference {
	var doubts []float64
	for _, j := range []*judged{j, other} {
		if j.logZ != nil {
			doubts = append(doubts, float64(j.logZ.Stderr))
		}
	}
	return monitor.NewDifference(j.scores, other.scores, j.set.Weights, doubts...)
}

func (r *rankResult) table(w io.Writer) {
	fmt.Fprintf(w, "rows\t%d\n", r.Rows)
	fmt.Fprint(w, "\nmodel\tunits\tmean score\tdifference to the best\n")
	for k, m := range r.Models {
		fmt.Fprintf(w, "%s\t%d×%d\t%s\t%s\n", m.Model, m.judged.model.M(), m.judged.model.N(), m.scoreInWords(), m.difference(k))
	}
	for _, m := range r.Models {
		m.judged.note(w)
	}
	for _, m := range r.Models {
		if len(m.Findings) > 0 {
			fmt.Fprintf(w, "%s\n", m.Model)
			printFindings(w, m.Findings)
		}
	}
}

// difference tells how far a model is from the best, which is number 0.
func (r *rankedResult) difference(number int) string {
	switch {
	case number == 0:
		return "best"
	case r.Difference == nil:
		return "unknown"
	case !r.Difference.Clear():
		return r.Difference.String() + ": not told apart"
	}
	return r.Difference.String()
}
