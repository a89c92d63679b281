package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spf13/pflag"

	"harmonium/cmd/harmonium/internal/run"
	"harmonium/data"
	"harmonium/rbm"
	"harmonium/train"
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

// pathFlag chooses the models between independent units and a model, which AIS and tempering go along.
type pathFlag string

func (p *pathFlag) register(f *pflag.FlagSet) {
	f.StringVar((*string)(p), "path", train.PathLine,
		"from independent units to the model: line (straight; more round trips wherever it was measured) or "+
			"training (along the models that a RUN kept: a second opinion)")
}

// between lists the models on the way, for one of two methods: the one to be used, and the one that follows a path.
func (p pathFlag) between(model *rbm.Model, r *run.Run, method, follows string) ([]*rbm.Model, error) {
	switch {
	case p == train.PathLine:
		return nil, nil
	case p != train.PathTraining:
		return nil, badInput(fmt.Errorf("--path %s, want %s or %s", string(p), train.PathLine, train.PathTraining))
	case method != follows:
		return nil, badInput(fmt.Errorf("--path %s, but the method is %s, which takes no path: want --method %s",
			string(p), method, follows))
	case r == nil:
		return nil, badInput(errors.New("--path training wants a run directory, not a model file"))
	}
	best, err := r.Best()
	if err != nil {
		return nil, badInput(err)
	}
	models, err := r.Trajectory(best)
	switch {
	case err != nil:
	case len(models) == 0:
		err = fmt.Errorf("--path training, but %s kept no models along its training: "+
			"it ended before update 20, or was made by an earlier version", r.Dir)
	case slices.ContainsFunc(models, func(m *rbm.Model) bool { return !m.Fits(model) }):
		err = fmt.Errorf("--path training, but the models in %s are of other units than the model",
			filepath.Join(r.Dir, run.TrajectoryName))
	}
	return models, badInput(err)
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
