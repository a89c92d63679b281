// Package remedy says what to do about a finding or an error, in the words of the command: packages that find something
// give it a code, and know no flags.
package remedy

import (
	"errors"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/train"
)

// remedies are what to do by the code of a finding. Where one code wants different things of the commands, the command
// comes before it.
var remedies = map[string]string{
	"above-zero":        "train again with a lower --rate; 'harmonium eval' may score this model",
	"below-independent": "lower --rate, or train for longer",
	"bracket-open": "raise --budget; a model whose chains mix badly may stay out of reach: train it with more --replicas " +
		"or --steps, or a lower --rate",
	"chains-caught":        betterChains,
	"chains-slow":          betterChains,
	"constant-column":      data.ErrConstantColumn.Error(),
	"constant-data":        "give rows that differ; " + equal,
	"energy-off":           "draw again with another --seed; if it stays, report it",
	"few-round-trips":      "raise --burn-in and --thin",
	"eval few-round-trips": "raise --budget",
	"few-samples":          "raise --thin (auto finds out how far), or draw more",
	"hidden-mode":          "take a model from earlier in the training, or train again with --negative pcd, more --replicas or a lower --rate",
	"mass":                 "score the model by 'harmonium eval' with a larger --budget; take one from earlier in the training",
	"relaxation":           "lower --rate; score the model by 'harmonium eval'",
	"outlier-rows":         "look for a wrong cell there, such as a missing number that is written as one: correct it, or leave the row out",
	"renewal":              "lower --rate; score the model by 'harmonium eval', which finds modes in other ways",
	"missing-column":       "leave it out by --drop",
	"mode-missing":         "take --method tempered, without --start",
	"modes-unmixed":        "take --method tempered; where that has the same finding, raise --burn-in and --thin",
	"not-mixed":            "raise --burn-in and --thin",
	"not-settled":          "raise --budget",
	"one-run":              "raise --budget",
	"rough-rows":           "take no more of these rows than their errors say",
	"unmixed-rows":         leaveRows,
	"missed-modes":         leaveRows,
	"swap-noise":           "draw more samples by -n, or take fewer sites; up to 20 sites --method exact needs none",
	"inspect swap-noise":   "estimate it by 'harmonium observe --method samples' with a larger -n",
	"slow-chains":          "draw more rows by -n, or keep only every tenth",
}

const (
	betterChains = "raise --steps (auto does it for pcd) or lower --rate; without replicas (--negative cd, --replicas 0) " +
		"chains hardly change modes"
	leaveRows = "leave these rows out, which 'harmonium complete --convergence' lists, or give more of their cells"
	equal     = "if --threshold made them equal, choose one between the least and the largest value"
)

// Add puts the remedies into findings that a command has, where they have none.
func Add(command string, findings []diag.Finding) {
	for k, f := range findings {
		if f.Remedy != "" {
			continue
		}
		text, ok := remedies[command+" "+f.Code]
		if !ok {
			text = remedies[f.Code]
		}
		findings[k].Remedy = text
	}
}

// Of returns what to do about an error, or "".
func Of(err error) string {
	switch {
	case errors.Is(err, data.ErrGrey):
		return "say --threshold T, or --bernoulli where they are probabilities; of other numbers, --categories all makes categories, " +
			"--genotypes all two bits of 0, 1 and 2, and --reals (of train: --visible gaussian) leaves them as they are"
	case errors.Is(err, data.ErrNoNames):
		return "give each column a name of its own, or say --no-names if the first line is a row"
	case errors.Is(err, data.ErrRagged):
		return "give every row as many cells, NA where there is no value; put # before lines that are no rows, such as a title"
	case errors.Is(err, data.ErrDecimal):
		return "say --decimal , where they have a comma; commas that part thousands are to be taken out"
	case errors.Is(err, data.ErrRowNames):
		return "--row-names takes a column as names of the rows, --drop leaves it out"
	case errors.Is(err, data.ErrLeaveOut):
		return "--drop leaves a column out"
	case errors.Is(err, data.ErrMissing):
		return "'harmonium complete' fills them in by a model, --drop leaves a column out"
	case errors.Is(err, data.ErrCategories):
		return "--categories takes a column as categories, --drop leaves it out; leave a cell without a value empty; " +
			"--rows leaves out rows that are none, such as one of units or a sum at the end"
	case errors.Is(err, data.ErrNewCategory):
		return "leave the cell empty, or train with a --schema that lists all categories of the column (NAME,categorical,A,B,…)"
	case errors.Is(err, data.ErrGenotypes):
		return "--genotypes names the columns of genotypes, --categories takes a column as categories, --row-names as names of the rows, " +
			"--drop leaves it out"
	case errors.Is(err, data.ErrUnphased):
		return "say --genotypes all: a sample is then one row of them"
	case errors.Is(err, data.ErrOddLetter):
		return "say --odd-letters gap"
	case errors.Is(err, data.ErrConstant):
		return equal
	case errors.Is(err, train.ErrDiverged):
		return "lower --rate, or bound the weights by --clip"
	case errors.Is(err, data.ErrScale):
		return "--standardize does; with --from the scale is that of the model's columns"
	case errors.Is(err, train.ErrNoValidation):
		return "keep some rows for it by --holdout 0.1, or name a file by --valid"
	}
	return ""
}
