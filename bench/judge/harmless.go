package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// broad models have many weak hidden units: no fixed point of mean field has much of the mass.
func broad(c *collection) error {
	for k := range 18 {
		name, r := c.next("broad")
		m, n := [...]int{10, 13, 16}[k%3], [...]int{50, 100, 200, 300}[k/3%4]
		model := gaussian(r, rbm.Bernoulli, m, n, 0.05+0.05*float64(k%6), 0.3)
		if k%2 == 1 {
			model = asSpins(model)
		}
		if err := c.addShown(k, name, model); err != nil {
			return err
		}
	}
	return nil
}

// independent models have no weights.
func independent(c *collection) error {
	return c.several("independent", 8, func(k int, r *rand.Rand) *rbm.Model {
		kind := [...]rbm.Kind{rbm.Bernoulli, rbm.Spin}[k%2]
		return gaussian(r, kind, [...]int{5, 50, 300, 784}[k%4], [...]int{4, 10}[k/4], 0, float64(1+k%3*2))
	})
}

func tiny(c *collection) error {
	sizes := [][2]int{{1, 1}, {1, 5}, {5, 1}, {2, 3}, {3, 2}, {4, 4}, {2, 2}, {6, 3}}
	return c.several("tiny", 10, func(k int, r *rand.Rand) *rbm.Model {
		size := sizes[k%len(sizes)]
		return gaussian(r, [...]rbm.Kind{rbm.Bernoulli, rbm.Spin}[k/2%2], size[0], size[1], float64(1+k%4), 1)
	})
}

// biased models have units that are hardly ever on, or off.
func biased(c *collection) error {
	return c.several("biased", 12, func(k int, r *rand.Rand) *rbm.Model {
		model := gaussian(r, rbm.Bernoulli, [...]int{16, 40, 200}[k%3], [...]int{16, 10, 8}[k%3], [...]float64{0.5, 1, 2}[k/3%3], 1)
		for i := range model.B() {
			model.B()[i] += float32(6 * sign(k%2 == 1 && r.IntN(2) == 1))
		}
		return model
	})
}

// offset models have large weights in common that the biases make up for, or large biases alone.
func offset(c *collection) error {
	return c.several("offset", 12, func(k int, r *rand.Rand) *rbm.Model {
		m, n := [...]int{16, 30, 60}[k%3], [...]int{14, 10, 12}[k%3]
		model := gaussian(r, rbm.Bernoulli, m, n, 0.5, 0.5)
		common := float32([...]float64{0.5, 1, 2}[k/3%3])
		switch k % 2 {
		case 0: // w_ij (v_i − ½)(h_j − ½) with a common part
			for i := range model.W {
				model.W[i] += common
				model.B()[i/n] -= common / 2
				model.C()[i%n] -= common / 2
			}
		case 1:
			for i := range model.B() {
				model.B()[i] += float32(50 * sign(i%2 == 0))
			}
			for j := range model.C() {
				model.C()[j] += float32(80 * sign(j%3 == 0))
			}
		}
		return model
	})
}

// several adds models of a family with samples of them.
func (c *collection) several(family string, count int, of func(k int, r *rand.Rand) *rbm.Model) error {
	for k := range count {
		name, r := c.next(family)
		if err := c.addShown(k, name, of(k, r)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
