// Package run is the run directory: the only contract between training and everything that watches it.
//
//	config.json        all settings, resolved; each data file's path, rows and sha256
//	metrics.jsonl      one object per evaluation
//	model.safetensors  the best model so far by validation score; the last one without validation data
//	checkpoint/        everything needed to go on: the last two states of the training
//
// A run killed at any moment goes on from its last checkpoint to the same bytes. docs/formats.md lists every field.
package run

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"

	"harmonium/data"
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/train"
)

// Config is what config.json holds: enough to start the same training again.
type Config struct {
	Format   string        `json:"format"`  // "harmonium-run"
	Version  int           `json:"version"` // of the format
	Program  string        `json:"program"` // version of Harmonium that began the run
	Model    Layers        `json:"model"`   //
	Data     `json:"data"` //
	Training train.Config  `json:"training"`         // but for Compute and Valid
	SHA256   string        `json:"sha256,omitempty"` // of all of the above

	// Earlier is "training" as an earlier version wrote it, whose settings this one may not know: Training has its seed
	// alone. It is nil in a config of this version.
	Earlier json.RawMessage `json:"-"`

	edited bool // whether SHA256 is that of something else
}

// Layers are the two layers of the model.
type Layers struct {
	Visible     int    `json:"visible"`      // units m: those of the data
	Hidden      int    `json:"hidden"`       // units n
	VisibleKind string `json:"visible_kind"` // "bernoulli", "spin", or "" to go by the data's values
	HiddenKind  string `json:"hidden_kind"`  // "bernoulli", "spin", or "" to be as the visible ones
}

// Data says what is trained on.
type Data struct {
	Train     []File   `json:"train"`                // files, in order
	Valid     *File    `json:"valid,omitempty"`      // validation data, if a file of its own
	Weights   *File    `json:"weights,omitempty"`    // row weights of the training data
	Holdout   float64  `json:"holdout"`              // part of the rows kept for validation
	Threshold *float64 `json:"threshold"`            // grey values above it become 1
	Bernoulli bool     `json:"bernoulli"`            // grey values become 1 with their own probability
	Shape     []int    `json:"shape,omitempty"`      // layout of a configuration, where the data has one
	Rows      int      `json:"train_rows"`           // rows trained on
	ValidRows int      `json:"valid_rows,omitempty"` // rows of validation data
}

// Start returns the model that training starts from.
func (l Layers) Start(set *data.Set, seed uint64) (*rbm.Model, error) {
	if l.Hidden <= 0 {
		return nil, fmt.Errorf("hidden is %d, want at least one hidden unit", l.Hidden)
	}
	if n := float64(l.Hidden) * float64(set.Units()); n > math.MaxInt32 {
		return nil, fmt.Errorf("hidden is %d: with %d visible units that makes %.3g weights, more than 2^31",
			l.Hidden, set.Units(), n)
	}
	visible, hidden := set.Values, set.Values
	var err error
	if l.VisibleKind != "" {
		if visible, err = rbm.ParseKind(l.VisibleKind); err != nil {
			return nil, fmt.Errorf("visible: %w", err)
		}
		hidden = visible
	}
	if l.HiddenKind != "" {
		if hidden, err = rbm.ParseKind(l.HiddenKind); err != nil {
			return nil, fmt.Errorf("hidden units: %w", err)
		}
	}
	return rbm.NewModel(rbm.NewLayer(visible, set.Units()), rbm.NewLayer(hidden, l.Hidden), rng.Seed(seed)), nil
}

const (
	configFormat  = "harmonium-run"
	configVersion = 3
)

func parseConfig(text []byte) (*Config, error) {
	var head struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
		SHA256  string `json:"sha256"`
	}
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&head); err != nil {
		return nil, withoutContent(err)
	}
	if head.Format != configFormat || head.Version < 1 || head.Version > configVersion {
		return nil, fmt.Errorf("another format or version: want %s, version 1 to %d", configFormat, configVersion)
	}
	now := text
	if head.Version == 1 {
		var err error
		if now, err = fromVersion1(text); err != nil {
			return nil, withoutContent(err)
		}
	}
	d := json.NewDecoder(bytes.NewReader(now))
	d.DisallowUnknownFields()
	c := new(Config)
	found := struct {
		*Config
		Training json.RawMessage `json:"training"` // instead of Config's
	}{Config: c}
	if err := d.Decode(&found); err != nil {
		return nil, withoutContent(err)
	}
	if err := c.decodeTraining(found.Training); err != nil {
		return nil, withoutContent(err)
	}
	if len(c.Train) == 0 {
		return nil, fmt.Errorf("no training data is named")
	}
	if d.More() {
		return nil, fmt.Errorf("something follows the settings")
	}
	c.edited = head.SHA256 != digest(text)
	return c, nil
}

// decodeTraining reads the settings of training; of those of an earlier version it needs the seed, which chose the rows
// of a holdout.
func (c *Config) decodeTraining(text json.RawMessage) error {
	if len(text) == 0 {
		return nil
	}
	if c.Version == configVersion {
		return json.Unmarshal(text, &c.Training)
	}
	c.Earlier = text
	var seeded struct {
		Seed uint64 `json:"seed"`
	}
	err := json.Unmarshal(text, &seeded)
	c.Training.Seed = seeded.Seed
	return err
}

// encode returns the text of config.json, with a digest by which [Reopen] notices settings that were changed by hand.
func (c *Config) encode() []byte {
	c.Format, c.Version, c.SHA256 = configFormat, configVersion, ""
	c.SHA256 = digest(c.text())
	return append(c.text(), '\n')
}

// identity is a digest of what shapes the run: the settings and the contents of its data, wherever that is. Checkpoints
// carry it.
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

var lastDigest = regexp.MustCompile(`,\n  "sha256": "[0-9a-f]*"\n}$`)

// digest returns the SHA-256 of a config's text without its last member, that digest, whatever the white space between
// its parts.
func digest(text []byte) string {
	var laidOut bytes.Buffer
	if json.Indent(&laidOut, bytes.TrimSpace(text), "", "  ") != nil {
		return ""
	}
	return fmt.Sprintf("%x", sha256.Sum256(lastDigest.ReplaceAll(laidOut.Bytes(), []byte("\n}"))))
}
