package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/train"
)

// direction divides the configurations in two: those with at least a number of units as the pattern has them, and the
// others. Several directions, with no unit in common, divide them into modes: bit d of a mode's number tells whether
// direction d holds.
type direction struct {
	Units   []int  `json:"units"`
	Pattern []bool `json:"pattern"`
	Least   int    `json:"least"`
}

func (d *direction) holds(v rbm.Batch, row int) bool {
	agree := 0
	for k, i := range d.Units {
		if v.Bit(row, i) == d.Pattern[k] {
			agree++
		}
	}
	return agree >= d.Least
}

func modeOf(directions []direction, v rbm.Batch, row int) (mode int) {
	for k := range directions {
		if directions[k].holds(v, row) {
			mode |= 1 << k
		}
	}
	return mode
}

// majority is the direction in which more than half of some units are as in a pattern.
func majority(units []int, of []bool) direction {
	d := direction{Units: units, Least: len(units)/2 + 1}
	for _, i := range units {
		d.Pattern = append(d.Pattern, of[i])
	}
	return d
}

// probability returns P(the direction holds) of independent units: the number of units that agree is counted one by
// one.
func (d *direction) probability(on []float64) float64 {
	agree := make([]float64, len(d.Units)+1)
	agree[0] = 1
	for k, i := range d.Units {
		p := on[i]
		if !d.Pattern[k] {
			p = 1 - p
		}
		for a := k + 1; a > 0; a-- {
			agree[a] = agree[a]*(1-p) + agree[a-1]*p
		}
		agree[0] *= 1 - p
	}
	sum := 0.0
	for _, p := range agree[d.Least:] {
		sum += p
	}
	return sum
}

// modeWeights returns P of each mode, by enumeration of the smaller layer. Given h the visible units are independent.
func modeWeights(model *rbm.Model, directions []direction) ([]float64, error) {
	weights := make([]float64, 1<<len(directions))
	if model.M() <= model.N() {
		p, err := exact.Distribution(context.Background(), model, exact.Options{})
		if err != nil {
			return nil, err
		}
		v := rbm.AllStates(model.M())
		for row, p := range p {
			weights[modeOf(directions, v, row)] += p
		}
		return weights, nil
	}
	h, bits, n := rbm.AllStates(model.N()), model.Bits(), model.N()
	logs, err := exact.LogProbHidden(context.Background(), model, h, exact.Options{})
	if err != nil {
		return nil, err
	}
	on := make([]float64, model.M())
	for row, log := range logs {
		for i := range on {
			x := bits.B[i]
			for j := range h.On(row) {
				x += bits.W[i*n+j]
			}
			on[i] = rbm.Sigmoid(x)
		}
		parts := []float64{math.Exp(log)}
		for k := range directions {
			p := directions[k].probability(on)
			for mode := range len(parts) {
				parts = append(parts, parts[mode]*p)
				parts[mode] *= 1 - p
			}
		}
		for mode, p := range parts {
			weights[mode] += p
		}
	}
	return weights, nil
}

// addModes writes a model with its modes. In company, a weak model of 40×40 units stands beside it, so that neither
// layer can be enumerated.
func (c *collection) addModes(name string, r *rand.Rand, model *rbm.Model, company bool, directions ...direction) error {
	weights, err := modeWeights(model, directions)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if company {
		model = directSum(model, gaussian(r, model.Visible.Kind(), 40, 40, 0.05, 0.2))
	}
	c.bimodals = append(c.bimodals, bimodal{Model: name, Family: familyOf(name), Kind: model.Visible.Kind(), Visible: model.M(),
		Hidden: model.N(), Directions: directions, Weights: weights})
	return model.Save(c.path(name + ".safetensors"))
}

// twoModes are all families of models to sample from.
func twoModes(c *collection) error {
	for _, company := range []bool{false, true} {
		for _, family := range []func(*collection, bool) error{
			ferromagnets, fourModes, patterns, lattices, pairs, frozen, twins, plainPairs,
		} {
			if err := family(c, company); err != nil {
				return err
			}
		}
	}
	return nil
}

