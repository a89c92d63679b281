package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/internal/atomicfile"
	"github.com/harmonium-rbm/harmonium/internal/group"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// enumerate sums Z over all states, and keeps where it stands in a file, unless its name is empty.
func (t *terminal) enumerate(ctx context.Context, model *rbm.Model, checkpoint string) (*logZResult, error) {
	bar := t.progress("log Z", 1000)
	options := exact.Options{Compute: t.compute, Progress: func(done, total uint64) {
		bar.set(int64(1000*float64(done)/float64(total)), "by enumeration")
	}}
	var logZ float64
	var err error
	if checkpoint == "" {
		logZ, err = exact.LogZ(ctx, model, options)
	} else {
		logZ, err = t.enumerateFrom(ctx, model, checkpoint, options)
	}
	bar.stop()
	if err != nil {
		return nil, badInput(err) // of the model: its energies are too large
	}
	return &logZResult{Value: logZ, Lower: logZ, Upper: diag.Number(logZ)}, nil
}

// enumerateFrom goes on where the file says that an enumeration stands.
func (t *terminal) enumerateFrom(ctx context.Context, model *rbm.Model, path string, o exact.Options) (float64, error) {
	sums, err := t.readSums(path, model)
	if err != nil {
		return 0, err
	}
	if sums != nil {
		t.say("log Z: goes on after %.1f %% of the states, which %s has", 100*sums.Share(model), path)
	}
	logZ, err := exact.LogZFrom(ctx, model, o, sums, func(now *exact.Sums) error {
		sums = now
		return t.alone(func() error { return writeSums(path, model, now) })
	})
	if errors.Is(err, context.Canceled) && sums != nil {
		t.say("log Z: %s has %.1f %% of the states: the same command goes on from there", path, 100*sums.Share(model))
	}
	return logZ, err
}

// sumsFile is where an enumeration stands, as a file (docs/formats.md).
type sumsFile struct {
	Format  string    `json:"format"`
	Version int       `json:"version"`
	Visible rbm.Kind  `json:"visible"`
	Hidden  rbm.Kind  `json:"hidden"`
	Model   string    `json:"model"` // SHA-256 of the parameters
	Done    uint64    `json:"done"`
	Most    []float64 `json:"most"`
	Sum     []float64 `json:"sum"`
	SHA256  string    `json:"sha256"` // of the file with this field empty
}

const sumsFormat = "harmonium-enumeration"

// newSumsFile is that of a model, without sums.
func newSumsFile(model *rbm.Model) sumsFile {
	return sumsFile{
		Format: sumsFormat, Version: 1, Visible: model.Visible.Kind(), Hidden: model.Hidden.Kind(), Model: fmt.Sprintf("%x", digest(model)),
	}
}

// encode is the text of the file, with its digest.
func (f sumsFile) encode() []byte {
	f.SHA256 = ""
	text, err := json.Marshal(f)
	if err != nil {
		panic(fmt.Sprintf("harmonium: %v", err)) // sums are finite
	}
	f.SHA256 = fmt.Sprintf("%x", sha256.Sum256(text))
	text, _ = json.Marshal(f)
	return append(text, '\n')
}

func writeSums(path string, model *rbm.Model, sums *exact.Sums) error {
	f := newSumsFile(model)
	f.Done, f.Most, f.Sum = sums.Done, sums.Most, sums.Sum
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := w.Write(f.encode())
		return err
	})
}

// readSums returns nil where there is no file. Of several processes the first one reads it.
func (t *terminal) readSums(path string, model *rbm.Model) (*exact.Sums, error) {
	var text []byte
	err := t.alone(func() (err error) {
		if text, err = os.ReadFile(path); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return badInput(err)
	})
	if err != nil {
		return nil, err
	}
	if t.group != nil {
		text = group.Share(t.group, text)[0]
	}
	if len(text) == 0 {
		return nil, nil
	}
	sums, err := parseSums(text, model)
	if err != nil {
		return nil, badInput(fmt.Errorf("%s: %w", path, err))
	}
	return sums, nil
}

// parseSums refuses what is not of this model, or was changed.
func parseSums(text []byte, model *rbm.Model) (*exact.Sums, error) {
	var f sumsFile
	want := newSumsFile(model)
	switch err := json.Unmarshal(text, &f); {
	case err != nil || f.Format != sumsFormat:
		return nil, errors.New("it is no checkpoint of an enumeration: name another file")
	case f.Version != want.Version:
		return nil, fmt.Errorf("its version is %d, want %d: go on with the program that has written it, or remove it", f.Version, want.Version)
	case !bytes.Equal(f.encode(), text):
		return nil, errors.New("damaged: its sha256 is that of other contents: remove it to begin again")
	case f.Visible != want.Visible || f.Hidden != want.Hidden || f.Model != want.Model:
		return nil, fmt.Errorf("it is of another model (%s and %s units, sha256 %.12s…, not %s and %s, %.12s…): name another file",
			f.Visible, f.Hidden, f.Model, want.Visible, want.Hidden, want.Model)
	}
	return &exact.Sums{Done: f.Done, Most: f.Most, Sum: f.Sum}, nil
}
