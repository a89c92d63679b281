package run

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"harmonium/diag"
	"harmonium/monitor"
	"harmonium/train"
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
	ESS          *float64       `json:"ess"` // null where log Z is exact
	TrainLL      *monitor.Score `json:"train_ll"`
	ValidLL      *monitor.Score `json:"valid_ll"`
	Best         bool           `json:"best"`

	PseudoLL       *monitor.Score `json:"pseudo_ll,omitempty"` // of some rows
	SingularValues []float32      `json:"singular_values,omitempty"`
	Sweeps         int            `json:"sweeps,omitempty"`
	Findings       []diag.Finding `json:"findings,omitempty"`
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

// cutMetrics keeps the lines up to an update. Lines that can't be read are taken out, and the file as it was is kept beside it: the text
// says so. The last line may lack its end, as it is being written when a process is killed.
func (r *Run) cutMetrics(update int) (damaged string, err error) {
	path := filepath.Join(r.Dir, MetricsName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
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
	if len(unreadable) > 0 {
		if err := writeFile(path+".damaged", text); err != nil {
			return "", err
		}
		damaged = fmt.Sprintf("%s: line %v of %d can't be read and is left out; the file as it was is %s.damaged", path, unreadable, number, MetricsName)
	}
	return damaged, writeFile(path, kept)
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
