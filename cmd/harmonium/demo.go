package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/plot"
	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/ising"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// The demo: a lattice small enough to be enumerated, at the temperature where it is hardest to learn.
const (
	demoL       = 4
	demoRows    = 50000
	demoHidden  = 32
	demoEpochs  = 12
	demoSamples = 100000
	demoReports = 60    // points of the KL curve
	demoKL      = 0.02  // nats: what counts as learnt
	demoPicture = 8 * 8 // configurations in the picture of samples
)

func newDemo(t *terminal) *cobra.Command {
	out, seed := "harmonium-demo", uint64(1)
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See an RBM learn the Ising model, with the exact answer beside it",
		Long: `Draw configurations of the 4×4 Ising model at its critical temperature, train a model on them, and
compare it with the exact answer: the KL divergence from the enumerated distribution while training,
then energy, magnetisation, specific heat and susceptibility of samples of the model. Pictures go to
a folder.`,
		Example: "  harmonium demo -o demo",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return demo(cmd.Context(), t, out, seed) },
	}
	cmd.Flags().StringVarP(&out, "out", "o", out, "folder for pictures and model; made if it isn't there")
	cmd.Flags().Uint64Var(&seed, "seed", seed, "of all random numbers; the same seed gives the same bytes")
	return cmd
}

// observable is one row of the comparison.
type observable struct {
	Name   string      `json:"name"`
	Value  diag.Number `json:"value"`
	Stderr diag.Number `json:"stderr"`
	Exact  float64     `json:"exact"`
}

type demoResult struct {
	KL          float64      `json:"kl"`
	Seconds     float64      `json:"seconds"`
	Observables []observable `json:"observables"`
	Folder      string       `json:"folder"`
}

// klCurve is D_KL(target‖model) along the training.
type klCurve struct{ epochs, kl []float64 }

func demo(ctx context.Context, t *terminal, out string, seed uint64) error {
	if _, err := run.Open(out); err == nil {
		return badInput(fmt.Errorf("-o %s is the folder of a run, whose model would be lost: name another folder", out))
	}
	if err := checkFolder(out); err != nil {
		return err
	}
	begun := time.Now()
	lattice, err := ising.Enumerate(demoL)
	if err != nil {
		return err
	}
	target := lattice.Distribution(ising.Tc)
	t.say("drawing %d configurations of the %d×%d Ising model at T = %.4f by Wolff clusters",
		demoRows, demoL, demoL, ising.Tc)
	states, report, err := ising.Sample(ctx, demoL, ising.Tc, demoRows, rng.Seed(seed),
		ising.Options{Compute: t.compute})
	if err != nil {
		return err
	}
	t.say("their energy per site is %s, exactly %.4f", report.Energy, report.Exact)
	model, curve, err := demoTrain(ctx, t, states, target, seed)
	if err != nil {
		return err
	}
	samples, _, err := exact.Sample(ctx, model, demoSamples, rng.Seed(seed), exact.Options{Compute: t.compute})
	if err != nil {
		return err
	}
	result := demoResult{KL: curve.kl[len(curve.kl)-1], Folder: out, Observables: compare(samples, lattice)}
	if err := demoWrite(out, model, curve, states, samples); err != nil {
		return err
	}
	if err := plot.Compare(filepath.Join(out, "observables.png"), result.comparison()); err != nil {
		return err
	}
	result.Seconds = time.Since(begun).Seconds()
	if err := t.result(result, result.table); err != nil {
		return err
	}
	if !(result.KL <= demoKL) {
		t.warn("the divergence is above %v nats: not learnt", demoKL)
		return &statusError{status: exitUntrusted}
	}
	return nil
}

// demoTrain trains a spin model while the exact divergence from the target falls on the terminal.
func demoTrain(ctx context.Context, t *terminal, states rbm.Batch, target []float64, seed uint64) (*rbm.Model, *klCurve, error) {
	model := rbm.NewModel(rbm.NewLayer(rbm.Spin, demoL*demoL), rbm.NewLayer(rbm.Spin, demoHidden), rng.Seed(seed))
	set := &data.Set{States: states, Values: rbm.Spin}
	// Gentler than the defaults, for a curve that falls steadily: two modes, all up and all down, keep the chains
	// apart.
	training, err := train.Start(model, set, train.Config{
		Seed: seed, Compute: t.compute, Epochs: demoEpochs, Batch: 50, Rate: 0.003, Schedule: train.Cosine,
		Negative: &train.PCD{Chains: 200}, Every: math.MaxInt,
	})
	if err != nil {
		return nil, nil, err
	}
	curve := &klCurve{}
	measure := func(epoch float64) error {
		kl, err := exact.KL(ctx, target, model, exact.Options{Compute: t.compute})
		curve.epochs, curve.kl = append(curve.epochs, epoch), append(curve.kl, kl)
		return err
	}
	if err := measure(0); err != nil {
		return nil, nil, err
	}
	t.say("training a model of %d spins and %d hidden ones; D_KL is exact, over all %d configurations",
		model.M(), model.N(), len(target))
	bar := t.progress("train", int64(training.Planned()))
	defer bar.stop()
	every := max(training.Planned()/demoReports, 1)
	for p := range training.Steps(ctx) {
		if p.Update%every == 0 || p.Update == p.Planned {
			training.Current()
			if err := measure(p.Epoch); err != nil {
				return nil, nil, err
			}
		}
		bar.set(int64(p.Update), fmt.Sprintf("D_KL = %.4f nats", curve.kl[len(curve.kl)-1]))
	}
	if err := training.Err(); err != nil {
		return nil, nil, err
	}
	return model, curve, ctx.Err()
}

