package main

import (
	"math/rand/v2"

	"harmonium/rbm"
)

// shapes are numbers of units of which the smaller layer can be enumerated at once, with room for the units that hold patterns.
var shapes = [][2]int{{12, 20}, {16, 8}, {20, 10}, {30, 12}, {60, 12}, {14, 40}}

// background is what patterns are planted in: independent units, or a model that Gibbs chains mix.
func background(r *rand.Rand, k int) *rbm.Model {
	shape := shapes[k%len(shapes)]
	scale := [...]float64{0, 0.3, 0.7, 0.5}[k/2%4]
	bias := [...]float64{0, 0.5, 1}[k/3%3]
	return gaussian(r, rbm.Bernoulli, shape[0], shape[1], scale, bias)
}

// rowsBesides returns the rows that a needle is shown by: those of the rest, a single one of them, or all.
func rowsBesides(k int, name string, model, rest *rbm.Model) (shown, error) {
	label, source, count := "rest", rest, 300
	switch k % 4 {
	case 1:
		label, source = "all", model
	case 3:
		label, count = "one-row", 1
	}
	rows, err := draw(source, count, name)
	return shown{label, rows}, err
}

// needles are partial: k of m visible units must take one pattern, the others are as they were.
func needles(c *collection) error {
	logOdds := []float64{0.3, 1, 2, 3, 5, 8}
	for k := range 36 {
		name, r := c.next("needle")
		rest := background(r, k)
		h := hold(r, rest.M(), min(5+k*7%10, rest.M()-1))
		model, err := withNeedle(rest, h, 1+k/6%3, k/6%2 == 1, logOdds[(k+k/6)%6])
		if err != nil {
			return err
		}
		if err := c.addNeedle(k, name, model, rest, model, h); err != nil {
			return err
		}
	}
	return nil
}

// addNeedle adds a model with rows that show its needle or not. The pattern is held in the visible units of measured: the model or, for a
// pattern of hidden units, its transpose.
func (c *collection) addNeedle(k int, name string, model, rest, measured *rbm.Model, h held) error {
	odds, err := massOf(measured, h)
	if err != nil {
		return err
	}
	rows, err := rowsBesides(k, name, model, rest)
	if err != nil {
		return err
	}
	if k%5 == 4 {
		model = asSpins(model)
	}
	return c.add(name, model, subject{LogOdds: odds}, rows)
}

// hiddenNeedles are the same with k of n hidden units, which visible units watch over.
func hiddenNeedles(c *collection) error {
	logOdds := []float64{0.3, 1, 2, 3, 5, 8}
	for k := range 24 {
		name, r := c.next("hidden-needle")
		rest := background(r, k)
		h := hold(r, rest.N(), min(5+k*5%8, rest.N()))
		copies := 1 + k/6%2
		model, err := withNeedle(rest.Transpose(), h, copies, k/12 == 1, logOdds[(k+k/6)%6])
		if err != nil {
			return err
		}
		if err := c.addNeedle(k, name, model.Transpose(), padded(rest, copies), model, h); err != nil {
			return err
		}
	}
	return nil
}

// padded adds visible units that are off.
func padded(model *rbm.Model, count int) *rbm.Model {
	off := newModel(rbm.Bernoulli, count, 1)
	for i := range count {
		off.B()[i] = -40
	}
	return directSum(model, off)
}

// wholeNeedles are single patterns of all visible units, or of all hidden ones.
func wholeNeedles(c *collection) error {
	logOdds := []float64{0.3, 0.5, 1, 1.5, 2, 3}
	for k := range 28 {
		name, r := c.next("whole-needle")
		rest := background(r, k)
		hidden := k%3 == 2
		if hidden {
			rest = rest.Transpose()
		}
		h := hold(r, rest.M(), rest.M())
		copies := 1 + k%4
		model, err := withNeedle(rest, h, copies, k/6%2 == 1 || len(h.units) > 30, logOdds[(k+k/6)%6])
		if err != nil {
			return err
		}
		measured := model
		if hidden {
			model, rest = model.Transpose(), padded(rest.Transpose(), copies)
		}
		if err := c.addNeedle(k, name, model, rest, measured, h); err != nil {
			return err
		}
	}
	return nil
}

// deepNeedles are patterns of so many visible or hidden units that hardly any start has them.
func deepNeedles(c *collection) error {
	logOdds := []float64{0.3, 1, 2, 3, 5, 8}
	for k := range 24 {
		name, r := c.next("deep-needle")
		shape := [][2]int{{24, 8}, {30, 10}, {60, 12}, {100, 10}}[k%4]
		rest, hidden := gaussian(r, rbm.Bernoulli, shape[0], shape[1], 0.2+0.2*float64(k%3), 0.3), k%3 == 2
		copies := 1 + k/8
		h := hold(r, shape[0], min(14+k*5%16, shape[0]-4))
		model, err := withNeedle(rest, h, copies, k/4%2 == 1, logOdds[(k+k/6)%6])
		if err != nil {
			return err
		}
		measured := model
		if hidden {
			model, rest = model.Transpose(), padded(rest.Transpose(), copies)
		}
		if err := c.addNeedle(k, name, model, rest, measured, h); err != nil {
			return err
		}
	}
	return nil
}

// opposedNeedles are patterns of a few units that are all on the side that biases, and data, hardly ever take: fair coins find them, and
// chains that begin at the data's means don't.
func opposedNeedles(c *collection) error {
	logOdds := []float64{0.3, 1, 2, 3, 5, 8}
	for k := range 32 {
		name, r := c.next("opposed-needle")
		shape := [][2]int{{16, 10}, {24, 12}, {40, 10}, {14, 30}}[k%4]
		rest, hidden := gaussian(r, rbm.Bernoulli, shape[0], shape[1], 0.1+0.2*float64(k%3), 0.3), k%5 == 3
		for i := range rest.B() {
			rest.B()[i] += float32((2 + float64(k%5)/2) * sign(r.IntN(2) == 1))
		}
		h := hold(r, shape[0], 3+k*3%8)
		for u, i := range h.units {
			h.on[u] = rest.B()[i] < 0
		}
		copies := 1 + k/8%2
		model, err := withNeedle(rest, h, copies, k/4%2 == 1, logOdds[(k+k/6)%6])
		if err != nil {
			return err
		}
		measured := model
		if hidden {
			model, rest = model.Transpose(), padded(rest.Transpose(), copies)
		}
		if err := c.addNeedle(k, name, model, rest, measured, h); err != nil {
			return err
		}
	}
	return nil
}
