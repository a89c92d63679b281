package main

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// openModel loads a model file, or the model of a run directory, which is nil for a file.
func (t *terminal) openModel(path string) (*rbm.Model, *run.Run, error) {
	model, r, err := loadModel(path)
	if err = t.agree(fmt.Sprintf("model in %s", path), digest(model), err); err != nil {
		return nil, nil, err
	}
	if r != nil {
		path = filepath.Join(path, run.ModelName)
	}
	if sealed, err := rbm.HasDigest(path); err == nil && !sealed {
		t.warn("warning: %s carries no sha256 of its contents, as files of other programs don't: damage to it can't be noticed", path)
	}
	return model, r, nil
}

func loadModel(path string) (*rbm.Model, *run.Run, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, badInput(err)
	}
	if !info.IsDir() {
		model, err := rbm.Load(path)
		return model, nil, badInput(err)
	}
	r, err := run.Open(path)
	if err != nil {
		return nil, nil, badInput(err)
	}
	model, err := r.Model()
	return model, r, badInput(err)
}

// digest is the SHA-256 of a model's parameters.
func digest(model *rbm.Model) string {
	h := sha256.New()
	if model != nil {
		for _, p := range model.Parameters() {
			fmt.Fprintln(h, p.Name, len(p.Values))
			binary.Write(h, binary.LittleEndian, p.Values)
		}
	}
	return string(h.Sum(nil))
}

// dataFlags say how to read a data file.
type dataFlags struct {
	threshold optionalFloat
	bernoulli bool
	reading   run.Reading
	schema    string
	weights   string
	identity  float64
	seed      uint64
	terminal  *terminal // for notes of what was left out of data for a model
	noted     map[string]bool
}

// register adds the flags to a command that reads data.
func (d *dataFlags) register(f *pflag.FlagSet, t *terminal) {
	d.terminal = t
	f.Var(&d.threshold, "threshold", "make grey values binary: above it is 1")
	f.BoolVar(&d.bernoulli, "bernoulli", false, "make grey values binary: 1 with the value as probability")
	f.StringVar(&d.reading.OddLetters, "odd-letters", "error", oddLettersHelp)
	f.Uint64Var(&d.seed, "seed", 1, "of all random numbers; the same seed gives the same bytes")
	registerReading(f, &d.reading)
}

// registerKinds adds the flags that say what a file holds to a command that has no model to go by.
func (d *dataFlags) registerKinds(f *pflag.FlagSet) {
	f.BoolVar(&d.reading.Reals, "reals", false, "take numbers as real numbers")
	f.BoolVar(&d.reading.OneHot, "one-hot", false, "take an array of rows × sites × states as categorical sites")
	f.StringVar(&d.schema, "schema", "", schemaHelp)
}

const (
	oddLettersHelp = "letters of an alignment that stand for several, such as X: error, or gap to take them as gaps"
	schemaHelp     = "file that says what columns of a table are, a line each: name,kind with binary, categorical, real or drop"
	identityHelp   = "weigh each sequence by 1/(number of sequences with at least this part of equal sites), such as 0.8"
)

// registerWeights adds the flags to a command that can make use of row weights.
func (d *dataFlags) registerWeights(f *pflag.FlagSet) {
	f.StringVar(&d.weights, "weights", "", "file of row weights, one number a row")
	f.Float64Var(&d.identity, "identity", 0, identityHelp)
}

// reweight makes weights of --identity.
func (d *dataFlags) reweight(set *data.Set, on *compute.Context) error {
	if d.identity == 0 {
		return nil
	}
	if err := set.Reweight(d.identity, on); err != nil {
		return badInput(fmt.Errorf("--identity: %w", err))
	}
	return nil
}

// optionalFloat is a flag whose absence means something else than any number.
type optionalFloat struct{ value *float64 }

func (o *optionalFloat) Set(text string) error {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return err
	}
	o.value = &x
	return nil
}

