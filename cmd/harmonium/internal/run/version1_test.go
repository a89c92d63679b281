package run

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The config.json of a run that version 0.1.0 began is read, with what it did not record at its default, and is noticed
// if it was changed.
func TestVersion1(t *testing.T) {
	for name, want := range map[string][]string{
		"pcd": {
			`"model":{"visible":9,"hidden":3,"visible_kind":"bernoulli","hidden_kind":"bernoulli"}`,
			`"holdout":0.2,"threshold":null,"bernoulli":false,"shape":[3,3],"train_rows":32,"valid_rows":8}`,
			`"training":{"seed":1,"epochs":4,"updates":0,"time":"0s","batch":20,"rate":0.01,"schedule":"linear","l1":0,"l2":0,"clip":0,` +
				`"centered":true,"data_biases":true,"patience":0,"every":243,` +
				`"negative":{"kind":"pcd","steps":"auto","chains":100,"refresh":5,"temperatures":10,"path":"training"},` +
				`"optimizer":{"kind":"momentum","decay":0.9}}`,
		},
		"cd": {
			`"visible_kind":"bernoulli","hidden_kind":"spin"}`, `"path":"bars.npy","absolute":"/tmp/runs/bars.npy"`,
			`"epochs":0,"updates":30,"time":"1h0m0s"`, `"l1":0.01,`, `"centered":false,"data_biases":true`,
			`"negative":{"kind":"cd","steps":2},"optimizer":{"kind":"adam","beta1":0,"beta2":0.999,"epsilon":1e-08}}`,
		},
	} {
		text, err := os.ReadFile(filepath.Join("testdata", "version1", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		c, err := parseConfig(text)
		if err != nil {
			t.Fatal(err)
		}
		if c.edited {
			t.Errorf("%s is taken for changed", name)
		}
		now, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range want {
			if !strings.Contains(string(now), part) {
				t.Errorf("%s: %s is not in\n%s", name, part, now)
			}
		}
		changed := strings.Replace(string(text), `"l2": 0`, `"l2": 3`, 1)
		if c, err := parseConfig([]byte(changed)); err != nil || !c.edited {
			t.Errorf("%s: a change is not noticed, error %v", name, err)
		}
	}
}

// What version 1 called rungs are the temperatures of now.
func TestVersion1Rungs(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "version1", "pcd.json"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := parseConfig([]byte(strings.Replace(string(text), `"rungs": 10`, `"rungs": 7`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if now, err := json.Marshal(c); err != nil || !strings.Contains(string(now), `"refresh":5,"temperatures":7,`) {
		t.Errorf("error %v, config\n%s", err, now)
	}
}

// A run of version 1 does not go on, as its checkpoints are those of another program.
func TestVersion1DoesNotGoOn(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "version1", "cd.json"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ConfigName), text, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err != nil {
		t.Errorf("it can't be read: %v", err)
	}
	const want = "is of an earlier version: go on with the program that began the run, Harmonium 0.1.0, or begin a new run"
	if _, err := Reopen(dir); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error is %v, want %q", err, want)
	}
}
