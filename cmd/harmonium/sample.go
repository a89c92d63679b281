package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/remedy"
	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

type sampleOptions struct {
	out        string
	count      int
	method     string
	chains     int
	burnIn     int
	autoBurnIn bool // burn in until the chains agree, instead of burnIn
	thin       int
	autoThin   bool // thin until samples are nearly independent, instead of thin
	start      string
	clamps     []string
	given      string
	text       run.Reading // of given
	basis      string
	unitaries  string
	seed       uint64
}

func newSample(t *terminal) *cobra.Command {
	o := &sampleOptions{autoBurnIn: true, autoThin: true}
	cmd := &cobra.Command{
		Use:   "sample MODEL|RUN -n N -o FILE",
		Short: "Draw configurations from a model",
		Long: `Draw visible configurations from a model and write them to FILE (.npy, .csv or, of
sequences, .fasta; each also .gz).

Small models are enumerated, and the samples are exact and independent. For others parallel
block-Gibbs chains are run: they start apart, in all modes of the model that are found (or at the
rows of a file), forget the start in a burn-in that lasts until they agree (R-hat of 1.008 or less),
and then give a sample as often as one is nearly independent. The effective sample size and R-hat
(1.01 or less) tell whether they mixed, by the slowest of the free energy, the shares of the modes,
together and one by one, and the leading directions of the weights. If they did not, replica
exchange (parallel tempering) follows: sets of replicas at temperatures between the model and
independent units, which exchange states. It finds its temperatures by itself during the burn-in,
and counts round trips.

--given FILE draws the missing cells of each row of a file instead, and columns that a table lacks,
given what is known: as 'harmonium complete' does, with -n draws of each row.`,
		Example: `  harmonium sample run -n 10000 -o new.npy
  harmonium sample run -n 1000 --clamp 1=1 --clamp 6=0 -o conditional.csv
  harmonium sample run -n 1000 --clamp job=smith -o smiths.csv
  harmonium sample run --given ages.csv -n 20 -o people.csv`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := withoutEffect(cmd.Flags(), o.method, monitor.MethodExact, "chains", "burn-in", "thin", "start"); err != nil {
				return err
			}
			if err := o.checkBasis(cmd.Flags()); err != nil {
				return err
			}
			for _, name := range []string{"no-names", "decimal"} {
				if o.given == "" && cmd.Flags().Changed(name) {
					return badInput(fmt.Errorf("--%s has no effect without --given, whose file it is about: leave it out", name))
				}
			}
			if o.given != "" {
				return o.drawGiven(cmd, t, args[0])
			}
			return drawSample(cmd.Context(), t, o, args[0])
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.IntVarP(&o.count, "count", "n", sample.DefaultCount, "configurations to draw")
	f.StringVarP(&o.out, "out", "o", "", "file to write, .npy, .csv or .fasta, each also .gz (needed)")
	f.StringVar(&o.method, "method", "auto", "auto (exact within about a minute, else gibbs, else tempered), exact, gibbs or tempered")
	f.IntVar(&o.chains, "chains", sample.DefaultChains, "Gibbs chains, or replica sets of tempering; at most as many as configurations")
	f.Var(&intOrAuto{&o.burnIn, &o.autoBurnIn}, "burn-in", "sweeps before the first sample of each chain; auto: until the chains agree")
	f.Var(&intOrAuto{&o.thin, &o.autoThin}, "thin",
		"sweeps between samples of a chain; auto: as many as make the samples nearly independent, worth 90 % of their number")
	f.StringVar(&o.start, "start", "", "file whose rows the chains start at; default: all modes of the model, or its biases where it has one")
	f.StringArrayVar(&o.clamps, "clamp", nil,
		"hold a visible unit at a value, as UNIT=0 or UNIT=1 (spins: -1 or 1), units from 1, or a column of a table, as NAME=VALUE; "+
			"may be repeated")
	f.StringVar(&o.given, "given", "", "file whose rows say what is known, a draw of the rest for each, or -n draws")
	registerText(f, &o.text)
	f.StringVar(&o.basis, "basis", "", "measure the quantum state of the model in this basis, such as XZZY, or one letter for all sites; "+
		"up to 20 sites, or 10 of a density matrix")
	f.StringVar(&o.unitaries, "unitaries", "", unitariesHelp)
	f.Uint64Var(&o.seed, "seed", 1, "of all random numbers; the same seed gives the same bytes")
	return cmd
}

// drawGiven draws what rows of a file leave open, as complete does.
func (o *sampleOptions) drawGiven(cmd *cobra.Command, t *terminal, path string) error {
	for _, name := range []string{"method", "chains", "burn-in", "thin", "start", "clamp"} {
		if cmd.Flags().Changed(name) {
			return badInput(fmt.Errorf("--%s has no effect with --given, each row of which is drawn by itself: leave one of them out", name))
		}
	}
	if t.group != nil {
		return badInput(errors.New("--given is not divided among processes: start one, without mpirun"))
	}
	c := &completeOptions{data: o.given, out: o.out, copies: 1, lacking: true, verb: "draw by --given"}
	if cmd.Flags().Changed("count") {
		c.copies = o.count
	}
	switch {
	case c.copies < 1:
		return badInput(fmt.Errorf("-n is %d, want 1 draw of each row or more", o.count))
	case o.out == "":
		return badInput(errors.New("no file for the draws: name one by -o FILE"))
	}
	c.seed, c.terminal, c.reading = o.seed, t, o.text
	return complete(cmd.Context(), t, c, path)
}

// The methods of sample.
const (
	methodAuto     = "auto"
	methodGibbs    = string(sample.Gibbs)
	methodTempered = string(sample.Tempered)
)

// exactSampleCost is the number of operations of enumeration that auto spends on exact samples. Measured on one core
// with AVX-512 (1,000 samples): they take 16 s where the larger layer has 784 units, and 60 s where both have 30; half
// of that on two cores.
const exactSampleCost = 5e10

type sampleResult struct {
	Count    int             `json:"count"`
	File     string          `json:"file"`
	Method   string          `json:"method"`
	BurnIn   int             `json:"burn_in"` // sweeps
	Thin     int             `json:"thin"`    // sweeps
	ESS      diag.Number     `json:"ess"`
	Rhat     diag.Number     `json:"rhat"`
	Seconds  float64         `json:"seconds"`  // of all methods tried
	Exchange *exchangeResult `json:"exchange"` // of tempering
	Modes    []modeShare     `json:"modes"`
	Changes  int             `json:"mode_changes"` // of chains
	Findings []diag.Finding  `json:"findings"`
}

// modeShare is how much of a model is in one of its modes.
type modeShare struct {
	Share     diag.Number `json:"share"` // of the samples
	Stderr    diag.Number `json:"stderr"`
	AIS       diag.Number `json:"ais"` // of Z
	AISStderr diag.Number `json:"ais_stderr"`
}

// exchangeResult tells how states travel between the model and independent units.
type exchangeResult struct {
	Temperatures int     `json:"temperatures"`
	LeastRate    float64 `json:"least_swap_rate"` // of neighbouring temperatures
	RoundTrips   int     `json:"round_trips"`
	Seconds      float64 `json:"seconds"` // after the burn-in
}

func drawSample(ctx context.Context, t *terminal, o *sampleOptions, path string) error {
	model, r, err := t.openModel(path)
	if err != nil {
		return err
	}
	if err := checkFiles([]string{o.out}, append(inputsOf(path, r), dataInputs(o.start)...)); err != nil {
		return err
	}
	if err := (&data.Set{Columns: model.Columns, Values: model.Visible.Kind()}).CheckName(o.out); err != nil {
		return badInput(err)
	}
	free, given, err := conditioned(model, o.clamps)
	if err != nil {
		return badInput(err)
	}
	method, err := o.check(free)
	if err != nil {
		return badInput(err)
	}
	options, err := o.options(model, given)
	if err != nil {
		return badInput(err)
	}
	result, v, err := o.draw(ctx, t, model, free, method, options)
	if err != nil {
		return err
	}
	if given != nil {
		v = given.Whole(v)
	}
	result.File = o.out
	drawn := &data.Set{States: v, Values: model.Visible.Kind(), Columns: model.Columns, Shape: shapeOf(r)}
	if o.basis != "" {
		drawn.Values = rbm.Bernoulli // outcomes, of a model of spins too
	}
	if err := t.compute.Err(); err != nil {
		return err
	}
	if err := t.alone(func() error { return data.WriteSet(o.out, drawn) }); err != nil {
		return err
	}
	t.noteGenotypes(o.out, drawn)
	err = t.result(result, func(w io.Writer) {
		fmt.Fprintf(w, "wrote\t%d configurations of %d units to %s\n", o.count, model.M(), o.out)
		fmt.Fprintf(w, "method\t%s\n", result.Method)
		if result.Method != monitor.MethodExact {
			fmt.Fprintf(w, "sweeps\t%d before the first sample, %d between two\n", result.BurnIn, result.Thin)
			fmt.Fprintf(w, "effective sample size\t%s\n", result.worth())
			fmt.Fprintf(w, "R-hat\t%s\n", sample.RhatInWords(float64(result.Rhat)))
		}
		if len(result.Modes) > 0 {
			fmt.Fprintf(w, "modes\t%s\n", result.modes())
		}
		if e := result.Exchange; e != nil {
			fmt.Fprintf(w, "temperatures\t%d, neighbours exchange with probability %.2f or more\n", e.Temperatures, e.LeastRate)
			fmt.Fprintf(w, "round trips\t%d, %.3g a second\n", e.RoundTrips, float64(e.RoundTrips)/e.Seconds)
		}
		printFindings(w, result.Findings)
	})
	if err != nil {
		return err
	}
	return untrusted(result.Findings)
}

// worth tells the effective sample size, and the rate at which it grew where it is known.
func (r *sampleResult) worth() string {
	text := fmt.Sprintf("%s of %d", r.ESS.Digits(0), r.Count)
	if rate := float64(r.ESS) / r.Seconds; rate == rate {
		text += fmt.Sprintf(", %.3g a second", rate)
	}
	return text
}

func (r *sampleResult) addModes(modes []sample.ModeShare, changes int) {
	for _, m := range modes {
		r.Modes = append(r.Modes, modeShare{diag.Number(m.Share), diag.Number(m.Stderr), diag.Number(m.AIS), diag.Number(m.AISStderr)})
	}
	r.Changes = changes
}

// modes tells the modes' shares of the samples, and how often chains changed between those with 1 %.
func (r *sampleResult) modes() string {
	shares, largest := make([]float64, len(r.Modes)), make([]float64, len(r.Modes))
	for k, mode := range r.Modes {
		shares[k], largest[k] = float64(mode.Share), float64(max(mode.Share, mode.AIS))
	}
	text := shareList(shares, nil) + " of the samples"
	if r.Method != monitor.MethodExact {
		text += changesInWords(largest, r.Changes)
	}
	return text
}

// shapeOf is the layout of a configuration of a run that may be nil.
func shapeOf(r *run.Run) []int {
	if r == nil {
		return nil
	}
	return r.Config.Shape
}

// draw draws samples by a method, which sampleMethod has chosen, and shows how far it is.
func (t *terminal) draw(ctx context.Context, model *rbm.Model, method string, o sample.Options) (*sampleResult, rbm.Batch, error) {
	if err := claimSamples(model, method, min(o.Chains, o.Count)); err != nil {
		return nil, rbm.Batch{}, err
	}
	begun := time.Now()
	result := &sampleResult{Count: o.Count, Method: method, Modes: []modeShare{}, Findings: []diag.Finding{}}
	if method == monitor.MethodExact {
		bar := t.progress("sample", 1000)
		v, err := exact.SampleVisible(ctx, model, o.Count, rng.Seed(o.Seed), exact.Options{Compute: t.compute,
			Progress: func(done, total uint64) { bar.set(int64(1000*float64(done)/float64(total)), "by enumeration") }})
		bar.stop()
		if err != nil {
			return nil, rbm.Batch{}, badInput(err) // of the model: its energies are too large
		}
		o.Compute = t.compute
		modes, err := sample.SharesOfModes(ctx, model, v, o)
		result.addModes(modes, 0)
		result.ESS, result.Rhat, result.Seconds = diag.Number(o.Count), 1, time.Since(begun).Seconds()
		return result, v, err
	}
	if method != methodAuto {
		o.Method = sample.Method(method)
	}
	bars := drawProgress{t: t}
	o.Compute, o.Progress = t.compute, bars.report
	drawn, err := sample.Draw(ctx, model, o)
	bars.stop()
	if err != nil {
		return nil, rbm.Batch{}, err
	}
	result.Method, result.BurnIn, result.Thin = string(drawn.Method), drawn.BurnIn, drawn.Thin
	result.ESS, result.Rhat, result.Seconds = diag.Number(drawn.ESS), diag.Number(drawn.Rhat), time.Since(begun).Seconds()
	if e := drawn.Exchange; e != nil {
		result.Exchange = &exchangeResult{e.Temperatures, e.LeastSwapRate, e.RoundTrips, time.Since(bars.begun).Seconds()}
	}
	result.addModes(drawn.Modes, drawn.Changes)
	result.Findings = append(result.Findings, drawn.Findings...)
	remedy.Add("sample", result.Findings)
	return result, drawn.Samples, nil
}

// drawProgress shows the progress of sample.Draw, by a bar for the survey of modes, each burn-in and each sampling. A
// burn-in that goes on has a bar of its own for each of its lengths.
type drawProgress struct {
	t     *terminal
	bar   *progress
	last  sample.Progress
	begun time.Time // of the last bar
}

func (b *drawProgress) report(p sample.Progress) {
	if g := p.Gibbs; g != nil && b.last.Gibbs == nil {
		b.stop()
		b.t.say("Gibbs chains do not mix (R-hat %s, %s effective samples): tempering",
			sample.RhatInWords(g.Rhat), diag.Number(g.ESS).Digits(0))
	}
	last := b.last
	if b.bar == nil || p.Method != last.Method || p.Surveying != last.Surveying || p.Sampling != last.Sampling || p.Total != last.Total {
		b.stop()
		name := "burn-in"
		switch {
		case p.Surveying:
			name = "modes"
		case p.Sampling:
			name = "sample"
		}
		b.bar, b.begun = b.t.progress(name, int64(p.Total)), time.Now()
	}
	b.last = p
	note := fmt.Sprintf("%d chains", p.Chains)
	switch {
	case p.Surveying:
		note = fmt.Sprintf("%d modes", p.Modes)
	case p.Method == sample.Tempered:
		note = fmt.Sprintf("%d replica sets at %d temperatures, %d round trips", p.Chains, p.Temperatures, p.RoundTrips)
	}
	b.bar.set(int64(p.Done), note)
}

func (b *drawProgress) stop() {
	if b.bar != nil {
		b.bar.stop()
	}
}

// check returns the method, or what is wrong with a setting.
func (o *sampleOptions) check(model *rbm.Model) (string, error) {
	switch {
	case o.count < 1:
		return "", fmt.Errorf("-n is %d, want 1 configuration or more", o.count)
	case o.chains < 1:
		return "", fmt.Errorf("--chains is %d, want 1 or more", o.chains)
	case !o.autoThin && o.thin < 1:
		return "", fmt.Errorf("--thin is %d, want 1 sweep or more, or auto", o.thin)
	case !o.autoBurnIn && o.burnIn < 0:
		return "", fmt.Errorf("--burn-in is %d, want 0 sweeps or more, or auto", o.burnIn)
	case o.autoThin && !o.autoBurnIn && o.burnIn < sample.LeastBurnIn:
		return "", fmt.Errorf("--thin auto is measured during the burn-in, but --burn-in is %d: want %d sweeps or more, or a number for --thin",
			o.burnIn, sample.LeastBurnIn)
	}
	return sampleMethod(model, o.method, o.start == "")
}

// sampleMethod turns auto into exact where the model can be enumerated within about a minute. Exact samples have no
// start: they can't be had unless free of one.
func sampleMethod(model *rbm.Model, method string, free bool) (string, error) {
	possible := exact.Feasible(model)
	if !free {
		possible = errors.New("exact samples have no start")
	}
	switch method {
	case methodAuto:
		if possible == nil && exact.Cost(model) <= exactSampleCost {
			return monitor.MethodExact, nil
		}
		return method, nil
	case monitor.MethodExact:
		return method, possible
	case methodGibbs, methodTempered:
		return method, nil
	}
	return "", fmt.Errorf("method %q, want auto, exact, gibbs or tempered", method)
}

// options are those of sample.Draw that the flags stand for. given, unless nil, says which units are drawn.
func (o *sampleOptions) options(model *rbm.Model, given *rbm.Given) (sample.Options, error) {
	s := sample.Options{Count: o.count, Chains: o.chains, BurnIn: o.burnIn, Thin: o.thin, Seed: o.seed}
	switch {
	case o.autoBurnIn:
		s.BurnIn = 0
	case o.burnIn == 0:
		s.BurnIn = -1
	}
	if o.autoThin {
		s.Thin = 0
	}
	if o.start != "" {
		d := dataFlags{seed: o.seed}
		set, err := d.openFor(model, o.start)
		if err != nil {
			return s, err
		}
		if s.Start = set.States; given != nil {
			s.Start = given.Part(s.Start)
		}
	}
	return s, nil
}
