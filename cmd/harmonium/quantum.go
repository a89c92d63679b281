package main

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// quantumFlags say which state of qubits a run reconstructs, and how its rows were measured.
type quantumFlags struct {
	kind, bases, validBases, unitaries string
	phaseHidden, auxiliary             int
	state                              []string
}

const (
	basesHelp     = "file of bases, one a row of the data: a letter a site, X, Y, Z or one of --unitaries"
	unitariesHelp = "file of other letters of bases: a letter and the real and imaginary parts of U_00, U_01, U_10, U_11 a line"
	stateHelp     = "file of the known state, real and imaginary part of an amplitude a line; of a density matrix twice, for the file of the " +
		"real parts and that of the imaginary parts"
)

func (q *quantumFlags) register(f *pflag.FlagSet) {
	f.StringVar(&q.kind, "kind", "", "state of qubits to reconstruct from outcomes of measurements: wavefunction, complex or density")
	f.StringVar(&q.bases, "bases", "", basesHelp)
	f.StringVar(&q.validBases, "valid-bases", "", "file of bases of --valid")
	f.StringVar(&q.unitaries, "unitaries", "", unitariesHelp)
	f.IntVar(&q.phaseHidden, "phase-hidden", 0, "hidden units of the phases of a complex or density state; 0 means as many as --hidden")
	f.IntVar(&q.auxiliary, "auxiliary", 0, "auxiliary hidden units of a density state, beside --hidden; 0 means 2; more: for states that are more mixed, less coherence of many sites at first")
	f.StringArrayVar(&q.state, "state", nil, stateHelp+"; scores along the way then tell the fidelity")
}

// describe writes the flags to the config of a run.
func (q *quantumFlags) describe(c *run.Config, valid string) error {
	given := q.bases != "" || q.validBases != "" || q.unitaries != "" || len(q.state) > 0
	switch {
	case q.kind == "" && c.From == nil && (given || q.phaseHidden != 0 || q.auxiliary != 0):
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
		PhaseHidden: q.phaseHidden, Auxiliary: q.auxiliary,
		Bases: fileOf(q.bases), ValidBases: fileOf(q.validBases), Unitaries: fileOf(q.unitaries),
	}
	for _, path := range q.state {
		c.Quantum.State = append(c.Quantum.State, *fileOf(path))
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
