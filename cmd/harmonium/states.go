package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/internal/atomicfile"
	"github.com/harmonium-rbm/harmonium/quantum"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// measureOptions are the flags of commands that measure a known state.
type measureOptions struct {
	sites, count     int
	measure          []string
	unitaries, bases string
	state, out       string
	seed             uint64
}

// register adds the flags; those of the state come before.
func (o *measureOptions) register(f *pflag.FlagSet) {
	f.SortFlags = false
	f.IntVarP(&o.count, "count", "n", 1000, "measurements in each basis")
	f.StringSliceVar(&o.measure, "measure", []string{"Z"},
		"bases to measure in: a letter for each site, such as XZZY, one letter for all sites, or a file of bases, one a line")
	f.StringVar(&o.unitaries, "unitaries", "", "file of letters beside X, Y and Z, one a line, with the real and imaginary parts of "+
		"U_00, U_01, U_10, U_11")
	f.StringVarP(&o.out, "out", "o", "", "file of outcomes to write, .npy or .csv, each also .gz (needed)")
	f.StringVar(&o.bases, "bases", "", "file to write the basis of each row to (needed for other bases than Z)")
	f.StringVar(&o.state, "state", "", "file to write the state to: amplitudes; of a density matrix two, its real and imaginary parts, "+
		"as FILE,FILE")
	f.Uint64Var(&o.seed, "seed", 1, "of all random numbers; the same seed gives the same bytes")
}

func (o *measureOptions) registerSites(f *pflag.FlagSet, sites int) {
	f.IntVar(&o.sites, "sites", sites, fmt.Sprintf("sites, up to %d", quantum.MaxSites))
}

func (o *measureOptions) registerNoise(f *pflag.FlagSet, p *float64) {
	f.Float64Var(p, "noise", 0, fmt.Sprintf("depolarising noise: (1-p) of the state and p of all states alike, up to %d sites",
		quantum.MaxDensitySites))
}

func (o *measureOptions) checkSites(least, most int) error {
	if o.sites < least || o.sites > most {
		return badInput(fmt.Errorf("--sites is %d, want %d to %d", o.sites, least, most))
	}
	return nil
}

// noisy is a state with depolarising noise.
func (o *measureOptions) noisy(p float64, state func(sites int) quantum.State) (quantum.Known, error) {
	switch {
	case !(p >= 0 && p <= 1):
		return nil, badInput(fmt.Errorf("--noise is %v, want 0 to 1", p))
	case p == 0:
		if err := o.checkSites(1, quantum.MaxSites); err != nil {
			return nil, err
		}
		return state(o.sites), nil
	}
	if err := o.checkSites(1, quantum.MaxDensitySites); err != nil {
		return nil, fmt.Errorf("with --noise: %w", err)
	}
	return state(o.sites).Density().Depolarise(p), nil
}

// named are a state and what is known of it.
type named struct {
	quantum.Known
	energy, exactEnergy float64 // NaN: none
}

type measuredResult struct {
	writtenFile
	Bases       int         `json:"bases"` // different ones
	Purity      diag.Number `json:"purity"`
	Energy      diag.Number `json:"energy"`
	ExactEnergy diag.Number `json:"exact_energy"`
}

// newMeasured is a command that measures a state: a chain's ground state, GHZ, …
func newMeasured(
	t *terminal, cmd *cobra.Command, o *measureOptions, state func(ctx context.Context, args []string) (named, error),
) *cobra.Command {
	o.register(cmd.Flags())
	if cmd.Args == nil {
		cmd.Args = cobra.NoArgs
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var inputs []input
		for _, path := range args {
			inputs = append(inputs, dataInputs(strings.Split(path, ",")...)...)
		}
		if err := o.checkPlaces(inputs); err != nil {
			return err
		}
		known, err := state(cmd.Context(), args)
		if err != nil {
			return err
		}
		return o.run(t, known)
	}
	return cmd
}

// checkPlaces refuses files before there is any work.
func (o *measureOptions) checkPlaces(inputs []input) error {
	if err := checkArrayFile(o.out); err != nil {
		return err
	}
	inputs = append(inputs, dataInputs(o.unitaries)...)
	outputs := []string{o.out}
	if o.bases != "" {
		outputs = append(outputs, o.bases)
	}
	if o.state != "" {
		outputs = append(outputs, strings.Split(o.state, ",")...)
	}
	if o.count < 1 {
		return badInput(fmt.Errorf("-n is %d, want 1 measurement or more", o.count))
	}
	return checkPlaces(outputs, inputs)
}

