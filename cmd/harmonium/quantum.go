package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/quantum"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// quantumFlags say which state of qubits a run reconstructs, and how its rows were measured.
type quantumFlags struct {
	kind, bases, validBases, unitaries string
	state                              string
	phaseHidden, auxiliary             int
	dephasing                          bool
}

const (
	basesHelp     = "file of bases, one a row of the data: a letter a site, X, Y, Z or one of --unitaries"
	unitariesHelp = "file of other letters of bases: a letter and the real and imaginary parts of U_00, U_01, U_10, U_11 a line"
	stateHelp     = "known state: a file of amplitudes, or FILE,FILE with the real and imaginary parts of a density matrix"
)

func (q *quantumFlags) register(f *pflag.FlagSet) {
	f.StringVar(&q.kind, "kind", "", "state of qubits to reconstruct from outcomes of measurements: wavefunction, complex or density")
	f.StringVar(&q.bases, "bases", "", basesHelp)
	f.StringVar(&q.validBases, "valid-bases", "", "file of bases of --valid")
	f.StringVar(&q.unitaries, "unitaries", "", unitariesHelp)
	f.IntVar(&q.phaseHidden, "phase-hidden", 0,
		"hidden units of the phases of a complex or density state; 0 means twice as many as --hidden of a complex one, else as many")
	f.IntVar(&q.auxiliary, "auxiliary", 0,
		"auxiliary hidden units of a density state, beside --hidden; 0 means two a site; fewer cost less, and fit states that are less mixed")
	f.BoolVar(&q.dephasing, "dephasing", true, "train a complex state by the likelihood of a dephased one at first, which falls to its own "+
		"over the first half: without it phases end in worse optima; false is for comparison with other programs")
	f.StringVar(&q.state, "state", "", stateHelp+"; scores along the way then tell the fidelity")
}

// describe writes the flags to the config of a run.
func (q *quantumFlags) describe(c *run.Config, valid string) error {
	given := q.bases != "" || q.validBases != "" || q.unitaries != "" || q.state != "" || q.phaseHidden != 0 || q.auxiliary != 0 ||
		!q.dephasing
	switch {
	case q.kind == "" && c.From == nil && given:
		return errors.New("no kind of state: say by --kind whether measurements are of a wavefunction, complex or density one")
	case q.validBases != "" && valid == "":
		return errors.New("--valid-bases is about the rows of --valid, which is missing: with --holdout, --bases has the bases of all rows")
	case q.unitaries != "" && q.bases == "":
		return errors.New("--unitaries is about the letters of --bases, which is missing")
	case q.bases != "" && (c.Select.FirstRow > 0 || c.Select.LastRow > 0):
		return errors.New("--bases has a line for each row of the data, so that --rows can't choose: cut both files")
	case q.phaseHidden < 0 || q.auxiliary < 0:
		return fmt.Errorf("--phase-hidden is %d and --auxiliary %d, want no negative numbers", q.phaseHidden, q.auxiliary)
	case q.kind == "" && !given:
		return nil
	}
	c.Quantum = &run.Quantum{
		PhaseHidden: q.phaseHidden, Auxiliary: q.auxiliary, NoDephasing: !q.dephasing,
		Bases: fileOf(q.bases), ValidBases: fileOf(q.validBases), Unitaries: fileOf(q.unitaries),
	}
	if q.state != "" {
		for path := range strings.SplitSeq(q.state, ",") {
			c.Quantum.State = append(c.Quantum.State, run.File{Path: run.Path(path)})
		}
	}
	if q.kind == "" {
		return nil // that of --from
	}
	var err error
	if c.Quantum.Kind, err = rbm.ParseStateKind(q.kind); err != nil {
		return fmt.Errorf("--kind: %w", err)
	}
	return nil
}

// measuredFlags say how the rows to score were measured, and what state the model should be.
type measuredFlags struct {
	bases, unitaries, state string

	known quantum.Known
}

