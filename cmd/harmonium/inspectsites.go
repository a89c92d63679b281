package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/plot"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/sites"
)

// shownLogos is how many hidden units have a logo at most.
const shownLogos = 10

// sitesResult is what an inspection measures of a model of categorical sites.
type sitesResult struct {
	Frequencies  *agreementResult `json:"frequencies"`  // of samples, beside those of data; null without data
	Correlations *agreementResult `json:"correlations"` // of pairs of sites
	Contacts     []contactResult  `json:"contacts"`     // the first ones; null where there are no couplings
	Precision    *diag.Number     `json:"precision"`    // part of as many first pairs as there are sites that --contacts knows; else null
	Sequence     string           `json:"sequence"`     // whose mutations are scored
}

type agreementResult struct {
	RMS      float64     `json:"rms"`
	Expected float64     `json:"expected"`
	Pearson  diag.Number `json:"pearson"`
}

type contactResult struct {
	Sites [2]string `json:"sites"`
	Score float64   `json:"score"`
}

// siteView is a model of categorical sites, with the names that its columns have, and what is compared.
type siteView struct {
	sites.Sites
	names         sites.Names
	data, samples *sites.Sample
	known         sites.Known // contacts, or nil
	wild          []int       // of --sequence, or nil
}

// viewSites makes the view of a model, nil where the visible layer is of other units. The error says which flag or file does
// not fit the sites.
func (i *inspection) viewSites() (*siteView, error) {
	if i.o.separation < 1 {
		return nil, fmt.Errorf("--separation %d, want 1 or more", i.o.separation)
	}
	s, err := sites.Of(i.model.Visible)
	if err != nil {
		for _, flag := range []struct{ name, value string }{{"sequence", i.o.sequence}, {"contacts", i.o.contacts}} {
			if flag.value != "" {
				return nil, fmt.Errorf("--%s is for models of categorical sites, the visible layer has %w", flag.name, err)
			}
		}
		return nil, nil
	}
	v := &siteView{Sites: s, names: s.Names(i.model.Columns)}
	if i.o.autoSeparation {
		i.o.separation = v.names.Separation()
	}
	if set := i.rowsOfData(); set != nil {
		if err := s.Check(set.States); err != nil {
			return nil, fmt.Errorf("%s: %w: want a state at each of the model's %d sites", set.Path, err, s.Len())
		}
		v.data = sites.NewSample(s, set.States, set.Weights)
	}
	if v.known, err = knownContacts(i.o.contacts, s.Len()); err != nil {
		return nil, err
	}
	if i.wild.Rows() > 0 {
		if err := s.Check(i.wild); err != nil {
			return nil, fmt.Errorf("--sequence %s: %w", i.o.sequence, err)
		}
		v.wild = s.Row(i.wild, 0)
	} else if i.o.sequence != "" {
		v.wild, err = v.parse(i.o.sequence)
	}
	return v, err
}

// named returns the row of the data with a name, or with one that begins with it and a space; no rows if there is none.
func (i *inspection) named(name string) rbm.Batch {
	for _, set := range []*data.Set{i.train, i.test} {
		if set == nil || name == "" {
			continue
		}
		r := slices.IndexFunc(set.Names, func(n string) bool { return n == name || strings.HasPrefix(n, name+" ") })
		if r >= 0 {
			return set.States.Slice(r, r+1)
		}
	}
	return rbm.Batch{}
}

// logos draws the weights of the hidden units with the largest norms, centred at each site.
func (i *inspection) logos() error {
	v := i.sites
	order, norms := i.byNorm()
	l := plot.Logo{
		Title: "Weights w_ij of hidden units, by falling norm, as letters that they favour and, below 0, suppress",
		Y:     "w_ij", Sites: v.names.Site, States: v.names.State,
	}
	for _, j := range order[:min(shownLogos, plot.MostLogos(v.Len()), len(order))] {
		panel := plot.LogoPanel{Name: fmt.Sprintf("hidden unit %d, norm %.3g", j+1, norms[j])}
		for site, first := range v.First {
			heights, mean := make([]float64, v.States[site]), 0.0
			for a := range heights {
				heights[a] = float64(i.model.W[(first+a)*i.model.N()+j])
				mean += heights[a] / float64(len(heights))
			}
			for a := range heights {
				heights[a] -= mean
			}
			panel.Heights = append(panel.Heights, heights)
		}
		l.Panels = append(l.Panels, panel)
	}
	return i.logo("weights", l)
}

