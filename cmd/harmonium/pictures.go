package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"

	"gonum.org/v1/gonum/stat"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/plot"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// chart and sheet write a picture and its numbers.
func (i *inspection) chart(name string, c plot.Chart) error {
	c.Dark = i.o.dark
	picture, numbers, err := i.paths(name)
	if err != nil {
		return err
	}
	if err := plot.Curve(picture, c); err != nil {
		return err
	}
	return c.WriteCSV(numbers)
}

func (i *inspection) sheet(name string, s plot.Sheet) error {
	s.Dark = i.o.dark
	picture, numbers, err := i.paths(name)
	if err != nil {
		return err
	}
	if err := plot.Tiles(picture, s); err != nil {
		return err
	}
	return s.WriteCSV(numbers)
}

// paths returns the files of a picture and of its numbers, and lists the picture in the result.
func (i *inspection) paths(name string) (picture, numbers string, err error) {
	file := name + "." + i.o.format
	i.result.Pictures = append(i.result.Pictures, file)
	picture, numbers = filepath.Join(i.o.out, file), filepath.Join(i.o.out, name+".csv")
	return picture, numbers, checkLoss([]string{picture, numbers}, i.inputs)
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
			score  *monitor.Score
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
	i.result.SingularValues = monitor.SingularValues(i.model, shownSingular)
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
	for k, x := range monitor.SingularValues(i.model, min(i.model.M(), i.model.N())) {
		s.X, s.Y = append(s.X, float64(k+1)), append(s.Y, float64(x))
	}
	return i.chart("spectrum", plot.Chart{Title: "Singular values of W", X: "rank", Y: "singular value",
		Series: []plot.Series{s}})
}

// byNorm lists the hidden units, those whose columns of W have the largest norms first, and the norms of all.
func (i *inspection) byNorm() (order []int, norms []float64) {
	n := i.model.N()
	order, norms = make([]int, n), make([]float64, n)
	for j := range n {
		order[j] = j
	}
	for k, w := range i.model.W {
		norms[k%n] += float64(w) * float64(w)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(norms[b], norms[a]) }) // squares so far
	for j, square := range norms {
		norms[j] = math.Sqrt(square)
	}
	return order, norms
}

// weights draws the columns of W with the largest norms.
func (i *inspection) weights() error {
	m, n := i.model.M(), i.model.N()
	s := plot.Sheet{
		Title: "Weights w_ij, a tile for each hidden unit, by falling norm", Rows: i.rows, Columns: i.columns, Label: "w_ij",
	}
	order, _ := i.byNorm()
	order = order[:min(shownTiles, n)]
	if i.names != nil {
		return i.sheet("weights", i.namedWeights(order))
	}
	for _, j := range order {
		tile := make([]float64, m)
		for k := range tile {
			tile[k] = float64(i.model.W[k*n+j])
		}
		s.Tiles, s.Captions = append(s.Tiles, tile), append(s.Captions, strconv.Itoa(j+1))
	}
	if i.rows == 1 { // one under the other, as rows of one tile
		s.Title, s.Rows = "Weights w_ij, a row for each hidden unit, by falling norm", len(order)
		s.Tiles, s.RowNames, s.Captions = [][]float64{slices.Concat(s.Tiles...)}, s.Captions, nil
	}
	return i.sheet("weights", s)
}

// namedWeights is one tile with a row for each visible unit and a column for each of some hidden units.
func (i *inspection) namedWeights(order []int) plot.Sheet {
	s := plot.Sheet{
		Title: "Weights w_ij, a column for each hidden unit, by falling norm", Rows: len(i.names), Columns: len(order), Label: "w_ij",
		RowNames: i.names, Tiles: [][]float64{nil},
	}
	for _, j := range order {
		s.ColumnNames = append(s.ColumnNames, strconv.Itoa(j+1))
	}
	for k := range i.names {
		for _, j := range order {
			s.Tiles[0] = append(s.Tiles[0], float64(i.model.W[k*i.model.N()+j]))
		}
	}
	return s
}

// mostNames is how many visible units a picture names at most, each in a row of its own.
const mostNames = 60

// unitNames are those of the units that stand for the columns of a table: "age", or "smoker=yes" of a category. They are
// nil where columns have no names, and where the units are too many to be named.
func unitNames(columns []rbm.Column) []string {
	var names []string
	for k, span := range rbm.Spans(columns) {
		c := columns[k]
		if c.Name == "" || span.To > mostNames {
			return nil
		}
		names = append(names, make([]string, max(0, span.To-len(names)))...)
		for unit := span.From; unit < span.To; unit++ {
			names[unit] = c.Name
			switch {
			case c.Kind == rbm.Categorical:
				names[unit] += "=" + c.Categories[unit-span.From]
			case len(c.Categories) == 2: // the unit is on for the second
				names[unit] += "=" + c.Categories[1]
			}
		}
	}
	return names
}

// configurations draws rows of data, if there are any, and samples below them.
func (i *inspection) configurations() error {
	isBits := i.samples.Bits() == i.samples.Units()
	s := plot.Sheet{Title: "Samples of the model", Rows: i.rows, Columns: i.columns, Binary: isBits, Label: "value"}
	if set := i.rowsOfData(); set != nil {
		s.Title = "Data, and below them as many samples of the model"
		s.Tiles = tiles(set.States, min(shownRows, set.Rows()))
	}
	s.Tiles = append(s.Tiles, tiles(i.samples, shownRows)...)
	if i.names != nil {
		return i.sheet("samples", i.namedRows(s))
	}
	s.Across = 8
	if i.rows == 1 {
		s.Across = 1
	}
	return i.sheet("samples", s)
}

