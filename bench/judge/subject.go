package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// The halves of every family.
const (
	open   = "open"
	sealed = "sealed"
)

// subject is a line of models.jsonl: a model with rows to score it on, in MODEL.safetensors and NAME.npy.
type subject struct {
	Name    string    `json:"name"`  // MODEL.SHOWN
	Model   string    `json:"model"` // FAMILY-NUMBER
	Family  string    `json:"family"`
	Half    string    `json:"half"`
	Kind    rbm.Kind  `json:"kind"`
	Visible int       `json:"m"`
	Hidden  int       `json:"n"`
	LogZ    float64   `json:"log_z"`
	LogOdds float64   `json:"log_odds,omitempty"` // of the planted pattern: log P/(1−P)
	Modes   []float64 `json:"modes,omitempty"`    // probabilities of the planted modes' hidden states
	Shown   string    `json:"shown"`              // which rows these are
	Rows    int       `json:"rows"`
	Python  bool      `json:"python,omitempty"` // made by peers.py
}

// bimodal is a line of modes.jsonl: a model whose modes have exactly known weights.
type bimodal struct {
	Model      string      `json:"model"`
	Family     string      `json:"family"`
	Half       string      `json:"half"`
	Kind       rbm.Kind    `json:"kind"`
	Visible    int         `json:"m"`
	Hidden     int         `json:"n"`
	Directions []direction `json:"directions"`
	Weights    []float64   `json:"weights"` // P of each mode
}

// collection gathers the models of all families while they are written to a folder.
type collection struct {
	folder, data, python string

	subjects []subject
	bimodals []bimodal
	counts   map[string]int // of models, by family
}

// next names the next model of a family and returns the random numbers that it is made of.
func (c *collection) next(family string) (name string, r *rand.Rand) {
	name = fmt.Sprintf("%s-%02d", family, c.counts[family])
	c.counts[family]++
	return name, rand.New(rng.NewSource(keyOf(name), 0))
}

// keyOf is the key of the random numbers of a model.
func keyOf(name string) rng.Key {
	hash := sha256.Sum256([]byte(name))
	return rng.Key{K0: binary.BigEndian.Uint32(hash[:]), K1: binary.BigEndian.Uint32(hash[4:])}
}

// shown are rows to score a model on.
type shown struct {
	label string
	rows  rbm.Batch
}

// familyOf is the family of a model's name.
func familyOf(name string) string { return name[:strings.LastIndexByte(name, '-')] }

// add writes a model with its rows. known has what is known of it beside what the model itself tells; log Z is
// enumerated where it is 0.
func (c *collection) add(name string, model *rbm.Model, known subject, list ...shown) error {
	known.Model, known.Family, known.Kind = name, familyOf(name), model.Visible.Kind()
	known.Visible, known.Hidden = model.M(), model.N()
	if known.LogZ == 0 {
		var err error
		if known.LogZ, err = logZ(model); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if !known.Python {
		if err := model.Save(c.path(name + ".safetensors")); err != nil {
			return err
		}
	}
	for _, s := range list {
		known.Name, known.Shown, known.Rows = name+"."+s.label, s.label, s.rows.Rows()
		if err := data.Write(c.path(known.Name+".npy"), s.rows, known.Kind, nil); err != nil {
			return err
		}
		c.subjects = append(c.subjects, known)
	}
	return nil
}

func (c *collection) path(file string) string { return filepath.Join(c.folder, file) }

// draw returns independent samples of a model.
func draw(model *rbm.Model, count int, name string) (rbm.Batch, error) {
	return exact.SampleVisible(context.Background(), model, count, keyOf(name).Stream(rng.StreamExact), exact.Options{})
}

// makeAll makes the models of all families.
func makeAll(folder, dataFolder, python string) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	c := &collection{folder: folder, data: dataFolder, python: python, counts: map[string]int{}}
	for _, family := range []func(*collection) error{
		needles, hiddenNeedles, wholeNeedles, farModes, rareModes, duplicates, glasses, frustrated, blocks,
		broad, independent, tiny, biased, offset, peers, trained, deepNeedles, opposedNeedles, glassesWithPattern, twoModes,
	} {
		if err := family(c); err != nil {
			return err
		}
	}
	halve(c.subjects, func(s *subject) (string, string, *string) { return s.Family, s.Model, &s.Half })
	halve(c.bimodals, func(s *bimodal) (string, string, *string) { return s.Family, s.Model, &s.Half })
	fmt.Printf("%d models to eval, %d to sample\n", len(c.subjects), len(c.bimodals))
	return errors.Join(writeLines(c.path("models.jsonl"), c.subjects), writeLines(c.path("modes.jsonl"), c.bimodals))
}

// halve gives the models of each family to the two halves in turn, in the order of a hash of their names. A model is in
// one half, whichever rows it is scored on.
func halve[T any](list []T, of func(*T) (family, model string, half *string)) {
	families := map[string][]string{}
	for k := range list {
		if family, model, _ := of(&list[k]); !slices.Contains(families[family], model) {
			families[family] = append(families[family], model)
		}
	}
	halves := map[string]string{}
	for _, models := range families {
		slices.SortFunc(models, func(a, b string) int {
			x, y := sha256.Sum256([]byte("half of "+a)), sha256.Sum256([]byte("half of "+b))
			return cmp.Compare(string(x[:]), string(y[:]))
		})
		for k, model := range models {
			halves[model] = [...]string{open, sealed}[k%2]
		}
	}
	for k := range list {
		_, model, half := of(&list[k])
		*half = halves[model]
	}
}

func writeLines[T any](path string, list []T) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(f)
	for k := range list {
		if err := encoder.Encode(&list[k]); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return f.Close()
}

// readLines reads a JSON value a line; a file that does not exist has none.
func readLines[T any](path string) (list []T, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for lines := json.NewDecoder(bufio.NewReader(f)); lines.More(); {
		var x T
		if err := lines.Decode(&x); err != nil {
			return nil, fmt.Errorf("%s, value %d: %w", path, len(list)+1, err)
		}
		list = append(list, x)
	}
	return list, nil
}
