// Package run is the run directory: the only contract between training and everything that watches it.
//
//	config.json        all settings, resolved; each data file's path, rows and sha256
//	metrics.jsonl      one object per evaluation
//	model.safetensors  the best model so far by validation score; the last one without validation data
//	checkpoint/        everything needed to go on: the last two states of the training
//	trajectory/        models along the training
//
// A run killed at any moment goes on from its last checkpoint to the same bytes. docs/formats.md lists every field.
package run

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"harmonium/compute"
	"harmonium/data"
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/train"
)

// Config is what config.json holds: enough to start the same training again.
type Config struct {
	Format   string   `json:"format"`  // "harmonium-run"
	Version  int      `json:"version"` // of the format: 1
	Program  string   `json:"program"` // version of Harmonium that began the run
	Settings Settings `json:"settings"`
	Visible  int      `json:"visible_units"`        // m
	Shape    []int    `json:"shape,omitempty"`      // layout of a configuration, where the data has one
	Train    []File   `json:"train"`                // training data, in order
	Valid    *File    `json:"valid,omitempty"`      // validation data, if a file of its own
	Weights  *File    `json:"weights,omitempty"`    // row weights of the training data
	Rows     int      `json:"train_rows"`           // rows trained on
	Holdout  int      `json:"valid_rows,omitempty"` // rows of validation data
	SHA256   string   `json:"sha256,omitempty"`     // of all of the above

	edited bool // whether SHA256 is that of something else
}

// Settings are the settings of a training run as names and numbers; they are the flags of the train command.
type Settings struct {
	Hidden       int      `json:"hidden"`         // n
	VisibleUnits string   `json:"visible"`        // "bernoulli", "spin", or "" to go by the data's values
	HiddenUnits  string   `json:"hidden_units"`   // "bernoulli", "spin", or "" to be as the visible ones
	Seed         uint64   `json:"seed"`           //
	Negative     string   `json:"negative"`       // "pcd", "cd", "pt" or "exact"
	Steps        int      `json:"steps"`          // Gibbs sweeps an update
	AdaptSteps   bool     `json:"adapt_steps"`    // instead of steps: as many as the chains of pcd need
	Chains       int      `json:"chains"`         // of pcd; replica sets of pt
	Refresh      int      `json:"refresh"`        // replica sets that refresh the chains of pcd
	Rungs        int      `json:"rungs"`          // temperatures of the replica sets
	Path         string   `json:"path"`           // of the replicas: "line", which "" means too, or "training"
	Optimizer    string   `json:"optimizer"`      // "sgd", "momentum" or "adam"
	Batch        int      `json:"batch"`          // rows a minibatch; 0 means the default
	Rate         float64  `json:"rate"`           // 0 means the optimiser's default
	Schedule     string   `json:"schedule"`       //
	L1           float64  `json:"l1"`             //
	L2           float64  `json:"l2"`             //
	Clip         float64  `json:"clip"`           // 0 means none
	Centered     bool     `json:"centered"`       //
	DataBiases   bool     `json:"data_biases"`    // visible biases from the data's means
	Epochs       int      `json:"epochs"`         // 0 means no bound, where there is another
	Updates      int      `json:"updates"`        // 0 means no bound
	Seconds      float64  `json:"seconds"`        // 0 means no bound
	Patience     int      `json:"patience"`       // 0 means never
	Every        int      `json:"every"`          // updates between evaluations; 0 means automatic
	HoldoutPart  float64  `json:"holdout"`        // part of the rows kept for validation
	Threshold    *float64 `json:"threshold"`      // grey values above it become 1
	Bernoulli    bool     `json:"bernoulli_grey"` // grey values become 1 with their own probability
}

// The paths of replica sets between independent units and a model: the straight line, and along the models frozen in training.
const (
	PathLine     = "line"
	PathTraining = "training"
)

// Defaults are the settings of a user who sets nothing.
func Defaults() Settings {
	return Settings{
		Hidden: 0, Seed: 1, Negative: "pcd", Steps: train.DefaultSteps, Chains: train.DefaultChains, Rungs: train.DefaultTemperatures, Path: PathLine,
		Optimizer: "adam", Schedule: string(train.DefaultSchedule), Centered: true, DataBiases: true, Epochs: train.DefaultEpochs,
	}
}

