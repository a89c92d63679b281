package run_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// config writes a small data set into a new folder and returns a run's settings for it.
func config(t *testing.T) *run.Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bars.npy")
	set, err := data.BarsSample(3, 3, 400, rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	if err := data.Write(path, set.States, set.Values, nil); err != nil {
		t.Fatal(err)
	}
	return &run.Config{
		Program: "test", Model: run.Layers{Hidden: 8}, Data: run.Data{Train: []run.File{{Path: run.Path(path)}}, Holdout: 0.2},
		Training: train.Config{Seed: 1, Epochs: 30, Batch: 20, Rate: 0.1, Negative: &train.PCD{Replicas: 5}},
	}
}

func begin(t *testing.T, dir string, c *run.Config) (*run.Run, *train.Training) {
	t.Helper()
	training, err := run.Prepare(c, compute.New(1))
	if err != nil {
		t.Fatal(err)
	}
	r, err := run.Create(dir, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r, training
}

// contents reads the files that must repeat; wall-clock fields are blanked.
func contents(t *testing.T, dir string) string {
	t.Helper()
	var all []byte
	for _, name := range []string{run.MetricsName, run.ModelName} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(append(all, name...), text...)
	}
	return string(regexp.MustCompile(`"seconds":[^,]*`).ReplaceAll(all, nil))
}

// recordUntil records until an update and returns without any chance to save, as SIGKILL does. The lock ends as it does
// with a process.
func recordUntil(t *testing.T, r *run.Run, training *train.Training, update int) {
	t.Helper()
	type killed struct{}
	defer func() {
		if _, ok := recover().(killed); !ok {
			t.Fatal("was not killed")
		}
		r.Close()
	}()
	r.Record(t.Context(), training, func(p train.Progress) {
		if p.Update == update {
			panic(killed{})
		}
	})
}

// stopAt records until an update, as an interruption ends it, and closes the run.
func stopAt(t *testing.T, r *run.Run, training *train.Training, update int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if err := r.Record(ctx, training, func(p train.Progress) {
		if p.Update == update {
			cancel()
		}
	}); err != nil {
		t.Fatal(err)
	}
	r.Close()
}

// reopen goes on with a run that nobody writes.
func reopen(t *testing.T, dir string) (*run.Run, *train.Training) {
	t.Helper()
	r, err := run.Reopen(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	training, err := run.Prepare(r.Config, compute.New(2))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Resume(training); err != nil {
		t.Fatal(err)
	}
	return r, training
}

func TestInterruptedRunsEndInTheSameBytes(t *testing.T) {
	c, straight := config(t), filepath.Join(t.TempDir(), "straight")
	r, training := begin(t, straight, c)
	if err := r.Record(t.Context(), training, nil); err != nil {
		t.Fatal(err)
	}
	want := contents(t, straight)
	for _, stop := range []int{1, 5, 23, 58, 230, training.Planned()} {
		dir := filepath.Join(t.TempDir(), "run [1]*")
		fresh := *c
		r, training := begin(t, dir, &fresh)
		stopAt(t, r, training, stop)
		r, training = reopen(t, dir)
		if training.Done() != stop {
			t.Fatalf("stopped after update %d, resumes after %d", stop, training.Done())
		}
		if stop+3 < training.Planned() {
			recordUntil(t, r, training, stop+3) // killed without a checkpoint
			r, training = reopen(t, dir)
		}
		if err := r.Record(t.Context(), training, nil); err != nil {
			t.Fatal(err)
		}
		if contents(t, dir) != want {
			t.Errorf("interrupted after update %d the run ends in other bytes", stop)
		}
	}
}

func TestKilledBeforeTheFirstCheckpoint(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	r, training := begin(t, dir, config(t))
	recordUntil(t, r, training, 7)
	if _, training = reopen(t, dir); training.Done() != 0 {
		t.Errorf("resumes after update %d, want from the beginning", training.Done())
	}
}

// A checkpoint is written every 10 seconds, so that a kill costs no more. Time passes in the bubble of the test alone.
func TestCheckpointsInTime(t *testing.T) {
	c, dir := config(t), filepath.Join(t.TempDir(), "run")
	synctest.Test(t, func(t *testing.T) {
		r, training := begin(t, dir, c)
		type killed struct{}
		defer func() {
			if _, ok := recover().(killed); !ok {
				t.Error("was not killed")
			}
		}()
		r.Record(t.Context(), training, func(p train.Progress) {
			if p.Update == 6 {
				panic(killed{})
			}
			time.Sleep(6 * time.Second)
		})
	})
	if _, training := reopen(t, dir); training.Done() != 5 { // after 12 and 24 seconds, before updates 3 and 5 are told
		t.Errorf("goes on after update %d, want 5", training.Done())
	}
}

// Without the folder of checkpoints nothing is touched.
func TestResumeWithoutCheckpoints(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	r, training := begin(t, dir, config(t))
	stopAt(t, r, training, 100)
	r, _ = reopen(t, dir)
	if err := os.RemoveAll(filepath.Join(dir, run.CheckpointName)); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(dir, run.MetricsName))
	if err != nil {
		t.Fatal(err)
	}
	training, err = run.Prepare(r.Config, compute.New(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Resume(training); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without checkpoints: %v, want an error", err)
	}
	if after, err := os.ReadFile(filepath.Join(dir, run.MetricsName)); err != nil || !bytes.Equal(after, before) {
		t.Errorf("the metrics have changed, error %v", err)
	}
}

func TestRefusals(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	c := config(t)
	r, _ := begin(t, dir, c)
	if _, err := run.Create(dir, c); !errors.Is(err, run.ErrHeld) {
		t.Errorf("a second run in a folder that is being written: %v", err)
	}
	r.Close()
	if _, err := run.Create(dir, c); !errors.Is(err, run.ErrOccupied) {
		t.Errorf("a second run in the folder: %v", err)
	}
	if _, err := run.Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no run directory") {
		t.Errorf("an empty folder opens with %v", err)
	}

	path := string(c.Train[0].Path)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)-1] ^= 1
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
	r, err = run.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Prepare(r.Config, compute.New(1)); err == nil || !strings.Contains(err.Error(), "has changed since the run began") {
		t.Errorf("changed data: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Prepare(r.Config, compute.New(1)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("vanished data: %v", err)
	}
}