// alone names a family, by whether its models have company.
func alone(family string, company bool) string {
	if company {
		return family + "-in-company"
	}
	return family
}

// ferromagnet returns a model with two modes, at a pattern and at its negative, with about the given log-odds.
func ferromagnet(r *rand.Rand, m, n int, g, logOdds float64) (*rbm.Model, []bool) {
	p, order := pattern(r, m), 1.0
	for range 100 { // mean field of the magnetisation per unit, x = tanh(n w tanh(m w x)) with w² = g/(mn)
		order = math.Tanh(math.Sqrt(g*float64(n)/float64(m)) * math.Tanh(math.Sqrt(g*float64(m)/float64(n))*order))
	}
	return hopfield([][]bool{p}, n, g, []float64{logOdds / (2 * float64(m) * max(order, 0.3))}), p
}

// ferromagnets go from models that Gibbs chains mix to models that nothing mixes.
func ferromagnets(c *collection, company bool) error {
	list := []struct {
		m, n       int
		g, logOdds float64
	}{
		{16, 8, 0.7, 0}, {24, 8, 1.2, 0.5}, {32, 8, 1.5, 1}, {48, 12, 1.5, 0}, {32, 8, 2, 0.5}, {64, 10, 2, 1.5}, {48, 8, 2.5, 0},
		{64, 12, 3, 0.5}, {32, 6, 4, 2}, {64, 12, 4, 1}, {100, 12, 4, 0.3}, {100, 10, 6, 2},
	}
	if company {
		list = list[2:8]
	}
	for k, o := range list {
		name, r := c.next(alone("ferromagnet", company))
		model, p := ferromagnet(r, o.m, o.n, o.g, o.logOdds)
		if k%2 == 1 {
			model = asBits(model)
		}
		if err := c.addModes(name, r, model, company, majority(upTo(o.m), p)); err != nil {
			return err
		}
	}
	return nil
}

// fourModes are two ferromagnets side by side.
func fourModes(c *collection, company bool) error {
	list := [][4]float64{{1.3, 0.5, 1.3, 0}, {1.8, 0, 1.8, 1}, {2.5, 0.5, 1.5, 0.5}, {2.5, 1, 2.5, 0}, {4, 0.5, 2, 1}, {4, 0.5, 4, 1}}
	if company {
		list = list[1:3]
	}
	for _, o := range list {
		name, r := c.next(alone("four-modes", company))
		a, p := ferromagnet(r, 31, 6, o[0], o[1])
		b, q := ferromagnet(r, 25, 6, o[2], o[3])
		first, second := majority(upTo(31), p), majority(upTo(56)[31:], append(p, q...))
		if err := c.addModes(name, r, directSum(a, b), company, first, second); err != nil {
			return err
		}
	}
	return nil
}

// patterns are three or four clusters, each held by hidden units of its own, or a single narrow pattern in a broad
// background.
func patterns(c *collection, company bool) error {
	list := []planting{
		{2, 1, []float64{0, -0.5, -1}, 0.3}, {2.5, 2, []float64{0, -0.5, -1, -1}, 0.5}, {3, 2, []float64{0, -1, -1.5}, 0.5},
		{4, 2, []float64{0, 0, -1, -2}, 0.3}, {4, 1, []float64{0, -1, -1}, 0.6}, {6, 3, []float64{0, -0.5, -1, -1.5}, 0.5},
	}
	needles := []struct {
		k       int
		logOdds float64
	}{{5, 0}, {8, -0.5}, {12, 0}, {16, 0.5}, {20, 1}, {14, 2}}
	if company {
		list, needles = list[2:4], needles[2:4]
	}
	for k, o := range list {
		name, r := c.next(alone("clusters", company))
		half := 10 + 5*(k%3)
		p := pattern(r, 2*half)
		model, _ := clusters(turned(p, len(o.logMass)), o)
		if err := c.addModes(name, r, model, company, majority(upTo(half), p), majority(upTo(2 * half)[half:], p)); err != nil {
			return err
		}
	}
	for k, o := range needles {
		name, r := c.next(alone("narrow", company))
		rest := gaussian(r, rbm.Bernoulli, 24, 8, 0.3, 0.3)
		h := hold(r, 24, o.k)
		model, err := withNeedle(rest, h, 2, k%2 == 0, o.logOdds)
		if err != nil {
			return err
		}
		if err := c.addModes(name, r, model, company, direction{h.units, h.on, o.k}); err != nil {
			return err
		}
	}
	return nil
}

