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
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// Config is what config.json holds: enough to start the same training again.
type Config struct {
	Format   string        `json:"format"`            // "harmonium-run"
	Version  int           `json:"version"`           // of the format
	Program  string        `json:"program"`           // version of Harmonium that began the run
	Model    Layers        `json:"model"`             //
	From     *Source       `json:"from,omitempty"`    // the model that the run begins at, if it is trained already
	Quantum  *Quantum      `json:"quantum,omitempty"` // the state of qubits that the run reconstructs
	Data     `json:"data"` //
	Training train.Config  `json:"training"`         // but for Compute and Valid
	SHA256   string        `json:"sha256,omitempty"` // of all of the above

	Notes []string `json:"-"` // what was left out of the training data

	// Earlier is "training" as an earlier version wrote it, whose settings this one may not know: Training has its seed
	// alone. It is nil in a config of this version.
	Earlier json.RawMessage `json:"-"`

	edited bool             // whether SHA256 is that of something else
	spread *compute.Context // over whose processes the training rows are; nil: all are here
}

// Layers are the two layers of the model.
type Layers struct {
	Visible     int    `json:"visible"`      // units m: those of the data
	Hidden      int    `json:"hidden"`       // units n
	VisibleKind string `json:"visible_kind"` // "bernoulli", "spin", or "" to go by the data's values
	HiddenKind  string `json:"hidden_kind"`  // "bernoulli", "spin", or "" to be as the visible ones

	InitialStd float64 `json:"initial_std,omitempty"` // standard deviation of the first weights; 0 for the default of each kind
}

// Reading says how files are read that hold more than bits.
type Reading struct {
	Reals      bool    `json:"reals,omitempty"`       // numbers are real numbers
	OneHot     bool    `json:"one_hot,omitempty"`     // rows are sites × states, one of which is 1
	Unscaled   bool    `json:"unscaled,omitempty"`    // real numbers stay as they are
	OddLetters string  `json:"odd_letters,omitempty"` // "gap": letters of an alignment that stand for several are gaps
	Schema     *File   `json:"schema,omitempty"`      // what the columns of a table are
	Identity   float64 `json:"identity,omitempty"`    // sequences weigh 1 / the number of those with this part of equal sites

	Select      data.Selection `json:"select,omitzero"`        // rows and columns that are read
	NoNames     bool           `json:"no_names,omitempty"`     // the first line of a text is a row
	Decimal     string         `json:"decimal,omitempty"`      // ",": numbers in text have a decimal comma
	PackedUnits int            `json:"packed_units,omitempty"` // bytes are packed bits of rows of this many units
}

// Options are those of data.Open.
func (r *Reading) Options() ([]data.Option, error) {
	options := []data.Option{data.Select(r.Select)}
	if r.NoNames {
		options = append(options, data.WithoutNames())
	}
	switch r.Decimal {
	case "", ".":
	case ",":
		options = append(options, data.DecimalComma())
	default:
		return nil, fmt.Errorf("the decimal sign is %q, want a point or a comma", r.Decimal)
	}
	if r.PackedUnits != 0 {
		options = append(options, data.PackedBits(r.PackedUnits))
	}
	if r.Reals {
		options = append(options, data.Reals())
	}
	if r.OneHot {
		options = append(options, data.OneHot())
	}
	switch r.OddLetters {
	case "", "error":
	case "gap":
		options = append(options, data.OddLettersAsGaps())
	default:
		return nil, fmt.Errorf("odd letters are %q, want error or gap", r.OddLetters)
	}
	if r.Schema == nil {
		return options, nil
	}
	text, err := os.ReadFile(r.Schema.here())
	if err != nil {
		return nil, err
	}
	schema, err := data.ParseSchema(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.Schema.here(), err)
	}
	if err := r.Schema.confirm(0, fmt.Sprintf("%x", sha256.Sum256(text))); err != nil {
		return nil, err
	}
	return append(options, data.WithSchema(schema)), nil
}

