package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
	"github.com/harmonium-rbm/harmonium/sites"
)

type inspectOptions struct {
	out    string
	data   string
	train  string
	shape  string
	format string
	dark   bool

	sequence   string // of models of categorical sites
	contacts   string
	separation int

	autoSeparation bool
	dataFlags
}

func newInspect(t *terminal) *cobra.Command {
	o := &inspectOptions{separation: 4, autoSeparation: true}
	cmd := &cobra.Command{
		Use:   "inspect MODEL|RUN -o FOLDER",
		Short: "Draw pictures of a model and its training",
		Long: `Draw what a model has learned, and write the numbers of every picture as CSV beside it: learning
curves and the spectrum of W along a run; weights as tiles in the layout of the data; samples beside
data; the modes of the model with their shares, beside those of data and samples; activities of the
hidden units, of which dead and saturated ones are counted; correlations of samples against those of
data; free energies of training data, other data and samples; trace and autocorrelation of chains.
The training data of a run are found by themselves if they are where they were.

Of a model of categorical sites, such as one of an alignment: logos of weights and of modes;
frequencies and correlations of states in samples beside those in data; a map of contacts by
effective couplings, and which part of the first ones are known; the score of each single mutation.

Of a quantum state ('train --kind'): amplitudes and phases, of up to 10 sites, or the density
matrix, of up to 5; the second Renyi entropy of the first sites against their number.`,
		Example: `  harmonium inspect run -o pictures
  harmonium inspect run --data test.npy --format svg --dark -o pictures
  harmonium inspect family --contacts structure.txt -o pictures`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return inspect(cmd.Context(), t, o, args[0]) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&o.out, "out", "o", "", "folder for the pictures; made if it isn't there (needed)")
	f.StringVar(&o.data, "data", "", "rows that were not trained on, for the free energies")
	f.StringVar(&o.train, "train", "", "the training data; default: those of the run")
	f.StringVar(&o.shape, "shape", "", "layout of a configuration, such as 28x28; default: that of the data, or square")
	f.StringVar(&o.format, "format", "png", "png or svg")
	f.BoolVar(&o.dark, "dark", false, "light on dark")
	f.StringVar(&o.sequence, "sequence", "",
		"sequence whose single mutations are scored: the name of one of the data's, or letters; default: the consensus of the data")
	f.StringVar(&o.contacts, "contacts", "", "file of known contacts, two sites a line, from 1: says how many of the first pairs are contacts")
	f.Var(&intOrAuto{&o.separation, &o.autoSeparation}, "separation",
		"least distance of two sites that are listed as coupled; auto: 4 along a sequence of letters, 1 of other categories")
	o.dataFlags.register(f, t)
	return cmd
}

// What an inspection draws and measures.
const (
	inspectSamples = 1000
	inspectBurnIn  = 4096 // sweeps, and inspectThin between samples: pictures need not wait for more; findings tell if it was too little
	inspectThin    = 50
	shownTiles     = 100
	shownRows      = 32 // of data, and of samples
	shownUnits     = 200
	shownPairs     = 2000
	inspectRows    = 10000 // of data, at most
	tracedChains   = 20
	tracedSweeps   = 2000
	shownChains    = 3
	shownSweeps    = 400
	shownSpectrum  = 6 // colours
	histogramBins  = 40
	deadBelow      = 0.01 // mean activity of a hidden unit; saturated above one minus this
)

