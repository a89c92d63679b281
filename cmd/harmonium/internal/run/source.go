package run

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// StartName is the copy of the model file that a run begins at, in its directory: to go on a run needs nothing else.
const StartName = "start.safetensors"

// Source is the model file that a run begins at. It is known by its contents.
type Source struct {
	Path     Path   `json:"path"`               // as it was given, or of the run that was
	Absolute Path   `json:"absolute,omitempty"` // the same from the root
	Hidden   int    `json:"hidden"`             // units of its model; more of them are new
	SHA256   string `json:"sha256"`

	at    string // the run's copy
	text  []byte
	model *rbm.Model
}

// NewSource is the model of a file, or of a run directory.
func NewSource(path string) *Source {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, ModelName)
	}
	s := &Source{Path: Path(path)}
	if absolute, err := filepath.Abs(path); err == nil {
		s.Absolute = Path(absolute)
	}
	return s
}

// load reads the model once, and records its sha256 or compares it with the one recorded.
func (s *Source) load() error {
	if s.model != nil {
		return nil
	}
	path := s.at
	if path == "" {
		path = string(s.Path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	sum := fmt.Sprintf("%x", sha256.Sum256(text))
	if s.SHA256 != "" && s.SHA256 != sum {
		return fmt.Errorf("%s is not the model that the run began at: its sha256 is %.12s…, the run's %s says %.12s…: "+
			"put a copy of %s there, or begin a new run", path, sum, ConfigName, s.SHA256, s.Path)
	}
	model, err := rbm.Read(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	s.text, s.model, s.SHA256, s.Hidden = text, model, sum, model.N()
	return nil
}

// keep writes the run's copy.
func (s *Source) keep(dir string) error {
	if err := s.load(); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, StartName), s.text)
}

// readFor has data read for the model: as its columns or, where they have no names, as its kind of units.
func (s *Source) readFor(r *Reading) ([]rbm.Column, error) {
	if err := s.load(); err != nil {
		return nil, err
	}
	kind, columns := s.model.Visible.Kind(), s.model.Columns
	r.Reals, r.OneHot = kind == rbm.Gaussian, kind == rbm.Categorical && columns == nil
	return columns, nil
}

// start returns the model to begin at, with a number of hidden units, of which 0 stands for its own. Beside them it has
// the auxiliary ones of its state, or else of the state that it is to have: a wavefunction without phases may become
// any other state, of which it is the diagonal.
func (s *Source) start(set *data.Set, hidden int, q *Quantum, seed uint64) (*rbm.Model, error) {
	if err := s.check(set); err != nil {
		return nil, err
	}
	from := *s.model
	if from.State != nil && from.State.Kind == rbm.StateWavefunction && q != nil && q.Kind != "" && q.Kind != from.State.Kind {
		from.State = nil
	}
	state := from.State
	switch {
	case hidden == 0:
		hidden = s.model.N()
	case state != nil:
		hidden += state.Auxiliary()
	}
	if state == nil && q != nil {
		q.Fill(from.M(), hidden)
		hidden += q.Auxiliary
	}
	means, _ := set.Moments()
	model, err := train.Widen(&from, hidden, means, rng.Seed(seed))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Path, err)
	}
	return model, nil
}

// check refuses data of other units than the model's. Columns with names have been matched by them.
func (s *Source) check(set *data.Set) error {
	layer, err := set.Layer()
	if err != nil {
		return err
	}
	got, want := rbm.LayoutOf(layer), rbm.LayoutOf(s.model.Visible)
	two := func(k rbm.Kind) bool { return k == rbm.Bernoulli || k == rbm.Spin }
	if layer.Units() == s.model.M() && (reflect.DeepEqual(got, want) || two(layer.Kind()) && two(s.model.Visible.Kind())) {
		return nil
	}
	return fmt.Errorf("the data has rows of %s, and %s has %s: want data of the same units", describe(got), s.Path, describe(want))
}

// ValidatesOnRowsOf reports whether validation rows may be ones that another run, at whose model this one begins, was
// trained on: its training data are validated on, or a part of them that it has not held out itself.
func (c *Config) ValidatesOnRowsOf(other *Config) bool {
	sums := func(files []File) []string {
		list := make([]string, len(files))
		for k, f := range files {
			list[k] = f.SHA256
		}
		return list
	}
	before, now := sums(other.Train), sums(c.Train)
	if c.Valid != nil {
		return slices.Contains(before, c.Valid.SHA256)
	}
	sameRows := slices.Equal(before, now) && c.Select.FirstRow == other.Select.FirstRow && c.Select.LastRow == other.Select.LastRow &&
		c.Holdout == other.Holdout && c.Training.Seed == other.Training.Seed
	return c.Holdout != 0 && !sameRows && slices.ContainsFunc(now, func(sum string) bool { return slices.Contains(before, sum) })
}

func describe(layout []rbm.Part) string {
	text := ""
	for k, p := range layout {
		if k > 0 {
			text += " and "
		}
		text += p.String()
	}
	return text
}