// namedRows turns tiles of a configuration each into one tile of data and one of samples, with a row for each unit and a
// column for each configuration.
func (i *inspection) namedRows(s plot.Sheet) plot.Sheet {
	data := s.Tiles[:len(s.Tiles)-shownRows]
	named := plot.Sheet{
		Title: "Samples of the model, a column each", Rows: len(i.names), RowNames: i.names, Columns: shownRows, Binary: s.Binary,
		Label: "value, as the model has it", Across: 1,
	}
	groups := [][][]float64{s.Tiles[len(data):]}
	if len(data) > 0 {
		named.Title, named.Captions = "Rows of data, and samples of the model, a column each", []string{"data", "samples"}
		named.Columns = len(data)
		groups = slices.Insert(groups, 0, data)
	}
	for _, configurations := range groups {
		tile := make([]float64, 0, named.Rows*named.Columns)
		for unit := range i.names {
			for _, x := range configurations[:named.Columns] {
				tile = append(tile, x[unit])
			}
		}
		named.Tiles = append(named.Tiles, tile)
	}
	return named
}

// rowsOfData are those of the training, or else others, or nil.
func (i *inspection) rowsOfData() *data.Set {
	if i.train != nil {
		return i.train
	}
	return i.test
}

// hidden draws the means of the hidden units on data, or on samples where there are none. Those of bits are activities,
// which count dead and saturated units.
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
		s.X, s.Y = append(s.X, float64(k+1)), append(s.Y, p)
	}
	c := plot.Chart{
		Title: "Means of the hidden units on " + name, X: "hidden units, in rising order", Y: "mean of h_j", Series: []plot.Series{s},
	}
	if h := i.model.Hidden.NewBatch(1); h.Bits() == h.Units() {
		for _, p := range mean {
			if p < deadBelow {
				i.result.Dead++
			}
			if p > 1-deadBelow {
				i.result.Saturated++
			}
		}
		c.Title = fmt.Sprintf("Activity of the hidden units on %s: %d dead, %d saturated", name, i.result.Dead, i.result.Saturated)
		c.Y = "mean of P(h_j = 1 | v)"
		c.Levels = []plot.Level{
			{Name: fmt.Sprintf("below %v: dead", deadBelow), Y: deadBelow},
			{Name: fmt.Sprintf("above %v: saturated", 1-deadBelow), Y: 1 - deadBelow},
		}
	}
	return i.chart("hidden", c)
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
	sheet := plot.Sheet{
		Title: fmt.Sprintf("Correlations of %d units: data, and samples of the model", side), Rows: side, Columns: side,
		Tiles: [][]float64{theirs, ours}, Captions: []string{"data", "samples"}, Across: 2, Label: "correlation",
	}
	if i.names != nil {
		for _, unit := range units {
			sheet.RowNames = append(sheet.RowNames, i.names[unit])
		}
		sheet.Across = 1 // leaves room for names
	}
	if err := i.sheet("correlations", sheet); err != nil {
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

// varying lists the units whose bits vary most, at most count, in their own order. Real numbers, which have no common
// scale, all come before bits.
func varying(v rbm.Batch, count int) []int {
	means := make([]float64, v.Units()) // of bits, and ½ of the others: nothing varies more
	for k := range means {
		means[k] = 0.5
	}
	if v.Bits() > 0 {
		for k, n := range v.Counts() {
			means[k] = float64(n) / float64(v.Rows())
		}
	}
	order := make([]int, len(means))
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(math.Abs(means[a]-0.5), math.Abs(means[b]-0.5)) })
	order = order[:min(count, len(order))]
	slices.Sort(order)
	return order
}

// correlation is the matrix of Pearson's coefficients of the units; it is 0 beside a unit that never changes, and on
// the diagonal, where it says nothing.
func correlation(v rbm.Batch, units []int) []float64 {
	side, rows := len(units), float64(v.Rows())
	if v.Bits() < v.Units() {
		return correlationOfReals(v, units)
	}
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

// correlationOfReals is [correlation] of numbers that need not be bits.
func correlationOfReals(v rbm.Batch, units []int) []float64 {
	side := len(units)
	numbers, both := make([][]float64, side), make([]float64, side*side)
	for k, unit := range units {
		numbers[k] = make([]float64, v.Rows())
		for r := range numbers[k] {
			numbers[k][r] = v.Value(r, unit)
		}
	}
	for k := range side {
		for l := range k {
			x := stat.Correlation(numbers[k], numbers[l], nil)
			if math.IsNaN(x) || math.IsInf(x, 0) {
				x = 0
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
	c := plot.Chart{Title: "Free energies: data that the model finds unlikely are on the right", X: "F(v) in nats",
		Y: "density a nat"}
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
	chains := sample.NewChains(i.samples.Slice(0, tracedChains), i.model.Hidden, key)
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
		Title: "Autocorrelation along Gibbs chains", X: "sweeps", Y: "autocorrelation",
		Series: []plot.Series{s}, Levels: []plot.Level{{Name: "none", Y: 0}},
	})
}
