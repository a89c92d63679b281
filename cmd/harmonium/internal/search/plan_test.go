package search

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/monitor"
)

// A plan of two rungs that are over, with a trial of each kind.
func TestStatusAndRank(t *testing.T) {
	score := func(value float64, difference float64, findings ...diag.Finding) Score {
		s := Score{ValidLL: monitor.Score{Value: diag.Number(value)}, Findings: findings}
		if difference != 0 {
			s.Difference = &monitor.Difference{Value: diag.Number(difference), Stderr: 0.1}
		}
		return s
	}
	doubt := diag.Finding{Code: "hidden-mode"}
	p := &Plan{Decided: 2, Rungs: make([]Rung, 2), Trials: []*Trial{
		{Name: "diverged", Diverged: "update 1", Dropped: true},
		{Name: "dropped", Dropped: true, Scores: []Score{score(-1, -3)}},
		{Name: "worse", Scores: []Score{score(-9, 0), score(-5, -0.3)}},
		{Name: "doubtful", Scores: []Score{score(-9, 0), score(-2, 2, doubt)}},
		{Name: "tied", Scores: []Score{score(-9, 0), score(-4.1, -0.1)}},
		{Name: "best", Scores: []Score{score(-9, 0), score(-4, 0)}},
		{Name: "diverged", Diverged: "later", Dropped: true, Scores: []Score{score(-8, 0)}},
	}}
	var ranked []string
	for _, trial := range p.Ranked() {
		ranked = append(ranked, trial.Name)
		if got := p.Status(trial); string(got) != trial.Name {
			t.Errorf("%s is %s", trial.Name, got)
		}
	}
	if want := []string{"best", "tied", "worse", "doubtful", "dropped", "diverged", "diverged"}; !slices.Equal(ranked, want) {
		t.Errorf("ranked %v, want %v", ranked, want)
	}
	p.Decided = 1
	if got := p.Status(p.Trials[5]); got != Waiting {
		t.Errorf("before the last rung the best is %s", got)
	}
}

// What is read is a plan, whose trials can be ranked, and is written as it was.
func FuzzPlan(f *testing.F) {
	s := begin(f, f.TempDir())
	text, err := os.ReadFile(filepath.Join(s.Dir, PlanName))
	if err != nil {
		f.Fatal(err)
	}
	if err := s.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"format":"harmonium-search","version":1,"trials":[null],"rungs":[{"epochs":1,"updates":0}],"data":{"train":[{}]}}`))
	f.Add(bytes.Replace(text, []byte(`"scores": []`), []byte(`"scores": [{"valid_ll": {"value": null}}]`), 1))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := parse(text)
		if err != nil {
			return
		}
		for _, trial := range p.Ranked() {
			p.Status(trial)
			p.config(trial)
		}
		once, err := p.encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := parse(once)
		if err != nil {
			t.Fatalf("what was written can't be read: %v\n%s", err, once)
		}
		if twice, err := again.encode(); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("written as\n%s\nand then, with error %v, as\n%s", once, err, twice)
		}
	})
}
