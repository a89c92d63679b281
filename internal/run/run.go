package run

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"harmonium/diag"
	"harmonium/internal/atomicfile"
	"harmonium/rbm"
	"harmonium/train"
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
}

// Metric is one line of metrics.jsonl.
type Metric struct {
	Update       int          `json:"update"`
	Epoch        float64      `json:"epoch"`
	Seconds      float64      `json:"seconds"`
	Rate         float64      `json:"rate"`
	GradientNorm float64      `json:"gradient_norm"`
	LogZ         float64      `json:"log_z"`
	LogZStderr   float64      `json:"log_z_stderr"`
	ESS          *float64     `json:"ess"` // null where log Z is exact
	TrainLL      *train.Score `json:"train_ll"`
	ValidLL      *train.Score `json:"valid_ll"`
	Best         bool         `json:"best"`

	PseudoLL       *train.Score   `json:"pseudo_ll,omitempty"` // of some rows
	SingularValues []float32      `json:"singular_values,omitempty"`
	Sweeps         int            `json:"sweeps,omitempty"`
	Findings       []diag.Finding `json:"findings,omitempty"`
}

// ErrOccupied is the error of making a run where something is already.
var ErrOccupied = errors.New("is not free")

// Create makes a new run directory. It refuses a folder that holds anything.
func Create(dir string, c *Config) (*Run, error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == ConfigName }):
		return nil, fmt.Errorf("%s %w: it holds a run already; go on with it by --resume, or name another folder", dir, ErrOccupied)
	case len(entries) > 0:
		return nil, fmt.Errorf("%s %w: want a new or empty folder for the run", dir, ErrOccupied)
	}
	if err := os.MkdirAll(filepath.Join(dir, CheckpointName), 0o777); err != nil {
		return nil, err
	}
	c.Format, c.Version = configFormat, 1
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return nil, err
	}
	err = writeFile(filepath.Join(dir, ConfigName), append(text, '\n'))
	return &Run{dir, c}, err
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
	return &Run{dir, c}, nil
}

// Record runs the training to its end, or until ctx is cancelled, and keeps the directory up to date. report (which may be nil) is
// called after every update. The last state is saved also where an error or an interruption ends it.
func (r *Run) Record(ctx context.Context, t *train.Training, report func(train.Progress)) error {
	metrics, err := os.OpenFile(filepath.Join(r.Dir, MetricsName), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return err
	}
	defer metrics.Close()
	saved := time.Now()
	for p := range t.Steps(ctx) {
		if p.Kept != nil {
			if err := r.keep(p.Kept, p.Update); err != nil {
				return err
			}
		}
		if p.Evaluation != nil {
			if err := appendMetric(metrics, p.Evaluation); err != nil {
				return err
			}
		}
		if time.Since(saved) > checkpointEvery {
			if err := r.save(t, metrics); err != nil {
				return err
			}
			saved = time.Now()
		}
		if report != nil {
			report(p)
		}
	}
	if t.Err() != nil {
		return t.Err() // the last good checkpoint stays
	}
	return r.save(t, metrics)
}

func appendMetric(w io.Writer, e *train.Evaluation) error {
	m := Metric{
		Update: e.Update, Epoch: e.Epoch, Seconds: e.Seconds, Rate: e.Rate, GradientNorm: e.GradientNorm,
		LogZ: e.LogZ.Value, LogZStderr: e.LogZ.Stderr, TrainLL: e.Train, ValidLL: e.Valid, Best: e.Best,
		PseudoLL: e.Pseudo, SingularValues: e.SingularValues, Sweeps: e.Sweeps, Findings: e.Findings,
	}
	if e.LogZ.ESS > 0 {
		m.ESS = &e.LogZ.ESS
	}
	line, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	return err
}

// save makes the directory a place to go on from: the metrics are on disk before the checkpoint that counts them.
func (r *Run) save(t *train.Training, metrics *os.File) error {
	if err := metrics.Sync(); err != nil {
		return err
	}
	if err := t.Best().Save(filepath.Join(r.Dir, ModelName)); err != nil {
		return err
	}
	if err := atomicfile.Write(r.path(CheckpointName, t.Done()), t.Checkpoint); err != nil {
		return err
	}
	files, err := r.list(CheckpointName)
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

// Resume puts a training that was started with this run's settings at the newest readable checkpoint, or leaves it at the
// beginning if there is none, and drops the metrics and the trajectory after it.
func (r *Run) Resume(t *train.Training) error {
	files, err := r.list(CheckpointName)
	if err != nil {
		return err
	}
	var broken error
	for _, f := range slices.Backward(files) {
		err := r.resumeAt(t, f)
		if err == nil {
			return errors.Join(r.truncateMetrics(t.Done()), r.forget(t.Done()))
		}
		broken = errors.Join(broken, fmt.Errorf("%s: %w", f.path, err))
	}
	if broken != nil {
		return fmt.Errorf("no checkpoint can be read: %w", broken)
	}
	return errors.Join(r.truncateMetrics(0), r.forget(0))
}

func (r *Run) resumeAt(t *train.Training, checkpoint numbered) error {
	text, err := os.ReadFile(checkpoint.path)
	if err != nil {
		return err
	}
	if !t.NeedsTrajectory() {
		return t.Resume(text, nil)
	}
	trajectory, err := r.Trajectory(checkpoint.update)
	if err != nil {
		return err
	}
	return t.Resume(text, trajectory)
}

// truncateMetrics keeps the lines up to an update, all of which are whole.
func (r *Run) truncateMetrics(update int) error {
	path := filepath.Join(r.Dir, MetricsName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	keep := 0
	for line := range bytes.Lines(text) {
		var m Metric
		if json.Unmarshal(line, &m) != nil || m.Update > update || line[len(line)-1] != '\n' {
			break
		}
		keep += len(line)
	}
	return writeFile(path, text[:keep])
}

// Metrics reads metrics.jsonl. A last line that is not whole is left out: it is being written.
func (r *Run) Metrics() ([]Metric, error) {
	path := filepath.Join(r.Dir, MetricsName)
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var metrics []Metric
	reader := bufio.NewReader(f)
	for {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return metrics, nil
		}
		if err != nil {
			return nil, err
		}
		var m Metric
		if err := json.Unmarshal(line, &m); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", path, len(metrics)+1, err)
		}
		metrics = append(metrics, m)
	}
}

// Model loads the model of the run.
func (r *Run) Model() (*rbm.Model, error) { return rbm.Load(filepath.Join(r.Dir, ModelName)) }

func writeFile(path string, text []byte) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}
