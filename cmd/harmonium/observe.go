package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/remedy"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/quantum"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

type observeOptions struct {
	operators     []string
	method, state string
	count         int
	seed          uint64
}

func newObserve(t *terminal) *cobra.Command {
	o := &observeOptions{}
	cmd := &cobra.Command{
		Use:   "observe MODEL|RUN",
		Short: "Observables of the quantum state of a model",
		Long: `Observables of the state that a model stands for: that of 'train --kind', or the wavefunction
psi(v) = sqrt(P(v)) of any other. Bits are qubits, 0 is |0> with the eigenvalue +1 of sz; of a model
of spins they are the eigenvalues. Up to 20 sites, or 10 of a density matrix, all configurations are
summed, and the values are those of the model without an error. Of more sites they are means over
samples, with error bars that know how correlated these are.

An observable is sx, sy or sz, the mean of s_i over the sites; sz:abs, |sum of sz_i| over n; sx:abs
and sy:abs, the same of outcomes in the bases of sx and sy, of up to 20 sites, or 10 of a density
matrix; zz:3, the mean of sz_i sz_i+3, and so for xx and yy, with zz:3,periodic around the chain;
corr, zz at all distances; energy:tfim:h=1,J=1 or energy:xxz:delta=1,J=1, those of the chains of
'data tfim' and 'data xxz', with periodic those of rings; energy:FILE, a sum of Pauli strings such
as -1.0 Z0 Z1, one a line; renyi2:0-4 or renyi2:0,2,5, the second Renyi entropy of these sites, in
nats; or a Pauli string such as "X0 Z3" or "-0.5 X0".

With --state the values of a known state stand beside those of the model, and the fidelity, the
Kullback-Leibler divergence (of measurements of sz, in nats) and the trace distance tell how close
the two are; the purity is Tr rho^2 of each.`,
		Example: `  harmonium observe run --op sx --op sz:abs --op energy:tfim:h=1 --state psi.txt
  harmonium observe run --method samples -n 10000 --op renyi2:0-4`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := withoutEffect(cmd.Flags(), o.method, monitor.MethodExact, "count", "seed"); err != nil {
				return err
			}
			return observe(cmd.Context(), t, o, args[0])
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringArrayVar(&o.operators, "op", []string{"sx", "sz", "sz:abs"}, "observable (above); may be repeated")
	f.StringVar(&o.state, "state", "", "known state: a file of amplitudes, or FILE,FILE with the real and imaginary parts of a density matrix")
	f.StringVar(&o.method, "method", "auto", "auto (exact up to 20 sites, else samples), exact or samples")
	f.IntVarP(&o.count, "count", "n", 10000, "samples to draw")
	f.Uint64Var(&o.seed, "seed", 1, "of all random numbers; the same seed gives the same bytes")
	return cmd
}

const methodSamples = "samples"

type observeResult struct {
	Method        string           `json:"method"`
	Samples       *sampleResult    `json:"samples"` // null where exact
	Observables   []observedResult `json:"observables"`
	State         string           `json:"state"` // "" without one
	Fidelity      diag.Number      `json:"fidelity"`
	KL            diag.Number      `json:"kl"`
	TraceDistance diag.Number      `json:"trace_distance"`
	Purity        diag.Number      `json:"purity"`       // Tr ρ² of the model's state, and
	StatePurity   diag.Number      `json:"state_purity"` // of the known one
	Seconds       float64          `json:"seconds"`
	Findings      []diag.Finding   `json:"findings"`
}

type observedResult struct {
	Name   string      `json:"name"`
	Value  diag.Number `json:"value"`
	Stderr diag.Number `json:"stderr"` // 0 where exact
	Tau    diag.Number `json:"tau"`    // samples of a chain
	Exact  diag.Number `json:"exact"`  // over all configurations, or null
	State  diag.Number `json:"state"`  // value in the known state, or null
}

func observe(ctx context.Context, t *terminal, o *observeOptions, path string) error {
	begun := time.Now()
	model, _, err := t.openModel(path)
	if err != nil {
		return err
	}
	psi, err := quantum.Reconstruct(model)
	if err != nil {
		return badInput(err)
	}
	list, err := parseOperators(o.operators, psi.Sites())
	if err != nil {
		return badInput(err)
	}
	method, err := o.check(psi, list)
	if err != nil {
		return badInput(err)
	}
	state, err := o.openState(psi.Sites())
	if err != nil {
		return err
	}
	nan := diag.Number(math.NaN())
	result := observeResult{Method: method, State: o.state, Findings: []diag.Finding{}}
	result.Fidelity, result.KL, result.TraceDistance, result.Purity, result.StatePurity = nan, nan, nan, nan, nan
	var vector quantum.Known
	if method == monitor.MethodExact || state != nil {
		if vector, err = quantum.Whole(psi, t.compute); err != nil {
			return badInput(err)
		}
	}
	for _, op := range list {
		x := observedResult{Name: op.name, Exact: nan, State: nan}
		if vector != nil {
			x.Exact = diag.Number(op.Exact(vector))
		}
		x.Value = x.Exact
		result.Observables = append(result.Observables, x)
	}
	if method == methodSamples {
		if err := result.sample(ctx, t, o, psi, list); err != nil {
			return err
		}
	}
	if state != nil {
		result.compare(state, vector, list)
	}
	result.Seconds = time.Since(begun).Seconds()
	remedy.Add("observe", result.Findings)
	err = t.result(result, func(w io.Writer) { result.print(w, psi.Sites()) })
	if err == nil && len(result.Findings) > 0 {
		return &statusError{status: exitUntrusted}
	}
	return err
}

// check returns the method for a state, or what is wrong with a setting.
func (o *observeOptions) check(state quantum.Reconstruction, list []operator) (string, error) {
	method, sites, most := o.method, state.Sites(), quantum.MaxSites
	if _, mixed := state.(*quantum.Purification); mixed {
		most = quantum.MaxDensitySites
	}
	if method == methodAuto {
		if method = monitor.MethodExact; sites > most {
			method = methodSamples
		}
	}
	switch least := 2 * sample.DefaultChains; {
	case method != monitor.MethodExact && method != methodSamples:
		return "", fmt.Errorf("method %q, want auto, exact or samples", method)
	case method == monitor.MethodExact && sites > most:
		return "", fmt.Errorf("the model has %d sites, want at most %d to sum its whole state: take --method samples", sites, most)
	case o.count < least:
		return "", fmt.Errorf("-n is %d, want %d samples or more", o.count, least)
	}
	for _, op := range list {
		if a, measured := op.Observable.(quantum.Absolute); measured && sites > most {
			return "", fmt.Errorf("--op %s is a mean over outcomes in the basis %c of all sites, which are drawn of at most %d sites, "+
				"and the model has %d: sz:abs and the correlations %c%c:D can be estimated of any number",
				op.name, a.Letter, most, sites, a.Letter|0x20, a.Letter|0x20)
		}
	}
	return method, nil
}

// openState reads the known state, nil without one.
func (o *observeOptions) openState(sites int) (quantum.Known, error) {
	if o.state == "" {
		return nil, nil
	}
	state, err := readState(o.state)
	if err == nil && state.Sites() != sites {
		err = badInput(fmt.Errorf("--state %s has %d sites, the model has %d", o.state, state.Sites(), sites))
	}
	return state, err
}

// sample estimates the observables from samples.
func (r *observeResult) sample(ctx context.Context, t *terminal, o *observeOptions, psi quantum.Reconstruction, list []operator) error {
	method, err := sampleMethod(psi.Diagonal(), methodAuto, true)
	if err != nil {
		return badInput(err)
	}
	drawn, v, err := t.draw(ctx, psi.Diagonal(), method, sample.Options{Count: o.count, Chains: sample.DefaultChains, Seed: o.seed})
	if err != nil {
		return err
	}
	r.Samples, r.Findings = drawn, append(r.Findings, drawn.Findings...)
	samples := quantum.Samples{Rows: v, Key: rng.Seed(o.seed)}
	if drawn.Method != monitor.MethodExact {
		samples.Chains = sample.DefaultChains
	}
	for k, op := range list {
		e, findings := op.Estimate(psi, samples, t.compute)
		x := &r.Observables[k]
		x.Value, x.Stderr, x.Tau = e.Value, e.Stderr, e.Tau
		for _, f := range findings {
			f.Message = op.name + ": " + f.Message
			r.Findings = append(r.Findings, f)
		}
	}
	return nil
}

// compare puts a known state beside the model.
func (r *observeResult) compare(state, vector quantum.Known, list []operator) {
	for k, op := range list {
		r.Observables[k].State = diag.Number(op.Exact(state))
	}
	z, letters := quantum.Uniform('Z', vector.Sites()), quantum.Pauli()
	r.Fidelity = diag.Number(quantum.Fidelity(state, vector))
	r.KL = diag.Number(quantum.KL(state.Probabilities(z, letters), vector.Probabilities(z, letters)))
	r.TraceDistance = diag.Number(quantum.TraceDistance(state, vector))
	r.Purity, r.StatePurity = diag.Number(vector.Purity()), diag.Number(state.Purity())
}

func (r *observeResult) print(w io.Writer, sites int) {
	if s := r.Samples; s != nil {
		fmt.Fprintf(w, "method\t%d samples, %s; effective sample size %s\n", s.Count, s.Method, s.ESS.Digits(0))
	} else {
		fmt.Fprintf(w, "method\texact, over 2^%d configurations\n", sites)
	}
	for _, x := range r.Observables {
		value := sixDigits(x.Value)
		if r.Samples != nil {
			value = diag.Estimate{Value: x.Value, Stderr: x.Stderr}.String()
			if x.Exact == x.Exact {
				value += fmt.Sprintf("\texactly %s", sixDigits(x.Exact))
			}
		}
		if r.State != "" {
			value += fmt.Sprintf("\t%s in %s", sixDigits(x.State), r.State)
		}
		fmt.Fprintf(w, "%s\t%s\n", x.Name, value)
	}
	if r.State != "" {
		fmt.Fprintf(w, "fidelity\t%.6f\n", float64(r.Fidelity))
		fmt.Fprintf(w, "KL divergence\t%s nats\n", r.KL.Digits(6))
		fmt.Fprintf(w, "trace distance\t%s\n", r.TraceDistance.Digits(6))
		if r.Purity < 1 || r.StatePurity < 1 {
			fmt.Fprintf(w, "purity\t%s\t%s in %s\n", r.Purity.Digits(6), r.StatePurity.Digits(6), r.State)
		}
	}
	printFindings(w, r.Findings)
}

// sixDigits prints a number that a rounding error may have made a little less than 0.
func sixDigits(x diag.Number) string {
	if math.Abs(float64(x)) < 5e-7 {
		x = 0
	}
	return x.Digits(6)
}
