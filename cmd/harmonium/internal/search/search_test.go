package search

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// begin makes a search over rates with bars and stripes: one rate learns too little, and one diverges.
func begin(t testing.TB, folder string) *Search {
	t.Helper()
	set, err := data.BarsSample(3, 3, 200, rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "bars.npy")
	if err := data.WriteSet(path, set); err != nil {
		t.Fatal(err)
	}
	values := [][]string{{"0.05"}, {"0.00001"}, {"0.06"}, {"1e29"}, {"0.07"}, {"0.0001"}, {"0.08"}, {"0.04"}, {"0.03"}}
	var configs []*run.Config
	for _, v := range values {
		c := &run.Config{Model: run.Layers{Hidden: 4}, Data: run.Data{Train: []run.File{{Path: run.Path(path)}}, Holdout: 0.5}}
		c.Training = train.Config{Seed: 1, Batch: 20, Epochs: 18, Negative: &train.CD{Steps: 1}}
		if _, err := fmt.Sscan(v[0], &c.Training.Rate); err != nil {
			t.Fatal(err)
		}
		configs = append(configs, c)
	}
	plan, _, err := New("test", []string{"rate"}, values, configs, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := plan.Create(filepath.Join(folder, "search"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// workers are as many contexts as are given numbers.
func workers(each ...int) func(int) []*compute.Context {
	return func(trials int) []*compute.Context {
		var contexts []*compute.Context
		for _, n := range each[:min(trials, len(each))] {
			contexts = append(contexts, compute.New(n))
		}
		return contexts
	}
}

func quiet(t *testing.T) Observer {
	return Observer{
		Rung: func(int, int) {}, Trained: func(int, float64) {},
		Warn: func(format string, arguments ...any) { t.Errorf(format, arguments...) },
	}
}

// result is all that a search comes to but the time: what is decided, and each model.
func result(t *testing.T, s *Search) string {
	t.Helper()
	var text strings.Builder
	for _, trial := range s.Plan.Ranked() {
		fmt.Fprintln(&text, trial.Name, trial.Values, s.Plan.Status(trial), trial.Diverged)
		for _, score := range trial.Scores {
			fmt.Fprintln(&text, score.Updates, score.ValidLL, score.LogZStderr, score.Difference, score.Findings)
		}
		model, err := os.ReadFile(filepath.Join(s.Path(trial), run.ModelName))
		if err != nil && trial.Diverged == "" {
			t.Error(err)
		}
		fmt.Fprintf(&text, "%x\n", model)
	}
	return text.String()
}

// A search that is killed at any moment goes on to the same end. A copy of its folder is what is left of a process that
// is killed then; there are copies from the beginning, inside each rung, and between two.
func TestKilledSearches(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long under the race detector")
	}
	folder := t.TempDir()
	s := begin(t, folder)
	o, moments, copies := quiet(t), 0, 0
	snapshot := func() {
		if err := os.CopyFS(filepath.Join(folder, fmt.Sprint("copy", copies)), os.DirFS(s.Dir)); err != nil {
			t.Fatal(err)
		}
		copies++
	}
	o.Rung = func(int, int) { snapshot() }
	o.Trained = func(int, float64) {
		if moments++; moments%53 == 7 {
			snapshot()
		}
	}
	if err := s.Run(t.Context(), workers(1), o); err != nil {
		t.Fatal(err)
	}
	want := result(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	checkStatuses(t, s.Plan)
	if copies < 6 {
		t.Fatalf("%d copies of %d moments", copies, moments)
	}
	for k := range copies {
		killed, err := Reopen(filepath.Join(folder, fmt.Sprint("copy", k)))
		if err != nil {
			t.Fatal(err)
		}
		if err := killed.Run(t.Context(), workers(1, 2), quiet(t)); err != nil {
			t.Fatal(err)
		}
		if got := result(t, killed); got != want {
			t.Errorf("copy %d ends with\n%.400s\nwant\n%.400s", k, got, want)
		}
		if err := killed.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// checkStatuses holds what is decided against the scores.
func checkStatuses(t *testing.T, p *Plan) {
	t.Helper()
	counts := map[Status]int{}
	for _, trial := range p.Trials {
		counts[p.Status(trial)]++
		if last := trial.Last(); trial.Diverged == "" && !trial.Dropped && len(trial.Scores) != len(p.Rungs) {
			t.Errorf("%s is %s with scores of %d rungs, the last %v", trial.Name, p.Status(trial), len(trial.Scores), last)
		} else if trial.Dropped && trial.Diverged == "" && !worse(last.Difference) {
			t.Errorf("%s is dropped, and its difference to the best is %v", trial.Name, last.Difference)
		}
	}
	if counts[Best] != 1 || counts[Dropped] < 2 || counts[Diverged] != 1 || p.Ranked()[0].Last().Difference != nil {
		t.Errorf("the trials are %v", counts)
	}
	if p.Trials[3].Diverged == "" || !p.Trials[1].Dropped || len(p.Trials[1].Scores) != 1 {
		t.Errorf("a rate of 1e29 came to %+v, one of 0.00001 to %+v", p.Trials[3], p.Trials[1])
	}
}

// Neither the trials side by side nor the workers of each change anything; an interruption saves.
func TestSearchesRepeat(t *testing.T) {
	var want string
	for k, each := range [][]int{{1}, {1, 1, 1}, {2, 1}} {
		s := begin(t, t.TempDir())
		if k == 2 { // interrupted on the way
			ctx, cancel := context.WithCancel(t.Context())
			o := quiet(t)
			o.Trained = func(_ int, part float64) {
				if s.Plan.Decided == 1 && part > 0.5 {
					cancel()
				}
			}
			if err := s.Run(ctx, workers(each...), o); !errors.Is(err, context.Canceled) || s.Plan.Decided != 1 {
				t.Fatalf("an interrupted search ends with the error %v after %d rungs", err, s.Plan.Decided)
			}
			cancel()
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = reopenMoved(t, s.Dir)
		}
		if err := s.Run(t.Context(), workers(each...), quiet(t)); err != nil {
			t.Fatal(err)
		}
		got := result(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("%v workers: %.400s\nwant\n%.400s", each, got, want)
		}
	}
}

// reopenMoved opens a search whose data has moved, which must be told.
func reopenMoved(t *testing.T, dir string) *Search {
	t.Helper()
	moved := filepath.Join(t.TempDir(), "moved.npy")
	if err := os.Rename(filepath.Join(filepath.Dir(dir), "bars.npy"), moved); err != nil {
		t.Fatal(err)
	}
	if s, err := Reopen(dir); err == nil || !strings.Contains(err.Error(), "name its new place by --resume --data FILE") {
		t.Errorf("a search without its data has error %v", err)
		s.Close()
	}
	s, err := Reopen(dir, moved)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A trial that overfits keeps its end: later rungs don't train it any more, but compare it.
func TestTrialsThatEndEarly(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long under the race detector")
	}
	s := begin(t, t.TempDir())
	for _, trial := range s.Plan.Trials {
		trial.Training.Patience, trial.Training.Every = 1, 1
	}
	if err := s.Run(t.Context(), workers(1), quiet(t)); err != nil {
		t.Fatal(err)
	}
	early := 0
	for _, trial := range s.Plan.Trials {
		for k := 1; k < len(trial.Scores); k++ {
			now, before := trial.Scores[k], trial.Scores[k-1]
			if now.Updates == before.Updates {
				early++
				if now.ValidLL != before.ValidLL {
					t.Errorf("%s had %v, and has %v without an update more", trial.Name, before.ValidLL, now.ValidLL)
				}
			}
		}
	}
	if early == 0 {
		t.Error("no trial lost patience")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestFoldersOfSearches(t *testing.T) {
	folder := t.TempDir()
	s := begin(t, folder)
	if _, err := Reopen(s.Dir); !errors.Is(err, run.ErrHeld) {
		t.Errorf("a second process has error %v, want %v", err, run.ErrHeld)
	}
	if _, err := s.Plan.Create(s.Dir); !errors.Is(err, run.ErrOccupied) || !strings.Contains(err.Error(), "go on with it by --resume") {
		t.Errorf("a search over another has error %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(s.Dir, PlanName)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string][2]string{
		"another format or version":           {`"version": 1`, `"version": 2`},
		"unknown field":                       {`"decided"`, `"decide"`},
		"7 of 3 rungs are decided":            {`"decided": 0`, `"decided": 7`},
		"trial 2 has another name, or values": {`"trial-002"`, `"../elsewhere"`},
		"invalid character":                   {`{`, `<`},
		"has changed since the run began":     {`"sha256": "`, `"sha256": "0`},
	} {
		if err := os.WriteFile(path, bytes.Replace(text, []byte(change[0]), []byte(change[1]), 1), 0o666); err != nil {
			t.Fatal(err)
		}
		again, err := Reopen(s.Dir)
		if err == nil {
			again.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q for %q: error %v, want %q", change[1], change[0], err, want)
		}
	}
	if _, err := Reopen(folder); err == nil || !strings.Contains(err.Error(), "is no search: it has no search.json") {
		t.Errorf("a folder without a search has error %v", err)
	}
	if _, err := os.Stat(filepath.Join(folder, run.LockName)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder without a search got a lock: error %v", err)
	}
}
