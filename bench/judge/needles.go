package main

import (
	"math/rand/v2"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// needle says how to plant a pattern that some units must take, while the others are free.
type needle struct {
	held
	hidden  bool // the units are hidden ones, and visible units watch over them
	copies  int  // units that watch
	funnel  bool
	logOdds float64 // of its mass
}

// oddsOf is a mass for the k-th needle of a family: e^0.3 to e^8 of the rest.
func oddsOf(k int) float64 { return [...]float64{0.3, 1, 2, 3, 5, 8}[(k+k/6)%6] }

// addNeedle adds the k-th model of a family, with rows that show its needle or not. rest is the model without it. For a
// pattern of hidden units rest is transposed, so that the units that are held are visible ones.
func (c *collection) addNeedle(k int, name string, rest *rbm.Model, o needle) error {
	model, err := withNeedle(rest, o.held, o.copies, o.funnel, o.logOdds)
	if err != nil {
		return err
	}
	odds, err := massOf(model, o.held)
	if err != nil {
		return err
	}
	if o.hidden {
		model, rest = model.Transpose(), padded(rest.Transpose(), o.copies)
	}
	label, source, count := "rest", rest, 300
	switch k % 4 {
	case 1:
		label, source = "all", model
	case 3:
		label, count = "one-row", 1
	}
	rows, err := draw(source, count, name)
	if err != nil {
		return err
	}
	if k%5 == 4 {
		model = asSpins(model)
	}
	return c.add(name, model, subject{LogOdds: odds}, shown{label, rows})
}

// padded adds visible units that are off.
func padded(model *rbm.Model, count int) *rbm.Model {
	off := newModel(rbm.Bernoulli, count, 1)
	for i := range count {
		off.B()[i] = -40
	}
	return directSum(model, off)
}

// background is what patterns are planted in: independent units, or a model that Gibbs chains mix. Its smaller layer
// can be enumerated at once, with room for the units that watch.
func background(r *rand.Rand, k int) *rbm.Model {
	shape := [][2]int{{12, 20}, {16, 8}, {20, 10}, {30, 12}, {60, 12}, {14, 40}}[k%6]
	scale := [...]float64{0, 0.3, 0.7, 0.5}[k/2%4]
	bias := [...]float64{0, 0.5, 1}[k/3%3]
	return gaussian(r, rbm.Bernoulli, shape[0], shape[1], scale, bias)
}

// needles are patterns of some of the visible units.
func needles(c *collection) error {
	for k := range 36 {
		name, r := c.next("needle")
		rest := background(r, k)
		h := hold(r, rest.M(), min(5+k*7%10, rest.M()-1))
		if err := c.addNeedle(k, name, rest, needle{h, false, 1 + k/6%3, k/6%2 == 1, oddsOf(k)}); err != nil {
			return err
		}
	}
	return nil
}

// hiddenNeedles are patterns of some of the hidden units.
func hiddenNeedles(c *collection) error {
	for k := range 24 {
		name, r := c.next("hidden-needle")
		rest := background(r, k).Transpose()
		h := hold(r, rest.M(), min(5+k*5%8, rest.M()))
		if err := c.addNeedle(k, name, rest, needle{h, true, 1 + k/6%2, k/12 == 1, oddsOf(k)}); err != nil {
			return err
		}
	}
	return nil
}

// wholeNeedles are single patterns of all visible units, or of all hidden ones.
func wholeNeedles(c *collection) error {
	for k := range 28 {
		name, r := c.next("whole-needle")
		rest, hidden := background(r, k), k%3 == 2
		if hidden {
			rest = rest.Transpose()
		}
		logOdds := [...]float64{0.3, 0.5, 1, 1.5, 2, 3}[(k+k/6)%6]
		funnel := k/6%2 == 1 || rest.M() > 30
		if err := c.addNeedle(k, name, rest, needle{hold(r, rest.M(), rest.M()), hidden, 1 + k%4, funnel, logOdds}); err != nil {
			return err
		}
	}
	return nil
}

// deepNeedles are patterns of 14 to 30 visible or hidden units: hardly any start has them.
func deepNeedles(c *collection) error {
	for k := range 24 {
		name, r := c.next("deep-needle")
		shape := [][2]int{{24, 8}, {30, 10}, {60, 12}, {100, 10}}[k%4]
		rest := gaussian(r, rbm.Bernoulli, shape[0], shape[1], 0.2+0.2*float64(k%3), 0.3)
		h := hold(r, shape[0], min(14+k*5%16, shape[0]-4))
		if err := c.addNeedle(k, name, rest, needle{h, k%3 == 2, 1 + k/8, k/4%2 == 1, oddsOf(k)}); err != nil {
			return err
		}
	}
	return nil
}

// opposedNeedles are patterns of a few units that are all on the side that biases, and data, hardly ever take: fair
// coins find them, and chains that begin at the data's means don't.
func opposedNeedles(c *collection) error {
	for k := range 32 {
		name, r := c.next("opposed-needle")
		shape := [][2]int{{16, 10}, {24, 12}, {40, 10}, {14, 30}}[k%4]
		rest := gaussian(r, rbm.Bernoulli, shape[0], shape[1], 0.1+0.2*float64(k%3), 0.3)
		for i := range rest.B() {
			rest.B()[i] += float32((2 + float64(k%5)/2) * sign(r.IntN(2) == 1))
		}
		h := hold(r, shape[0], 3+k*3%8)
		for u, i := range h.units {
			h.on[u] = rest.B()[i] < 0
		}
		if err := c.addNeedle(k, name, rest, needle{h, k%5 == 3, 1 + k/8%2, k/4%2 == 1, oddsOf(k)}); err != nil {
			return err
		}
	}
	return nil
}