type inspectResult struct {
	Folder         string           `json:"folder"`
	Pictures       []string         `json:"pictures"`
	LeftOut        []string         `json:"left_out,omitempty"` // pictures for which there are too many sites
	Hidden         int              `json:"hidden"`
	Auxiliary      int              `json:"auxiliary,omitempty"` // hidden units that a density matrix is summed over, beside those
	Dead           int              `json:"dead"`
	Saturated      int              `json:"saturated"`
	SingularValues []float32        `json:"singular_values"`
	Modes          []inspectedMode  `json:"modes"`                // the largest first
	Changes        *int             `json:"mode_changes"`         // of chains; null where samples are exact
	Tau            diag.Number      `json:"autocorrelation_time"` // of the free energy along Gibbs chains, in sweeps
	Sites          *sitesResult     `json:"sites"`                // of a model of categorical sites; null of others
	Entropies      []estimateResult `json:"entropies,omitempty"`  // S_2 of the first 1, 2, … sites of a quantum state
	Findings       []diag.Finding   `json:"findings"`
}

// inspection is a model with everything that pictures of it need.
type inspection struct {
	o             *inspectOptions
	model         *rbm.Model
	inputs        []input // not to be written over
	rows, columns int
	names         []string // of the visible units; nil where they have none, or another layout
	metrics       []run.Metric
	train, test   *data.Set // nil where there are none
	samples       rbm.Batch
	wild          rbm.Batch // the row of data that --sequence names; no rows if there is none
	sites         *siteView // nil unless the visible layer is of categorical sites
	conditionals  *rbm.Conditionals
	result        *inspectResult
}

func inspect(ctx context.Context, t *terminal, o *inspectOptions, path string) error {
	if o.out == "" {
		return badInput(errors.New("no folder for the pictures: name one by -o FOLDER"))
	}
	if o.format != "png" && o.format != "svg" {
		return badInput(fmt.Errorf("format %q, want png or svg", o.format))
	}
	if err := checkFolder(o.out); err != nil {
		return err
	}
	model, r, err := t.openModel(path)
	if err != nil {
		return err
	}
	i := &inspection{o: o, model: model, conditionals: rbm.NewConditionals(model, t.compute)}
	i.inputs = append(inputsOf(path, r), dataInputs(o.data, o.train, o.contacts)...)
	i.result = &inspectResult{Folder: o.out, Pictures: []string{}, Hidden: model.N(), Modes: []inspectedMode{}, Findings: []diag.Finding{}}
	if model.State != nil {
		i.result.Auxiliary = model.State.Auxiliary()
		i.result.Hidden -= i.result.Auxiliary
	}
	if err := i.open(t, r); err != nil {
		return err
	}
	method, err := sampleMethod(model, methodAuto, true)
	if err != nil {
		return err
	}
	drawn, samples, err := t.draw(ctx, model, method, sample.Options{
		Count: inspectSamples, Chains: sample.DefaultChains, BurnIn: inspectBurnIn, Thin: inspectThin, Seed: o.seed,
	})
	if err != nil {
		return err
	}
	if drawn.Method != monitor.MethodExact {
		i.result.Changes = &drawn.Changes
	}
	i.samples, i.result.Findings = samples, append(i.result.Findings, drawn.Findings...)
	if err := t.compute.Err(); err != nil {
		return err
	}
	if err := os.MkdirAll(o.out, 0o777); err != nil {
		return err
	}
	pictures := []func() error{
		i.curves, i.spectrum, i.weights, i.configurations, func() error { return i.modes(ctx, t) },
		i.hidden, i.correlations, i.energies, func() error { return i.chains(ctx) },
		func() error { return i.state(t, drawn.Method) },
	}
	if i.sites != nil {
		i.sites.samples = sites.NewSample(i.sites.Sites, samples, nil)
		i.result.Sites = &sitesResult{}
		pictures = []func() error{
			i.curves, i.spectrum, i.logos, i.frequencies, func() error { return i.modes(ctx, t) },
			func() error { return i.contacts(ctx, t) }, i.mutations,
			i.hidden, i.energies, func() error { return i.chains(ctx) },
		}
	}
	for _, draw := range pictures {
		if err := draw(); err != nil {
			return err
		}
	}
	return t.result(i.result, i.result.table)
}

