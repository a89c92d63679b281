package train

import (
	"testing"

	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/sample"
)

// A score counts against the best model where it is worse on validation data and better on training data, both by more
// than two errors of log Z, and on validation data by 0.3 of the error over rows. Any other score, and a new best model,
// begin the count again.
func TestOverfitCounts(t *testing.T) {
	score := func(valid, train, stderr float64) *Evaluation {
		return &Evaluation{Update: 100, Scores: monitor.Scores{
			Valid: &monitor.Score{Value: diag.Number(valid)}, Train: &monitor.Score{Value: diag.Number(train)},
			LogZ: sample.LogZ{Stderr: stderr},
		}}
	}
	rows := func(valid, stderr float64) *Evaluation {
		e := score(valid, -18.5, 0.1)
		e.Valid.Stderr = diag.Number(stderr)
		return e
	}
	best, bound := score(-20, -19, 0), score(-25, -10, 0)
	best.Best, bound.Findings = true, []diag.Finding{{Code: sample.CodeHiddenMode}}
	for name, c := range map[string]struct {
		score *Evaluation
		worse uint64 // after it
	}{
		"overfits":                       {score(-20.5, -18.5, 0.1), 3},
		"validation within two errors":   {score(-20.1, -18.5, 0.1), 0},
		"more than the rows tell":        {rows(-20.5, 1.6), 3},
		"less than the rows tell":        {rows(-20.5, 1.7), 0},
		"training data within two":       {score(-20.5, -18.9, 0.1), 0},
		"worse on both, as after a leap": {score(-25, -25, 0.1), 0},
		"better on both":                 {score(-19, -18, 0.1), 0},
		"an upper bound":                 {bound, 0},
		"best":                           {best, 0},
	} {
		o := overfit{update: 50, rate: 0.005, train: -19, worse: 2}
		o.see(c.score, 0.003, -20)
		if o.worse != c.worse {
			t.Errorf("%s: %d scores in a row, want %d", name, o.worse, c.worse)
		}
		if o.update == 100 != (c.score == best) || o.rate == 0.003 != (c.score == best) {
			t.Errorf("%s: the best model is that of update %d at the rate %v", name, o.update, o.rate)
		}
	}
}

// The state of a checkpoint has an end that has begun and is not over, or none.
func TestOverfitChecks(t *testing.T) {
	for _, c := range []struct {
		begun, length, done uint64
		ok                  bool
	}{
		{0, 0, 70, true}, {60, 20, 60, true}, {60, 20, 80, true},
		{60, 20, 59, false}, {60, 20, 81, false}, {60, 0, 70, false}, {1<<64 - 1, 20, 10, false},
	} {
		o := overfit{begun: c.begun, length: c.length}
		if err := o.check(c.done); (err == nil) != c.ok {
			t.Errorf("%+v: error %v", c, err)
		}
	}
}
