//go:build slow && unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/harmonium-rbm/harmonium/rng"
)

// Of 300 runs each is killed up to three times at random moments, from the first on, half of them in the middle of
// saving. Every one goes on, by train where there is no run yet and by --resume where there is one, ends in the bytes
// of the undisturbed run, and leaves no temporary file.
func TestKilledRuns(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "harmonium")
	if text, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	t.Chdir(dir)
	command := func(args ...string) *exec.Cmd { return exec.Command(program, args...) }
	must := func(args ...string) {
		t.Helper()
		if text, err := command(args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", args, err, text)
		}
	}
	must("data", "bars", "--rows", "4", "--columns", "4", "-n", "2000", "-o", "d.npy")
	begin := []string{"train", "d.npy", "--hidden", "40", "--holdout", "0.2", "--epochs", "12", "--replicas", "4", "-o"}
	began := time.Now()
	must(append(begin, "straight")...)
	length := time.Since(began)
	want := outcome(t, "straight")

	source := rng.NewSource(rng.Seed(1), 0)
	killed, made, leftovers := 0, 0, 0
	for k := range 300 {
		run := "run"
		next := func() []string { // what a user would do now
			if _, err := os.Stat(filepath.Join(run, "config.json")); err != nil {
				return append(begin, run)
			}
			return []string{"train", "--resume", "-o", run}
		}
		for range 1 + source.IntN(3) {
			c := command(next()...)
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			spread := length
			if source.IntN(3) == 0 {
				spread = 20 * time.Millisecond // while the run is made
			}
			time.Sleep(time.Duration(source.Float64() * float64(spread)))
			if source.IntN(2) == 0 {
				c.Process.Signal(os.Interrupt)
				time.Sleep(time.Duration(source.Float64() * float64(5*time.Millisecond)))
			}
			c.Process.Kill()
			c.Wait()
			if c.ProcessState.Sys().(syscall.WaitStatus).Signaled() {
				killed++
			}
		}
		if _, err := os.Stat(filepath.Join(run, "config.json")); err == nil {
			made++
		}
		leftovers += len(temporaryFiles(t, run))
		must(next()...)
		if outcome(t, run) != want {
			t.Errorf("run %d ends in other bytes", k)
		}
		if left := temporaryFiles(t, run); len(left) > 0 {
			t.Errorf("run %d leaves %v", k, left)
		}
		if err := os.RemoveAll(run); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kills; %d of 300 folders held a run after the last one; %d temporary files were cleared; a training takes %v",
		killed, made, leftovers, length)
	if killed < 300 || made == 0 || made == 300 || leftovers == 0 {
		t.Error("the kills did not hit what they should: the test shows too little")
	}
}

// outcome is all that must repeat of a run.
func outcome(t *testing.T, run string) string {
	t.Helper()
	var all bytes.Buffer
	for _, name := range []string{"metrics.jsonl", "model.safetensors"} {
		text, err := os.ReadFile(filepath.Join(run, name))
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(name)
		all.Write(text)
	}
	return string(regexp.MustCompile(`"seconds":[^,]*`).ReplaceAll(all.Bytes(), nil))
}

func temporaryFiles(t *testing.T, run string) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{".*.tmp", "checkpoint/.*.tmp"} {
		found, err := filepath.Glob(filepath.Join(run, pattern))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	return all
}
