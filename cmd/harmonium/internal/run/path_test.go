package run_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
)

// copyFile copies a data file under another name.
func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, text, 0o666); err != nil {
		t.Fatal(err)
	}
}

// archive writes an .npz file of two members, a and b, with the contents of an .npy file each.
func archive(t *testing.T, path, npy string) {
	t.Helper()
	text, err := os.ReadFile(npy)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range []string{"a.npy", "b.npy"} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(z.Close(), os.WriteFile(path, b.Bytes(), 0o666)); err != nil {
		t.Fatal(err)
	}
}

// project makes a run on data that is named from the folder of both, in which the test goes on.
func project(t *testing.T) (dir string) {
	t.Helper()
	c, dir := config(t), t.TempDir()
	t.Chdir(dir)
	copyFile(t, string(c.Train[0].Path), "d.npy")
	c.Train[0].Path = "d.npy"
	r, training := begin(t, "run", c)
	stopAt(t, r, training, 3)
	return dir
}

func TestDataIsFound(t *testing.T) {
	t.Run("from another folder", func(t *testing.T) {
		dir := project(t)
		t.Chdir(t.TempDir())
		reopen(t, filepath.Join(dir, "run"))
	})
	t.Run("moved with the run", func(t *testing.T) {
		dir := project(t)
		t.Chdir(t.TempDir())
		if err := os.Rename(dir, "there"); err != nil {
			t.Fatal(err)
		}
		reopen(t, "there/run")
	})
	t.Run("moved alone", func(t *testing.T) {
		project(t)
		if err := os.Rename("d.npy", "e.npy"); err != nil {
			t.Fatal(err)
		}
		_, err := run.Reopen("run")
		if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "--resume --data FILE") || !strings.Contains(err.Error(), "d.npy") {
			t.Errorf("without its data: %v, want where it was looked for and what to do", err)
		}
		r, err := run.Reopen("run", "e.npy")
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		if r, _ := reopen(t, "run"); r.Config.Train[0].Path != "e.npy" {
			t.Errorf("the new place is not kept: %q", r.Config.Train[0].Path)
		}
	})
	t.Run("the same again", func(t *testing.T) {
		project(t)
		r, err := run.Reopen("run", "d.npy")
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
	})
	t.Run("a member of an archive", func(t *testing.T) {
		c := config(t)
		t.Chdir(t.TempDir())
		archive(t, "d.npz", string(c.Train[0].Path))
		c.Train = []run.File{{Path: "d.npz#a"}, {Path: "d.npz#b"}}
		r, training := begin(t, "run", c)
		stopAt(t, r, training, 3)
		if err := os.Rename("d.npz", "e.npz"); err != nil {
			t.Fatal(err)
		}
		for _, given := range []string{"e.npz#a", "e.npz"} {
			r, err := run.Reopen("run", given)
			if given == "e.npz#a" { // which says nothing of where b is
				if err == nil || !strings.Contains(err.Error(), "d.npz#b") {
					t.Errorf("%s: %v", given, err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if r.Config.Train[0].Path != "e.npz#a" || r.Config.Train[1].Path != "e.npz#b" {
				t.Errorf("%s: the data is now %q and %q", given, r.Config.Train[0].Path, r.Config.Train[1].Path)
			}
			r.Close()
		}
		if _, err := run.Reopen("run", "e.npz#c"); err == nil || !strings.Contains(err.Error(), "not with this member") {
			t.Errorf("another member: %v", err)
		}
	})
	t.Run("a place that can't be looked at", func(t *testing.T) {
		dir := project(t)
		there := filepath.Join(t.TempDir(), "there")
		t.Chdir(t.TempDir())
		if err := errors.Join(os.Rename(dir, there), os.WriteFile(dir, nil, 0o666)); err != nil {
			t.Fatal(err)
		}
		reopen(t, filepath.Join(there, "run"))
	})
	t.Run("another file", func(t *testing.T) {
		project(t)
		if err := os.WriteFile("other.csv", []byte("0,1\n1,0\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		before, err := os.ReadFile("run/config.json")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := run.Reopen("run", "other.csv"); err == nil || !strings.Contains(err.Error(), "other.csv is none of the files") {
			t.Errorf("another file: %v", err)
		}
		if after, err := os.ReadFile("run/config.json"); err != nil || !bytes.Equal(after, before) {
			t.Errorf("config.json has changed, error %v", err)
		}
	})
	t.Run("a name that is not UTF-8", func(t *testing.T) {
		c := config(t)
		name := filepath.Join(t.TempDir(), "d\xff\xe4.npy")
		copyFile(t, string(c.Train[0].Path), name)
		c.Train[0].Path = run.Path(name)
		dir := filepath.Join(t.TempDir(), "run")
		r, training := begin(t, dir, c)
		stopAt(t, r, training, 3)
		if r, _ := reopen(t, dir); string(r.Config.Train[0].Path) != name {
			t.Errorf("the name %q comes back as %q", name, r.Config.Train[0].Path)
		}
	})
}

func TestPathInJSON(t *testing.T) {
	for _, want := range []run.Path{"", "d.npy", "ü<&>.npy", "\xff", "{\"base64\":\"x\"}"} {
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got run.Path
		if err := json.Unmarshal(text, &got); err != nil || got != want {
			t.Errorf("%q becomes %s and then %q, error %v", want, text, got, err)
		}
	}
}

// Settings that were changed by hand are noticed; the layout of the text doesn't matter.
func TestAnEditedConfig(t *testing.T) {
	for _, c := range []struct {
		name, old, new string
		edited         bool
	}{
		{"rate", `"rate": 0.1`, `"rate": 0.2`, true},
		{"hidden units", `"hidden": 8`, `"hidden": 9`, true},
		{"digest", `"sha256": "`, `"sha256": "0`, true},
		{"no digest", `"sha256": "`, "", true},
		{"spaces", `"hidden": 8`, `"hidden":     8`, false},
	} {
		dir := filepath.Join(t.TempDir(), "run")
		r, training := begin(t, dir, config(t))
		stopAt(t, r, training, 3)
		path := filepath.Join(dir, run.ConfigName)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		at := bytes.LastIndex(text, []byte(c.old)) // the last sha256 is that of the settings
		if at < 0 {
			t.Fatalf("no %s in %s", c.old, text)
		}
		changed := string(text[:at]) + c.new + string(text[at+len(c.old):])
		if c.new == "" { // the whole line, and the comma before it
			changed = strings.TrimRight(string(text[:at]), ", \n") + "\n}\n"
		}
		if err := os.WriteFile(path, []byte(changed), 0o666); err != nil {
			t.Fatal(err)
		}
		r, err = run.Reopen(dir)
		if err == nil {
			r.Close()
		}
		if got := err != nil && strings.Contains(err.Error(), "was changed "); got != c.edited {
			t.Errorf("%s: error %v, want one: %v", c.name, err, c.edited)
		}
	}
}
