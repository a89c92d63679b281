package run

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The config.json of a run that an earlier version began is read, whatever its training had: what is left to do with
// the run needs the model, the data and the seed, and shows the rest as it is. A change is noticed.
func TestEarlierVersions(t *testing.T) {
	for name, want := range map[string]struct {
		holdout  float64
		hidden   string
		training string
	}{
		"1-pcd": {0.2, "bernoulli", `"rungs":10,`},
		"1-cd":  {0, "spin", `"negative":"cd",`},
		"2-pcd": {0.2, "bernoulli", `"temperatures": 7,`},
		"2-pt":  {0, "bernoulli", `"kind": "pt",`},
	} {
		text := earlier(t, name)
		c, err := parseConfig(text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if c.edited {
			t.Errorf("%s is taken for changed", name)
		}
		if c.Model != (Layers{Visible: 9, Hidden: 3, VisibleKind: "bernoulli", HiddenKind: want.hidden}) {
			t.Errorf("%s: the model is %+v", name, c.Model)
		}
		if c.Holdout != want.holdout || c.Rows+c.ValidRows != 40 || len(c.Train) != 1 || c.Train[0].Path != "bars.npy" || c.Shape[1] != 3 {
			t.Errorf("%s: the data is %+v", name, c.Data)
		}
		if c.Training.Seed != 1 || !strings.Contains(string(c.Earlier), want.training) {
			t.Errorf("%s: seed %d, training %s", name, c.Training.Seed, c.Earlier)
		}
		changed := strings.Replace(string(text), `"l2": 0`, `"l2": 3`, 1)
		if c, err := parseConfig([]byte(changed)); err != nil || !c.edited {
			t.Errorf("%s: a change is not noticed, error %v", name, err)
		}
	}
}

func earlier(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "earlier", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// The seed of a holdout is one of now: the rows kept for validation are those of then.
func TestSeedOfAnEarlierVersion(t *testing.T) {
	for _, name := range []string{"1-pcd", "2-pcd"} {
		text := strings.Replace(string(earlier(t, name)), `"seed": 1`, `"seed": 18446744073709551615`, 1)
		if c, err := parseConfig([]byte(text)); err != nil || c.Training.Seed != 1<<64-1 {
			t.Errorf("%s: error %v, config %+v", name, err, c)
		}
		text = strings.Replace(string(earlier(t, name)), `"seed": 1`, `"seed": "one"`, 1)
		if _, err := parseConfig([]byte(text)); err == nil {
			t.Errorf("%s: a seed that is no number is taken", name)
		}
	}
}

// A run of an earlier version does not go on, as its checkpoints are those of another program.
func TestEarlierVersionsDoNotGoOn(t *testing.T) {
	for _, name := range []string{"1-cd", "1-pcd", "2-pcd", "2-pt"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, ConfigName), earlier(t, name), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); err != nil {
			t.Errorf("%s can't be read: %v", name, err)
		}
		const want = "is of an earlier version: go on with the program that began the run, Harmonium 0.1.0, or begin a new run"
		if _, err := Reopen(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want %q", name, err, want)
		}
	}
}