// TrainConfig translates the settings; errors name the setting.
func (s Settings) TrainConfig(on *compute.Context, valid *data.Set) (train.Config, error) {
	c := train.Config{
		Seed: s.Seed, Compute: on, Batch: s.Batch, Rate: s.Rate, Schedule: train.Schedule(s.Schedule),
		L1: s.L1, L2: s.L2, Clip: s.Clip, Plain: !s.Centered, KeepBiases: !s.DataBiases,
		Epochs: s.Epochs, Updates: s.Updates, Valid: valid, Patience: s.Patience, Every: s.Every,
	}
	if !(s.Seconds >= 0) || s.Seconds > math.MaxInt64/1e9 {
		return c, fmt.Errorf("time is %v seconds, want a positive number", s.Seconds)
	}
	c.Time = time.Duration(s.Seconds * float64(time.Second))
	if s.AdaptSteps && s.Negative != "pcd" {
		return c, fmt.Errorf("steps is auto for the negative phase %q, want a number: only pcd adapts", s.Negative)
	}
	if s.Path != "" && s.Path != PathLine && s.Path != PathTraining {
		return c, fmt.Errorf("path %q, want %s or %s", s.Path, PathLine, PathTraining)
	}
	along := s.Path == PathTraining
	if replicas := s.Negative == "pt" || s.Negative == "pcd" && s.Refresh > 0; along && !replicas {
		return c, fmt.Errorf("path is %s for the negative phase %q, which has no replica sets: want pt, or pcd with refresh", s.Path, s.Negative)
	}
	if s.Refresh != 0 && s.Negative != "pcd" {
		return c, fmt.Errorf("refresh is %d for the negative phase %q: only the chains of pcd are refreshed", s.Refresh, s.Negative)
	}
	switch s.Negative {
	case "pcd":
		c.Negative = &train.PCD{Steps: s.Steps, Chains: s.Chains, Adapt: s.AdaptSteps, Refresh: s.Refresh, Temperatures: s.Rungs, Along: along}
	case "cd":
		c.Negative = &train.CD{Steps: s.Steps}
	case "pt":
		c.Negative = &train.PT{Steps: s.Steps, Chains: s.Chains, Temperatures: s.Rungs, Along: along}
	case "exact":
		c.Negative = &train.Exact{}
	default:
		return c, fmt.Errorf("negative phase %q, want pcd, cd, pt or exact", s.Negative)
	}
	switch s.Optimizer {
	case "sgd":
		c.Optimizer = &train.SGD{}
	case "momentum":
		c.Optimizer = &train.Momentum{}
	case "adam":
		c.Optimizer = &train.Adam{}
	default:
		return c, fmt.Errorf("optimizer %q, want sgd, momentum or adam", s.Optimizer)
	}
	return c, nil
}

// Model returns the model that training starts from.
func (s Settings) Model(set *data.Set) (*rbm.Model, error) {
	if s.Hidden <= 0 {
		return nil, fmt.Errorf("hidden is %d, want at least one hidden unit", s.Hidden)
	}
	if n := float64(s.Hidden) * float64(set.Units()); n > math.MaxInt32 {
		return nil, fmt.Errorf("hidden is %d: with %d visible units that makes %.3g weights, more than 2^31", s.Hidden, set.Units(), n)
	}
	visible, hidden := set.Values, set.Values
	var err error
	if s.VisibleUnits != "" {
		if visible, err = rbm.ParseKind(s.VisibleUnits); err != nil {
			return nil, fmt.Errorf("visible: %w", err)
		}
		hidden = visible
	}
	if s.HiddenUnits != "" {
		if hidden, err = rbm.ParseKind(s.HiddenUnits); err != nil {
			return nil, fmt.Errorf("hidden units: %w", err)
		}
	}
	return rbm.NewModel(rbm.NewLayer(visible, set.Units()), rbm.NewLayer(hidden, s.Hidden), rng.Seed(s.Seed)), nil
}

func parseConfig(text []byte) (*Config, error) {
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	c := new(Config)
	if err := d.Decode(c); err != nil {
		return nil, withoutContent(err)
	}
	if c.Format != configFormat || c.Version != 1 {
		return nil, fmt.Errorf("another format or version: want %s, version 1", configFormat)
	}
	if len(c.Train) == 0 {
		return nil, fmt.Errorf("no training data is named")
	}
	if d.More() {
		return nil, fmt.Errorf("something follows the settings")
	}
	c.edited = c.SHA256 != c.digest()
	return c, nil
}

// encode returns the text of config.json, with a digest by which [Reopen] notices settings that were changed by hand.
func (c *Config) encode() []byte {
	c.Format, c.Version = configFormat, 1
	c.SHA256 = c.digest()
	return append(c.text(), '\n')
}

func (c *Config) digest() string {
	bare := *c
	bare.SHA256 = ""
	return fmt.Sprintf("%x", sha256.Sum256(bare.text()))
}

// identity is a digest of what shapes the run: the settings and the contents of its data, wherever that is. Checkpoints carry it.
func (c *Config) identity() string {
	bare := *c
	bare.SHA256, bare.Program, bare.Train = "", "", slices.Clone(c.Train)
	for _, f := range []**File{&bare.Valid, &bare.Weights} {
		if *f != nil {
			file := **f
			*f = &file
		}
	}
	for _, f := range bare.files() {
		f.Path, f.Absolute, f.FromRun = "", "", ""
	}
	return fmt.Sprintf("%x", sha256.Sum256(bare.text()))
}

func (c *Config) text() []byte {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("run: %v", err)) // Prepare lets no number through that JSON can't hold
	}
	return text
}

const configFormat = "harmonium-run"
