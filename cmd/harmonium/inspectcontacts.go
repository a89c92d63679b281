package main

import (
	"context"
	"fmt"
	"math"
	"os"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/plot"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/sites"
)

// mostCouplings is how many operations effective couplings take at most: about ten minutes on a core.
const mostCouplings = 5e9

// contacts draws the map of the scores of pairs of sites.
func (i *inspection) contacts(ctx context.Context, t *terminal) error {
	v := i.sites
	if v.Len() < 3 {
		return nil
	}
	if cost := sites.Cost(i.model); cost > mostCouplings {
		t.warn("without contacts: the couplings of %d sites and %d hidden units take %.0e operations, and inspect spends %.0e",
			v.Len(), i.model.N(), cost, float64(mostCouplings))
		return nil
	}
	o := sites.Options{Compute: t.compute}
	if v.data != nil {
		o.Background = v.data.Background()
	}
	const whole = 1000
	bar := t.progress("couplings", whole)
	o.Progress = func(done float64) { bar.set(int64(whole*done), "") }
	couplings, err := sites.NewCouplings(ctx, i.model, o)
	bar.stop()
	if err != nil {
		return err
	}
	list := couplings.Contacts(v.names.Gaps(), i.o.separation)
	for _, c := range list[:min(10, len(list))] {
		i.result.Sites.Contacts = append(i.result.Sites.Contacts, contactResult{[2]string{v.names.Site[c.I], v.names.Site[c.K]}, c.Score})
	}
	if len(list) == 0 {
		t.warn("without contacts: no two of %d sites are %d or more apart, as --separation asks", v.Len(), i.o.separation)
		return nil
	}
	if err := i.contactMap(list); err != nil {
		return err
	}
	if v.known == nil {
		return nil
	}
	return i.precision(list)
}

// contactMap has all scores above the diagonal, and below it those of as many pairs as there are sites.
func (i *inspection) contactMap(list []sites.Contact) error {
	v := i.sites
	L := v.Len()
	s := plot.Sheet{
		Title: fmt.Sprintf("Scores of pairs of sites; below the diagonal the %d largest", min(L, len(list))),
		Rows:  L, Columns: L, Label: "score", RowNames: v.names.Site, ColumnNames: v.names.Site,
		Tiles: [][]float64{make([]float64, L*L)}, Dark: i.o.dark,
	}
	if v.known != nil {
		s.Title += ", negative where no known contact"
	}
	lines := [][]string{{"site", "other site", "norm", "score"}}
	if v.known != nil {
		lines[0] = append(lines[0], "known")
	}
	for n, c := range list {
		s.Tiles[0][c.I*L+c.K] = c.Score
		line := []string{v.names.Site[c.I], v.names.Site[c.K], numberOrNothing(c.Norm), numberOrNothing(c.Score)}
		sign := 1.0
		if v.known != nil {
			line = append(line, "1")
			if !v.known.Has(c.I, c.K) {
				line[4], sign = "0", -1
			}
		}
		if n < L {
			s.Tiles[0][c.K*L+c.I] = sign * math.Abs(c.Score)
		}
		lines = append(lines, line)
	}
	picture, numbers, err := i.paths("contacts")
	if err != nil {
		return err
	}
	if err := plot.Tiles(picture, s); err != nil {
		return err
	}
	return plot.WriteCSV(numbers, lines)
}

// precision draws which part of the first pairs are known contacts.
func (i *inspection) precision(list []sites.Contact) error {
	parts, chance := sites.Precision(list, i.sites.known.Has), 0.0
	chance = parts[len(parts)-1]
	first := diag.Number(parts[min(i.sites.Len(), len(parts))-1])
	i.result.Sites.Precision = &first
	s := plot.Series{Name: "pairs by falling score", Y: parts}
	for n := range parts {
		s.X = append(s.X, float64(n+1))
	}
	return i.chart("precision", plot.Chart{
		Title: fmt.Sprintf("Known contacts: %s of the first %d pairs", percent(100*float64(first)), min(i.sites.Len(), len(parts))),
		X:     "number of pairs", Y: "part that are known contacts", LogX: true, Series: []plot.Series{s},
		Levels: []plot.Level{{Name: "of all pairs", Y: chance}},
	})
}

// knownContacts reads a file of pairs of sites; nil if the path is empty.
func knownContacts(path string, sitesOfModel int) (sites.Known, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	known, err := sites.ReadKnown(file, sitesOfModel)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return known, nil
}
