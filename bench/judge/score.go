package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
)

// scoring says what to hold against which models.
type scoring struct {
	folder, out, half, binary string
	match                     *regexp.Regexp
	budget                    int64
}

// verdict is a line of score: what harmonium eval says of a model.
type verdict struct {
	Name   string      `json:"name"`
	Family string      `json:"family"`
	LogZ   float64     `json:"exact"`
	Value  float64     `json:"value"`
	Error  float64     `json:"error"` // of the value: the true one
	Stderr diag.Number `json:"stderr"`
	Lower  float64     `json:"lower"`
	Upper  diag.Number `json:"upper"`
	cost
	Steps    int            `json:"steps"`
	Findings []diag.Finding `json:"findings"`
	Estimate []struct {
		Name   string      `json:"name"`
		Value  diag.Number `json:"value"`
		Stderr diag.Number `json:"stderr"`
		Counts bool        `json:"counts"`
	} `json:"estimates"`
	Failure string `json:"failure,omitempty"` // standard error of a command that gave no result
}

// shares is a line of score-sample: what harmonium sample draws from a model.
type shares struct {
	Model    string      `json:"model"`
	Family   string      `json:"family"`
	Asked    string      `json:"asked"`  // method
	Method   string      `json:"method"` // taken
	Weights  []float64   `json:"weights"`
	Shares   []float64   `json:"shares"`
	Sigmas   float64     `json:"sigmas"`     // largest difference over its standard error for the ESS that the command states
	Binomial float64     `json:"sigmas_iid"` // the same for independent samples
	Missing  bool        `json:"missing"`    // a mode of more than 5 % has no sample
	ESS      diag.Number `json:"ess"`
	Rhat     diag.Number `json:"rhat"`
	cost
	Findings []diag.Finding `json:"findings"`
	Failure  string         `json:"failure,omitempty"`
}

// cost is how a command ended and what it took.
type cost struct {
	Exit    int     `json:"exit"`
	Seconds float64 `json:"seconds"`
	CPU     float64 `json:"cpu"` // seconds of all cores: a busy machine has little effect on it
}

// run runs the command and decodes what it says. Exit status 3, a result with findings, is no error.
func (s *scoring) run(into any, args ...string) (c cost, failure string) {
	cmd := exec.Command(s.binary, append(args, "--json", "--quiet")...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	begun := time.Now()
	err := cmd.Run()
	if ended := (*exec.ExitError)(nil); err != nil && !errors.As(err, &ended) {
		return cost{Exit: -1}, err.Error()
	}
	state := cmd.ProcessState
	c = cost{state.ExitCode(), time.Since(begun).Seconds(), (state.UserTime() + state.SystemTime()).Seconds()}
	if c.Exit != 0 && c.Exit != 3 {
		return c, strings.TrimSpace(errs.String())
	}
	if err := json.Unmarshal(out.Bytes(), into); err != nil {
		failure = err.Error()
	}
	return c, failure
}

// write appends a line to the file of results.
func (s *scoring) write(line any) error {
	f, err := os.OpenFile(s.out, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	return errors.Join(json.NewEncoder(f).Encode(line), f.Close())
}

// eval scores the models of one half by harmonium eval.
func (s *scoring) eval() error {
	list, err := readLines[subject](filepath.Join(s.folder, "models.jsonl"))
	if err != nil {
		return err
	}
	earlier, err := readLines[verdict](s.out)
	if err != nil {
		return err
	}
	done := map[string]bool{}
	for _, v := range earlier {
		done[v.Name] = true
	}
	for _, x := range list {
		if x.Half != s.half || done[x.Name] || !s.match.MatchString(x.Name) {
			continue
		}
		if err := s.write(s.judge(&x)); err != nil {
			return err
		}
	}
	return nil
}

func (s *scoring) judge(x *subject) *verdict {
	var said struct {
		LogZ     json.RawMessage `json:"log_z"`
		Findings []diag.Finding  `json:"findings"`
	}
	v := &verdict{}
	for _, method := range []string{"ais", "annealed"} { // annealed was the name in earlier versions
		args := []string{"eval", filepath.Join(s.folder, x.Model+".safetensors"), "--data", filepath.Join(s.folder, x.Name+".npy"),
			"--method", method}
		if s.budget > 0 {
			args = append(args, "--budget", strconv.FormatInt(s.budget, 10))
		}
		if v.cost, v.Failure = s.run(&said, args...); v.Exit != 2 {
			break
		}
	}
	if v.Failure == "" {
		if err := json.Unmarshal(said.LogZ, v); err != nil {
			v.Failure = err.Error()
		}
	}
	v.Name, v.Family, v.LogZ, v.Findings = x.Name, x.Family, x.LogZ, said.Findings
	v.Error = v.Value - v.LogZ
	return v
}

// sample scores the bimodal models of one half by harmonium sample, by each of its methods.
func (s *scoring) sample() error {
	list, err := readLines[bimodal](filepath.Join(s.folder, "modes.jsonl"))
	if err != nil {
		return err
	}
	earlier, err := readLines[shares](s.out)
	if err != nil {
		return err
	}
	done := map[string]bool{}
	for _, d := range earlier {
		done[d.Model+d.Asked] = true
	}
	rows, err := os.MkdirTemp("", "judge")
	if err != nil {
		return err
	}
	defer os.RemoveAll(rows)
	for _, x := range list {
		for _, method := range []string{"gibbs", "tempered", "auto"} {
			if x.Half != s.half || done[x.Model+method] || !s.match.MatchString(x.Model) {
				continue
			}
			result, err := s.count(&x, method, filepath.Join(rows, "rows.npy"))
			if err != nil {
				return err
			}
			if err := s.write(result); err != nil {
				return err
			}
		}
	}
	return nil
}

const sampleCount = 1000

// count draws samples and counts them by mode.
func (s *scoring) count(x *bimodal, method, rows string) (*shares, error) {
	d := &shares{}
	ended, failure := s.run(d, "sample", filepath.Join(s.folder, x.Model+".safetensors"), "--method", method,
		"-n", strconv.Itoa(sampleCount), "-o", rows)
	d.Model, d.Family, d.Asked, d.Weights, d.cost, d.Failure = x.Model, x.Family, method, x.Weights, ended, failure
	if failure != "" {
		return d, nil
	}
	set, err := data.Open(rows)
	if err != nil {
		return nil, fmt.Errorf("%s by %s: %w", x.Model, method, err)
	}
	d.Shares = make([]float64, len(x.Weights))
	for row := range set.Rows() {
		d.Shares[modeOf(x.Directions, set.States, row)]++
	}
	for k := range d.Shares {
		d.Shares[k] /= float64(set.Rows())
	}
	ess := math.Min(float64(d.ESS), sampleCount)
	if !(ess >= 1) { // null where chains are too short to tell
		ess = sampleCount
	}
	for k, p := range x.Weights {
		// One sample more or less is no error.
		miss := max(math.Abs(d.Shares[k]-p)-1/float64(sampleCount), 0)
		if p > 0 && p < 1 {
			d.Sigmas = max(d.Sigmas, miss/math.Sqrt(p*(1-p)/ess))
			d.Binomial = max(d.Binomial, miss/math.Sqrt(p*(1-p)/sampleCount))
		}
		d.Missing = d.Missing || p > 0.05 && d.Shares[k] == 0
	}
	return d, nil
}
