package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"harmonium/diag"
)

// rankResult compares several models on the same rows.
type rankResult struct {
	Rows    int            `json:"rows"`
	Data    string         `json:"data"`
	Models  []rankedResult `json:"models"` // the best first
	Seconds float64        `json:"seconds"`
}

type rankedResult struct {
	Model      string            `json:"model"`
	Difference *differenceResult `json:"difference"` // to the best; null for it, and where log Z is only bounded
	evalResult

	judged *judged
}

// rank scores models on the same rows, and prints them as a table.
func (o *evalOptions) rank(ctx context.Context, t *terminal, models []*judged) error {
	begun := time.Now()
	result := &rankResult{Rows: models[0].set.Rows(), Data: models[0].set.Path}
	untrusted := false
	for _, j := range models {
		t.say("%s", j.path)
		scores, err := o.evaluate(ctx, t, j)
		if err != nil {
			return err
		}
		untrusted = untrusted || len(scores.Findings) > 0
		result.Models = append(result.Models, rankedResult{Model: j.path, evalResult: *scores, judged: j})
	}
	result.sort()
	result.Seconds = time.Since(begun).Seconds()
	if err := t.result(result, result.table); err != nil {
		return err
	}
	if untrusted {
		return &statusError{status: exitUntrusted}
	}
	return nil
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
			m.Difference = new(pairedDifference(m.judged, best.judged))
		}
	}
}

// differenceResult is the mean of paired differences, with their error over the rows and that of both log Z apart.
type differenceResult struct {
	Value      diag.Number `json:"value"`
	Stderr     diag.Number `json:"stderr"`
	LogZStderr diag.Number `json:"log_z_stderr"`
}

func (d differenceResult) String() string {
	text := fmt.Sprintf("%s ± %s (rows)", d.Value.Digits(4), d.Stderr.Digits(4))
	if d.LogZStderr != 0 {
		text += fmt.Sprintf(" ± %s (log Z)", d.LogZStderr.Digits(4))
	}
	return text
}

// pairedDifference is the mean score of one model minus that of another on the same rows. The rows' error is that of
// the differences; the errors of log Z add up in squares, as if they were independent; those of similar models have
// the same random numbers, and are nearer to each other.
func pairedDifference(a, b *judged) differenceResult {
	differences := make([]float64, len(a.scores))
	for k, x := range a.scores {
		differences[k] = x - b.scores[k]
	}
	d := mean(differences, a.set)
	doubt := 0.0
	for _, j := range []*judged{a, b} {
		if j.logZ != nil {
			doubt = math.Hypot(doubt, float64(j.logZ.Stderr))
		}
	}
	return differenceResult{d.Value, d.Stderr, diag.Number(doubt)}
}

// clear reports whether a difference is more than two errors, of rows and log Z together.
func (d differenceResult) clear() bool {
	return math.Abs(float64(d.Value)) > 2*math.Hypot(float64(d.Stderr), float64(d.LogZStderr))
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
	case !r.Difference.clear():
		return r.Difference.String() + ": not told apart"
	}
	return r.Difference.String()
}
