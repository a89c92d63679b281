package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"harmonium/rbm"
)

// clamp is what --clamp holds: a unit that is a bit, on or off, or a real number at a value of its own scale.
type clamp struct {
	unit  int
	of    int // the first unit of what is held: of a categorical site its first state
	on    bool
	real  bool
	value float64
}

// parseClamp reads NAME=VALUE, a column of the model's table at a value of the table, or UNIT=VALUE.
func parseClamp(model *rbm.Model, text string) (clamp, error) {
	left, right, ok := strings.Cut(text, "=")
	spans := rbm.Spans(model.Columns)
	for k, c := range model.Columns {
		if ok && left == c.Name {
			return clampColumn(c, spans[k].From, text, right)
		}
	}
	_, offset := model.Visible.Line()
	off := fmt.Sprint(offset)
	unit, err := strconv.Atoi(left)
	if !ok || err != nil {
		return clamp{}, fmt.Errorf("--clamp %s, want UNIT=1 or UNIT=%s, or NAME=VALUE with the name of a column", text, off)
	}
	if unit < 0 || unit >= model.M() {
		return clamp{}, fmt.Errorf("--clamp %s, but the model has units 0 to %d", text, model.M()-1)
	}
	if unit >= model.Visible.NewBatch(0).Bits() {
		at := rbm.Column{Kind: rbm.Gaussian}
		if k := slices.Index(spans, rbm.Span{From: unit, To: unit + 1}); k >= 0 {
			at = model.Columns[k]
		}
		return clampColumn(at, unit, text, right)
	}
	for _, site := range rbm.SitesOf(model.Visible) {
		if unit >= site.First && unit < site.First+site.States {
			if right != "1" {
				return clamp{}, fmt.Errorf("--clamp %s, want UNIT=1: the state that is on, of units %d to %d",
					text, site.First, site.First+site.States-1)
			}
			return clamp{unit: unit, of: site.First, on: true}, nil
		}
	}
	if right != "1" && right != off {
		return clamp{}, fmt.Errorf("--clamp %s, want UNIT=1 or UNIT=%s", text, off)
	}
	return clamp{unit: unit, of: unit, on: right == "1"}, nil
}

// clampColumn holds a column, whose first unit is given, at a value of the table.
func clampColumn(c rbm.Column, unit int, text, value string) (clamp, error) {
	if c.Kind == rbm.Gaussian {
		x, err := strconv.ParseFloat(value, 64)
		if err != nil || math.IsInf(x, 0) || math.IsNaN(x) {
			return clamp{}, fmt.Errorf("--clamp %s, want a finite number", text)
		}
		if x -= c.Mean; c.Scale != 0 {
			x /= c.Scale
		}
		return clamp{unit: unit, of: unit, real: true, value: x}, nil
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
		return clamp{unit: unit + at, of: unit, on: true}, nil
	}
	return clamp{unit: unit, of: unit, on: at == 1}, nil
}