// turned returns a pattern with neither, the first, the second and both halves turned over, or as many of these as are
// wanted.
func turned(p []bool, count int) (templates [][]bool) {
	for t := range count {
		template := make([]bool, len(p))
		for i := range p {
			template[i] = p[i] != (t>>(2*i/len(p))&1 == 1)
		}
		templates = append(templates, template)
	}
	return templates
}

// lattices are Ising models of 4×4 spins below and near the critical temperature, in a small field.
func lattices(c *collection, company bool) error {
	list := [][2]float64{{3, 0.02}, {2.5, 0.01}, {2.269, 0}, {2, 0.02}, {1.7, 0.01}, {1.5, 0.02}, {1.2, 0.005}, {1, 0.01}}
	if company {
		list = list[3:6]
	}
	for k, o := range list {
		name, r := c.next(alone("lattice", company))
		field := make([]float64, 16)
		for i := range field {
			field[i] = o[1] / o[0]
		}
		model := pairwise(lattice(4, 1/o[0]), field)
		if k%2 == 1 {
			model = asBits(model)
		}
		up := make([]bool, 16)
		for i := range up {
			up[i] = true
		}
		if err := c.addModes(name, r, model, company, majority(upTo(16), up)); err != nil {
			return err
		}
	}
	return nil
}

// twoTemplates draws 1,000 rows near two templates, the first with the given share. apart has the units in which these
// differ.
func twoTemplates(r *rand.Rand, m int, flips, share float64) (set *data.Set, apart direction) {
	p, q, rows := pattern(r, m), pattern(r, m), rbm.NewBatch(1000, m)
	units := []int(nil)
	for i := range p {
		if p[i] != q[i] {
			units = append(units, i)
		}
	}
	for row := range rows.Rows() {
		template := p
		if r.Float64() > share {
			template = q
		}
		rows.SetRow(row, func(i int) bool { return template[i] != (r.Float64() < flips) })
	}
	return &data.Set{States: rows, Values: rbm.Bernoulli}, majority(units, p)
}

// pairs are trained on rows near two templates.
func pairs(c *collection, company bool) error {
	list := []struct {
		m, n    int
		flips   float64
		share   float64
		rate    float64
		updates int
	}{
		{16, 8, 0.2, 0.5, 0, 2000}, {20, 10, 0.1, 0.7, 0, 2000}, {24, 10, 0.05, 0.6, 0, 3000}, {30, 12, 0.1, 0.85, 0.1, 1000},
		{30, 8, 0.05, 0.5, 0.03, 2000}, {40, 12, 0.02, 0.8, 0, 3000},
	}
	if company {
		list = list[2:4]
	}
	for _, o := range list {
		name, r := c.next(alone("trained-pair", company))
		set, apart := twoTemplates(r, o.m, o.flips, o.share)
		model := rbm.New(o.m, o.n, keyOf(name))
		if err := fit(model, set, train.Config{Rate: o.rate, Updates: o.updates, Every: o.updates}); err != nil {
			return err
		}
		if err := c.addModes(name, r, model, company, apart); err != nil {
			return err
		}
	}
	return nil
}
