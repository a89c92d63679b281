package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// runOptions are the flags that train and search have in common: where runs are, what they are trained on, and how.
type runOptions struct {
	out       string
	resume    bool
	data      []string
	valid     string
	weights   string
	schema    string
	threshold optionalFloat
	config    run.Config // what the flags say

	standardize bool
	quantum     quantumFlags
}

// register adds the flags of a model's units, of training and of data.
func (o *runOptions) register(f *pflag.FlagSet) {
	c := &o.config
	f.StringVar(&c.Model.VisibleKind, "visible", "",
		"visible units, bernoulli (0/1), spin (-1/1), categorical (of one-hot arrays) or gaussian (real numbers); default: as the data is")
	f.StringVar(&c.Model.HiddenKind, "hidden-units", "",
		"hidden units, "+rbm.KindNames(rbm.Mixed)+
			"; default: spin beside spins, else bernoulli; categorical: one unit of as many states as --hidden says")
	f.Float64Var(&c.Model.InitialStd, "initial-std", 0, "standard deviation of the normal weights that training begins at; "+
		"0 means 0.01, which learns well from any data, and of p hidden units of phases 10/√p")
	trainingFlags{f}.register()
	f.StringVar(&o.valid, "valid", "", "validation data, scored along the way; chooses the best model")
	f.Float64Var(&c.Holdout, "holdout", 0, "part of the rows to keep for validation instead, such as 0.1")
	f.StringVar(&o.weights, "weights", "", "file of row weights, one number a row")
	f.Var(&o.threshold, "threshold", "make grey values binary: above it is 1")
	f.BoolVar(&c.Bernoulli, "bernoulli", false, "make grey values binary: 1 with the value as probability, drawn for every epoch")
	f.BoolVar(&o.standardize, "standardize", true,
		"shift and scale real columns to mean 0 and variance 1; scores and samples stay in the data's units")
	f.StringVar(&o.schema, "schema", "", schemaHelp)
	f.StringVar(&c.OddLetters, "odd-letters", "error", oddLettersHelp)
	f.Float64Var(&c.Identity, "identity", 0, identityHelp+"; also those for validation, among themselves")
	registerReading(f, &c.Reading)
	o.quantum.register(f)
}

// describe checks the flags of data, and writes them to the config. verb and what are words for errors: train makes a
// run, search a search.
func (o *runOptions) describe(verb, what string, args []string) error {
	c := &o.config
	switch {
	case len(args) == 0:
		return badInput(fmt.Errorf("no data: name at least one file (see 'harmonium %s --help')", verb))
	case o.out == "":
		return badInput(fmt.Errorf("no folder for the %s: name one by -o %s", what, strings.ToUpper(what)))
	case len(o.data) > 0:
		return badInput(errors.New("--data names the new place of a run's data, with --resume: name the data of a new run without it"))
	case o.valid != "" && c.Holdout != 0:
		return badInput(errors.New("--valid and --holdout exclude each other"))
	}
	if err := checkFolder(o.out); err != nil {
		return err
	}
	for _, path := range append(slices.Clone(args), o.valid, o.weights, o.schema) {
		if path == data.StandardInput {
			return badInput(errors.New("a run goes on with its data, which standard input is not: write it to a file first, " +
				"as by 'harmonium data convert - -o train.npy'"))
		}
	}
	for _, path := range args {
		c.Train = append(c.Train, run.File{Path: run.Path(path)})
	}
	c.Valid, c.Weights, c.Schema = fileOf(o.valid), fileOf(o.weights), fileOf(o.schema)
	if c.OddLetters == "error" {
		c.OddLetters = ""
	}
	if c.Decimal == "." {
		c.Decimal = ""
	}
	c.Threshold, c.Unscaled = o.threshold.value, !o.standardize
	c.Reals, c.OneHot = c.Model.VisibleKind == string(rbm.Gaussian), c.Model.VisibleKind == string(rbm.Categorical)
	return nil
}

// fileOf is an input file of a run, or nil for "".
func fileOf(path string) *run.File {
	if path == "" {
		return nil
	}
	return &run.File{Path: run.Path(path)}
}

// takesNoSettings refuses flags that --resume can't honour: all but the given ones and those that say where files are.
// what is in the folder, a run or a search, and wayOut says what to do instead.
func takesNoSettings(cmd *cobra.Command, what string, but []string, wayOut string) error {
	var wrong error
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Changed && !slices.Contains(slices.Concat(but, []string{"resume", "out", "help", "data", "valid", "weights"}), f.Name) {
			wrong = errors.Join(wrong, fmt.Errorf("--resume goes on with the %s's own settings, but --%s is given: %s",
				what, f.Name, wayOut))
		}
	})
	return wrong
}
