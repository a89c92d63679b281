package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/search"
	"github.com/harmonium-rbm/harmonium/compute"
)

type searchOptions struct {
	hidden string
	trials int
	runOptions
}

// defaultTrials is the number of trials where a setting is a range: three rungs.
const defaultTrials = 9

func newSearch(t *terminal) *cobra.Command {
	o := &searchOptions{runOptions: runOptions{config: run.Config{Program: version()}}}
	cmd := &cobra.Command{
		Use:   "search DATA… -o SEARCH",
		Short: "Find settings of training by trying several",
		Long: `Train a model with each of several settings, and find the one that describes validation data best.

--hidden, --rate and any other setting of training may be a list such as 50,100,200, or a range of
numbers such as 0.001..0.03. Lists alone are tried in all combinations. With a range, --trials
combinations are drawn: uniformly in the logarithm, and evenly over each range and each list.

Successive halving drops bad settings early: all trials are trained for a part of --epochs, the
better third of them for three times as much, and so on until the last ones have trained for
--epochs. Each of these rungs ends with a learning rate of zero, as a training does, and trials go
on from there as by 'harmonium train --resume --epochs'. They run side by side on the cores, and on
a GPU one after the other.

Below the better third a trial is dropped only if its log-likelihood is more than two errors below
that of the best one: the errors of paired differences over the validation rows and of both log Z
together. So more than one may be left in the end, and these are tied. Take the one you like, such
as the smallest; more validation rows may tell them apart, and so may 'harmonium eval', which knows
log Z better. The errors don't know how another --seed would train. A trial that learns slowly, as
with a low rate, is dropped even if it would win later.

SEARCH has a run directory for each trial, for every verb that takes a RUN; 'harmonium serve SEARCH'
compares them on a page. A search that was stopped or killed goes on by --resume to the same end.
The validation rows chose the best trial, so that its score there is a little too high: other rows
tell how good it is.

With --kind trials reconstruct a state of qubits, as those of 'harmonium train' do; numbers of units
that are not given follow --hidden.`,
		Example: `  harmonium data ising --L 4 --T 2.269 -n 5000 -o ising.npy
  harmonium search ising.npy --hidden 4,16 --rate 0.0005..0.02 --epochs 30 --holdout 0.2 -o search
  harmonium search --resume -o search
  harmonium serve search
  harmonium train --resume --epochs 60 -o search/trial-001`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.resume {
				if err := takesNoSettings(cmd, "search", nil, "a new search in another folder may have other ones"); err != nil {
					return badInput(err)
				}
				return resumeSearch(cmd.Context(), t, o, args)
			}
			return beginSearch(cmd, t, o, args)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&o.out, "out", "o", "", "folder of the search, new or empty (needed)")
	f.BoolVar(&o.resume, "resume", false, "go on with the search in the folder, with its own data and settings")
	f.StringArrayVar(&o.data, "data", nil, "with --resume: where a data file of the search is now, if it was moved; its sha256 decides")
	f.IntVar(&o.trials, "trials", defaultTrials,
		"trials to draw where a setting is a range; lists alone make as many as they have combinations")
	f.StringVar(&o.hidden, "hidden", "", "hidden units n (needed): a number, a list or a range")
	o.register(f)
	return cmd
}

// unsearched are the flags of settings that are the same for all trials.
var unsearched = []string{"seed", "epochs", "updates", "time"}

// beginSearch checks everything before it writes anything.
func beginSearch(cmd *cobra.Command, t *terminal, o *searchOptions, args []string) error {
	flags := trainingFlags{cmd.Flags()}
	if err := o.describe("search", "search", args); err != nil {
		return err
	}
	switch {
	case o.hidden == "":
		return badInput(errors.New("no number of hidden units: give one, a list or a range by --hidden"))
	case flags.Changed("time"):
		return badInput(errors.New("--time has no effect on a search, which ends trials by --epochs or --updates: leave it out"))
	case o.valid == "" && o.config.Holdout == 0:
		return badInput(errors.New("no validation data to choose by: name a file by --valid, or keep rows by --holdout 0.2"))
	}
	if err := o.quantum.describe(&o.config, o.valid); err != nil {
		return badInput(err)
	}
	settings, err := flags.searched()
	if err != nil {
		return badInput(err)
	}
	seed, err := strconv.ParseUint(flags.Lookup("seed").Value.String(), 10, 64)
	if err != nil {
		return badInput(fmt.Errorf("--seed is %q, want a whole number that is not negative", flags.Lookup("seed").Value))
	}
	count := 0
	if flags.Changed("trials") || slices.ContainsFunc(settings, search.Setting.IsRange) {
		count = o.trials
	}
	values, err := search.Draw(settings, count, seed)
	if err != nil {
		return badInput(err)
	}
	var names []string
	for _, s := range settings {
		names = append(names, s.Name)
	}
	var configs []*run.Config
	for _, trial := range values {
		c, err := o.trial(flags, names, trial)
		if err != nil {
			return badInput(err)
		}
		configs = append(configs, c)
	}
	plan, notes, err := search.New(version(), names, values, configs, t.compute)
	if err != nil {
		return badInput(err)
	}
	t.notes(args[0], notes)
	s, err := plan.Create(o.out)
	if err != nil {
		return badInput(err)
	}
	defer s.Close()
	return runSearch(cmd.Context(), t, s)
}