func (m *measuredFlags) register(f *pflag.FlagSet) {
	f.StringVar(&m.bases, "bases", "", basesHelp+"; a model of a quantum state then is scored basis by basis")
	f.StringVar(&m.unitaries, "unitaries", "", unitariesHelp)
	f.StringVar(&m.state, "state", "", stateHelp+": its fidelity with the model")
}

// attach gives the rows of a model their bases, and the judged one their likelihood.
func (m *measuredFlags) attach(j *judged, on *compute.Context) error {
	if m.state != "" {
		if err := m.open(j.model); err != nil {
			return err
		}
	}
	switch state := j.model.State; {
	case m.unitaries != "" && m.bases == "":
		return badInput(errors.New("--unitaries is about the letters of --bases, which is missing"))
	case m.bases != "" && state == nil:
		return badInput(fmt.Errorf("%s is no model of a quantum state, so that rows have no bases: want one of 'harmonium train --kind'", j.path))
	case m.bases != "":
		rows, err := readFile(m.bases, quantum.ReadBases)
		if err != nil {
			return err
		}
		if err := run.Attach(j.set, rows, m.bases); err != nil {
			return badInput(err)
		}
	}
	if j.set.Bases == nil {
		return nil
	}
	var letters quantum.Unitaries
	var err error
	if m.bases == "" { // those of the run's own rows
		letters, err = j.run.Config.Quantum.Letters()
	} else {
		letters, err = readUnitaries(m.unitaries)
	}
	if err != nil {
		return badInput(err)
	}
	j.likelihood, j.letters = quantum.NewLikelihood(letters, on), letters
	if err := j.likelihood.Check(j.model.State.Kind, j.set.Bases, j.set.Units()); err != nil {
		return badInput(fmt.Errorf("%s: %w", m.bases, err))
	}
	return nil
}

// open reads the known state.
func (m *measuredFlags) open(model *rbm.Model) (err error) {
	if m.known, err = readState(m.state); err != nil {
		return err
	}
	if m.known.Sites() != model.M() {
		return badInput(fmt.Errorf("--state %s is of %d sites, and the model of %d: want as many", m.state, m.known.Sites(), model.M()))
	}
	return nil
}

// fidelity is that of a model with the known state; NaN without one.
func (m *measuredFlags) fidelity(model *rbm.Model, on *compute.Context) (diag.Number, error) {
	if m.known == nil {
		return diag.Number(math.NaN()), nil
	}
	f, err := run.Fidelity(model, m.known, on)
	return diag.Number(f), badInput(err)
}

// printBases writes a table of scores in each basis.
func printBases(w io.Writer, scores []monitor.BasisScore) {
	for k, s := range scores {
		if k == mostPrintedBases {
			fmt.Fprintf(w, "…\t%d more bases, by --json\n", len(scores)-k)
			return
		}
		fmt.Fprintf(w, "basis %s\t%s ± %s nats a row, %d rows\n", s.Basis, s.Value.Digits(4), s.Stderr.Digits(4), s.Rows)
	}
}

// measuredBasis is what outcomes in a basis have, beside what the state of a model predicts.
type measuredBasis struct {
	Basis    string            `json:"basis"`
	Rows     int               `json:"rows"`
	RMS      diag.Number       `json:"rms"`      // of the deviations of the products, in standard errors
	Products []measuredProduct `json:"products"` // of z = ±1 of single sites, then of pairs
}

type measuredProduct struct {
	Sites    []int       `json:"sites"`
	Measured diag.Number `json:"measured"`
	Stderr   diag.Number `json:"stderr"` // of as many outcomes of the model
	Model    diag.Number `json:"model"`
}

// frequencies are those of the rows beside the state of the model, basis by basis.
func (j *judged) frequencies(on *compute.Context) (list []measuredBasis, err error) {
	state, err := quantum.Reconstruct(j.model)
	if err != nil {
		return nil, badInput(err)
	}
	whole, err := quantum.Whole(state, on)
	if err != nil {
		return nil, badInput(fmt.Errorf("--report of rows that were measured in many bases needs the whole state: %w", err))
	}
	for _, f := range quantum.CompareFrequencies(whole, j.set.States, j.set.Bases, j.set.Weights, j.letters) {
		b := measuredBasis{Basis: string(f.Basis), Rows: f.Rows, RMS: diag.Number(f.RMS())}
		for _, p := range f.Products {
			b.Products = append(b.Products, measuredProduct{
				p.Sites, diag.Number(p.Measured), diag.Number(p.Stderr), diag.Number(p.Predicted),
			})
		}
		list = append(list, b)
	}
	return list, nil
}

