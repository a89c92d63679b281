package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/harmonium-rbm/harmonium/internal/atomicfile"
	"github.com/harmonium-rbm/harmonium/internal/group"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/train"
)

// The names in a run directory.
const (
	ConfigName     = "config.json"
	MetricsName    = "metrics.jsonl"
	ModelName      = "model.safetensors"
	CheckpointName = "checkpoint"
)

// checkpointEvery is the time between checkpoints, beside those at the end and at an interruption. It shapes how much
// work a kill costs, not what the run computes.
const checkpointEvery = 10 * time.Second

// Run is an open run directory.
type Run struct {
	Dir    string
	Config *Config

	lock  *flock.Flock // nil for readers
	ranks group.Group  // nil for one process
}

// ErrOccupied is the error of making a run where something is already.
var ErrOccupied = errors.New("is not free")

// Create makes a new run directory and locks it, until [Run.Close]. It refuses a folder that holds anything else. The
// folder is a run from the moment that config.json is there, which is written last.
func Create(dir string, c *Config) (*Run, error) {
	if err := vacant(dir); err != nil {
		if r, locked := Reopen(dir); locked == nil {
			r.Close()
		} else if errors.Is(locked, ErrHeld) {
			return nil, locked
		}
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	l, err := lock(dir)
	if err != nil {
		return nil, err
	}
	r := &Run{Dir: dir, Config: c, lock: l}
	if err := r.make(); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *Run) make() error {
	if err := vacant(r.Dir); err != nil { // now nobody else can make it otherwise
		return err
	}
	if err := r.clear(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(r.Dir, CheckpointName), 0o777); err != nil {
		return err
	}
	r.Config.Place(r.Dir)
	if r.Config.From != nil {
		if err := r.Config.From.keep(r.Dir); err != nil {
			return err
		}
	}
	return r.writeConfig()
}

func (r *Run) writeConfig() error {
	return writeFile(filepath.Join(r.Dir, ConfigName), r.Config.encode())
}

// discard takes back what Create made, and what came after it: the folder is free again.
func (r *Run) discard() error {
	var err error
	for _, name := range []string{ConfigName, MetricsName, CheckpointName, StartName} { // without a config it is no run
		err = errors.Join(err, os.RemoveAll(filepath.Join(r.Dir, name)))
	}
	return err
}

// clear removes the temporary files that a killed process left.
func (r *Run) clear() error {
	for _, folder := range []string{r.Dir, filepath.Join(r.Dir, CheckpointName)} {
		if err := atomicfile.Clear(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Reopen opens an existing run directory to go on with it, and locks it until [Run.Close]. files name new places of its
// input files.
func Reopen(dir string, files ...string) (*Run, error) {
	if _, err := Open(dir); err != nil { // a folder that is no run gets no lock
		return nil, err
	}
	l, err := lock(dir)
	if err != nil {
		return nil, err
	}
	r, err := Open(dir) // once more, as the process that held the lock may have written
	if err != nil {
		return nil, errors.Join(err, (&Run{lock: l}).Close())
	}
	r.lock = l
	if err := r.reopen(files); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *Run) reopen(files []string) error {
	if r.Config.Version < configVersion {
		return fmt.Errorf("%s is of an earlier version: go on with the program that began the run, Harmonium %s, or begin a new run. "+
			"The other verbs read it", filepath.Join(r.Dir, ConfigName), r.Config.Program)
	}
	if r.Config.SHA256 == "" {
		return fmt.Errorf("%s has no sha256: it was changed by hand, or is of version 0.1.0, whose runs don't go on: begin a new run",
			filepath.Join(r.Dir, ConfigName))
	}
	if r.Config.edited {
		return fmt.Errorf("%s was changed since the run began: its contents don't have the sha256 that it names. "+
			"Settings can't change on the way: put the old text back, or begin a new run", filepath.Join(r.Dir, ConfigName))
	}
	if err := r.clear(); err != nil {
		return err
	}
	if err := r.Config.Locate(r.Dir, files...); err != nil || len(files) == 0 {
		return err
	}
	return r.writeConfig()
}

// Open opens an existing run directory.
func Open(dir string) (*Run, error) {
	path := filepath.Join(dir, ConfigName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is no run directory: it has no %s", dir, ConfigName)
	}
	if err != nil {
		return nil, err
	}
	c, err := parseConfig(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if c.From != nil {
		c.From.at = filepath.Join(dir, StartName)
	}
	return &Run{Dir: dir, Config: c}, nil
}

// Record runs the training to its end, or until ctx is cancelled, and keeps the directory up to date. report (which may
// be nil) is called after every update. The last state is saved also where an error or an interruption ends it. Of a
// group of processes all stop where ctx of one is cancelled.
func (r *Run) Record(ctx context.Context, t *train.Training, report func(train.Progress)) error {
	metrics, err := r.openMetrics()
	if err = group.Agree(r.ranks, err); err != nil {
		return err
	}
	defer metrics.close()
	steps := ctx
	if r.ranks != nil {
		steps = context.WithoutCancel(ctx) // together, or not at all
	}
	saved := time.Now()
	for p := range t.Steps(steps) {
		for _, e := range []*train.Evaluation{p.Evaluation, p.Average} {
			if e == nil {
				continue
			}
			fidelity, err := r.Config.Quantum.fidelity(cmp.Or(e.Average, t.Model))
			if err != nil {
				return err
			}
			if err := r.alone(func() error { return appendMetric(metrics, e, fidelity) }); err != nil {
				return err
			}
		}
		due, stop := r.decide(time.Since(saved) > checkpointEvery, ctx.Err() != nil)
		if due {
			if err := r.save(t, metrics); err != nil {
				return err
			}
			saved = time.Now()
		}
		if report != nil {
			report(p)
		}
		if stop {
			break
		}
	}
	if t.Err() != nil {
		metrics.close() // Windows removes no file that is open
		return r.alone(func() error { return r.keepLast(t.Err()) })
	}
	return r.save(t, metrics)
}

// decide has a group of processes decide together whether a checkpoint is due, by the clock of rank 0, and whether to
// stop. A process by itself stops by its context.
func (r *Run) decide(due, cancelled bool) (save, stop bool) {
	if r.ranks == nil {
		return due, false
	}
	const dueFlag, stopFlag = 1, 2
	var flags byte
	if due && r.Writes() {
		flags |= dueFlag
	}
	if cancelled {
		flags |= stopFlag
	}
	flags = group.Or(r.ranks, flags)
	return flags&dueFlag != 0, flags&stopFlag != 0
}

// keepLast says what is left of a training that ended in an error: the last good checkpoint, or nothing, and then the
// folder is free again.
func (r *Run) keepLast(failed error) error {
	files, err := r.checkpoints()
	if err != nil {
		return errors.Join(failed, err)
	}
	if len(files) > 0 {
		return fmt.Errorf("%w (the state after update %d is kept)", failed, files[len(files)-1].update)
	}
	return errors.Join(fmt.Errorf("%w (there was no checkpoint yet: nothing is kept in %s)", failed, r.Dir), r.discard())
}

// save makes the directory a place to go on from: the metrics are on disk before the checkpoint that counts them.
func (r *Run) save(t *train.Training, metrics *metricsFile) error {
	if r.ranks != nil {
		t.Gather()
	}
	return r.alone(func() error { return r.write(t, metrics) })
}

func (r *Run) write(t *train.Training, metrics *metricsFile) error {
	if err := r.held(); err != nil {
		return err
	}
	if err := metrics.Sync(); err != nil {
		return err
	}
	model := t.Best()
	if err := t.Err(); err != nil { // what an engine left when it failed is no model
		return err
	}
	if err := model.Save(filepath.Join(r.Dir, ModelName)); err != nil {
		return err
	}
	t.Notes = map[string]string{noteConfig: r.Config.identity(), noteMetrics: metrics.digest()}
	if err := atomicfile.Write(r.checkpointPath(t.Done()), t.Checkpoint); err != nil {
		return err
	}
	files, err := r.checkpoints()
	if err != nil {
		return err
	}
	for _, old := range files[:max(len(files)-2, 0)] {
		if err := os.Remove(old.path); err != nil {
			return err
		}
	}
	return nil
}

// The notes of a checkpoint: digests of the settings and of metrics.jsonl.
const (
	noteConfig  = "config"
	noteMetrics = "metrics"
)

// Resume puts a training that was started with this run's settings at the newest good checkpoint, or leaves it at the
// beginning if there is none yet, and drops the metrics after it. The warnings name what was damaged. Damaged
// checkpoints are set aside.
func (r *Run) Resume(t *train.Training) (warnings []string, err error) {
	if r.ranks == nil {
		_, warnings, err = r.resume(t)
		return warnings, err
	}
	var path string
	err = r.alone(func() (err error) {
		path, warnings, err = r.resume(t)
		return err
	})
	if err != nil {
		return nil, err
	}
	return warnings, r.resumeOthers(t, path)
}

// resume is Resume in the process that writes the run. It returns the path of the checkpoint, "" if there is none.
func (r *Run) resume(t *train.Training) (checkpoint string, warnings []string, err error) {
	files, err := r.checkpoints()
	if err != nil {
		return "", nil, err
	}
	var bad []numbered
	for _, f := range slices.Backward(files) {
		err := r.resumeAt(t, f)
		if err == nil {
			checkpoint = f.path
			break
		}
		if failed := new(fs.PathError); errors.As(err, &failed) { // which may pass
			return "", nil, err
		}
		warnings = append(warnings, fmt.Sprintf("%s can't be gone on from: %v", f.path, err))
		bad = append(bad, f)
	}
	if len(bad) > 0 && len(bad) == len(files) {
		return "", nil, fmt.Errorf("no checkpoint can be read; remove the files in %s to train again from the beginning, "+
			"by the program that began the run to the same bytes: %s",
			filepath.Join(r.Dir, CheckpointName), strings.Join(warnings, "; "))
	}
	for k, f := range bad {
		if err := os.Rename(f.path, f.path+damagedSuffix); err != nil {
			return "", nil, err
		}
		warnings[k] += fmt.Sprintf("; it is kept as %s, and the one before takes its place", filepath.Base(f.path)+damagedSuffix)
	}
	damaged, err := r.cutMetrics(t.Done(), t.Notes[noteMetrics])
	if damaged != "" {
		warnings = append(warnings, damaged)
	}
	return checkpoint, warnings, err
}

// Continue has the training of this run go on to other bounds, and records them: a list of all makes the run repeat.
func (r *Run) Continue(t *train.Training, to train.Bounds) error {
	before := r.Config.Training.Continued
	if err := t.Continue(to); err != nil {
		return err
	}
	r.Config.Training.Continued = t.Config().Continued
	if slices.Equal(r.Config.Training.Continued, before) {
		return nil
	}
	return r.alone(r.writeConfig)
}

// damagedSuffix names a file that was set aside.
const damagedSuffix = ".damaged"

// resumeAt goes on from a checkpoint, if it is of this run and of the update that it is named after.
func (r *Run) resumeAt(t *train.Training, checkpoint numbered) error {
	f, size, err := open(checkpoint.path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := t.ResumeFrom(f, size); err != nil {
		return err
	}
	if t.Done() != checkpoint.update {
		return fmt.Errorf("it is of update %d", t.Done())
	}
	if !r.Config.isIdentity(t.Notes[noteConfig], checkpoint.update) {
		return errors.New("it is of a run with other settings or data")
	}
	return nil
}

// Model loads the model of the run.
func (r *Run) Model() (*rbm.Model, error) { return rbm.Load(filepath.Join(r.Dir, ModelName)) }

func writeFile(path string, text []byte) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}
