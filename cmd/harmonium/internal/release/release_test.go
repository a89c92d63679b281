package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Both kinds of archives have the same bytes again, whatever times and permissions the files have on disk, and hold
// what was put in.
func TestArchivesAreRepeatable(t *testing.T) {
	folder := t.TempDir()
	files := []file{
		{"h/harmonium", filepath.Join(folder, "binary"), 0o755},
		{"h/docs/a.md", filepath.Join(folder, "a.md"), 0o644},
	}
	contents := map[string]string{"h/harmonium": strings.Repeat("binary", 10000), "h/docs/a.md": "# Größe\n"}
	modified := time.Unix(1700000000, 0).UTC()
	pack := func(write func(io.Writer, []file, time.Time) error, mode os.FileMode) []byte {
		t.Helper()
		for _, f := range files {
			os.Remove(f.path)
			if err := os.WriteFile(f.path, []byte(contents[f.name]), mode); err != nil {
				t.Fatal(err)
			}
		}
		var b bytes.Buffer
		if err := write(&b, files, modified); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	check := func(kind, name string, mode os.FileMode, when time.Time, text []byte, want file) {
		t.Helper()
		if name != want.name || mode != want.mode || !when.Equal(modified) || string(text) != contents[want.name] {
			t.Errorf("%s: %s, %v, %v, %d bytes; want %s, %v, %v", kind, name, mode, when, len(text), want.name, want.mode, modified)
		}
	}

	packed := pack(writeTar, 0o600)
	if !bytes.Equal(packed, pack(writeTar, 0o644)) {
		t.Error("tar.gz: other bytes the second time")
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	r := tar.NewReader(unpacked)
	for _, f := range files {
		header, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		check("tar.gz", header.Name, os.FileMode(header.Mode), header.ModTime, text, f)
	}

	packed = pack(writeZip, 0o600)
	if !bytes.Equal(packed, pack(writeZip, 0o644)) {
		t.Error("zip: other bytes the second time")
	}
	z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatal(err)
	}
	for k, f := range files {
		entry, err := z.File[k].Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(entry)
		if err != nil {
			t.Fatal(err)
		}
		check("zip", z.File[k].Name, z.File[k].Mode(), z.File[k].Modified, text, f)
	}
}

// The version of archives is that of the command, and their documents are those that README.md links to.
func TestVersionAndDocuments(t *testing.T) {
	t.Chdir("../../../..")
	release, err := version()
	if err != nil || strings.Count(release, ".") != 2 {
		t.Errorf("version %q (%v), want three numbers", release, err)
	}
	found, err := documents()
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(found, "\n") + "\n"
	for _, name := range []string{"README.md", "LICENSE", "docs/cli.md", "docs/decisions/README.md", "docs/images/kl.png"} {
		if !strings.Contains(all, filepath.FromSlash(name)+"\n") {
			t.Errorf("%s is not in archives", name)
		}
	}
}

// Terms are found under the names that modules give them, also in a folder of them, and Latin-1 becomes UTF-8.
func TestTerms(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"LICENSE.md": "one \xa9", "UNLICENSE": "two", "README.md": "three", "licenses/ftl.txt": "four", "part.LICENSE": "five",
	} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var b strings.Builder
	if err := terms(&b, "part", folder); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"one ©": true, "two": true, "three": false, "four": true, "five": true} {
		if strings.Contains(b.String(), text) != want {
			t.Errorf("%q in the terms: %v, want %v", text, !want, want)
		}
	}
	if err := terms(&b, "module", t.TempDir()); err == nil {
		t.Error("no licence is no error")
	}
}