// searched returns the settings whose flags are a list or a range.
func (f trainingFlags) searched() ([]search.Setting, error) {
	var settings []search.Setting
	var wrong error
	add := func(flag *pflag.Flag, typ string) {
		text := flag.Value.String()
		if !flag.Changed || !search.Varied(text) {
			return
		}
		if slices.Contains(unsearched, flag.Name) {
			wrong = errors.Join(wrong, fmt.Errorf("--%s is %q, want one value: all trials have the same", flag.Name, text))
			return
		}
		whole := typ == "int" || typ == "number|auto"
		s, err := search.ParseSetting(flag.Name, text, whole)
		if err == nil && s.IsRange() && !whole && typ != "float64" {
			err = errors.New("want a list: ranges are of numbers")
		}
		if err != nil {
			wrong = errors.Join(wrong, fmt.Errorf("--%s is %q, %w", flag.Name, text, err))
		}
		settings = append(settings, s)
	}
	f.VisitAll(func(flag *pflag.Flag) {
		switch own, isSetting := flag.Value.(*settingFlag); {
		case isSetting:
			add(flag, own.typ)
		case flag.Name == "hidden":
			add(flag, "int")
		case flag.Name == "negative" || flag.Name == "optimizer":
			add(flag, flag.Value.Type())
		}
	})
	if wrong == nil && len(settings) == 0 {
		wrong = errors.New("nothing to search over: give --hidden, --rate or another setting of training as a list a,b,c or a range a..b, " +
			"or train one model by 'harmonium train'")
	}
	return settings, wrong
}

// trial returns the config of a run with the given values of the named settings.
func (o *searchOptions) trial(flags trainingFlags, names, values []string) (*run.Config, error) {
	for k, name := range names {
		if err := flags.Lookup(name).Value.Set(values[k]); err != nil {
			return nil, err
		}
	}
	c := o.config
	c.OwnFiles()
	var err error
	if c.Model.Hidden, err = strconv.Atoi(o.hidden); err != nil {
		return nil, fmt.Errorf("--hidden is %q, want a whole number", o.hidden)
	}
	c.Training, err = flags.read()
	return &c, err
}

// resumeSearch goes on with a search. Data files that are given say where its own ones are now.
func resumeSearch(ctx context.Context, t *terminal, o *searchOptions, args []string) error {
	if o.out == "" {
		return badInput(errors.New("no search to go on with: name its folder by -o SEARCH"))
	}
	files := slices.Concat(args, o.data)
	for _, path := range []string{o.valid, o.weights} {
		if path != "" {
			files = append(files, path)
		}
	}
	s, err := search.Reopen(o.out, files...)
	if err != nil {
		return badInput(err)
	}
	defer s.Close()
	return runSearch(ctx, t, s)
}

// runSearch goes on to the end, and prints what has come of it.
func runSearch(ctx context.Context, t *terminal, s *search.Search) error {
	watch := &searchProgress{t: t, plan: s.Plan}
	err := s.Run(ctx, t.split, search.Observer{Rung: watch.rung, Trained: watch.trained, Warn: t.warn})
	watch.stop()
	if errors.Is(err, context.Canceled) {
		t.warn("interrupted, saved: go on with 'harmonium search --resume -o %s'", s.Dir)
		return &statusError{status: exitInterrupted}
	}
	if err != nil {
		return err
	}
	result := newSearchResult(s)
	if err := t.result(result, func(w io.Writer) { result.table(w, s) }); err != nil {
		return err
	}
	t.say("'harmonium serve %s' compares the trials on a page", s.Dir)
	if result.Best == nil {
		return fmt.Errorf("all trials have diverged: search lower values of --rate")
	}
	return untrusted(result.Findings)
}

// split returns contexts for trials side by side, which share the workers. A device takes one trial after the other.
func (t *terminal) split(trials int) []*compute.Context {
	if t.compute.Engine() != nil {
		return []*compute.Context{t.compute}
	}
	workers := t.compute.Workers()
	contexts := make([]*compute.Context, min(trials, workers))
	for k := range contexts {
		contexts[k] = compute.NewISA((workers+k)/len(contexts), t.compute.ISA())
	}
	return contexts
}

// searchProgress is a bar for each rung.
type searchProgress struct {
	t    *terminal
	plan *search.Plan

	mu    sync.Mutex
	bar   *progress
	parts []float64
}

func (p *searchProgress) rung(number, trials int) {
	p.stop()
	p.t.say("%s", p.describe(number, trials))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.parts = make([]float64, trials)
	p.bar = p.t.progress(fmt.Sprintf("rung %d", number+1), 1000*int64(trials))
}

func (p *searchProgress) trained(trial int, part float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.parts[trial] = part
	sum, done := 0.0, 0
	for _, part := range p.parts {
		sum += part
		if part == 1 {
			done++
		}
	}
	p.bar.set(int64(1000*sum), fmt.Sprintf("%d of %d trials", done, len(p.parts)))
}

func (p *searchProgress) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		p.bar.stop()
	}
}

func (p *searchProgress) describe(number, trials int) string {
	to, bounds := p.plan.Rungs[number], []string{}
	if to.Epochs > 0 {
		bounds = append(bounds, fmt.Sprintf("%d epochs", to.Epochs))
	}
	if to.Updates > 0 {
		bounds = append(bounds, fmt.Sprintf("%d updates", to.Updates))
	}
	return fmt.Sprintf("rung %d of %d, to %s: %d of %d trials", number+1, len(p.plan.Rungs), strings.Join(bounds, " and "),
		trials, len(p.plan.Trials))
}
