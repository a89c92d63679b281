package main

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// plant draws templates and plants them.
func plant(r *rand.Rand, m, count int, o planting) (*rbm.Model, rbm.Batch) {
	templates := make([][]bool, count)
	for k := range templates {
		templates[k] = pattern(r, m)
	}
	return clusters(templates, o)
}

// weightsOf are the probabilities of hidden states.
func weightsOf(model *rbm.Model, states rbm.Batch) ([]float64, error) {
	logs, err := exact.LogProbHidden(context.Background(), model, states, exact.Options{})
	for k, x := range logs {
		logs[k] = math.Exp(x)
	}
	return logs, err
}

// within draws v ~ P(v|h) for a number of rows of hidden states each.
func within(model *rbm.Model, states rbm.Batch, counts []int, name string) rbm.Batch {
	index := []int(nil)
	for k, count := range counts {
		index = append(index, slices.Repeat([]int{k}, count)...)
	}
	h, v := rbm.NewBatch(len(index), model.N()), rbm.NewBatch(len(index), model.M())
	h.Gather(states, index)
	rbm.NewConditionals(model, nil).SampleVisible(v, h, keyOf(name).Stream(rng.StreamVisible), 0)
	return v
}

// farModes have two to six clusters of unequal weights; shown are all of them, or one that may be light or heavy.
func farModes(c *collection) error {
	for k := range 14 {
		name, r := c.next("far-modes")
		count := 2 + k%5
		logMass := make([]float64, count)
		for i := range logMass {
			logMass[i] = -float64(i) * (0.3 + 2.2*r.Float64())
		}
		model, states := plant(r, [...]int{16, 24, 40, 64, 100}[k/2%5], count,
			planting{3 + 0.5*float64(k%6), 1 + k/3%2, logMass, [...]float64{0.5, 0.1, 0.3}[k%3]})
		weights, err := weightsOf(model, states)
		if err != nil {
			return err
		}
		one := make([]int, count)
		one[k%2*(count-1)] = 300
		all, err := draw(model, 300, name)
		if err != nil {
			return err
		}
		one300 := within(model, states, one, name)
		if k%4 == 3 {
			model = asSpins(model)
		}
		if err := c.add(name, model, subject{Modes: weights}, shown{"all", all}, shown{"one-class", one300}); err != nil {
			return err
		}
	}
	for k := range 8 { // Hopfield patterns and their negatives
		name, r := c.next("far-modes")
		patterns, field := [][]bool(nil), []float64(nil)
		m, count := [...]int{20, 40, 80}[k%3], 1+k%4
		for range count {
			patterns, field = append(patterns, pattern(r, m)), append(field, (r.Float64()-0.4)*2/float64(m))
		}
		model := hopfield(patterns, 1+8/count/2, 2+float64(k%3), field)
		all, err := draw(model, 600, name)
		if err != nil {
			return err
		}
		near := direction{Units: upTo(m), Pattern: patterns[0], Least: m*3/4 + 1}
		index := []int(nil)
		for row := range all.Rows() {
			if near.holds(all, row) {
				index = append(index, row)
			}
		}
		list := []shown{{"all", all}}
		if len(index) > 0 {
			one := rbm.NewBatch(len(index), m)
			one.Gather(all, index)
			list = append(list, shown{"one-class", one})
		}
		if err := c.add(name, model, subject{}, list...); err != nil {
			return err
		}
	}
	return nil
}

