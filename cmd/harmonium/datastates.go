package main

import (
	"context"
	"fmt"
	"math"

	"github.com/spf13/cobra"

	"github.com/harmonium-rbm/harmonium/quantum"
)

func newDataTFIM(t *terminal) *cobra.Command {
	o, J, h, periodic := &measureOptions{}, 1.0, 1.0, false
	cmd := &cobra.Command{
		Use:   "tfim -o FILE",
		Short: "Measure the ground state of a transverse-field Ising chain",
		Long: `Measure the ground state of the Ising chain in a transverse field,
H = -J sum sz_i sz_i+1 - h sum sx_i, found by Lanczos; its energy is compared with that of free
fermions. All its amplitudes are positive. Outcomes are bits: 0 is |0>, the eigenvalue +1.`,
		Example: `  harmonium data tfim --sites 10 --h 1 -n 10000 --state psi.txt -o tfim.npy
  harmonium data tfim --sites 4 --measure Z,X,ZXZX --bases bases.txt -o tfim.npy`,
	}
	f := cmd.Flags()
	o.registerSites(f, 10)
	f.Float64Var(&J, "J", J, "coupling")
	f.Float64Var(&h, "h", h, "field")
	f.BoolVar(&periodic, "periodic", false, "close the chain to a ring")
	return newMeasured(t, cmd, o, func(ctx context.Context, _ []string) (named, error) {
		if err := o.checkChain(periodic); err != nil {
			return named{}, err
		}
		if !(h > 0) || math.IsInf(h, 0) {
			return named{}, badInput(fmt.Errorf("--h is %v, want a finite field above 0: without it the ground state is degenerate", h))
		}
		if math.IsNaN(J) || math.IsInf(J, 0) {
			return named{}, badInput(fmt.Errorf("--J is %v, want a finite coupling", J))
		}
		g, err := t.ground(ctx, quantum.TFIM(o.sites, J, h, periodic), o.sites)
		if err != nil {
			return named{}, err
		}
		exact := math.NaN()
		if J >= 0 {
			exact = quantum.TFIMEnergy(o.sites, J, h, periodic)
		}
		return named{Known: g.State, energy: g.Energy, exactEnergy: exact}, nil
	})
}

func (o *measureOptions) checkChain(periodic bool) error {
	if periodic {
		return o.checkSites(3, quantum.MaxSites)
	}
	return o.checkSites(2, quantum.MaxSites)
}

// solving shows how far a state is computed, until stop.
func (t *terminal) solving(what string) (o quantum.Options, stop func()) {
	bar := t.progress(what, 1000)
	return quantum.Options{Compute: t.compute, Progress: func(part float64) { bar.set(int64(1000*part), "") }}, bar.stop
}

func (t *terminal) ground(ctx context.Context, h quantum.PauliSum, sites int) (*quantum.Ground, error) {
	o, stop := t.solving("ground state")
	defer stop()
	g, err := quantum.GroundState(ctx, h, sites, o)
	if err != nil && ctx.Err() == nil {
		err = badInput(err)
	}
	return g, err
}

func newDataXXZ(t *terminal) *cobra.Command {
	o, J, delta, time, periodic := &measureOptions{}, 1.0, 1.0, 0.0, false
	cmd := &cobra.Command{
		Use:   "xxz -o FILE",
		Short: "Measure a state of an XXZ chain: the ground state, or one evolved in time",
		Long: `Measure the ground state of the anisotropic Heisenberg chain,
H = J sum (sx_i sx_i+1 + sy_i sy_i+1 + delta sz_i sz_i+1), found by Lanczos, or with --time the
state exp(-iHt) |0101...>, whose amplitudes are complex. With J > 0 the amplitudes of the ground
state have both signs, with J < 0 all are positive. A degenerate ground state, as of an odd number
of sites, is refused.`,
		Example: `  harmonium data xxz --sites 8 --delta 0.5 --J -1 -n 10000 -o xxz.npy
  harmonium data xxz --sites 6 --time 1 --measure Z,X,Y --bases bases.txt --state psi.txt -o xxz.npy`,
	}
	f := cmd.Flags()
	o.registerSites(f, 10)
	f.Float64Var(&J, "J", J, "coupling")
	f.Float64Var(&delta, "delta", delta, "anisotropy")
	f.Float64Var(&time, "time", 0, "evolve |0101...> by this time, in units of 1/J; 0: the ground state")
	f.BoolVar(&periodic, "periodic", false, "close the chain to a ring")
	return newMeasured(t, cmd, o, func(ctx context.Context, _ []string) (named, error) {
		if err := o.checkChain(periodic); err != nil {
			return named{}, err
		}
		for name, x := range map[string]float64{"J": J, "delta": delta, "time": time} {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return named{}, badInput(fmt.Errorf("--%s is %v, want a finite number", name, x))
			}
		}
		h := quantum.XXZ(o.sites, J, delta, periodic)
		if time == 0 {
			g, err := t.ground(ctx, h, o.sites)
			if err != nil {
				return named{}, err
			}
			return named{Known: g.State, energy: g.Energy, exactEnergy: math.NaN()}, nil
		}
		options, stop := t.solving("evolution")
		psi, err := quantum.Evolve(ctx, h, quantum.Neel(o.sites), time, options)
		stop()
		if err != nil {
			return named{}, err
		}
		return named{Known: psi, energy: psi.Expect(h.Local()), exactEnergy: math.NaN()}, nil
	})
}