// logo writes logos and their numbers.
func (i *inspection) logo(name string, l plot.Logo) error {
	l.Dark = i.o.dark
	picture, numbers, err := i.paths(name)
	if err != nil {
		return err
	}
	if err := i.drawLogos(picture, l); err != nil {
		return err
	}
	return l.WriteCSV(numbers)
}

// drawLogos draws a picture of logos, or says that it is left out where there is no room for them.
func (i *inspection) drawLogos(picture string, l plot.Logo) error {
	err := plot.Logos(picture, l)
	if errors.Is(err, plot.ErrNoRoom) {
		last := len(i.result.Pictures) - 1
		i.result.LeftOut = append(i.result.LeftOut, fmt.Sprintf("%s: %v", i.result.Pictures[last], err))
		i.result.Pictures = i.result.Pictures[:last]
		return nil
	}
	return err
}

// frequencies draws the frequencies of states in data and in samples: as logos, and each as a point.
func (i *inspection) frequencies() error {
	v := i.sites
	l := plot.Logo{
		Title: "Frequencies of the states at each site, times information", Y: "bits", Sites: v.names.Site, States: v.names.State, Same: true,
	}
	for _, s := range []struct {
		name   string
		sample *sites.Sample
	}{{"data", v.data}, {"samples of the model", v.samples}} {
		if s.sample == nil {
			continue
		}
		l.Panels = append(l.Panels, plot.LogoPanel{Name: s.name, Heights: sites.Stacks(s.sample.Background())})
	}
	if err := i.logo("logos", l); err != nil {
		return err
	}
	if v.data == nil {
		return nil
	}
	var err error
	i.result.Sites.Frequencies, err = i.agreement("frequencies", "Frequencies of states", sites.Frequencies(v.data, v.samples))
	if err != nil || v.Len() < 2 {
		return err
	}
	i.result.Sites.Correlations, err = i.agreement("pairs", "Correlations of states of two sites", sites.Correlations(v.data, v.samples))
	return err
}

