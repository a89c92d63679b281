package run_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rng"
)

// damage changes a file as a bad disk or a careless hand does: a bit, a byte, a block of zeros, an end that is missing.
func damage(t *testing.T, path string, source *rng.Source) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := source.IntN(len(text))
	before := slices.Clone(text)
	switch source.IntN(4) {
	case 0:
		text[at] ^= 1 << source.IntN(8)
	case 1:
		text[at] = byte(source.IntN(256))
	case 2:
		clear(text[at:min(at+512, len(text))])
	case 3:
		text = text[:at]
	}
	if bytes.Equal(text, before) {
		text[at] ^= 0x55
	}
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
}

// A damaged checkpoint is never gone on from: the one before takes its place, with a warning, and the run ends in the
// bytes of the undisturbed one. Without a good one nothing is touched.
func TestDamagedCheckpoints(t *testing.T) {
	c, straight := config(t), filepath.Join(t.TempDir(), "straight")
	c.Training.Epochs = 8
	r, training := begin(t, straight, c)
	if err := r.Record(t.Context(), training, nil); err != nil {
		t.Fatal(err)
	}
	want := contents(t, straight)

	stopped := filepath.Join(t.TempDir(), "stopped")
	fresh := *c
	r, training = begin(t, stopped, &fresh)
	stopAt(t, r, training, 60)
	r, training = reopen(t, stopped)
	stopAt(t, r, training, 90)
	source := rng.NewSource(rng.Seed(7), 0)
	damages := 300
	if testing.Short() {
		damages = 30
	}
	var gone []byte // the state that it goes on from
	for k := range damages {
		dir := filepath.Join(t.TempDir(), "run")
		if err := os.CopyFS(dir, os.DirFS(stopped)); err != nil {
			t.Fatal(err)
		}
		newest := filepath.Join(dir, run.CheckpointName, "000000000090.safetensors")
		damage(t, newest, source)
		r, err := run.Reopen(dir)
		if err != nil {
			t.Fatal(err)
		}
		training, err := run.Prepare(r.Config, compute.New(1))
		if err != nil {
			t.Fatal(err)
		}
		warnings, err := r.Resume(training)
		if err != nil {
			t.Fatalf("damage %d: %v", k, err)
		}
		switch {
		case training.Done() == 60 && len(warnings) == 1 && strings.Contains(warnings[0], newest):
		case training.Done() == 90 && len(warnings) == 0: // a space of the header, which says nothing
		default:
			t.Errorf("damage %d: goes on after update %d, warnings %q", k, training.Done(), warnings)
		}
		var state bytes.Buffer
		if err := training.Checkpoint(&state); err != nil {
			t.Fatal(err)
		}
		same := bytes.Equal(state.Bytes(), gone)
		if training.Done() == 60 && gone == nil {
			gone = state.Bytes()
		}
		if !same || k%10 == 0 { // equal states come to equal ends
			if err := r.Record(t.Context(), training, nil); err != nil {
				t.Fatal(err)
			}
			if contents(t, dir) != want {
				t.Errorf("damage %d: the run ends in other bytes", k)
			}
		}
		r.Close()
	}
}

func TestNoCheckpointCanBeRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	r, training := begin(t, dir, config(t))
	stopAt(t, r, training, 5)
	before, err := os.ReadFile(filepath.Join(dir, run.MetricsName))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, run.CheckpointName, "000000000005.safetensors"), 300); err != nil {
		t.Fatal(err)
	}
	r, err = run.Reopen(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if training, err = run.Prepare(r.Config, compute.New(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Resume(training); err == nil || !strings.Contains(err.Error(), "to train again from the beginning") {
		t.Errorf("no good checkpoint: %v, want an error with a way out", err)
	}
	if after, err := os.ReadFile(filepath.Join(dir, run.MetricsName)); err != nil || !bytes.Equal(after, before) {
		t.Errorf("the metrics have changed, error %v", err)
	}
}

// A broken line in the middle costs that line alone, and is said.
func TestDamagedMetrics(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	c := config(t)
	c.Training.Every = 5
	r, training := begin(t, dir, c)
	stopAt(t, r, training, 60)
	path := filepath.Join(dir, run.MetricsName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	if len(lines) < 10 {
		t.Fatalf("%d lines", len(lines))
	}
	broken := bytes.Replace(whole, lines[3], []byte("{\"update\":1\x00\xff\n"), 1)
	if err := os.WriteFile(path, broken, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Metrics(); err == nil || !strings.Contains(err.Error(), "line 4") {
		t.Errorf("reading: %v, want the number of the line", err)
	}
	r, err = run.Reopen(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if training, err = run.Prepare(r.Config, compute.New(1)); err != nil {
		t.Fatal(err)
	}
	warnings, err := r.Resume(training)
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], "line [4] of") {
		t.Errorf("warnings %q, error %v", warnings, err)
	}
	want := bytes.Replace(whole, lines[3], nil, 1)
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("what is left is\n%s\nwant\n%s", got, want)
	}
	if got, err := os.ReadFile(path + ".damaged"); err != nil || !bytes.Equal(got, broken) {
		t.Errorf("the file as it was: %q, error %v", got, err)
	}
}

// Lines that are missing, and lines that were changed to others, are noticed: a checkpoint knows the metrics before it.
func TestLostMetrics(t *testing.T) {
	for name, change := range map[string]func(text []byte) []byte{
		"the end is missing": func(text []byte) []byte { return text[:bytes.Index(text, []byte("\n"))+1] },
		"a digit changed":    func(text []byte) []byte { return bytes.Replace(text, []byte(`"value":-`), []byte(`"value":-1`), 1) },
		"all is missing":     func([]byte) []byte { return nil },
		"nothing happened":   func(text []byte) []byte { return text },
	} {
		dir := filepath.Join(t.TempDir(), "run")
		c := config(t)
		c.Training.Every = 5
		r, training := begin(t, dir, c)
		stopAt(t, r, training, 30)
		path := filepath.Join(dir, run.MetricsName)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if changed := change(text); changed != nil {
			if err := os.WriteFile(path, changed, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		r, err = run.Reopen(dir)
		if err != nil {
			t.Fatal(err)
		}
		if training, err = run.Prepare(r.Config, nil); err != nil {
			t.Fatal(err)
		}
		warnings, err := r.Resume(training)
		noticed := len(warnings) == 1 && strings.Contains(warnings[0], "is not as it was at update 30")
		if err != nil || noticed != (name != "nothing happened") {
			t.Errorf("%s: warnings %q, error %v", name, warnings, err)
		}
		r.Close()
	}
}

// A checkpoint of another run, or of another update, is not gone on from.
func TestForeignCheckpoints(t *testing.T) {
	c := config(t)
	dir, other := filepath.Join(t.TempDir(), "run"), filepath.Join(t.TempDir(), "other")
	fresh := *c
	fresh.Training.Seed = 7
	r, training := begin(t, other, &fresh)
	stopAt(t, r, training, 20)
	r, training = begin(t, dir, c)
	stopAt(t, r, training, 5)
	r, training = reopen(t, dir)
	stopAt(t, r, training, 9)
	checkpoint := func(dir, name string) string { return filepath.Join(dir, run.CheckpointName, name+".safetensors") }
	for name, from := range map[string]string{
		"000000000020": checkpoint(other, "000000000020"),
		"000000000012": checkpoint(dir, "000000000005"),
	} {
		foreign := checkpoint(dir, name)
		copyFile(t, from, foreign)
		r, err := run.Reopen(dir)
		if err != nil {
			t.Fatal(err)
		}
		if training, err = run.Prepare(r.Config, nil); err != nil {
			t.Fatal(err)
		}
		warnings, err := r.Resume(training)
		said := len(warnings) == 1 && (strings.Contains(warnings[0], "other settings") || strings.Contains(warnings[0], "of update 5"))
		if err != nil || training.Done() != 9 || !said {
			t.Errorf("with a checkpoint from %s: goes on after update %d, warnings %q, error %v", from, training.Done(), warnings, err)
		}
		if _, err := os.Stat(foreign + ".damaged"); err != nil {
			t.Error(err)
		}
		r.Close()
	}
}

// A damaged model says so.
func TestDamagedModelOfARun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	r, training := begin(t, dir, config(t))
	stopAt(t, r, training, 5)
	path := filepath.Join(dir, run.ModelName)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)-1] ^= 1
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Model(); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged model: %v", err)
	}
}
