package rbm

import (
	"fmt"
	"slices"
)

// Given is the conditional distribution of some visible units, the free ones v', where the others k are known. It is an
// RBM again: with the weights and the layer of the free units, and with the hidden biases
//
//	c'_j = c_j + Σ_{i known} w_ij k_i,   E(v,h) = U_v(k) + E'(v',h).
//
// So P(v',h | k) is the distribution of Model, and Σ_{v'} e^(−F(v',k)) = e^(−Energy)·Z' with its partition function Z'.
type Given struct {
	Model  *Model  // of the free units
	Free   []int   // the units of the whole that the visible units of Model are, in rising order
	Energy float64 // U_v(k), that of the known units in their layer

	whole Layer
	known Batch // one row: the known units
}

// Given conditions the model on the units of row r of v for which known is true. The error says why that can't be: a
// categorical site of which a part is known, no free unit, or a layer of a kind that is not the package's.
func (model *Model) Given(v Batch, r int, known func(i int) bool) (*Given, error) {
	model.checkVisible(v)
	for _, s := range SitesOf(model.Visible) {
		for i := s.First + 1; i < s.First+s.States; i++ {
			if known(i) != known(s.First) {
				return nil, fmt.Errorf("units %d and %d are states of one site: want both to be known, or none", s.First+1, i+1)
			}
		}
	}
	g := &Given{whole: model.Visible, known: v.Like(1)}
	g.known.Gather(v, []int{r})
	hidden := make([]float64, model.N())
	for j, c := range model.C() {
		hidden[j] = float64(c)
	}
	scale, offset := model.Visible.Line()
	for i := range model.M() {
		if !known(i) {
			g.Free = append(g.Free, i)
			continue
		}
		value := scale*v.stored(r, i) + offset
		for j, w := range model.row(i) {
			hidden[j] += float64(value * float64(w))
		}
	}
	if len(g.Free) == 0 {
		return nil, fmt.Errorf("all %d units are known, want one or more that is not", model.M())
	}
	free, err := selected(model.Visible, g.Free)
	if err != nil {
		return nil, err
	}
	g.Model = &Model{Visible: free, Hidden: model.Hidden.Clone()}
	for j, c := range hidden {
		g.Model.C()[j] = float32(c)
	}
	for _, i := range g.Free {
		g.Model.W = append(g.Model.W, model.row(i)...)
	}
	return g, g.energy(model, known)
}

func (model *Model) row(i int) []float32 {
	n := model.N()
	return model.W[i*n : (i+1)*n]
}

// energy sets Energy.
func (g *Given) energy(model *Model, known func(i int) bool) error {
	var rest []int
	for i := range model.M() {
		if known(i) {
			rest = append(rest, i)
		}
	}
	if len(rest) == 0 {
		return nil
	}
	layer, err := selected(model.Visible, rest)
	if err != nil {
		return err
	}
	part, energy := layer.NewBatch(1), [1]float64{}
	moveUnits(part, 0, nil, g.known, 0, rest)
	layer.Energy(energy[:], part)
	g.Energy = energy[0]
	return nil
}

// Whole returns the configurations of all units: the free ones as in the rows of v, and the known ones.
func (g *Given) Whole(v Batch) Batch {
	s := g.known.Like(v.Rows())
	for r := range v.Rows() {
		s.Slice(r, r+1).Copy(g.known)
		moveUnits(s, r, g.Free, v, r, nil)
	}
	return s
}

// Part returns the free units of the rows of v.
func (g *Given) Part(v Batch) Batch {
	s := g.Model.Visible.NewBatch(v.Rows())
	for r := range v.Rows() {
		moveUnits(s, r, nil, v, r, g.Free)
	}
	return s
}

// moveUnits copies units of row q of src, in the order of from, to those of row r of dst, in the order of to. nil stands
// for all units.
func moveUnits(dst Batch, r int, to []int, src Batch, q int, from []int) {
	for k := range max(len(to), len(from)) {
		i, j := k, k
		if to != nil {
			i = to[k]
		}
		if from != nil {
			j = from[k]
		}
		if i < dst.Bits() {
			dst.SetBit(r, i, src.Bit(q, j))
		} else {
			dst.Reals(r)[i-dst.Bits()] = src.Reals(q)[j-src.Bits()]
		}
	}
}

// selected returns the layer of some units, in rising order and of whole sites.
func selected(layer Layer, units []int) (Layer, error) {
	var part Layer
	switch l := layer.(type) {
	case *mixed:
		var parts []Layer
		for k, p := range l.parts {
			var of []int
			for _, i := range units {
				if i >= l.first[k] && i < l.first[k+1] {
					of = append(of, i-l.first[k])
				}
			}
			if of == nil {
				continue
			}
			s, err := selected(p, of)
			if err != nil {
				return nil, err
			}
			parts = append(parts, s)
		}
		if len(parts) == 1 {
			return parts[0], nil
		}
		return NewMixed(parts...)
	case *categorical:
		var states []int
		for s, first := range l.first {
			if slices.Contains(units, first) {
				states = append(states, l.states[s])
			}
		}
		part = NewCategorical(states...)
	default:
		if !slices.ContainsFunc(kinds, func(k kindRow) bool { return k.name == l.Kind() && k.new != nil }) {
			return nil, fmt.Errorf("some of %s units: only layers of the kinds of this package can be conditioned", l.Kind())
		}
		part = NewLayer(l.Kind(), len(units))
	}
	to := part.Parameters()
	for p, from := range layer.Parameters() {
		for k, i := range units {
			to[p].Values[k] = from.Values[i]
		}
	}
	return part, nil
}
