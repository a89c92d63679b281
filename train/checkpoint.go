package train

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/harmonium-rbm/harmonium/internal/safetensors"
)

const (
	checkpointFormat  = "harmonium-checkpoint"
	checkpointVersion = "9"
	notePrefix        = "note."
)

// memory lists the whole state of the training: for writing a checkpoint, or for reading the one that is found.
func (t *Training) memory(found *safetensors.Reader) *Memory {
	m := &Memory{list: &list{found: found}}
	m.Model("model", t.Model)
	m.Model("best", t.best)
	m.Counter("done", &t.done)
	m.Counter("best.value", &t.bestNow.value)
	m.Counter("best.count", &t.bestNow.count)
	m.Counter("best.since", &t.bestNow.since)
	t.overfit.remember(m.under("overfit"))
	m.Check(func() error { return t.overfit.check(t.done) })
	t.average.remember(m.under("average"))
	m.Floats("center.hidden", t.centerH)
	m.Counter("center.set", &t.centered)
	t.trust.remember(m.under("trust"))
	t.gaps.remember(m.under("gaps"), t)
	t.Monitor.Remember(m.under("monitor"))
	t.config.Negative.Remember(m.under("negative"))
	t.config.Optimizer.Remember(m.under("optimizer"))
	return m
}

// Checkpoint writes everything that is needed to go on from here (docs/formats.md).
func (t *Training) Checkpoint(w io.Writer) error {
	t.device.fetchAll()
	f := &safetensors.File{
		Metadata: map[string]string{
			"format": checkpointFormat, "version": checkpointVersion, "finished": t.reason,
			"nanoseconds": strconv.FormatInt(int64(t.elapsed()), 10),
		},
		Tensors: t.memory(nil).tensors(),
	}
	for name, note := range t.Notes {
		f.Metadata[notePrefix+name] = note
	}
	f.Seal()
	if err := t.Err(); err != nil {
		return err
	}
	return safetensors.Write(w, f)
}

// Gather brings to this process what a checkpoint holds of parameters and states. Where a group of processes trains
// ([compute.InGroup]), all of them call it, and then one may write the checkpoint by itself.
func (t *Training) Gather() {
	t.device.fetchAll()
	t.memory(nil).tensors()
}

// Resume puts a training that was just started with the same model, data and settings where Checkpoint left it.
// Training then goes on to the same bytes as if it had never stopped. A checkpoint whose contents don't fit its digest
// is refused.
func (t *Training) Resume(checkpoint []byte) error {
	return t.ResumeFrom(bytes.NewReader(checkpoint), int64(len(checkpoint)))
}

// ResumeFrom is Resume of a file of size bytes, which it reads twice, to compare the digest and into the places of the
// training: none of it is in memory otherwise.
func (t *Training) ResumeFrom(checkpoint io.ReaderAt, size int64) error {
	f, err := safetensors.Open(checkpoint, size)
	if err != nil {
		return err
	}
	if f.Metadata["format"] != checkpointFormat {
		return fmt.Errorf("format is %q, want %s", f.Metadata["format"], checkpointFormat)
	}
	if v := f.Metadata["version"]; v != checkpointVersion {
		return fmt.Errorf("version of the checkpoint is %q, this program reads %s: "+
			"go on with the program that began the run, or train again", v, checkpointVersion)
	}
	switch sealed, err := f.Verify(); {
	case err != nil:
		return err
	case !sealed:
		return errors.New("damaged: there is no sha256 in the metadata")
	}
	elapsed, err := strconv.ParseInt(f.Metadata["nanoseconds"], 10, 64)
	if err != nil || elapsed < 0 {
		return fmt.Errorf("nanoseconds is %q, want a count", f.Metadata["nanoseconds"])
	}
	t.rewind()
	t.device.fetchAll()
	err = t.memory(f).restore()
	if t.device.pushAll(); err != nil {
		return err
	}
	t.spent, t.reason = time.Duration(elapsed), f.Metadata["finished"]
	t.proceed()
	if t.done > uint64(t.planned) || !t.Model.Finite() || !t.best.Finite() {
		return fmt.Errorf("checkpoint after %d of %d updates, parameters finite: %v", t.done, t.planned, t.Model.Finite())
	}
	t.Notes = map[string]string{}
	for name, note := range f.Metadata {
		if name, ok := strings.CutPrefix(name, notePrefix); ok {
			t.Notes[name] = note
		}
	}
	return nil
}
