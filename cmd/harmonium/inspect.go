package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"harmonium/data"
	"harmonium/diag"
	"harmonium/internal/plot"
	"harmonium/internal/run"
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
	"harmonium/train"
)

type inspectOptions struct {
	out    string
	data   string
	train  string
	shape  string
	format string
	dark   bool
	dataFlags
}

func newInspect(t *terminal) *cobra.Command {
	o := &inspectOptions{}
	cmd := &cobra.Command{
		Use:   "inspect MODEL|RUN -o FOLDER",
		Short: "Draw pictures of a model and its training",
		Long: `Draw what a model has learned, and write the numbers of every picture as CSV beside it: learning curves and the spectrum of W
along a run; weights as tiles in the layout of the data; samples beside data; activities of the hidden units, of which dead and saturated
ones are counted; correlations of samples against those of data; free energies of training data, other data and samples; trace and autocorrelation of
chains. The training data of a run are found by themselves if they are where they were.`,
		Example: `  harmonium inspect run -o pictures
  harmonium inspect run --data test.npy --format svg --dark -o pictures`,
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
	o.dataFlags.register(f)
	return cmd
}

// What an inspection draws and measures.
const (
	inspectSamples = 1000
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
	Folder         string         `json:"folder"`
	Pictures       []string       `json:"pictures"`
	Hidden         int            `json:"hidden"`
	Dead           int            `json:"dead"`
	Saturated      int            `json:"saturated"`
	SingularValues []float32      `json:"singular_values"`
	Tau            diag.Number    `json:"autocorrelation_time"` // of the free energy along Gibbs chains, in sweeps
	Findings       []diag.Finding `json:"findings"`
}

// inspection is a model with everything that pictures of it need.
type inspection struct {
	o             *inspectOptions
	model         *rbm.Model
	rows, columns int
	metrics       []run.Metric
	train, test   *data.Set // nil where there are none
	samples       rbm.States
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
	model, r, err := openModel(path)
	if err != nil {
		return err
	}
	i := &inspection{o: o, model: model, conditionals: rbm.NewConditionals(model, t.workers)}
	i.result = &inspectResult{Folder: o.out, Pictures: []string{}, Hidden: model.N(), Findings: []diag.Finding{}}
	if err := i.open(t, r); err != nil {
		return err
	}
	options := sampleOptions{count: inspectSamples, method: "auto", chains: 20, settle: true, spread: true, seed: o.seed}
	method, err := options.check(model)
	if err != nil {
		return err
	}
	drawn, samples, err := options.draw(ctx, t, model, method)
	if err != nil {
		return err
	}
	i.samples, i.result.Findings = samples, append(i.result.Findings, drawn.Findings...)
	if err := os.MkdirAll(o.out, 0o777); err != nil {
		return err
	}
	for _, draw := range []func() error{
		i.curves, i.spectrum, i.weights, i.configurations, i.hidden, i.correlations, i.energies, func() error { return i.chains(ctx) },
	} {
		if err := draw(); err != nil {
			return err
		}
	}
	return t.result(i.result, i.result.table)
}

func (r *inspectResult) table(w io.Writer) {
	fmt.Fprintf(w, "pictures\t%s in %s\n", strings.Join(r.Pictures, ", "), r.Folder)
	fmt.Fprintf(w, "hidden units\t%d, of which %d are dead and %d saturated\n", r.Hidden, r.Dead, r.Saturated)
	fmt.Fprintf(w, "singular values of W\t%s\n", singular(r.SingularValues))
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
		if i.o.train == "" {
			if i.train, _, err = run.OpenData(r.Config); err != nil {
				t.warn("without the training data: %v", err)
				i.train = nil
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
	for _, set := range []**data.Set{&i.train, &i.test} {
		if *set != nil && (*set).Rows() > inspectRows {
			order := make([]int, (*set).Rows())
			rng.NewSource(rng.Seed(i.o.seed).Stream(rng.StreamSplit), 1).Perm(order)
			*set = (*set).Subset(order[:inspectRows])
		}
	}
	var err error
	i.rows, i.columns, err = layoutOf(i.model.M(), i.o.shape, shape)
	return badInput(err)
}

// layoutOf says how many rows and columns of units a configuration is drawn with.
func layoutOf(units int, given string, shape []int) (rows, columns int, err error) {
	if given != "" {
		left, right, _ := strings.Cut(given, "x")
		rows, err1 := strconv.Atoi(left)
		columns, err2 := strconv.Atoi(right)
		if err1 != nil || err2 != nil || rows < 1 || columns < 1 || units%rows != 0 || units/rows != columns {
			return 0, 0, fmt.Errorf("--shape %s, want ROWSxCOLUMNS that make the model's %d visible units", given, units)
		}
		return rows, columns, nil
	}
	if len(shape) > 1 && units%shape[len(shape)-1] == 0 {
		columns = shape[len(shape)-1]
		return units / columns, columns, nil
	}
	if side := int(math.Round(math.Sqrt(float64(units)))); side*side == units {
		return side, side, nil
	}
	return 1, units, nil
}

// chart and sheet write a picture and its numbers.
func (i *inspection) chart(name string, c plot.Chart) error {
	c.Dark = i.o.dark
	if err := plot.Curve(i.path(name), c); err != nil {
		return err
	}
	return c.WriteCSV(filepath.Join(i.o.out, name+".csv"))
}

func (i *inspection) sheet(name string, s plot.Sheet) error {
	s.Dark = i.o.dark
	if err := plot.Tiles(i.path(name), s); err != nil {
		return err
	}
	return s.WriteCSV(filepath.Join(i.o.out, name+".csv"))
}

// path lists a picture in the result.
func (i *inspection) path(name string) string {
	i.result.Pictures = append(i.result.Pictures, name+"."+i.o.format)
	return filepath.Join(i.o.out, name+"."+i.o.format)
}

// curves draws the log-likelihoods along the training with both of their errors.
func (i *inspection) curves() error {
	if len(i.metrics) == 0 {
		return nil
	}
	trained, valid := plot.Series{Name: "training data"}, plot.Series{Name: "validation data"}
	for _, m := range i.metrics {
		for _, s := range []struct {
			series *plot.Series
			score  *train.Score
		}{{&trained, m.TrainLL}, {&valid, m.ValidLL}} {
			if s.score != nil {
				s.series.X = append(s.series.X, m.Epoch)
				s.series.Y = append(s.series.Y, float64(s.score.Value))
				s.series.Err = append(s.series.Err, math.Hypot(float64(s.score.Stderr), m.LogZStderr))
			}
		}
	}
	c := plot.Chart{
		Title: "Log-likelihood while training, with standard errors", X: "passes over the data", Y: "log-likelihood in nats a configuration",
	}
	for _, s := range []plot.Series{trained, valid} {
		if len(s.X) > 0 {
			c.Series = append(c.Series, s)
		}
	}
	return i.chart("curves", c)
}

// spectrum draws the singular values of W, along the training where they are known.
func (i *inspection) spectrum() error {
	i.result.SingularValues = train.SingularValues(i.model, shownSingular)
	series := make([]plot.Series, shownSpectrum)
	for _, m := range i.metrics {
		for k, x := range m.SingularValues[:min(shownSpectrum, len(m.SingularValues))] {
			series[k].Name = strconv.Itoa(k + 1)
			series[k].X = append(series[k].X, m.Epoch)
			series[k].Y = append(series[k].Y, float64(x))
		}
	}
	series = slices.DeleteFunc(series, func(s plot.Series) bool { return len(s.X) < 2 || slices.Max(s.Y) <= 0 })
	if len(series) > 0 {
		return i.chart("spectrum", plot.Chart{
			Title: "Singular values of W while training", X: "passes over the data", Y: "singular value", LogY: true, Series: series,
		})
	}
	s := plot.Series{Name: "W", Dots: true}
	for k, x := range train.SingularValues(i.model, min(i.model.M(), i.model.N())) {
		s.X, s.Y = append(s.X, float64(k+1)), append(s.Y, float64(x))
	}
	return i.chart("spectrum", plot.Chart{Title: "Singular values of W", X: "rank", Y: "singular value", Series: []plot.Series{s}})
}

// weights draws the columns of W with the largest norms.
func (i *inspection) weights() error {
	m, n := i.model.M(), i.model.N()
	tiles, norms, order := make([][]float64, n), make([]float64, n), make([]int, n)
	for j := range n {
		order[j] = j
		tiles[j] = make([]float64, m)
		for k := range m {
			w := float64(i.model.W[k*n+j])
			tiles[j][k] = w
			norms[j] += w * w
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case norms[a] > norms[b]:
			return -1
		case norms[a] < norms[b]:
			return 1
		}
		return 0
	})
	s := plot.Sheet{
		Title: "Weights w_ij, a tile for each hidden unit, by falling norm", Rows: i.rows, Columns: i.columns, Label: "w_ij",
	}
	for _, j := range order[:min(shownTiles, n)] {
		s.Tiles, s.Captions = append(s.Tiles, tiles[j]), append(s.Captions, strconv.Itoa(j))
	}
	if i.rows == 1 { // tiles of a single row, one under the other
		s.Across = 1
	}
	return i.sheet("weights", s)
}

// configurations draws rows of data, if there are any, and samples below them.
func (i *inspection) configurations() error {
	s := plot.Sheet{Title: "Samples of the model", Rows: i.rows, Columns: i.columns, Binary: true}
	if set := i.rowsOfData(); set != nil {
		s.Title = "Data, and below them as many samples of the model"
		s.Tiles = tiles(set.States, min(shownRows, set.Rows()))
	}
	s.Tiles = append(s.Tiles, tiles(i.samples, shownRows)...)
	s.Across = 8
	if i.rows == 1 {
		s.Across = 1
	}
	return i.sheet("samples", s)
}

// rowsOfData are those of the training, or else others, or nil.
func (i *inspection) rowsOfData() *data.Set {
	if i.train != nil {
		return i.train
	}
	return i.test
}

// hidden draws the mean activities of the hidden units on data, or on samples where there are none.
func (i *inspection) hidden() error {
	v, name := i.samples, "samples of the model"
	if set := i.rowsOfData(); set != nil {
		v, name = set.States, "data"
	}
	n := i.model.N()
	probabilities := make([]float32, v.Rows()*n)
	i.conditionals.HiddenProbs(probabilities, v)
	mean := make([]float64, n)
	for k, p := range probabilities {
		mean[k%n] += float64(p) / float64(v.Rows())
	}
	slices.Sort(mean)
	s := plot.Series{Dots: true}
	for k, p := range mean {
		if p < deadBelow {
			i.result.Dead++
		}
		if p > 1-deadBelow {
			i.result.Saturated++
		}
		s.X, s.Y = append(s.X, float64(k+1)), append(s.Y, p)
	}
	return i.chart("hidden", plot.Chart{
		Title: fmt.Sprintf("Activity of the hidden units on %s: %d dead, %d saturated", name, i.result.Dead, i.result.Saturated),
		X:     "hidden units, in rising order", Y: "mean of P(h_j = 1 | v)", Series: []plot.Series{s},
		Levels: []plot.Level{{Name: fmt.Sprintf("below %v: dead", deadBelow), Y: deadBelow}, {Name: fmt.Sprintf("above %v: saturated", 1-deadBelow), Y: 1 - deadBelow}},
	})
}

// correlations compares the correlations of samples with those of data: two matrices and a scatter of pairs.
func (i *inspection) correlations() error {
	set := i.rowsOfData()
	if set == nil {
		return nil
	}
	units := varying(set.States, shownUnits)
	ours, theirs := correlation(i.samples, units), correlation(set.States, units)
	side := len(units)
	err := i.sheet("correlations", plot.Sheet{
		Title: fmt.Sprintf("Correlations of %d units: data, and samples of the model", side), Rows: side, Columns: side,
		Tiles: [][]float64{theirs, ours}, Captions: []string{"data", "samples"}, Across: 2, Label: "correlation",
	})
	if err != nil {
		return err
	}
	pairs := side * (side - 1) / 2
	if pairs == 0 {
		return nil
	}
	s := plot.Series{Name: "pairs of units", Dots: true}
	every, at := (pairs+shownPairs-1)/shownPairs, 0
	for k := range side {
		for l := range k {
			if at++; at%every == 0 {
				s.X, s.Y = append(s.X, theirs[k*side+l]), append(s.Y, ours[k*side+l])
			}
		}
	}
	low, high := min(slices.Min(s.X), slices.Min(s.Y)), max(slices.Max(s.X), slices.Max(s.Y))
	return i.chart("pairs", plot.Chart{
		Title: "Correlations of pairs of units", X: "in data", Y: "in samples of the model",
		Series: []plot.Series{s, {Name: "equal", X: []float64{low, high}, Y: []float64{low, high}}},
	})
}

// varying lists the units whose bits vary most, at most count, in their own order.
func varying(v rbm.States, count int) []int {
	means := (&data.Set{States: v}).Means()
	order := make([]int, len(means))
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch x, y := math.Abs(means[a]-0.5), math.Abs(means[b]-0.5); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	order = order[:min(count, len(order))]
	slices.Sort(order)
	return order
}

// correlation is the matrix of Pearson's coefficients of the units' bits; it is 0 beside a unit that never changes, and on the diagonal, where it says nothing.
func correlation(v rbm.States, units []int) []float64 {
	side, rows := len(units), float64(v.Rows())
	means, both := make([]float64, side), make([]float64, side*side)
	on := make([]int, 0, side)
	for r := range v.Rows() {
		on = on[:0]
		for k, unit := range units {
			if v.Bit(r, unit) {
				on = append(on, k)
			}
		}
		for a, k := range on {
			means[k] += 1 / rows
			for _, l := range on[:a] {
				both[k*side+l]++
			}
		}
	}
	for k := range side {
		for l := range k {
			scale := math.Sqrt(means[k] * (1 - means[k]) * means[l] * (1 - means[l]))
			x := 0.0
			if scale > 1e-12 {
				x = (both[k*side+l]/rows - means[k]*means[l]) / scale
			}
			both[k*side+l], both[l*side+k] = x, x
		}
	}
	return both
}

// energies draws histograms of the free energies.
func (i *inspection) energies() error {
	type group struct {
		name string
		free []float64
	}
	groups := []group{{"samples of the model", i.model.FreeEnergy(i.samples)}}
	if i.test != nil {
		groups = append(groups, group{"other data", i.model.FreeEnergy(i.test.States)})
	}
	if i.train != nil {
		groups = append(groups, group{"training data", i.model.FreeEnergy(i.train.States)})
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, g := range groups {
		low, high = min(low, slices.Min(g.free)), max(high, slices.Max(g.free))
	}
	width := (high - low) / histogramBins
	if width <= 0 {
		width = 1
	}
	c := plot.Chart{Title: "Free energies: data that the model finds unlikely are on the right", X: "F(v) in nats", Y: "density a nat"}
	for _, g := range groups {
		counts := make([]float64, histogramBins)
		for _, f := range g.free {
			counts[min(int((f-low)/width), histogramBins-1)] += 1 / (width * float64(len(g.free)))
		}
		s := plot.Series{Name: g.name}
		for k, density := range counts {
			s.X = append(s.X, low+float64(k)*width, low+float64(k+1)*width)
			s.Y = append(s.Y, density, density)
		}
		c.Series = append(c.Series, s)
	}
	return i.chart("energies", c)
}

// chains draws the free energy along Gibbs chains that begin at samples, and its autocorrelation.
func (i *inspection) chains(ctx context.Context) error {
	key := rng.Seed(i.o.seed).Stream(rng.StreamDraw)
	chains := sample.Start(i.samples.Slice(0, tracedChains), i.model.N(), key)
	traces := make([][]float64, tracedChains)
	free := make([]float64, tracedChains)
	for range tracedSweeps {
		if err := ctx.Err(); err != nil {
			return err
		}
		chains.Sweep(i.conditionals, 1)
		i.conditionals.FreeEnergy(free, chains.Visible)
		for k, f := range free {
			traces[k] = append(traces[k], f)
		}
	}
	estimate := diag.Mean(traces...)
	i.result.Tau = estimate.Tau
	c := plot.Chart{Title: "Free energy along Gibbs chains", X: "sweeps", Y: "F(v) in nats"}
	for k := range shownChains {
		s := plot.Series{Name: fmt.Sprintf("chain %d", k+1), Y: traces[k][:shownSweeps]}
		for sweep := range shownSweeps {
			s.X = append(s.X, float64(sweep+1))
		}
		c.Series = append(c.Series, s)
	}
	if err := i.chart("chains", c); err != nil {
		return err
	}
	ρ := diag.Autocorrelation(traces, tracedSweeps/10)
	if ρ == nil {
		return nil
	}
	s := plot.Series{Name: fmt.Sprintf("free energy; integrated time %.3g sweeps", float64(estimate.Tau)), Y: ρ}
	for lag := range ρ {
		s.X = append(s.X, float64(lag))
	}
	return i.chart("autocorrelation", plot.Chart{
		Title: "Autocorrelation along Gibbs chains", X: "sweeps", Y: "autocorrelation", Series: []plot.Series{s}, Levels: []plot.Level{{Name: "none", Y: 0}},
	})
}
