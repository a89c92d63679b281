package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/pflag"

	"harmonium/cmd/harmonium/internal/run"
	"harmonium/data"
	"harmonium/rbm"
)

// openModel loads a model file, or the model of a run directory, which is nil for a file.
func (t *terminal) openModel(path string) (*rbm.Model, *run.Run, error) {
	model, r, err := loadModel(path)
	if err != nil {
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

// dataFlags say how to read a data file.
type dataFlags struct {
	threshold optionalFloat
	bernoulli bool
	weights   string
	seed      uint64
}

// register adds the flags to a command that reads data.
func (d *dataFlags) register(f *pflag.FlagSet) {
	f.Var(&d.threshold, "threshold", "make grey values binary: above it is 1")
	f.BoolVar(&d.bernoulli, "bernoulli", false, "make grey values binary: 1 with the value as probability")
	f.Uint64Var(&d.seed, "seed", 1, "of all random numbers; the same seed gives the same bytes")
}

// registerWeights adds the flag to a command that can make use of row weights.
func (d *dataFlags) registerWeights(f *pflag.FlagSet) {
	f.StringVar(&d.weights, "weights", "", "file of row weights, one number a row")
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

func (d *dataFlags) open(path string) (*data.Set, error) {
	set, err := data.Open(path, run.DataOptions(d.threshold.value, d.bernoulli, d.seed)...)
	if err != nil {
		return nil, badInput(err)
	}
	if d.weights != "" {
		set.Weights, err = data.OpenWeights(d.weights, set.Rows())
	}
	return set, badInput(err)
}

// openFor reads data that must fit the model.
func (d *dataFlags) openFor(model *rbm.Model, path string) (*data.Set, error) {
	set, err := d.open(path)
	if err != nil {
		return nil, err
	}
	if set.Units() != model.M() {
		return nil, badInput(fmt.Errorf("%s has %d units a row, the model has %d visible units",
			path, set.Units(), model.M()))
	}
	return set, nil
}
