package run_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/train"
)

// One process at a time writes a run; a second one hears who does. Readers need no lock.
func TestTwoAtOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	c := config(t)
	r, training := begin(t, dir, c)
	held := func() {
		t.Helper()
		if _, err := run.Reopen(dir); !errors.Is(err, run.ErrHeld) || !strings.Contains(err.Error(), "by process ") {
			t.Errorf("a second writer: %v, want who holds the run", err)
		}
	}
	held()
	stopAt(t, r, training, 3)
	if _, err := run.Open(dir); err != nil {
		t.Errorf("a reader: %v", err)
	}
	if r, _ = reopen(t, dir); !r.Locked() {
		t.Error("reopened without a lock")
	}
	held()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	reopen(t, dir)
}

// The lock of a process that is gone is no obstacle, though its file stays.
func TestALockEndsWithItsProcess(t *testing.T) {
	if dir := os.Getenv("HARMONIUM_TEST_HOLD"); dir != "" {
		if _, err := run.Reopen(dir); err != nil {
			t.Fatal(err)
		}
		os.Exit(7) // without closing it
	}
	dir := filepath.Join(t.TempDir(), "run")
	r, training := begin(t, dir, config(t))
	stopAt(t, r, training, 3)
	child := exec.Command(os.Args[0], "-test.run=^TestALockEndsWithItsProcess$")
	child.Env = append(os.Environ(), "HARMONIUM_TEST_HOLD="+dir)
	var exit *exec.ExitError
	if text, err := child.CombinedOutput(); !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Fatalf("the child: %v: %s", err, text)
	}
	if _, err := os.Stat(filepath.Join(dir, run.LockName)); err != nil {
		t.Fatal(err)
	}
	reopen(t, dir)
}

// A folder in which a process was killed while it made a run is free: whatever it left goes.
func TestKilledWhileARunIsMade(t *testing.T) {
	const leftover = ".config.json.4711-0.tmp"
	for name, files := range map[string][]string{
		"no folder":        nil,
		"lock":             {run.LockName},
		"checkpoint":       {run.LockName, run.CheckpointName + "/"},
		"temporary config": {run.LockName, run.CheckpointName + "/", leftover},
	} {
		dir := filepath.Join(t.TempDir(), "run")
		for _, file := range files {
			create(t, filepath.Join(dir, file), strings.HasSuffix(file, "/"))
		}
		begin(t, dir, config(t))
		if _, err := os.Stat(filepath.Join(dir, leftover)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: the temporary file is still there (%v)", name, err)
		}
	}
	for _, file := range []string{
		"notes.txt", run.ModelName, run.CheckpointName + "/000000000001.safetensors", "config.json.4711-0.tmp", run.LockName + "/",
	} {
		dir := filepath.Join(t.TempDir(), "run")
		create(t, filepath.Join(dir, file), strings.HasSuffix(file, "/"))
		if _, err := run.Create(dir, config(t)); !errors.Is(err, run.ErrOccupied) {
			t.Errorf("a folder with %s: %v, want that it is not free", file, err)
		}
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			t.Error(err)
		}
	}
}

// create makes an empty file or a folder, with the folders above it.
func create(t *testing.T, path string, folder bool) {
	t.Helper()
	above := filepath.Dir(path)
	if folder {
		above = path
	}
	if err := os.MkdirAll(above, 0o777); err != nil {
		t.Fatal(err)
	}
	if !folder {
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// A process that goes on with a run removes what a killed one left half written.
func TestLeftoversAreCleared(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	r, training := begin(t, dir, config(t))
	stopAt(t, r, training, 30)
	var left []string
	for _, name := range []string{".model.safetensors.12-0.tmp", "checkpoint/.000000000031.safetensors.12-1.tmp"} {
		left = append(left, filepath.Join(dir, name))
		create(t, left[len(left)-1], false)
	}
	reopen(t, dir)
	for _, path := range left {
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there (%v)", path, err)
		}
	}
}

// A training that fails before there is anything to go on from leaves its folder free; one that has a checkpoint keeps
// it.
func TestADivergedTraining(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	c := config(t)
	c.Training.Rate, c.Training.Optimizer = 1e38, &train.SGD{}
	r, training := begin(t, dir, c)
	if err := r.Record(t.Context(), training, nil); err == nil || !strings.Contains(err.Error(), "nothing is kept") {
		t.Fatalf("a rate of 1e38: %v", err)
	}
	r.Close()
	r, training = begin(t, dir, config(t))
	stopAt(t, r, training, 3)
	if _, err := run.Open(dir); err != nil {
		t.Error(err)
	}
}

// A process stops where its folder is no longer the run that it has locked.
func TestTheFolderIsTaken(t *testing.T) {
	for name, take := range map[string]func(dir string) error{
		"no lock":   func(dir string) error { return os.Remove(filepath.Join(dir, run.LockName)) },
		"no config": func(dir string) error { return os.Remove(filepath.Join(dir, run.ConfigName)) },
		"moved":     func(dir string) error { return os.Rename(dir, dir+"2") },
		"a lock of another process": func(dir string) error {
			path := filepath.Join(dir, run.LockName)
			return errors.Join(os.Remove(path), os.WriteFile(path, nil, 0o666))
		},
	} {
		dir := filepath.Join(t.TempDir(), "run")
		r, training := begin(t, dir, config(t))
		err := r.Record(t.Context(), training, func(p train.Progress) {
			if p.Update == 25 {
				if err := take(dir); err != nil {
					t.Fatal(err)
				}
			}
		})
		if err == nil || !strings.Contains(err.Error(), "is no longer the folder of this run") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(dir); name == "moved" && err == nil {
			t.Error("moved: the folder was made again")
		}
	}
}