func (r *inspectResult) table(w io.Writer) {
	fmt.Fprintf(w, "pictures\t%s in %s\n", strings.Join(r.Pictures, ", "), r.Folder)
	if r.LeftOut != nil {
		fmt.Fprintf(w, "left out\t%s\n", strings.Join(r.LeftOut, "; "))
	}
	hidden := fmt.Sprint(r.Hidden)
	if r.Auxiliary > 0 {
		hidden += fmt.Sprintf(" and %d auxiliary ones", r.Auxiliary)
	}
	fmt.Fprintf(w, "hidden units\t%s, of which %d are dead and %d saturated\n", hidden, r.Dead, r.Saturated)
	fmt.Fprintf(w, "singular values of W\t%s\n", singular(r.SingularValues))
	r.modesTable(w)
	r.Sites.table(w)
	r.entropyTable(w)
	fmt.Fprintf(w, "autocorrelation time\t%.3g sweeps of the free energy along Gibbs chains\n", r.Tau)
	printFindings(w, r.Findings)
}

// open finds the data, the metrics and the layout.
func (i *inspection) open(t *terminal, r *run.Run) error {
	shape := shapeOf(r)
	if r != nil {
		var err error
		if i.metrics, err = r.Metrics(); err != nil && !errors.Is(err, os.ErrNotExist) {
			return badInput(err)
		}
		i.metrics = slices.DeleteFunc(i.metrics, func(m run.Metric) bool { return m.Average }) // no point of a curve
		if i.o.train == "" {
			if i.train, _, err = r.OpenData(); err != nil {
				t.warn("without the training data: %v", err)
				i.train = nil
			} else if whole := i.train.WholeRows(); whole.Rows() < i.train.Rows() {
				which := "without gaps"
				if i.train.Bases != nil {
					which = "that were measured in the basis of σ^z"
				}
				t.warn("note: of the training data only the %d rows %s are shown", whole.Rows(), which)
				if i.train = whole; whole.Rows() == 0 {
					i.train = nil
				}
			}
			if err := r.Config.Reweight(t.compute, i.train); err != nil { // the weights that they were trained with
				return badInput(err)
			}
		}
	}
	for _, file := range []struct {
		path string
		set  **data.Set
	}{{i.o.train, &i.train}, {i.o.data, &i.test}} {
		if file.path == "" {
			continue
		}
		set, err := i.o.openFor(i.model, file.path)
		if err != nil {
			return err
		}
		*file.set = set
		if shape == nil {
			shape = set.Shape
		}
	}
	i.wild = i.named(i.o.sequence)
	for _, set := range []**data.Set{&i.train, &i.test} {
		if *set != nil && (*set).Rows() > inspectRows {
			order := make([]int, (*set).Rows())
			rng.NewSource(rng.Seed(i.o.seed).Stream(rng.StreamSplit), 1).Perm(order)
			*set = (*set).Subset(order[:inspectRows])
		}
	}
	var err error
	if shape == nil && i.o.shape == "" {
		i.names = unitNames(i.model.Columns)
	}
	if i.rows, i.columns, err = layoutOf(i.model.Visible, i.o.shape, shape); err != nil {
		return badInput(err)
	}
	i.sites, err = i.viewSites()
	return badInput(err)
}

// layoutOf says how many rows and columns of units a configuration is drawn with.
func layoutOf(layer rbm.Layer, given string, shape []int) (rows, columns int, err error) {
	if units := layer.Units(); given != "" {
		left, right, _ := strings.Cut(given, "x")
		rows, err1 := strconv.Atoi(left)
		columns, err2 := strconv.Atoi(right)
		if err1 != nil || err2 != nil || rows < 1 || columns < 1 || units%rows != 0 || units/rows != columns {
			return 0, 0, fmt.Errorf("--shape %s, want ROWSxCOLUMNS that make the model's %d visible units",
				given, units)
		}
		return rows, columns, nil
	}
	rows, columns = run.Layout(layer, shape)
	return rows, columns, nil
}
