package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// archives writes an archive for each platform, and SHA256SUMS, which `sha256sum -c` reads.
func archives(folder string) error {
	release, err := version()
	if err != nil {
		return err
	}
	seconds, err := epoch()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	documents, err := documents()
	if err != nil {
		return err
	}
	var sums strings.Builder
	for _, p := range platforms {
		name, contents, err := archive(p, release, time.Unix(seconds, 0).UTC(), documents)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name), contents, 0o666); err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(contents), name)
		fmt.Printf("%s: %.1f MB\n", filepath.Join(folder, name), float64(len(contents))/1e6)
	}
	return os.WriteFile(filepath.Join(folder, "SHA256SUMS"), []byte(sums.String()), 0o666)
}

// documents are the files that an archive has besides the binary: what a reader of README.md can follow a link to.
func documents() ([]string, error) {
	found := []string{"CHANGELOG.md", "LICENSE", "README.md"}
	for _, pattern := range []string{"docs/*.md", "docs/*/*.md", "docs/images/*"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("no file %s: to be run in the root of the module", pattern)
		}
		found = append(found, files...)
	}
	slices.Sort(found)
	return found, nil
}

// archive builds for a platform and returns its archive: a zip for Windows, a tar.gz for others.
func archive(p platform, release string, modified time.Time, documents []string) (name string, contents []byte, err error) {
	folder, err := os.MkdirTemp("", "harmonium-release-")
	if err != nil {
		return "", nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if err := binary(p, folder); err != nil {
		return "", nil, err
	}
	stem := fmt.Sprintf("harmonium-%s-%s-%s", release, p.os, p.arch)
	write, name := writeTar, stem+".tar.gz"
	if p.os == "windows" {
		write, name = writeZip, stem+".zip"
	}
	files := []file{
		{stem + "/" + p.command(), filepath.Join(folder, p.command()), 0o755},
		{stem + "/" + licensesName, filepath.Join(folder, licensesName), 0o644},
	}
	for _, d := range documents {
		files = append(files, file{path.Join(stem, filepath.ToSlash(d)), d, 0o644})
	}
	var b bytes.Buffer
	err = write(&b, files, modified)
	return name, b.Bytes(), err
}

// file is one of an archive: its name there, where it is now, and its permissions.
type file struct {
	name, path string
	mode       os.FileMode
}

func writeTar(w io.Writer, files []file, modified time.Time) error {
	packed, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	t := tar.NewWriter(packed)
	for _, f := range files {
		contents, err := os.ReadFile(f.path)
		if err != nil {
			return err
		}
		header := &tar.Header{Name: f.name, Mode: int64(f.mode), Size: int64(len(contents)), ModTime: modified}
		if err := t.WriteHeader(header); err != nil {
			return err
		}
		if _, err := t.Write(contents); err != nil {
			return err
		}
	}
	return errors.Join(t.Close(), packed.Close())
}

func writeZip(w io.Writer, files []file, modified time.Time) error {
	z := zip.NewWriter(w)
	for _, f := range files {
		contents, err := os.ReadFile(f.path)
		if err != nil {
			return err
		}
		header := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: modified}
		header.SetMode(f.mode)
		entry, err := z.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := entry.Write(contents); err != nil {
			return err
		}
	}
	return z.Close()
}