// printMeasured writes a line for each basis, with the product that deviates most.
func printMeasured(w io.Writer, list []measuredBasis) {
	for k, b := range list {
		if k == mostPrintedBases {
			fmt.Fprintf(w, "…\t%d more bases, by --json\n", len(list)-k)
			return
		}
		most := slices.MaxFunc(b.Products, func(p, q measuredProduct) int { return cmp.Compare(p.deviation(), q.deviation()) })
		name := ""
		for _, i := range most.Sites {
			name += fmt.Sprintf(" %c%d", b.Basis[i], i)
		}
		fmt.Fprintf(w, "measured %s\toff by %s errors in all; most%s, %s ± %s in the rows, %s by the model\n",
			b.Basis, b.RMS.Digits(2), name, most.Measured.Digits(3), most.Stderr.Digits(3), most.Model.Digits(3))
	}
}

func (p measuredProduct) deviation() float64 {
	return math.Abs(float64((p.Measured - p.Model) / p.Stderr))
}

// mostPrintedBases is the number of bases in a table for people.
const mostPrintedBases = 30

// measured draws outcomes of measurements of a model's state in a basis, exact and independent.
func (o *sampleOptions) measured(t *terminal, model *rbm.Model) (v rbm.Batch, err error) {
	letters, err := readUnitaries(o.unitaries)
	if err != nil {
		return v, err
	}
	basis := quantum.Basis(o.basis)
	if len(basis) == 1 {
		basis = quantum.Uniform(basis[0], model.M())
	}
	if err := basis.Check(model.M(), letters); err != nil {
		return v, badInput(fmt.Errorf("--basis: %w", err))
	}
	state, err := quantum.Reconstruct(model)
	if err != nil {
		return v, badInput(fmt.Errorf("--basis: %w", err))
	}
	whole, err := quantum.Whole(state, t.compute)
	if err != nil {
		return v, badInput(fmt.Errorf("--basis needs the whole state: %w; without --basis outcomes of sz are sampled from any model", err))
	}
	rows := make([]quantum.Basis, o.count)
	for r := range rows {
		rows[r] = basis
	}
	m, err := quantum.Measure(whole, rows, letters, rng.Seed(o.seed))
	if err != nil {
		return v, badInput(err)
	}
	return m.Outcomes, nil
}

// checkBasis refuses flags that measurements in a basis make no use of.
func (o *sampleOptions) checkBasis(flags *pflag.FlagSet) error {
	if o.basis == "" {
		if o.unitaries != "" {
			return badInput(errors.New("--unitaries is about the letters of --basis, which is missing"))
		}
		return nil
	}
	for _, name := range []string{"method", "chains", "burn-in", "thin", "start", "clamp", "given"} {
		if flags.Changed(name) {
			return badInput(fmt.Errorf("--%s has no effect with --basis, whose outcomes are exact and independent: leave one of them out", name))
		}
	}
	return nil
}

// draw draws configurations, or outcomes in a basis.
func (o *sampleOptions) draw(
	ctx context.Context, t *terminal, model, free *rbm.Model, method string, options sample.Options,
) (*sampleResult, rbm.Batch, error) {
	if o.basis == "" {
		return t.draw(ctx, free, method, options)
	}
	begun := time.Now()
	v, err := o.measured(t, model)
	result := &sampleResult{
		Count: o.count, Method: monitor.MethodExact, ESS: diag.Number(o.count), Rhat: 1,
		Modes: []modeShare{}, Findings: []diag.Finding{}, Seconds: time.Since(begun).Seconds(),
	}
	return result, v, err
}
