package run_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// A run from a trained model goes on to the same bytes with its own copy, wherever the model is by then.
func TestRunsFromModelsEndInTheSameBytes(t *testing.T) {
	first := config(t)
	first.Training.Epochs = 3
	source := filepath.Join(t.TempDir(), "source")
	r, training := begin(t, source, first)
	if err := r.Record(t.Context(), training, nil); err != nil {
		t.Fatal(err)
	}
	c := func() *run.Config {
		c := *first
		c.Model, c.Training.Epochs, c.From = run.Layers{Hidden: 11}, 2, run.NewSource(source)
		return &c
	}
	straight := filepath.Join(t.TempDir(), "straight")
	r, training = begin(t, straight, c())
	if err := r.Record(t.Context(), training, nil); err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "broken")
	r, training = begin(t, broken, c())
	stopAt(t, r, training, 1)
	if err := os.RemoveAll(source); err != nil {
		t.Fatal(err)
	}
	r, training = reopen(t, broken)
	recordUntil(t, r, training, 5)
	r, training = reopen(t, broken)
	if err := r.Record(t.Context(), training, nil); err != nil {
		t.Fatal(err)
	}
	r.Close()
	if contents(t, broken) != contents(t, straight) {
		t.Error("interrupted, killed and without its source the run ends in other bytes")
	}

	other := rbm.New(9, 8, rng.Seed(1))
	if err := other.Save(filepath.Join(broken, run.StartName)); err != nil {
		t.Fatal(err)
	}
	r, err := run.Reopen(broken)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := run.Prepare(r.Config, compute.New(1)); err == nil || !strings.Contains(err.Error(), "is not the model that the run began") {
		t.Errorf("with another model: %v", err)
	}
}

// A folder in which a process was killed while it made a run is free; a model of somebody's is not overwritten.
func TestStartsAreNotOverwritten(t *testing.T) {
	dir, c := t.TempDir(), config(t)
	if _, err := run.Prepare(c, compute.New(1)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, run.StartName), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Create(dir, c); err == nil || !strings.Contains(err.Error(), "it holds start.safetensors") {
		t.Errorf("a folder with a file of that name: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, run.LockName), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	r, err := run.Create(dir, c)
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
}