func compare(samples rbm.Batch, lattice *ising.Lattice) []observable {
	got, want := ising.Observe(samples, demoL, ising.Tc), lattice.Observables(ising.Tc)
	row := func(name string, e diag.Estimate, exact float64) observable {
		return observable{name, e.Value, e.Stderr, exact}
	}
	return []observable{
		row("energy per site", got.Energy, want.Energy),
		row("|magnetisation| per site", got.Magnetisation, want.Magnetisation),
		row("specific heat per site", got.SpecificHeat, want.SpecificHeat),
		row("susceptibility per site", got.Susceptibility, want.Susceptibility),
	}
}

// comparison is the picture of the observables.
func (r demoResult) comparison() plot.Comparison {
	c := plot.Comparison{Title: fmt.Sprintf("%d samples of the trained model, and the exact values", demoSamples)}
	for _, o := range r.Observables {
		c.Panels = append(c.Panels, plot.Panel{
			Name: o.Name, Exact: o.Exact,
			Estimates: []plot.Estimate{{Name: "model", Value: float64(o.Value), Err: float64(o.Stderr)}},
		})
	}
	return c
}

// demoWrite writes the model and the pictures.
func demoWrite(out string, model *rbm.Model, curve *klCurve, states, samples rbm.Batch) error {
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	if err := model.Save(filepath.Join(out, "model.safetensors")); err != nil {
		return err
	}
	err := plot.Curve(filepath.Join(out, "kl.png"), plot.Chart{
		Title: "An RBM learns the 4×4 Ising model at the critical temperature",
		X:     "passes over the data", Y: "exact D_KL(target‖model) in nats", LogY: true,
		Series: []plot.Series{{Name: "D_KL", X: curve.epochs, Y: curve.kl}},
		Levels: []plot.Level{{Name: fmt.Sprintf("goal, %v nats", demoKL), Y: demoKL}},
	})
	if err != nil {
		return err
	}
	weights := make([][]float64, model.N())
	for j := range weights {
		for i := range model.M() {
			weights[j] = append(weights[j], float64(model.W[i*model.N()+j]))
		}
	}
	err = plot.Tiles(filepath.Join(out, "weights.png"), plot.Sheet{
		Title: "Weights w_ij: a tile for each hidden spin, laid out as the lattice", Rows: demoL, Columns: demoL, Tiles: weights, Label: "w_ij",
	})
	if err != nil {
		return err
	}
	return plot.Tiles(filepath.Join(out, "samples.png"), plot.Sheet{
		Title: "Configurations: upper half from the Ising model, lower half from the trained model", Rows: demoL, Columns: demoL,
		Tiles: append(tiles(states, demoPicture/2), tiles(samples, demoPicture/2)...), Across: 8, Binary: true,
	})
}

// tiles returns rows from all over s, evenly.
func tiles(s rbm.Batch, count int) [][]float64 {
	list := make([][]float64, count)
	for k := range list {
		for i := range s.Units() {
			list[k] = append(list[k], s.Value(k*s.Rows()/count, i))
		}
	}
	return list
}

func (r demoResult) table(w io.Writer) {
	fmt.Fprintf(w, "D_KL(target‖model)\t%.4f nats\texact\n", r.KL)
	for _, o := range r.Observables {
		e := diag.Estimate{Value: o.Value, Stderr: o.Stderr}
		fmt.Fprintf(w, "%s\t%s\texactly %.4f\n", o.Name, e, o.Exact)
	}
	fmt.Fprintf(w, "(± is the error of the sample; the rest of a difference is what the model has not learnt)\n")
	fmt.Fprintf(w, "pictures and model\t%s\t%.1f s\n", r.Folder, r.Seconds)
}
