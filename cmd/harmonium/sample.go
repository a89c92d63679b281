package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

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
	thin   int
	start  string
	clamps []string
	seed   uint64
}

func newSample(t *terminal) *cobra.Command {
	o := &sampleOptions{}
	cmd := &cobra.Command{
		Use:   "sample MODEL|RUN -n N -o FILE",
		Short: "Draw configurations from a model",
		Long: `Draw visible configurations from a model and write them to FILE (.npy or .csv).

Small models are enumerated, and the samples are exact and independent. For others parallel block-Gibbs chains are run: they start
at the model's biases (or at the rows of a file), forget the start in a burn-in, and then give a sample every few sweeps. The
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
	f.IntVar(&o.burnIn, "burn-in", 1000, "sweeps before the first sample of each chain")
	f.IntVar(&o.thin, "thin", 10, "sweeps between samples of a chain")
	f.StringVar(&o.start, "start", "", "file whose rows the chains start at; default: independent units from the biases")
	f.StringArrayVar(&o.clamps, "clamp", nil, "hold a visible unit at a value, as UNIT=0 or UNIT=1 (spins: -1 or 1), units from 0; may be repeated")
	f.Uint64Var(&o.seed, "seed", 1, "of all random numbers; the same seed gives the same bytes")
	return cmd
}

// exactSampleCost is the number of operations of the oracle that auto spends on exact samples: about a minute.
const exactSampleCost = 5e10

type sampleResult struct {
	Count    int            `json:"count"`
	File     string         `json:"file"`
	Method   string         `json:"method"`
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
	model, err := openModel(path)
	if err != nil {
		return err
	}
	if o.out == "" {
		return badInput(errors.New("no file to write: name one by -o FILE"))
	}
	if err := data.CheckName(o.out); err != nil {
		return badInput(err)
	}
	method, err := o.check(model)
	if err != nil {
		return badInput(err)
	}
	result, v, err := o.draw(ctx, t, model, method)
	if err != nil {
		return err
	}
	if err := data.Write(o.out, v, model.Visible); err != nil {
		return err
	}
	err = t.result(result, func(w io.Writer) {
		fmt.Fprintf(w, "wrote\t%d configurations of %d units to %s\n", o.count, model.M(), o.out)
		fmt.Fprintf(w, "method\t%s\n", result.Method)
		if result.Method != "exact" {
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

// draw draws the samples and judges them.
func (o *sampleOptions) draw(ctx context.Context, t *terminal, model *rbm.Model, method string) (*sampleResult, rbm.States, error) {
	begun := time.Now()
	result := &sampleResult{Count: o.count, File: o.out, Method: method, Findings: []diag.Finding{}}
	var v rbm.States
	var err error
	switch method {
	case "exact":
		bar := t.progress("sample", 1000)
		v, _, err = exact.Sample(ctx, model, o.count, rng.Seed(o.seed), exact.Options{Workers: t.workers,
			Progress: func(done, total uint64) { bar.set(int64(1000*float64(done)/float64(total)), "by enumeration") }})
		bar.stop()
		result.ESS, result.Rhat = diag.Number(o.count), 1
	case "gibbs":
		v, err = o.gibbs(ctx, t, model, result)
		if err == nil && o.method == "auto" && len(result.Findings) > 0 {
			t.say("Gibbs chains do not mix (R-hat %.3f, %.0f effective samples): tempering", result.Rhat, result.ESS)
			result.Method, result.Findings = "tempered", []diag.Finding{}
			v, err = o.tempered(ctx, t, model, result)
		}
	case "tempered":
		v, err = o.tempered(ctx, t, model, result)
	}
	result.Seconds = time.Since(begun).Seconds()
	return result, v, err
}

// check returns the method, or what is wrong with a setting.
func (o *sampleOptions) check(model *rbm.Model) (string, error) {
	switch {
	case o.count < 1, o.chains < 1, o.thin < 1, o.burnIn < 0:
		return "", fmt.Errorf("-n %d --chains %d --thin %d --burn-in %d: want positive numbers", o.count, o.chains, o.thin, o.burnIn)
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
	case "gibbs", "tempered":
		return o.method, nil
	}
	return "", fmt.Errorf("method %q, want auto, exact, gibbs or tempered", o.method)
}

// gibbs draws the samples in turns: after every o.thin sweeps, one of each chain.
func (o *sampleOptions) gibbs(ctx context.Context, t *terminal, model *rbm.Model, result *sampleResult) (rbm.States, error) {
	count := min(o.chains, o.count)
	start, err := o.startStates(model, count)
	if err != nil {
		return rbm.States{}, err
	}
	chains := sample.Start(start, model.N(), o.key())
	if err := o.clamp(model, chains); err != nil {
		return rbm.States{}, err
	}
	conditionals := rbm.NewConditionals(model, t.workers)
	turns := (o.count + count - 1) / count
	bar := t.progress("sample", int64(o.burnIn+turns*o.thin))
	defer bar.stop()
	v := rbm.NewStates(o.count, model.M())
	trace := newTrace(count, turns*o.thin)
	for done := 0; done < o.count; {
		if err := ctx.Err(); err != nil {
			return rbm.States{}, err
		}
		chains.Sweep(conditionals, 1)
		bar.set(int64(chains.Sweeps), fmt.Sprintf("%d chains", count))
		after := int(chains.Sweeps) - o.burnIn
		if after > 0 && after%trace.stride == 0 {
			trace.add(model.FreeEnergy(chains.Visible))
		}
		if after > 0 && after%o.thin == 0 {
			part := v.Slice(done, min(done+count, o.count))
			copy(part.Words(), chains.Visible.Words())
			done += part.Rows()
		}
	}
	result.diagnose(trace)
	return v, nil
}

// clamper is what units can be held in.
type clamper interface{ ClampVisible(i int, on bool) }

func (o *sampleOptions) clamp(model *rbm.Model, c clamper) error {
	for _, text := range o.clamps {
		unit, on, err := parseClamp(model, text)
		if err != nil {
			return badInput(err)
		}
		c.ClampVisible(unit, on)
	}
	return nil
}

// The ladder begins with firstRungs and may get mostRungs. pilotSweeps of Gibbs sampling give the means for the base.
const (
	firstRungs  = 12
	mostRungs   = 64
	pilotSweeps = 200
)

// tempered draws the samples from the last rungs of ladders, one of each after every o.thin rounds.
func (o *sampleOptions) tempered(ctx context.Context, t *terminal, model *rbm.Model, result *sampleResult) (rbm.States, error) {
	count := min(o.chains, o.count)
	start, err := o.startStates(model, count)
	if err != nil {
		return rbm.States{}, err
	}
	pilot := sample.Start(start, model.N(), o.key())
	if err := o.clamp(model, pilot); err != nil {
		return rbm.States{}, err
	}
	pilot.Sweep(rbm.NewConditionals(model, t.workers), pilotSweeps)
	base := model.Clone()
	clear(base.W)
	clear(base.C)
	base.SetMeans((&data.Set{States: pilot.Visible}).Means())
	ladders := sample.NewTempering(base, model, pilot.Visible, firstRungs, o.key().Stream(rng.StreamExchange), t.workers)
	if err := o.clamp(model, ladders); err != nil {
		return rbm.States{}, err
	}
	turns := (o.count + count - 1) / count
	bar := t.progress("sample", int64(o.burnIn+turns*o.thin))
	defer bar.stop()
	v := rbm.NewStates(o.count, model.M())
	trace := newTrace(count, turns*o.thin)
	begun := time.Now()
	for round, done := 1, 0; done < o.count; round++ {
		if err := ctx.Err(); err != nil {
			return rbm.States{}, err
		}
		ladders.Round()
		bar.set(int64(round), fmt.Sprintf("%d ladders of %d rungs, %d round trips", count, len(ladders.Betas()), ladders.RoundTrips()))
		after := round - o.burnIn
		switch {
		case after == 0:
			ladders.Reset()
			begun = time.Now()
		case after < 0 && (round == o.burnIn/8 || round == o.burnIn/4 || round == o.burnIn/2):
			ladders.Spread(mostRungs)
		}
		if after > 0 && after%trace.stride == 0 {
			trace.add(model.FreeEnergy(ladders.Visible()))
		}
		if after > 0 && after%o.thin == 0 {
			part := v.Slice(done, min(done+count, o.count))
			copy(part.Words(), ladders.Visible().Words())
			done += part.Rows()
		}
	}
	result.diagnose(trace)
	result.Ladder = &ladderResult{
		Rungs: len(ladders.Betas()), LeastRate: slices.Min(ladders.SwapRates()), RoundTrips: ladders.RoundTrips(), Seconds: time.Since(begun).Seconds(),
	}
	if ladders.RoundTrips() < count {
		result.Findings = append(result.Findings, diag.Finding{
			Code: "few-round-trips", Message: fmt.Sprintf("%d states travelled from the model to the base and back, on %d ladders", ladders.RoundTrips(), count),
			Value: diag.Number(ladders.RoundTrips()), Threshold: diag.Number(count),
			Consequence: "tempering did not help the chains to forget: modes may be missing or have the wrong weight",
			Remedy:      "raise --burn-in and --thin",
		})
	}
	return v, nil
}

// trace is the free energy of every chain after the burn-in, every stride sweeps: at most about traceLength numbers a chain.
type trace struct {
	stride int
	chains [][]float64
}

const traceLength = 10000

func newTrace(chains, sweeps int) *trace {
	return &trace{stride: (sweeps + traceLength - 1) / traceLength, chains: make([][]float64, chains)}
}

func (t *trace) add(free []float64) {
	for k, x := range free {
		t.chains[k] = append(t.chains[k], x)
	}
}

// key is independent of the keys of a training with the same seed.
func (o *sampleOptions) key() rng.Key { return rng.Seed(o.seed).Stream(rng.StreamDraw) }

func (o *sampleOptions) startStates(model *rbm.Model, count int) (rbm.States, error) {
	if o.start == "" {
		return sample.FromBiases(model, count, o.key()), nil
	}
	d := dataFlags{seed: o.seed}
	set, err := d.openFor(model, o.start)
	if err != nil {
		return rbm.States{}, err
	}
	return sample.FromRows(set.States, count, o.key()), nil
}

func parseClamp(model *rbm.Model, text string) (unit int, on bool, err error) {
	left, right, ok := strings.Cut(text, "=")
	unit, err = strconv.Atoi(left)
	off := "0"
	if model.Visible == rbm.Spin {
		off = "-1"
	}
	if !ok || err != nil || right != "1" && right != off {
		return 0, false, fmt.Errorf("--clamp %s, want UNIT=1 or UNIT=%s", text, off)
	}
	if unit < 0 || unit >= model.M() {
		return 0, false, fmt.Errorf("--clamp %s, but the model has units 0 to %d", text, model.M()-1)
	}
	return unit, right == "1", nil
}

// rhatLimit and essLimit are those of Vehtari et al. 2021, section 4: R̂ below 1.01, and 100 effective samples or more for an
// error bar that can be trusted.
const (
	rhatLimit = 1.01
	essLimit  = 100
)

// diagnose judges the chains by their free energies at every sweep: ESS is the lesser of bulk and tail. The samples are worth no more independent ones than
// their number. Chains of fewer than four sweeps can't be judged.
func (r *sampleResult) diagnose(t *trace) {
	r.Rhat = diag.Number(diag.Rhat(t.chains))
	r.ESS = diag.Number(min(diag.ESS(t.chains), diag.TailESS(t.chains), float64(r.Count)))
	if !(r.Rhat <= rhatLimit) {
		r.Findings = append(r.Findings, diag.Finding{
			Code: "not-mixed", Message: fmt.Sprintf("R-hat of the free energy is %.4f over %d chains", r.Rhat, len(t.chains)),
			Value: r.Rhat, Threshold: rhatLimit,
			Consequence: "the chains have not forgotten where they started: the samples are not those of the model",
			Remedy:      "raise --burn-in and --thin",
		})
	}
	if enough := min(essLimit, float64(r.Count)/2); !(float64(r.ESS) >= enough) {
		r.Findings = append(r.Findings, diag.Finding{
			Code: "few-samples", Message: fmt.Sprintf("the samples are worth %.0f independent ones", r.ESS),
			Value: r.ESS, Threshold: diag.Number(enough),
			Consequence: "averages over them have far larger errors than their number suggests",
			Remedy:      "raise --thin, or draw more",
		})
	}
}