func newDataGHZ(t *terminal) *cobra.Command {
	return newDataNamed(t, "ghz", "Measure the GHZ state",
		"the state (|0...0> + |1...1>)/sqrt 2 of Greenberger, Horne and Zeilinger", quantum.GHZ)
}

func newDataW(t *terminal) *cobra.Command {
	return newDataNamed(t, "w", "Measure the W state", "the state (|10...0> + |010...0> + ... + |0...01>)/sqrt n", quantum.W)
}

func newDataNamed(t *terminal, name, short, what string, state func(sites int) quantum.State) *cobra.Command {
	o, noise := &measureOptions{}, 0.0
	cmd := &cobra.Command{
		Use: name + " -o FILE", Short: short,
		Long: fmt.Sprintf("Measure %s,\nwith noise if wanted. Outcomes are bits: 0 is |0>, the eigenvalue +1.", what),
		Example: fmt.Sprintf(`  harmonium data %[1]s --sites 3 --measure Z,X,Y --bases bases.txt -o %[1]s.npy
  harmonium data %[1]s --sites 2 --noise 0.2 --measure Z,X --bases b.txt --state re,im -o %[1]s.npy`, name),
	}
	o.registerSites(cmd.Flags(), 3)
	o.registerNoise(cmd.Flags(), &noise)
	return newMeasured(t, cmd, o, func(context.Context, []string) (named, error) {
		known, err := o.noisy(noise, state)
		return named{Known: known, energy: math.NaN(), exactEnergy: math.NaN()}, err
	})
}

func newDataWerner(t *terminal) *cobra.Command {
	o, p := &measureOptions{}, 0.5
	cmd := &cobra.Command{
		Use:   "werner -o FILE",
		Short: "Measure a Werner state of two sites",
		Long: `Measure Werner's state of two sites, p of the singlet (|01> - |10>)/sqrt 2 and 1-p of all states
alike. It is entangled for p above 1/3.`,
		Example: "  harmonium data werner --p 0.5 --measure Z,X,Y --bases b.txt --state re.txt,im.txt -o werner.npy",
	}
	cmd.Flags().Float64Var(&p, "p", p, "part of the singlet, 0 to 1")
	return newMeasured(t, cmd, o, func(context.Context, []string) (named, error) {
		if !(p >= 0 && p <= 1) {
			return named{}, badInput(fmt.Errorf("--p is %v, want 0 to 1", p))
		}
		return named{Known: quantum.Werner(p), energy: math.NaN(), exactEnergy: math.NaN()}, nil
	})
}

func newDataMeasure(t *terminal) *cobra.Command {
	o := &measureOptions{}
	cmd := &cobra.Command{
		Use:   "measure STATE -o FILE",
		Short: "Measure a state of a file",
		Long: `Measure a state of up to 20 sites that a file has: a line for each amplitude, the real and the
imaginary part, site 0 the most significant bit of the line's number. STATE may also be FILE,FILE,
the real and the imaginary parts of a density matrix of up to 10 sites. QuCumber's files are such.`,
		Example: "  harmonium data measure psi.txt --measure Z,X -n 1000 --bases bases.txt -o measured.npy",
		Args:    cobra.ExactArgs(1),
	}
	return newMeasured(t, cmd, o, func(_ context.Context, args []string) (named, error) {
		known, err := readState(args[0])
		return named{Known: known, energy: math.NaN(), exactEnergy: math.NaN()}, err
	})
}
