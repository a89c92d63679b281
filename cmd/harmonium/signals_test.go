package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// finish waits for a process and returns its exit status; −1 where a signal ended it.
func finish(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	timer := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
	defer timer.Stop()
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode()
}

func drawBars(t *testing.T, rows, columns, count, path string) {
	t.Helper()
	out, err := exec.Command("harmonium", "data", "bars", "--rows", rows, "--columns", columns, "-n", count, "-o", path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// A training saves its work at every signal that asks for an end, also where a burst of them comes, as `timeout` sends
// two.
func TestSignalsSave(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	dir := t.TempDir()
	drawBars(t, "16", "16", "2000", dir+"/d.npy")
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(s.String(), func(t *testing.T) {
			run := filepath.Join(dir, strings.ReplaceAll(s.String(), " ", "-"))
			// Saving 4,000 hidden units takes longer than the time between the signals.
			cmd := exec.Command("harmonium", "train", dir+"/d.npy", "--hidden", "4000", "--every", "1000000", "--epochs", "100000",
				"-q", "-o", run)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for begun := time.Now(); time.Since(begun) < 20*time.Second; time.Sleep(10 * time.Millisecond) {
				if _, err := os.Stat(filepath.Join(run, "metrics.jsonl")); err == nil {
					break
				}
			}
			time.Sleep(200 * time.Millisecond)
			begun := time.Now()
			for time.Since(begun) < secondSignal/2 && cmd.Process.Signal(s) == nil {
				time.Sleep(2 * time.Millisecond)
			}
			status := finish(t, cmd)
			if status != exitInterrupted || !strings.Contains(stderr.String(), "saved: go on with") {
				t.Errorf("exit status %d, want %d, and the work saved; stderr:\n%s", status, exitInterrupted, &stderr)
			}
			if files, _ := filepath.Glob(filepath.Join(run, "checkpoint", "*.safetensors")); len(files) == 0 {
				t.Error("there is no checkpoint")
			}
		})
	}
}

// Who reads the output may go away: the work goes on, and is saved. A line of progress comes after two seconds.
func TestNobodyReads(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	dir := t.TempDir()
	drawBars(t, "3", "3", "200", dir+"/d.npy")
	out, err := exec.Command("sh", "-c", "harmonium train "+dir+"/d.npy --hidden 5 --time 3s -o "+dir+"/run 2>&1 | true").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if files, _ := filepath.Glob(dir + "/run/checkpoint/*.safetensors"); len(files) == 0 {
		t.Error("nothing is saved")
	}
}

// A signal that comes more than a second after the first ends a program that has not ended by itself. One that is
// ignored from the start, as by nohup, does nothing.
func TestSecondSignalEnds(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	slow := filepath.Join(t.TempDir(), "slow.npy.gz")
	if err := os.WriteFile(slow, slowFile(t), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", "trap '' HUP; exec harmonium data info "+slow)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan int, 1)
	time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
	go func() { ended <- finish(t, cmd) }()
	time.Sleep(300 * time.Millisecond)
	for _, s := range []struct {
		signal syscall.Signal
		after  time.Duration // before the next
	}{
		{syscall.SIGHUP, 100 * time.Millisecond},
		{syscall.SIGTERM, secondSignal + 300*time.Millisecond},
		{syscall.SIGHUP, 200 * time.Millisecond}, // were it not ignored, it would end the program
	} {
		if err := cmd.Process.Signal(s.signal); err != nil {
			t.Fatalf("%v: %v", s.signal, err)
		}
		select {
		case status := <-ended:
			t.Fatalf("ended with status %d after %v: the file isn't slow enough, or the signal was not ignored", status, s.signal)
		case <-time.After(s.after):
		}
	}
	begun := time.Now()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status := <-ended; status != exitInterrupted || time.Since(begun) > 10*time.Second { // unpacking takes longer
		t.Errorf("exit status %d after %v, want %d at once", status, time.Since(begun), exitInterrupted)
	}
}

// slowFile is a gzipped array that takes many seconds to unpack, which reading does without looking at the context: of
// 20 GB of zeros, packed in members of 64 MiB.
func slowFile(t *testing.T) []byte {
	t.Helper()
	pack := func(plain []byte) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(plain); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	return append(pack(npyBytes("(1, 3)", 0)), bytes.Repeat(pack(make([]byte, 64<<20)), 320)...)
}

// The pseudo-log-likelihood of a large model shows how far it is, and ends when it is asked to.
func TestLongScores(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	dir := t.TempDir()
	if err := rbm.New(20, 300_000, rng.Seed(1)).Save(dir + "/model.safetensors"); err != nil {
		t.Fatal(err)
	}
	drawBars(t, "4", "5", "900", dir+"/d.npy")
	cmd := exec.Command("harmonium", "eval", dir+"/model.safetensors", "--data", dir+"/d.npy", "--method", "pseudo")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(60*time.Second, func() { cmd.Process.Kill() })
	lines, progress := bufio.NewScanner(stderr), regexp.MustCompile(`^pseudo-log-likelihood +[0-9]+%  (.*left  )?([0-9]+) rows$`)
	if !lines.Scan() || !progress.MatchString(lines.Text()) {
		t.Errorf("the first line is %q, want how far the pseudo-log-likelihood is", lines.Text())
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	scored := ""
	for lines.Scan() {
		if m := progress.FindStringSubmatch(lines.Text()); m != nil {
			scored = m[2]
		}
	}
	if status := finish(t, cmd); status != exitInterrupted || scored == "900" {
		t.Errorf("exit status %d after %s rows of 900, want %d before all are scored", status, scored, exitInterrupted)
	}
}