func TestConfigIsStrict(t *testing.T) {
	for name, text := range map[string]string{
		"empty":                               "",
		"other format":                        `{"format":"other","version":1}`,
		"newer version":                       `{"format":"harmonium-run","version":4,"data":{"train":[{"path":"x"}]}}`,
		"no data":                             `{"format":"harmonium-run","version":1}`,
		"unknown field":                       `{"format":"harmonium-run","version":3,"data":{"train":[{"path":"x"}]},"hiden":3}`,
		"unknown setting":                     `{"format":"harmonium-run","version":3,"data":{"train":[{"path":"x"}]},"training":{"refresh":3}}`,
		"unknown field of an earlier version": `{"format":"harmonium-run","version":2,"data":{"train":[{"path":"x"}]},"hiden":3}`,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, run.ConfigName), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := run.Open(dir); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

func TestMetricsAreOneObjectALine(t *testing.T) {
	dir, c := filepath.Join(t.TempDir(), "run"), config(t)
	c.Training.Schedule = train.Constant // it does not end early where it overfits
	r, training := begin(t, dir, c)
	if err := r.Record(t.Context(), training, nil); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, run.MetricsName))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	metrics, err := r.Metrics()
	if err != nil || len(metrics) != len(lines) || len(lines) != 31 {
		t.Fatalf("%d metrics in %d lines, error %v, want one of the first update and one of each epoch", len(metrics), len(lines), err)
	}
	for _, line := range lines {
		if !json.Valid(line) {
			t.Errorf("no JSON: %s", line)
		}
	}
}

// Sequences for validation weigh as those trained on do, among themselves: two that are alike as one.
func TestValidationByIdentity(t *testing.T) {
	write := func(name, text string) run.File {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return run.File{Path: run.Path(path)}
	}
	trained := write("train.fasta", ">a\nACGTA\n>b\nCCTAG\n>c\nACTTG\n>d\nGCGAA\n")
	score := func(valid string, identity float64) (ll float64) {
		file := write("valid.fasta", valid)
		c := &run.Config{
			Program: "test", Model: run.Layers{Hidden: 2}, Data: run.Data{Train: []run.File{trained}, Valid: &file},
			Training: train.Config{Seed: 1, Updates: 1, Negative: &train.PCD{}},
		}
		c.Identity = identity
		_, training := begin(t, filepath.Join(t.TempDir(), "run"), c)
		for p := range training.Steps(t.Context()) {
			ll = float64(p.Evaluation.Valid.Value)
		}
		return ll
	}
	const twice, once = ">a\nACGTA\n>a again\nACGTA\n>b\nCATAC\n", ">a\nACGTA\n>b\nCATAC\n"
	if a, b := score(twice, 0.8), score(once, 0.8); math.Abs(a-b) > 1e-12 {
		t.Errorf("two sequences alike count more than one: %v, want %v", a, b)
	}
	if a, b := score(twice, 0), score(once, 0); math.Abs(a-b) < 0.01 {
		t.Errorf("without weights both score %v", a)
	}
}
