package main

import (
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/train"
)

// magnet is a ferromagnet to be: m×n units, its strength and log-odds, and its coordinates. In bits the biases are on
// the side of one of the modes, and so are chains that start at them.
type magnet struct {
	m, n       int
	g, logOdds float64
	bits       bool
}

// frozen are ferromagnets with modes of unequal weights that differ little in free energy, beside its spread within a
// mode.
func frozen(c *collection, company bool) error {
	list := []magnet{
		{48, 6, 3, 1, true}, {48, 6, 3, 1.5, false}, {64, 8, 4, 1, true}, {80, 8, 3, -1, true}, {100, 12, 3, 1.5, false},
		{100, 8, 5, -0.5, true}, {150, 10, 3, 2, false}, {150, 10, 2, 1, true}, {200, 10, 2.5, 1.5, false}, {200, 12, 2, -1, true},
	}
	if company {
		list = list[2:8]
	}
	for _, o := range list {
		name, r := c.next(alone("frozen", company))
		model, p := ferromagnet(r, o.m, o.n, o.g, o.logOdds)
		if o.bits {
			model = asBits(model)
		}
		if err := c.addModes(name, r, model, company, majority(upTo(o.m), p)); err != nil {
			return err
		}
	}
	return nil
}

// twins are two to four clusters that differ in weight alone.
func twins(c *collection, company bool) error {
	list := []struct {
		half int // of the visible units
		planting
	}{
		{15, planting{2.5, 2, []float64{0, -1}, 0.5}}, {25, planting{3, 2, []float64{0, -1.5}, 0.5}},
		{25, planting{2.5, 2, []float64{-1, 0, -2}, 0.4}}, {30, planting{3, 3, []float64{-1.5, 0, -0.5, -1}, 0.5}},
		{40, planting{2.5, 3, []float64{-2, 0}, 0.4}}, {50, planting{3, 2, []float64{0, -0.7, -1.4}, 0.5}},
		{60, planting{2.2, 4, []float64{-1, 0}, 0.5}}, {60, planting{4, 2, []float64{0, -1, -1, -2}, 0.5}},
	}
	if company {
		list = list[1:5]
	}
	for _, o := range list {
		name, r := c.next(alone("twins", company))
		p := pattern(r, 2*o.half)
		model, _ := clusters(turned(p, len(o.logMass)), o.planting)
		first, second := majority(upTo(o.half), p), majority(upTo(2 * o.half)[o.half:], p)
		if err := c.addModes(name, r, model, company, first, second); err != nil {
			return err
		}
	}
	return nil
}

// plainPairs are trained on rows near two templates as a plain loop does: CD-1, constant rate, the plain gradient, no
// biases from the data.
func plainPairs(c *collection, company bool) error {
	list := []struct {
		m, n         int
		flips, share float64
		rate         float64
		updates      int
	}{
		{16, 8, 0.1, 0.7, 0.1, 3000}, {20, 8, 0.05, 0.75, 0.3, 5000}, {30, 12, 0.1, 0.8, 0.1, 5000}, {30, 6, 0.02, 0.65, 0.1, 5000},
		{40, 12, 0.1, 0.7, 0.3, 10000}, {50, 8, 0.05, 0.85, 0.05, 5000}, {60, 12, 0.1, 0.6, 0.1, 10000}, {80, 12, 0.05, 0.75, 0.1, 5000},
		{80, 6, 0.15, 0.8, 0.05, 10000}, {100, 12, 0.1, 0.7, 0.1, 5000},
	}
	if company {
		list = list[2:6]
	}
	for _, o := range list {
		name, r := c.next(alone("plain-pair", company))
		set, apart := twoTemplates(r, o.m, o.flips, o.share)
		model := rbm.New(o.m, o.n, keyOf(name))
		if err := fit(model, set, train.Config{
			Negative: &train.CD{Steps: 1}, Optimizer: &train.SGD{}, Rate: o.rate, Schedule: train.Constant, Plain: true, KeepBiases: true,
			Updates: o.updates, Every: o.updates,
		}); err != nil {
			return err
		}
		if err := c.addModes(name, r, model, company, apart); err != nil {
			return err
		}
	}
	return nil
}