func (o *measureOptions) run(t *terminal, state named) error {
	letters, err := readUnitaries(o.unitaries)
	if err != nil {
		return err
	}
	rows, err := o.rows(state.Sites(), letters)
	if err != nil {
		return err
	}
	m, err := quantum.Measure(state, rows, letters, rng.Seed(o.seed))
	if err != nil {
		return badInput(err)
	}
	if err := o.writeState(state.Known); err != nil {
		return err
	}
	if o.bases != "" {
		if err := atomicfile.Write(o.bases, func(w io.Writer) error { return quantum.WriteBases(w, m.Rows()) }); err != nil {
			return err
		}
	}
	if err := data.Write(o.out, m.Outcomes, rbm.Bernoulli, nil); err != nil {
		return err
	}
	result := measuredResult{writtenFile{o.out, m.Outcomes.Rows(), m.Outcomes.Units()}, len(m.Bases), diag.Number(state.Purity()),
		diag.Number(state.energy), diag.Number(state.exactEnergy)}
	return t.result(result, func(w io.Writer) {
		in := fmt.Sprintf("%d bases", result.Bases)
		if result.Bases == 1 {
			in = fmt.Sprintf("the basis %s", m.Bases[0])
		}
		fmt.Fprintf(w, "wrote\t%d outcomes of %d sites, in %s, to %s\n", result.Rows, result.Units, in, o.out)
		if state.energy == state.energy {
			fmt.Fprintf(w, "energy\t%.9f", state.energy)
			if state.exactEnergy == state.exactEnergy {
				fmt.Fprintf(w, ", by free fermions %.9f", state.exactEnergy)
			}
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "purity\t%.6f\n", float64(result.Purity))
	})
}

// readUnitaries reads the letters of a file beside X, Y and Z; a path of "" is none.
func readUnitaries(path string) (quantum.Unitaries, error) {
	if path == "" {
		return quantum.Pauli(), nil
	}
	return readFile(path, quantum.ReadUnitaries)
}

// readFile reads a file, of which a wrong one is bad input.
func readFile[T any](path string, read func(r io.Reader) (T, error)) (T, error) {
	f, err := os.Open(path)
	if err != nil {
		return *new(T), badInput(err)
	}
	defer f.Close()
	value, err := read(f)
	if err != nil {
		return value, badInput(fmt.Errorf("%s: %w", path, err))
	}
	return value, nil
}

// rows are the bases of all rows: those of --measure, each count times.
func (o *measureOptions) rows(sites int, letters quantum.Unitaries) (rows []quantum.Basis, err error) {
	var bases []quantum.Basis
	for _, text := range o.measure {
		list := []quantum.Basis{quantum.Basis(text)}
		if len(text) == 1 {
			list[0] = quantum.Uniform(text[0], sites)
		}
		if wrong := list[0].Check(sites, letters); wrong != nil {
			list, err = readFile(text, quantum.ReadBases)
			if errors.Is(err, os.ErrNotExist) {
				return nil, badInput(fmt.Errorf("--measure %s: %w; nor is there a file of this name", text, wrong))
			} else if err != nil {
				return nil, err
			}
		}
		for _, b := range list {
			if err := b.Check(sites, letters); err != nil {
				return nil, badInput(fmt.Errorf("--measure %s: %w", text, err))
			}
		}
		bases = append(bases, list...)
	}
	for _, b := range bases {
		if o.bases == "" && b != quantum.Uniform('Z', sites) {
			return nil, badInput(fmt.Errorf("--measure %s: outcomes in this basis are no use without it: name a file by --bases", b))
		}
		for range o.count {
			rows = append(rows, b)
		}
	}
	return rows, nil
}

// writeState writes amplitudes, or the parts of a density matrix.
func (o *measureOptions) writeState(k quantum.Known) error {
	if o.state == "" {
		return nil
	}
	paths := strings.Split(o.state, ",")
	psi, pure := k.(quantum.State)
	switch {
	case pure && len(paths) == 1:
		return atomicfile.Write(paths[0], func(w io.Writer) error { return quantum.WriteState(w, psi) })
	case pure:
		return badInput(fmt.Errorf("--state %s names %d files, but the state is pure: want one", o.state, len(paths)))
	case len(paths) != 2:
		return badInput(fmt.Errorf("--state %s names %d files, but the state is mixed: want FILE,FILE for the real and the imaginary parts",
			o.state, len(paths)))
	}
	rho := k.(quantum.Density)
	return atomicfile.Write(paths[0], func(re io.Writer) error {
		return atomicfile.Write(paths[1], func(im io.Writer) error { return quantum.WriteDensity(re, im, rho) })
	})
}

// readState reads a state as --state names it.
func readState(names string) (quantum.Known, error) {
	paths := strings.Split(names, ",")
	switch len(paths) {
	case 1:
		return readFile(names, quantum.ReadState)
	case 2:
		return readFile(paths[0], func(re io.Reader) (quantum.Known, error) {
			im, err := os.Open(paths[1])
			if err != nil {
				return nil, err
			}
			defer im.Close()
			return quantum.ReadDensity(re, im)
		})
	}
	return nil, badInput(fmt.Errorf("%s names %d files, want one of amplitudes, or FILE,FILE of the real and the imaginary parts of a "+
		"density matrix", names, len(paths)))
}
