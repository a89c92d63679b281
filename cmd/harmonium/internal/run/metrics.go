package run

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/remedy"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/sample"
	"github.com/harmonium-rbm/harmonium/train"
)

// Metric is one line of metrics.jsonl.
type Metric struct {
	Update       int            `json:"update"`
	Epoch        float64        `json:"epoch"`
	Seconds      float64        `json:"seconds"`
	Rate         float64        `json:"rate"`
	GradientNorm float64        `json:"gradient_norm"`
	LogZ         float64        `json:"log_z"`
	LogZStderr   float64        `json:"log_z_stderr"`
	ESS          *float64       `json:"ess"` // round trips of the replicas that log Z comes from; null where it is exact
	TrainLL      *monitor.Score `json:"train_ll"`
	ValidLL      *monitor.Score `json:"valid_ll"`
	Best         bool           `json:"best"`
	Average      bool           `json:"average,omitempty"` // of the mean of the last updates, and not of the last one

	PseudoLL       *monitor.Score `json:"pseudo_ll,omitempty"` // of some rows
	SingularValues []float32      `json:"singular_values,omitempty"`
	Sweeps         int            `json:"sweeps,omitempty"`
	Findings       []diag.Finding `json:"findings,omitempty"`

	Bases    []monitor.BasisScore `json:"bases,omitempty"`    // of the validation rows, or of the training rows without these
	Fidelity *float64             `json:"fidelity,omitempty"` // with the known state
}

func appendMetric(w io.Writer, e *train.Evaluation, fidelity *float64) error {
	m := Metric{
		Update: e.Update, Epoch: e.Epoch, Seconds: e.Seconds, Rate: e.Rate, GradientNorm: e.GradientNorm,
		LogZ: e.LogZ.Value, LogZStderr: e.LogZ.Stderr, TrainLL: e.Train, ValidLL: e.Valid, Best: e.Best, Average: e.Average != nil,
		PseudoLL: e.Pseudo, SingularValues: e.SingularValues, Sweeps: e.Sweeps, Findings: e.Findings,
		Bases: e.Bases, Fidelity: fidelity,
	}
	remedy.Add("train", m.Findings)
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

// metricsFile is metrics.jsonl as it is written, with a running digest of all of it.
type metricsFile struct {
	*os.File
	hash hash.Hash
	size int64
}

// openMetrics opens the file to add lines. It is nil where another process writes the run.
func (r *Run) openMetrics() (*metricsFile, error) {
	if !r.Writes() {
		return nil, nil
	}
	f, err := os.OpenFile(filepath.Join(r.Dir, MetricsName), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o666)
	if err != nil {
		return nil, err
	}
	m := &metricsFile{File: f, hash: sha256.New()}
	if m.size, err = io.Copy(m.hash, f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return m, nil
}

// close closes the file, if it is one.
func (m *metricsFile) close() {
	if m != nil {
		m.Close()
	}
}

// Write adds to the file.
func (m *metricsFile) Write(text []byte) (int, error) {
	n, err := m.File.Write(text)
	m.hash.Write(text[:n])
	m.size += int64(n)
	return n, err
}

func (m *metricsFile) digest() string { return metricsDigest(m.size, m.hash.Sum(nil)) }

func metricsDigest(size int64, sum []byte) string { return fmt.Sprintf("%d %x", size, sum) }

// cutMetrics keeps the lines up to an update. Lines that can't be read are taken out. The text says so, and also where
// what is left is not what had that digest when the checkpoint was written; the file as it was is then kept beside it.
// The last line may lack its end, as it is being written when a process is killed. A digest of "" is unknown.
func (r *Run) cutMetrics(update int, digest string) (damaged string, err error) {
	path := filepath.Join(r.Dir, MetricsName)
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	var kept []byte
	var unreadable []int
	number := 0
	for line := range bytes.Lines(text) {
		number++
		if line[len(line)-1] != '\n' {
			break
		}
		var m Metric
		if json.Unmarshal(line, &m) != nil || m.Update < 1 {
			unreadable = append(unreadable, number)
		} else if m.Update <= update {
			kept = append(kept, line...)
		}
	}
	sum := sha256.Sum256(kept)
	switch {
	case len(unreadable) > 0:
		damaged = fmt.Sprintf("%s: line %v of %d can't be read and is left out", path, unreadable, number)
	case digest != "" && digest != metricsDigest(int64(len(kept)), sum[:]):
		damaged = fmt.Sprintf("%s is not as it was at update %d: lines are missing or have changed, so that the best scores may be among them",
			path, update)
	}
	if text == nil {
		return damaged, nil
	}
	if damaged != "" {
		damaged += fmt.Sprintf("; the file as it was is %s", MetricsName+damagedSuffix)
		if err := writeFile(path+damagedSuffix, text); err != nil {
			return "", err
		}
	}
	return damaged, writeFile(path, kept)
}

// Kept is the evaluation of the model that the run keeps: the best one, or the last without validation data; nil where
// there is none yet.
func (r *Run) Kept() (*Metric, error) {
	if !r.Writes() {
		return r.keptIn(nil, nil)
	}
	return r.keptIn(r.kept())
}

func (r *Run) kept() (*Metric, error) {
	metrics, err := r.Metrics()
	if err != nil || len(metrics) == 0 {
		return nil, err
	}
	kept := &metrics[len(metrics)-1]
	for k := range metrics {
		if metrics[k].Best {
			kept = &metrics[k]
		}
	}
	return kept, nil
}

// Average is the evaluation of the mean of the last updates, with which a training ends; nil where there is none.
func (r *Run) Average() (*Metric, error) {
	metrics, err := r.Metrics()
	if last := len(metrics) - 1; err == nil && last >= 0 && metrics[last].Average {
		return &metrics[last], nil
	}
	return nil, err
}

// Scores are those of the evaluation.
func (m *Metric) Scores() *monitor.Scores {
	return &monitor.Scores{
		Train: m.TrainLL, Valid: m.ValidLL, LogZ: sample.LogZ{Value: m.LogZ, Stderr: m.LogZStderr}, Findings: m.Findings,
	}
}

// Judge returns the findings about the model that a finished training keeps, which was scored so.
func (m *Metric) Judge(t *train.Training) []diag.Finding {
	findings := t.Monitor.Judge(t.Best(), m.Scores())
	remedy.Add("train", findings)
	return findings
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
			return nil, fmt.Errorf("%s: line %d: %w", path, len(metrics)+1, withoutContent(err))
		}
		metrics = append(metrics, m)
	}
}