// upTo lists 0 … n−1.
func upTo(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// rareModes have a cluster with about 16 % of the mass and 2 to 4 % of the rows.
func rareModes(c *collection) error {
	for k := range 18 {
		name, r := c.next("rare-mode")
		logMass := [][]float64{{math.Log(0.84), math.Log(0.16)}, {math.Log(0.5), math.Log(0.34), math.Log(0.16)}}[k%2]
		model, states := plant(r, [...]int{16, 30, 60, 100}[k/2%4], len(logMass),
			planting{2 + 0.5*float64(k%5), 1 + k%3, logMass, [...]float64{0.5, 0.2}[k/2%2]})
		weights, err := weightsOf(model, states)
		if err != nil {
			return err
		}
		counts := make([]int, len(logMass))
		for i := range counts {
			counts[i] = int(math.Exp(logMass[i]) * 500)
		}
		counts[len(counts)-1] = 10 + r.IntN(11)
		rows := within(model, states, counts, name)
		if k%5 == 4 {
			model = asSpins(model)
		}
		if err := c.add(name, model, subject{Modes: weights}, shown{"all", rows}); err != nil {
			return err
		}
	}
	return nil
}

// duplicates repeat hidden units, or rows.
func duplicates(c *collection) error {
	for k := range 18 {
		name, r := c.next("duplicates")
		var model *rbm.Model
		switch k % 3 {
		case 0: // weak units, many times
			model = withCopies(gaussian(r, rbm.Bernoulli, 14, 4, 0.4+0.1*float64(k/3), 0.5), 2+k)
		case 1: // groups of equal units that hold clusters
			model, _ = plant(r, 30+10*(k/3), 2, planting{3 + 0.3*float64(k/3), 8, []float64{0, -float64(k) / 8}, 0.4})
		case 2:
			model = withCopies(gaussian(r, rbm.Spin, 16, 6, 0.1+0.05*float64(k/3), 0.1), 4)
		}
		rows, err := draw(model, 1+k%4*2, name)
		if err != nil {
			return err
		}
		many := rbm.NewBatch(rows.Rows()*100, rows.Units())
		many.Gather(rows, slices.Repeat(upTo(rows.Rows()), 100))
		if err := c.add(name, model, subject{}, shown{"repeated", many}); err != nil {
			return err
		}
	}
	return nil
}

// glasses have random weights of growing scale, of bits and of spins, or random couplings between visible spins.
func glasses(c *collection) error {
	for k := range 24 {
		name, r := c.next("glass")
		shape := [][2]int{{16, 16}, {30, 14}, {80, 12}, {14, 50}}[k%4]
		scale := [...]float64{0.5, 1, 1.5, 2.5, 4, 6}[k/4]
		model := gaussian(r, rbm.Bernoulli, shape[0], shape[1], scale, scale/2)
		if k%2 == 1 {
			model = gaussian(r, rbm.Spin, shape[0], shape[1], scale/4, scale/16)
		}
		if err := c.addShown(k, name, model); err != nil {
			return err
		}
	}
	for k := range 8 { // Sherrington and Kirkpatrick
		name, r := c.next("glass")
		m, beta := 12+k%3, [...]float64{0.5, 1, 2, 4}[k%4]
		bonds := []bond(nil)
		for i := range m {
			for j := range i {
				bonds = append(bonds, bond{i, j, beta * r.NormFloat64() / math.Sqrt(float64(m))})
			}
		}
		model := pairwise(bonds, make([]float64, m))
		if k%2 == 1 {
			model = asBits(model)
		}
		if err := c.addShown(k, name, model); err != nil {
			return err
		}
	}
	return nil
}

// glassesWithPattern are glasses of growing scale and a pattern of further units, which are on together with one or two
// hidden units. These shift the biases of the glass a little. The pattern has 8 % to 60 % of the mass, in as many modes as
// the glass has, and rows show it for a few models alone.
func glassesWithPattern(c *collection) error {
	for k := range 24 {
		name, r := c.next("glass-with-pattern")
		m, n, ties := 30, 14+k%3, 1+k/16
		glass := asBits(gaussian(r, rbm.Spin, m, n, [...]float64{0.17, 0.2, 0.25, 0.3, 0.4}[k%5], 0))
		units, strength := 22+r.IntN(14), 3.5+1.5*r.Float64()
		pattern, gain := newModel(rbm.Bernoulli, units, ties), 0.0
		for i := range units {
			pattern.B()[i] = float32(-strength)
			for q := range ties {
				pattern.W[i*ties+q] = float32(2 * strength / float64(ties))
			}
			gain += rbm.Softplus(strength) - rbm.Softplus(-strength)
		}
		model := directSum(glass, pattern)
		shift := 0.0
		for i := range m {
			for q := range ties {
				w := [...]float64{0, 0.1, 0.2}[k/4%3] * r.NormFloat64() / float64(ties)
				model.W[i*(n+ties)+n+q] = float32(w)
				shift += w / 2
			}
		}
		logOdds := [...]float64{-2.5, -1.5, -0.5, 0.4}[k%4]
		off := model.Clone()
		for q := range ties {
			model.C()[n+q] = float32((logOdds - gain - shift) / float64(ties))
			off.C()[n+q] = -1000
		}
		label, source := "rest", off
		if k%6 == 5 {
			label, source = "all", model
		}
		rows, err := draw(source, 300, name)
		if err != nil {
			return err
		}
		if k%7 == 6 {
			model = asSpins(model)
		}
		if err := c.add(name, model, subject{}, shown{label, rows}); err != nil {
			return err
		}
	}
	return nil
}

// addShown adds a model with samples of it: many, or one in every fourth case.
func (c *collection) addShown(k int, name string, model *rbm.Model) error {
	label, count := "all", 300
	if k%4 == 3 {
		label, count = "one-row", 1
	}
	rows, err := draw(model, count, name)
	if err != nil {
		return err
	}
	return c.add(name, model, subject{}, shown{label, rows})
}

// frustrated are antiferromagnets, and structures of which one unit in each group is on.
func frustrated(c *collection) error {
	models := []*rbm.Model(nil)
	for _, J := range []float64{-0.3, -0.6, -1, -1.5} {
		models = append(models, pairwise(lattice(4, J), make([]float64, 16)), pairwise(ring(13, J), make([]float64, 13)),
			pairwise(lattice(3, J), make([]float64, 9)))
	}
	for _, penalty := range []float64{2, 4, 6, 8} { // one on in each row and column of a square, or one of all
		models = append(models, asBits(oneOfEach(square(3), penalty)), oneOfEach(square(4), penalty),
			asBits(oneOfEach([][]int{upTo(14)}, penalty)))
	}
	for k, model := range models {
		name, _ := c.next("frustrated")
		if err := c.addShown(k, name, model); err != nil {
			return err
		}
	}
	return nil
}

func ring(m int, J float64) (bonds []bond) {
	for i := range m {
		bonds = append(bonds, bond{i, (i + 1) % m, J})
	}
	return bonds
}

// square lists the rows and columns of an L×L square.
func square(L int) (groups [][]int) {
	for k := range L {
		row, column := []int(nil), []int(nil)
		for l := range L {
			row, column = append(row, k*L+l), append(column, l*L+k)
		}
		groups = append(groups, row, column)
	}
	return groups
}

// oneOfEach returns a spin model with the energy penalty·Σ_groups (Σ v − 1)²/2 of bits v = (1+s)/2.
func oneOfEach(groups [][]int, penalty float64) *rbm.Model {
	m, bonds := 0, []bond(nil)
	for _, group := range groups {
		m = max(m, slices.Max(group)+1)
	}
	field := make([]float64, m)
	for _, group := range groups {
		for a, i := range group {
			field[i] -= penalty * float64(len(group)-2) / 4
			for _, j := range group[:a] {
				bonds = append(bonds, bond{i, j, -penalty / 4})
			}
		}
	}
	return pairwise(bonds, field)
}

// blocks are larger models of independent blocks: log Z is the sum of theirs, and both layers are too large to
// enumerate.
func blocks(c *collection) error {
	for k := range 14 {
		name, r := c.next("blocks")
		parts, sum := []*rbm.Model(nil), 0.0
		rows := [][][]uint8(nil)
		for p := range 3 + k%3 {
			part := gaussian(r, rbm.Bernoulli, 30, 12, 0.2+0.2*r.Float64(), 0.5)
			switch {
			case p == 0 && k%3 == 0:
				part, _ = plant(r, 30, 3, planting{4, 4, []float64{0, -0.5, -1}, 0.4})
			case p == 0 && k%3 == 1:
				planted, err := withNeedle(part, hold(r, 30, 8+k%4*2), 1, k%2 == 1, float64(k%5)/2)
				if err != nil {
					return err
				}
				part = planted
			}
			value, err := logZ(part)
			if err != nil {
				return err
			}
			sample, err := draw(part, 300, name+string(rune('a'+p)))
			if err != nil {
				return err
			}
			parts, sum, rows = append(parts, part), sum+value, append(rows, sample.Bytes())
		}
		joint := make([][]uint8, 300)
		for row := range joint {
			for _, part := range rows {
				joint[row] = append(joint[row], part[row]...)
			}
		}
		v, err := rbm.FromBytes(joint)
		if err != nil {
			return err
		}
		if err := c.add(name, directSum(parts...), subject{LogZ: sum}, shown{"all", v}); err != nil {
			return err
		}
	}
	return nil
}
