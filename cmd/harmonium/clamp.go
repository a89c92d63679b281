package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// conditioned returns the model of the units that --clamp leaves free, given the others. Without clamps given is nil.
func conditioned(model *rbm.Model, clamps []string) (free *rbm.Model, given *rbm.Given, err error) {
	if len(clamps) == 0 {
		return model, nil, nil
	}
	v, by := model.Visible.NewBatch(1), make([]string, model.M())
	for _, text := range clamps {
		c, err := parseClamp(model, text)
		if err != nil {
			return nil, nil, err
		}
		if before := by[c.from]; before != "" {
			return nil, nil, fmt.Errorf("--clamp %s and --clamp %s hold the same unit: want one value for each", before, text)
		}
		for i := c.from; i < c.to; i++ {
			if by[i] = text; i < v.Bits() {
				v.SetBit(0, i, c.first <= i && i < c.last)
			} else {
				v.Reals(0)[i-v.Bits()] = float32(c.value)
			}
		}
	}
	given, err = model.Given(v, 0, func(i int) bool { return by[i] != "" })
	if err != nil {
		return nil, nil, fmt.Errorf("--clamp: %w", err)
	}
	return given.Model, given, nil
}

// clamp is what --clamp holds: the units from…to−1, a bit, a real number or the states of a site.
type clamp struct {
	from, to    int
	first, last int     // bits first…last−1 are on
	value       float64 // of a real number, on its own scale
}

// bitAt holds a bit.
func bitAt(unit int, on bool) clamp {
	c := clamp{from: unit, to: unit + 1}
	if on {
		c.first, c.last = unit, unit+1
	}
	return c
}

// parseClamp reads NAME=VALUE, a column of the model's table at a value of the table, or UNIT=VALUE, units from 1.
func parseClamp(model *rbm.Model, text string) (clamp, error) {
	left, right, ok := strings.Cut(text, "=")
	spans := rbm.Spans(model.Columns)
	longest, at, genotype := "", -1, false // of the names that the text begins with: a name may have an = itself
	for k, c := range model.Columns {
		if strings.HasPrefix(text, c.Name+"=") && len(c.Name) > len(longest) {
			longest, at, genotype = c.Name, k, false
		}
		if rbm.GenotypeAt(model.Columns, k) && strings.HasPrefix(text, c.Genotype+"=") && len(c.Genotype) > len(longest) {
			longest, at, genotype = c.Genotype, k, true
		}
	}
	if at >= 0 {
		value := text[len(longest)+1:]
		if genotype {
			return clampGenotype(spans[at].From, text, value)
		}
		return clampColumn(model.Columns[at], spans[at], text, value)
	}
	_, offset := model.Visible.Line()
	off := fmt.Sprint(offset)
	unit, err := strconv.Atoi(left)
	if names := columnNames(model); names != nil && ok && err != nil {
		return clamp{}, fmt.Errorf("--clamp %s: the model has no column %q: it has %s", text, left, inWords(names))
	}
	if !ok || err != nil {
		return clamp{}, fmt.Errorf("--clamp %s, want UNIT=1 or UNIT=%s, or NAME=VALUE with the name of a column", text, off)
	}
	if unit--; unit < 0 || unit >= model.M() {
		return clamp{}, fmt.Errorf("--clamp %s, but the model has units 1 to %d", text, model.M())
	}
	if unit >= model.Visible.NewBatch(0).Bits() {
		at, span := rbm.Column{Kind: rbm.Gaussian}, rbm.Span{From: unit, To: unit + 1}
		if k := slices.Index(spans, span); k >= 0 {
			at = model.Columns[k]
		}
		return clampColumn(at, span, text, right)
	}
	for _, site := range rbm.SitesOf(model.Visible) {
		if unit >= site.First && unit < site.First+site.States {
			if right != "1" {
				return clamp{}, fmt.Errorf("--clamp %s, want UNIT=1: the state that is on, of units %d to %d",
					text, site.First+1, site.First+site.States)
			}
			return clamp{from: site.First, to: site.First + site.States, first: unit, last: unit + 1}, nil
		}
	}
	if right != "1" && right != off {
		return clamp{}, fmt.Errorf("--clamp %s, want UNIT=1 or UNIT=%s", text, off)
	}
	return bitAt(unit, right == "1"), nil
}

// columnNames are those of a model's columns, where it has some.
func columnNames(model *rbm.Model) (names []string) {
	for _, c := range model.Columns {
		names = append(names, c.Name)
	}
	return names
}

// clampGenotype holds the two bits of a genotype, of which the first is given.
func clampGenotype(first int, text, value string) (clamp, error) {
	g := slices.Index([]string{"0", "1", "2"}, value)
	if g < 0 {
		return clamp{}, fmt.Errorf("--clamp %s, want 0, 1 or 2", text)
	}
	return clamp{from: first, to: first + 2, first: first, last: first + g}, nil
}

// clampColumn holds a column, whose units are given, at a value of the table.
func clampColumn(c rbm.Column, span rbm.Span, text, value string) (clamp, error) {
	if c.Kind == rbm.Gaussian {
		x, err := strconv.ParseFloat(value, 64)
		if err != nil || math.IsInf(x, 0) || math.IsNaN(x) {
			return clamp{}, fmt.Errorf("--clamp %s, want a finite number", text)
		}
		if x -= c.Mean; c.Scale != 0 {
			x /= c.Scale
		}
		return clamp{from: span.From, to: span.To, value: x}, nil
	}
	values := c.Categories
	if values == nil {
		values = []string{"0", "1"}
		if c.Kind == rbm.Spin {
			values[0] = "-1"
		}
	}
	at := slices.Index(values, value)
	switch {
	case at < 0:
		return clamp{}, fmt.Errorf("--clamp %s, want one of %s", text, strings.Join(values, ", "))
	case c.Kind == rbm.Categorical:
		return clamp{from: span.From, to: span.To, first: span.From + at, last: span.From + at + 1}, nil
	}
	return bitAt(span.From, at == 1), nil
}