// Data says what is trained on.
type Data struct {
	Train     []File   `json:"train"`             // files, in order
	Valid     *File    `json:"valid,omitempty"`   // validation data, if a file of its own
	Weights   *File    `json:"weights,omitempty"` // row weights of the training data
	Holdout   float64  `json:"holdout"`           // part of the rows kept for validation
	Threshold *float64 `json:"threshold"`         // grey values above it become 1
	Bernoulli bool     `json:"bernoulli"`         // grey values become 1 with their own probability
	Reading            // of files that are no bits
	Shape     []int    `json:"shape,omitempty"`      // layout of a configuration, where the data has one
	Rows      int      `json:"train_rows"`           // rows trained on
	ValidRows int      `json:"valid_rows,omitempty"` // rows of validation data
}

// OwnFiles copies the descriptions of input files, which a copied config shares with the original, so that each may say
// other places.
func (c *Config) OwnFiles() {
	c.Train = slices.Clone(c.Train)
	for _, f := range []**File{&c.Valid, &c.Weights, &c.Schema} {
		if *f != nil {
			*f = new(**f)
		}
	}
	c.Quantum = c.Quantum.own()
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
	visible, err := l.visible(set)
	if err != nil {
		return nil, err
	}
	hidden := rbm.Bernoulli
	if visible.Kind() == rbm.Spin {
		hidden = rbm.Spin
	}
	if l.HiddenKind != "" {
		if hidden, err = rbm.ParseKind(l.HiddenKind); err != nil {
			return nil, fmt.Errorf("hidden units: %w", err)
		}
	}
	var layer rbm.Layer
	switch hidden {
	case rbm.Mixed:
		return nil, errors.New("hidden units are of one kind, not mixed")
	case rbm.Categorical: // as Tubiana, Cocco and Monasson have them: one site
		layer = rbm.NewCategorical(max(2, l.Hidden))
		if l.Hidden < 2 {
			return nil, errors.New("hidden is 1, want at least 2 states of a categorical hidden unit")
		}
	default:
		layer = rbm.NewLayer(hidden, l.Hidden)
	}
	model := rbm.NewModel(visible, layer, rng.Seed(seed))
	model.Columns = set.Columns
	return model, nil
}

// visible is a layer for the data. Bits may be taken for spins, and the other way round.
func (l Layers) visible(set *data.Set) (rbm.Layer, error) {
	layer, err := set.Layer()
	if err != nil || l.VisibleKind == "" || l.VisibleKind == string(layer.Kind()) {
		return layer, err
	}
	kind, err := rbm.ParseKind(l.VisibleKind)
	if err != nil {
		return nil, fmt.Errorf("visible: %w", err)
	}
	two := func(k rbm.Kind) bool { return k == rbm.Bernoulli || k == rbm.Spin }
	if !two(kind) || !two(layer.Kind()) {
		return nil, fmt.Errorf("visible is %s, but the data is of %s units: a schema can say otherwise of a table's columns", kind, layer.Kind())
	}
	return rbm.NewLayer(kind, set.Units()), nil
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
func (c *Config) identity() string { return c.identityOf(len(c.Training.Continued)) }

// SameRun reports whether two configs are of one run: they have the same settings and the same contents of data, but
// may go on to other bounds.
func (c *Config) SameRun(other *Config) bool { return c.identityOf(0) == other.identityOf(0) }

// isIdentity reports whether that is the digest of the run after a number of updates: with all continuations, or
// without those that change nothing before.
func (c *Config) isIdentity(digest string, updates int) bool {
	for count, next := range slices.Backward(c.Training.Continued) {
		if digest == c.identityOf(count+1) {
			return true
		}
		if next.After < updates {
			return false
		}
	}
	return digest == c.identityOf(0)
}

// identityOf is the identity with the first continuations alone.
func (c *Config) identityOf(continuations int) string {
	bare := *c
	bare.OwnFiles()
	bare.Training.Continued = bare.Training.Continued[:continuations]
	bare.Format, bare.Version, bare.SHA256, bare.Program = configFormat, configVersion, "", ""
	if c.From != nil {
		bare.From = &Source{Hidden: c.From.Hidden, SHA256: c.From.SHA256}
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
