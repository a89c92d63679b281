package run_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/train"
)

// A run that goes on to other bounds, killed before its first checkpoint after that and later, or with its newest
// checkpoint damaged, ends in the bytes of a run that makes it all again from its config.json.
func TestContinuedRunsEndInTheSameBytes(t *testing.T) {
	dir, c := filepath.Join(t.TempDir(), "run"), config(t)
	c.Training.Epochs = 3
	r, training := begin(t, dir, c)
	stopAt(t, r, training, 20)
	r, training = reopen(t, dir)
	if err := r.Record(t.Context(), training, nil); err != nil {
		t.Fatal(err)
	}
	r.Close()
	r, training = reopen(t, dir)
	if training.Done() != 48 {
		t.Fatalf("%d updates, want 48", training.Done())
	}
	if err := r.Continue(training, train.Bounds{Epochs: 5}); err != nil {
		t.Fatal(err)
	}
	recordUntil(t, r, training, 55) // killed without a checkpoint

	damaged := filepath.Join(t.TempDir(), "damaged")
	if err := os.CopyFS(damaged, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(damaged, run.CheckpointName, "000000000048.safetensors"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	again := filepath.Join(t.TempDir(), "again")
	if err := os.CopyFS(again, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{run.MetricsName, run.ModelName, run.CheckpointName} {
		if err := os.RemoveAll(filepath.Join(again, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(again, run.CheckpointName), 0o777); err != nil {
		t.Fatal(err)
	}
	want := ""
	for _, from := range []struct {
		dir  string
		done int
	}{{again, 0}, {damaged, 20}, {dir, 48}} {
		r, training := reopen(t, from.dir)
		if training.Done() != from.done {
			t.Errorf("goes on from update %d, want %d", training.Done(), from.done)
		}
		if err := r.Continue(training, train.Bounds{Epochs: 5}); err != nil { // that is what it does already
			t.Fatal(err)
		}
		stopAt(t, r, training, 60)
		r, training = reopen(t, from.dir)
		if err := r.Record(t.Context(), training, nil); err != nil {
			t.Fatal(err)
		}
		if got := contents(t, from.dir); training.Done() != 80 || want != "" && got != want {
			t.Errorf("from update %d the run ends after %d updates, in other bytes", from.done, training.Done())
		} else {
			want = got
		}
		if list := r.Config.Training.Continued; len(list) != 1 || list[0].After != 48 {
			t.Errorf("from update %d: continued %+v", from.done, list)
		}
		r.Close()
	}
}
