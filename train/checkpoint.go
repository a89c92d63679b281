package train

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"harmonium/internal/safetensors"
)

const (
	checkpointFormat  = "harmonium-checkpoint"
	checkpointVersion = "4"
	notePrefix        = "note."
)

// memory lists the whole state of the training.
func (t *Training) memory() *Memory {
	m := new(Memory)
	m.Model("model", t.Model)
	m.Model("best", t.best)
	m.Counter("done", &t.done)
	m.Counter("best.value", &t.bestNow.value)
	m.Counter("best.count", &t.bestNow.count)
	m.Counter("best.since", &t.bestNow.since)
	m.Floats("center.hidden", t.centerH)
	m.Counter("center.set", &t.centered)
	if t.live != nil {
		m.under("live", t.live.remember)
	}
	m.under("trajectory", t.trajectory.remember)
	m.under("negative", t.config.Negative.Remember)
	m.under("optimizer", t.config.Optimizer.Remember)
	return m
}

// Checkpoint writes everything that is needed to go on from here (docs/formats.md).
func (t *Training) Checkpoint(w io.Writer) error {
	f := &safetensors.File{
		Metadata: map[string]string{
			"format": checkpointFormat, "version": checkpointVersion, "finished": t.reason,
			"nanoseconds": strconv.FormatInt(int64(t.elapsed()), 10),
		},
		Tensors: t.memory().tensors(),
	}
	for name, note := range t.Notes {
		f.Metadata[notePrefix+name] = note
	}
	f.Seal()
	return safetensors.Write(w, f)
}

// Resume puts a training that was just started with the same model size, data and settings where Checkpoint left it. Training then goes on
// to the same bytes as if it had never stopped. A checkpoint whose contents don't fit its digest is refused.
func (t *Training) Resume(checkpoint []byte) error {
	f, err := safetensors.Read(bytes.NewReader(checkpoint), int64(len(checkpoint)))
	if err != nil {
		return err
	}
	if f.Metadata["format"] != checkpointFormat || f.Metadata["version"] != checkpointVersion {
		return fmt.Errorf("format %q, version %q: want %s, version %s", f.Metadata["format"], f.Metadata["version"], checkpointFormat, checkpointVersion)
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
	t.trajectory.makeRoom(f)
	if err := t.memory().restore(f.Tensors); err != nil {
		return err
	}
	if t.done > uint64(t.planned) || !t.Model.Finite() || !t.best.Finite() {
		return fmt.Errorf("checkpoint after %d of %d updates, parameters finite: %v", t.done, t.planned, t.Model.Finite())
	}
	if err := t.trajectory.resume(); err != nil {
		return err
	}
	t.spent, t.reason = time.Duration(elapsed), f.Metadata["finished"]
	t.Notes = map[string]string{}
	for name, note := range f.Metadata {
		if name, ok := strings.CutPrefix(name, notePrefix); ok {
			t.Notes[name] = note
		}
	}
	return nil
}