func (o *optionalFloat) String() string {
	if o.value == nil {
		return ""
	}
	return strconv.FormatFloat(*o.value, 'g', -1, 64)
}

func (o *optionalFloat) Type() string { return "number" }

// intOrAuto is the value of a flag that takes a number or "auto".
type intOrAuto struct {
	value *int
	auto  *bool
}

func (o *intOrAuto) Set(text string) error {
	if text == "auto" {
		*o.auto = true
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return errors.New("want a whole number or auto")
	}
	*o.value, *o.auto = n, false
	return nil
}

func (o *intOrAuto) String() string {
	switch {
	case o.value == nil:
		return ""
	case *o.auto:
		return "auto"
	}
	return strconv.Itoa(*o.value)
}

func (o *intOrAuto) Type() string { return "number|auto" }

// options are those that the flags say, and more.
func (d *dataFlags) options(more []data.Option) ([]data.Option, error) {
	reading := d.reading
	if d.schema != "" {
		reading.Schema = &run.File{Path: run.Path(d.schema)}
	}
	options, err := reading.Options()
	if err != nil {
		return nil, badInput(err)
	}
	options = append(options, run.DataOptions(d.threshold.value, d.bernoulli, d.seed)...)
	return append(options, more...), nil
}

func (d *dataFlags) open(path string, more ...data.Option) (*data.Set, error) {
	options, err := d.options(more)
	if err != nil {
		return nil, err
	}
	set, err := data.Open(path, options...)
	if err != nil {
		return nil, badInput(err)
	}
	if d.weights != "" {
		set.Weights, err = data.OpenWeights(d.weights, set.Rows())
	}
	return set, badInput(err)
}

// openFor reads data that must fit the model.
func (d *dataFlags) openFor(model *rbm.Model, path string, more ...data.Option) (*data.Set, error) {
	if err := d.checkFor(model, path); err != nil {
		return nil, err
	}
	return d.open(path, append(more, data.ForModel(model), d.noting(path))...)
}

// noting has the notes of a file printed, whether it fits or not.
func (d *dataFlags) noting(path string) data.Option {
	return data.Noting(func(notes []string) {
		key := path + "\n" + strings.Join(notes, "\n")
		if d.terminal == nil || d.noted[key] { // several models read the same rows
			return
		}
		if d.noted == nil {
			d.noted = map[string]bool{}
		}
		d.noted[key] = true
		d.terminal.notes(path, notes)
	})
}

// streamFor opens data that must fit the model, to be read in blocks, and the weights of the rows.
func (d *dataFlags) streamFor(
	t *terminal, model *rbm.Model, path string, more ...data.Option,
) (rows *data.Stream, weights []float64, err error) {
	if d.identity != 0 { // which compares all rows
		set, err := d.openFor(model, path, data.Gaps())
		if err == nil {
			err = d.reweight(set, t.compute)
		}
		if err != nil {
			return nil, nil, err
		}
		return set.Stream(), set.Weights, nil
	}
	if err := d.checkFor(model, path); err != nil {
		return nil, nil, err
	}
	options, err := d.options(append(more, data.Gaps(), data.ForModel(model), d.noting(path)))
	if err != nil {
		return nil, nil, err
	}
	if rows, err = data.OpenStream(path, options...); err != nil {
		return nil, nil, badInput(err)
	}
	if d.weights != "" {
		if weights, err = data.OpenWeights(d.weights, rows.Rows()); err != nil {
			rows.Close()
			return nil, nil, badInput(err)
		}
	}
	return rows, weights, nil
}

// checkFor refuses what is no data for a model, before it is read.
func (d *dataFlags) checkFor(model *rbm.Model, path string) error {
	if path == "" {
		return badInput(errors.New("no data: name a file by --data"))
	}
	if s := d.reading.Select; model.Columns != nil && (s.Columns != nil || s.Drop != nil) {
		return badInput(errors.New("--columns and --drop have no effect: the columns to read are those of the model"))
	}
	return nil
}