// agreement draws the largest of some points, of data and samples together, and says how far all are from each other.
func (i *inspection) agreement(name, title string, points iter.Seq[sites.Point]) (*agreementResult, error) {
	var shown []sites.Point
	size := func(p sites.Point) float64 { return math.Abs(p.Data) + math.Abs(p.Samples) }
	cut := func() {
		slices.SortStableFunc(shown, func(p, q sites.Point) int { return cmp.Compare(size(q), size(p)) })
		shown = shown[:min(shownPairs, len(shown))]
	}
	a := sites.Agree(func(yield func(sites.Point) bool) {
		for p := range points {
			if shown = append(shown, p); len(shown) == 10*shownPairs {
				cut()
			}
			if !yield(p) {
				return
			}
		}
	})
	cut()
	slices.SortFunc(shown, func(p, q sites.Point) int {
		return cmp.Or(cmp.Compare(p.I, q.I), cmp.Compare(p.K, q.K), cmp.Compare(p.A, q.A), cmp.Compare(p.B, q.B))
	})
	s := plot.Series{Name: "a state", Dots: true}
	if shown[0].K >= 0 {
		s.Name = "states of two sites"
	}
	if a.Count > len(shown) {
		s.Name += fmt.Sprintf(" (the %d largest of %d)", len(shown), a.Count)
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, p := range shown {
		s.X, s.Y = append(s.X, p.Data), append(s.Y, p.Samples)
		s.Err = append(s.Err, math.Hypot(p.DataStderr, p.SampleStderr))
		low, high = min(low, p.Data, p.Samples), max(high, p.Data, p.Samples)
	}
	picture, numbers, err := i.paths(name)
	if err != nil {
		return nil, err
	}
	err = plot.Curve(picture, plot.Chart{
		Title: fmt.Sprintf("%s: differ by %.4f (rms), %.4f would be chance; Pearson's coefficient %.3f", title, a.RMS, a.Expected, a.Pearson),
		X:     "in data", Y: "in samples of the model", Dark: i.o.dark,
		Series: []plot.Series{s, {Name: "equal", X: []float64{low, high}, Y: []float64{low, high}}},
	})
	if err != nil {
		return nil, err
	}
	return &agreementResult{a.RMS, a.Expected, diag.Number(a.Pearson)}, plot.WriteCSV(numbers, i.sites.pointLines(shown))
}

// pointLines is the table of points.
func (v *siteView) pointLines(points []sites.Point) [][]string {
	single := points[0].K < 0
	head := []string{"site", "state"}
	if !single {
		head = append(head, "other site", "other state")
	}
	lines := [][]string{append(head, "data", "data stderr", "samples", "samples stderr")}
	for _, p := range points {
		line := []string{v.names.Site[p.I], v.names.State[p.I][p.A]}
		if !single {
			line = append(line, v.names.Site[p.K], v.names.State[p.K][p.B])
		}
		for _, x := range []float64{p.Data, p.DataStderr, p.Samples, p.SampleStderr} {
			line = append(line, numberOrNothing(x))
		}
		lines = append(lines, line)
	}
	return lines
}

// mutations scores each single mutation of a sequence.
func (i *inspection) mutations() error {
	v := i.sites
	wild, name := i.sequence()
	row := i.model.Visible.NewBatch(1)
	v.SetRow(row, 0, wild)
	scores, err := sites.Mutations(i.model, row, 0)
	if err != nil {
		return err
	}
	lines := [][]string{{"site", "wild type", "state", "score"}}
	s := plot.Sheet{
		Title:   "log P(mutant) − log P(wild type) of the single mutations of " + name,
		Columns: v.Len(), Rows: v.States[0], Label: "nats", RowNames: v.names.State[0],
		Tiles: [][]float64{make([]float64, v.Units())}, Dark: i.o.dark,
	}
	same := true
	for site, list := range scores {
		same = same && slices.Equal(v.names.State[site], v.names.State[0])
		own := v.names.State[site][wild[site]]
		s.ColumnNames = append(s.ColumnNames, own+v.names.Site[site])
		for a, Δ := range list {
			lines = append(lines, []string{v.names.Site[site], own, v.names.State[site][a], numberOrNothing(Δ)})
			if same {
				s.Tiles[0][a*v.Len()+site] = Δ
			}
		}
	}
	i.result.Sites.Sequence = v.names.Join(wild)
	if !same {
		s = plot.Sheet{ // the states of all sites below each other
			Title: s.Title, Rows: v.Units(), Columns: 1, Label: s.Label, RowNames: i.names,
			Tiles: [][]float64{slices.Concat(scores...)}, Dark: s.Dark,
		}
	}
	picture, numbers, err := i.paths("mutations")
	if err != nil {
		return err
	}
	if err := plot.Tiles(picture, s); err != nil {
		return err
	}
	return plot.WriteCSV(numbers, lines)
}

// sequence is that of --sequence, or the most frequent state of each site in data, or in samples where there are none.
func (i *inspection) sequence() (states []int, name string) {
	v := i.sites
	if v.wild != nil {
		return v.wild, i.o.sequence
	}
	sample, name := v.data, "the consensus of the data"
	if sample == nil {
		sample, name = v.samples, "the consensus of samples"
	}
	return sites.Consensus(sample.Background()), name
}

// parse reads a sequence of states: letters one after another, or names with commas between them.
func (v *siteView) parse(text string) ([]int, error) {
	words := strings.Split(text, "")
	if strings.Contains(text, ",") {
		words = strings.Split(text, ",")
	}
	if len(words) != v.Len() {
		return nil, fmt.Errorf("--sequence %s is no name of a row of data; as a sequence it has %d states, the model has %d sites",
			text, len(words), v.Len())
	}
	states := make([]int, len(words))
	for site, word := range words {
		if states[site] = slices.Index(v.names.State[site], word); states[site] < 0 {
			return nil, fmt.Errorf("--sequence %s: site %s has no state %q, want one of %s", text, v.names.Site[site], word,
				strings.Join(v.names.State[site], " "))
		}
	}
	return states, nil
}

// table writes the lines of a model of sites.
func (r *sitesResult) table(w io.Writer) {
	if r == nil {
		return
	}
	for _, line := range []struct {
		name string
		a    *agreementResult
	}{{"frequencies of states", r.Frequencies}, {"correlations of two sites", r.Correlations}} {
		if line.a != nil {
			fmt.Fprintf(w, "%s\tdiffer by %.4f (rms) in samples and data; %.4f would be chance; Pearson's coefficient %.3f\n",
				line.name, line.a.RMS, line.a.Expected, line.a.Pearson)
		}
	}
	if len(r.Contacts) > 0 {
		pairs := make([]string, 0, len(r.Contacts))
		for _, c := range r.Contacts[:min(5, len(r.Contacts))] {
			pairs = append(pairs, fmt.Sprintf("%s-%s (%.2g)", c.Sites[0], c.Sites[1], c.Score))
		}
		fmt.Fprintf(w, "strongest couplings\t%s\n", strings.Join(pairs, ", "))
	}
	if r.Precision != nil {
		fmt.Fprintf(w, "known contacts\t%s of as many first pairs as there are sites\n", percent(100*float64(*r.Precision)))
	}
	fmt.Fprintf(w, "mutations\tof %s\n", r.Sequence)
}
