package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"harmonium/cmd/harmonium/internal/remedy"
	"harmonium/cmd/harmonium/internal/run"
	"harmonium/data"
	"harmonium/diag"
	"harmonium/exact"
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
)

type sampleOptions struct {
	out    string
	count  int
	method string
	chains int
	burnIn int
	settle bool // burn in until the chains agree, instead of burnIn
	thin   int
	spread bool // thin until samples are nearly independent, instead of thin
	start  string
	clamps []string
	seed   uint64
	path   pathFlag

	between []*rbm.Model // on the path
}

func newSample(t *terminal) *cobra.Command {
	o := &sampleOptions{thin: 10}
	cmd := &cobra.Command{
		Use:   "sample MODEL|RUN -n N -o FILE",
		Short: "Draw configurations from a model",
		Long: `Draw visible configurations from a model and write them to FILE (.npy or .csv).

Small models are enumerated, and the samples are exact and independent. For others parallel block-Gibbs chains are run: they start
at the model's biases (or at the rows of a file), forget the start in a burn-in that lasts until they agree, and then give a sample every few sweeps. The
effective sample size and R-hat of the free energy tell whether they mixed. If they did not, parallel tempering follows: ladders of
chains that exchange states between the model and independent units. It spreads its rungs by itself during the burn-in, and counts round trips.`,
		Example: `  harmonium sample run -n 10000 -o new.npy
  harmonium sample run -n 1000 --clamp 0=1 --clamp 5=0 -o conditional.csv`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return drawSample(cmd.Context(), t, o, args[0]) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.IntVarP(&o.count, "count", "n", 1000, "configurations to draw")
	f.StringVarP(&o.out, "out", "o", "", "file to write, .npy or .csv (needed)")
	f.StringVar(&o.method, "method", "auto", "auto (exact within about a minute, else gibbs, else tempered), exact, gibbs or tempered")
	f.IntVar(&o.chains, "chains", 20, "Gibbs chains or tempered ladders; at most as many as configurations")
	o.settle = true
	f.Var(&intOrAuto{&o.burnIn, &o.settle}, "burn-in", "sweeps before the first sample of each chain; auto: until the chains agree")
	f.Var(&intOrAuto{&o.thin, &o.spread}, "thin", "sweeps between samples of a chain; auto: as many as make the samples nearly independent")
	o.path.register(f)
	f.StringVar(&o.start, "start", "", "file whose rows the chains start at; default: independent units from the biases")
	f.StringArrayVar(&o.clamps, "clamp", nil, "hold a visible unit at a value, as UNIT=0 or UNIT=1 (spins: -1 or 1), units from 0; may be repeated")
	f.Uint64Var(&o.seed, "seed", 1, "of all random numbers; the same seed gives the same bytes")
	return cmd
}

// methodTempered is the method of sample that needs a path.
const methodTempered = "tempered"

// exactSampleCost is the number of operations of the oracle that auto spends on exact samples. Measured on one core with AVX-512 (1,000
// samples): they take 16 s where the larger layer has 784 units, and 60 s where both have 30; half of that on two cores.
const exactSampleCost = 5e10

type sampleResult struct {
	Count    int            `json:"count"`
	File     string         `json:"file"`
	Method   string         `json:"method"`
	BurnIn   int            `json:"burn_in"` // sweeps
	Thin     int            `json:"thin"`    // sweeps
	ESS      diag.Number    `json:"ess"`
	Rhat     diag.Number    `json:"rhat"`
	Seconds  float64        `json:"seconds"` // of all methods tried
	Ladder   *ladderResult  `json:"ladder"`  // of tempering
	Findings []diag.Finding `json:"findings"`
}

// ladderResult tells how states travel between the model and the base.
type ladderResult struct {
	Rungs      int     `json:"rungs"`
	LeastRate  float64 `json:"least_swap_rate"`
	RoundTrips int     `json:"round_trips"`
	Seconds    float64 `json:"seconds"` // after the burn-in
}

func drawSample(ctx context.Context, t *terminal, o *sampleOptions, path string) error {
	model, r, err := t.openModel(path)
	if err != nil {
		return err
	}
	if err := checkFiles([]string{o.out}, append(inputsOf(path, r), dataInputs(o.start)...)); err != nil {
		return err
	}
	method, err := o.check(model)
	if err != nil {
		return badInput(err)
	}
	follows := methodTempered
	if o.method == "auto" && method == "gibbs" {
		follows = method // tempering may come after it
	}
	if o.between, err = o.path.between(model, r, method, follows); err != nil {
		return err
	}
	result, v, err := o.draw(ctx, t, model, method)
	if err != nil {
		return err
	}
	if err := data.Write(o.out, v, model.Visible.Kind(), shapeOf(r)); err != nil {
		return err
	}
	err = t.result(result, func(w io.Writer) {
		fmt.Fprintf(w, "wrote\t%d configurations of %d units to %s\n", o.count, model.M(), o.out)
		fmt.Fprintf(w, "method\t%s\n", result.Method)
		if result.Method != "exact" {
			fmt.Fprintf(w, "sweeps\t%d before the first sample, %d between two\n", result.BurnIn, result.Thin)
			fmt.Fprintf(w, "effective sample size\t%.0f of %d, %.3g a second\n", result.ESS, o.count, float64(result.ESS)/result.Seconds)
			fmt.Fprintf(w, "R-hat\t%.4f\n", result.Rhat)
		}
		if l := result.Ladder; l != nil {
			fmt.Fprintf(w, "ladder\t%d rungs, neighbours exchange with probability %.2f or more\n", l.Rungs, l.LeastRate)
			fmt.Fprintf(w, "round trips\t%d, %.3g a second\n", l.RoundTrips, float64(l.RoundTrips)/l.Seconds)
		}
		printFindings(w, result.Findings)
	})
	if err == nil && len(result.Findings) > 0 {
		return &statusError{status: exitUntrusted}
	}
	return err
}

// shapeOf is the layout of a configuration of a run that may be nil.
func shapeOf(r *run.Run) []int {
	if r == nil {
		return nil
	}
	return r.Config.Shape
}

// draw draws the samples and judges them.
func (o *sampleOptions) draw(ctx context.Context, t *terminal, model *rbm.Model, method string) (*sampleResult, rbm.Batch, error) {
	if err := o.claim(model, method); err != nil {
		return nil, rbm.Batch{}, err
	}
	begun := time.Now()
	result := &sampleResult{Count: o.count, File: o.out, Method: method, Findings: []diag.Finding{}}
	var v rbm.Batch
	var err error
	switch method {
	case "exact":
		bar := t.progress("sample", 1000)
		v, err = exact.SampleVisible(ctx, model, o.count, rng.Seed(o.seed), exact.Options{Compute: t.compute,
			Progress: func(done, total uint64) { bar.set(int64(1000*float64(done)/float64(total)), "by enumeration") }})
		bar.stop()
		err = badInput(err) // of the model: its energies are too large
		result.ESS, result.Rhat = diag.Number(o.count), 1
	case "gibbs":
		v, err = o.gibbs(ctx, t, model, result)
		if err == nil && o.method == "auto" && len(result.Findings) > 0 {
			t.say("Gibbs chains do not mix (R-hat %.3f, %.0f effective samples): tempering", result.Rhat, result.ESS)
			result.Method, result.Findings = methodTempered, []diag.Finding{}
			v, err = o.tempered(ctx, t, model, result)
		}
	case methodTempered:
		v, err = o.tempered(ctx, t, model, result)
	}
	remedy.Add("sample", result.Findings)
	result.Seconds = time.Since(begun).Seconds()
	return result, v, err
}

// check returns the method, or what is wrong with a setting.
func (o *sampleOptions) check(model *rbm.Model) (string, error) {
	switch {
	case o.count < 1:
		return "", fmt.Errorf("-n is %d, want 1 configuration or more", o.count)
	case o.chains < 1:
		return "", fmt.Errorf("--chains is %d, want 1 or more", o.chains)
	case !o.spread && o.thin < 1:
		return "", fmt.Errorf("--thin is %d, want 1 sweep or more, or auto", o.thin)
	case !o.settle && o.burnIn < 0:
		return "", fmt.Errorf("--burn-in is %d, want 0 sweeps or more, or auto", o.burnIn)
	case o.spread && !o.settle && o.burnIn < leastBurnIn:
		return "", fmt.Errorf("--thin auto is measured during the burn-in, but --burn-in is %d: want %d sweeps or more", o.burnIn, leastBurnIn)
	}
	possible := exact.Feasible(model.M(), model.N())
	if len(o.clamps) > 0 || o.start != "" {
		possible = errors.New("exact samples have no clamped units and no start")
	}
	switch o.method {
	case "auto":
		if possible == nil && exact.Cost(model.M(), model.N()) <= exactSampleCost {
			return "exact", nil
		}
		return "gibbs", nil
	case "exact":
		return o.method, possible
	case "gibbs", methodTempered:
		return o.method, nil
	}
	return "", fmt.Errorf("method %q, want auto, exact, gibbs or tempered", o.method)
}

// clamper is what units can be held in.
type clamper interface{ ClampVisible(i int, on bool) }

func (o *sampleOptions) clamp(model *rbm.Model, c clamper) error {
	given := map[int]string{}
	for _, text := range o.clamps {
		unit, on, err := parseClamp(model, text)
		if err != nil {
			return badInput(err)
		}
		if before, again := given[unit]; again {
			return badInput(fmt.Errorf("--clamp %s and --clamp %s hold the same unit: want one value for each", before, text))
		}
		given[unit] = text
		c.ClampVisible(unit, on)
	}
	return nil
}

// key is independent of the keys of a training with the same seed.
func (o *sampleOptions) key() rng.Key { return rng.Seed(o.seed).Stream(rng.StreamDraw) }

func (o *sampleOptions) startStates(model *rbm.Model, count int) (rbm.Batch, error) {
	if o.start == "" {
		return sample.FromBiases(model, count, o.key()), nil
	}
	d := dataFlags{seed: o.seed}
	set, err := d.openFor(model, o.start)
	if err != nil {
		return rbm.Batch{}, err
	}
	return sample.FromRows(set.States, count, o.key()), nil
}

func parseClamp(model *rbm.Model, text string) (unit int, on bool, err error) {
	left, right, ok := strings.Cut(text, "=")
	unit, err = strconv.Atoi(left)
	_, offset := model.Visible.Line()
	off := fmt.Sprint(offset)
	if !ok || err != nil || right != "1" && right != off {
		return 0, false, fmt.Errorf("--clamp %s, want UNIT=1 or UNIT=%s", text, off)
	}
	if unit < 0 || unit >= model.M() {
		return 0, false, fmt.Errorf("--clamp %s, but the model has units 0 to %d", text, model.M()-1)
	}
	return unit, right == "1", nil
}
