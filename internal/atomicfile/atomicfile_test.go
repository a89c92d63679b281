package atomicfile_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/atomicfile"
)

func writeString(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

// holds asserts that the folder has exactly one entry, name, with the given contents.
func holds(t *testing.T, folder, name, want string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != name {
		t.Errorf("folder holds %v, want only %s", entries, name)
	}
	got, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil || string(got) != want {
		t.Errorf("%s holds %q (%v), want %q", name, got, err, want)
	}
}

func TestWriteReplaces(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "a")
	for _, s := range []string{"one", strings.Repeat("two", 1<<16), ""} {
		if err := atomicfile.Write(path, writeString(s)); err != nil {
			t.Fatal(err)
		}
		holds(t, folder, "a", s)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.Write(path, writeString("private")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v (%v), want 0600 kept", info.Mode(), err)
	}
}

func TestFailureLeavesTheOldFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "a")
	if err := atomicfile.Write(path, writeString("old")); err != nil {
		t.Fatal(err)
	}
	full := errors.New("disk full")
	err := atomicfile.Write(path, func(w io.Writer) error {
		io.WriteString(w, strings.Repeat("new", 1<<16))
		return full
	})
	if !errors.Is(err, full) {
		t.Errorf("error %v, want %v", err, full)
	}
	holds(t, folder, "a", "old")

	func() {
		defer func() { recover() }()
		atomicfile.Write(path, func(io.Writer) error { panic("midway") })
	}()
	holds(t, folder, "a", "old")
}

func TestSymbolicLinkIsFollowed(t *testing.T) {
	folder, links := t.TempDir(), t.TempDir()
	path, link := filepath.Join(folder, "a"), filepath.Join(links, "link")
	if err := os.WriteFile(path, []byte("old"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err)
	}
	if err := atomicfile.Write(link, writeString("new")); err != nil {
		t.Fatal(err)
	}
	holds(t, folder, "a", "new")
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced by a file (%v)", err)
	}
}

func TestRefusals(t *testing.T) {
	folder := t.TempDir()
	if err := atomicfile.Write(folder, writeString("x")); err == nil {
		t.Error("a folder was replaced")
	}
	if err := atomicfile.Write(filepath.Join(folder, "no", "a"), writeString("x")); err == nil {
		t.Error("wrote into a folder that does not exist")
	}
}
