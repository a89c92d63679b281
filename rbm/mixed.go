package rbm

import (
	"fmt"
	"slices"

	"github.com/harmonium-rbm/harmonium/rng"
)

// mixed is a layer of parts of different kinds, one after the other: those of bits first. Its biases are those of all
// parts; other parameters are those of their part.
type mixed struct {
	biases     []float32
	parameters []Named
	parts      []Layer // their biases are slices of those of the layer
	first      []int   // unit of each part, and after the last the number of units
	bits       int     // units that are bits
}

// mixedKinds are the kinds of parts that a mixed layer may have, in this order.
var mixedKinds = []Kind{Bernoulli, Categorical, Gaussian}

// NewMixed returns a layer of the units of given layers, whose parameters it copies. The error says which of them can't
// be part of one, or stands in the wrong place: the order is bernoulli, categorical, gaussian, at most one of each.
func NewMixed(layers ...Layer) (Layer, error) {
	l, last := &mixed{first: []int{0}}, -1
	for k, part := range layers {
		kind := slices.Index(mixedKinds, part.Kind())
		if kind <= last {
			return nil, fmt.Errorf("part %d of a mixed layer is %s, want at most one part each of %s, %s and %s, in this order",
				k+1, part.Kind(), mixedKinds[0], mixedKinds[1], mixedKinds[2])
		}
		last = kind
		l.first = append(l.first, l.first[k]+part.Units())
		l.bits += part.NewBatch(0).Bits()
		l.biases = append(l.biases, part.Biases()...)
	}
	l.parameters = []Named{{Name: "biases", Values: l.biases}}
	for k, part := range layers {
		part := rebased(part, l.biases[l.first[k]:l.first[k+1]:l.first[k+1]])
		l.parts = append(l.parts, part)
		l.parameters = append(l.parameters, part.Parameters()[1:]...)
	}
	return l, nil
}

// rebased returns a copy of a layer with its biases in other memory, which holds them already.
func rebased(layer Layer, biases []float32) Layer {
	switch l := layer.(type) {
	case bernoulli:
		return bernoulli{twoValuedWith(biases, 1, 0)}
	case *categorical:
		return categoricalWith(biases, l.states)
	case gaussian:
		c := gaussian{l.clone()}
		c.parameters[0].Values = biases
		return c
	}
	panic(fmt.Sprintf("rbm: %s units in a mixed layer", layer.Kind()))
}

func (l *mixed) Kind() Kind                    { return Mixed }
func (l *mixed) Units() int                    { return len(l.biases) }
func (l *mixed) Line() (scale, offset float64) { return 1, 0 }
func (l *mixed) Biases() []float32             { return l.biases }
func (l *mixed) Parameters() []Named           { return l.parameters }

func (l *mixed) linearInBits() bool { return l.bits == len(l.biases) }

// Spreads are those of the parts.
func (l *mixed) Spreads() []float64 {
	σ := make([]float64, l.Units())
	for k, p := range l.parts {
		copy(σ[l.first[k]:], p.Spreads())
	}
	return σ
}

// Layout lists the parts.
func (l *mixed) Layout() []Part {
	var parts []Part
	for _, p := range l.parts {
		parts = append(parts, LayoutOf(p)...)
	}
	return parts
}

func (l *mixed) Clone() Layer {
	c, err := NewMixed(l.parts...)
	if err != nil {
		panic("rbm: " + err.Error())
	}
	return c
}

func (l *mixed) NewBatch(rows int) Batch {
	s := NewReals(rows, l.bits, l.Units()-l.bits)
	for k, p := range l.parts {
		l.insert(s, k, p.NewBatch(rows))
	}
	return s
}

// extract returns a copy of the units of part k.
func (l *mixed) extract(s Batch, k int) Batch {
	from, part := l.first[k], l.parts[k].NewBatch(s.Rows())
	for r := range s.Rows() {
		if part.Bits() > 0 {
			part.SetRow(r, func(i int) bool { return s.Bit(r, from+i) })
		} else {
			copy(part.Reals(r), s.Reals(r)[from-l.bits:])
		}
	}
	return part
}

// insert copies the units of part k into s.
func (l *mixed) insert(s Batch, k int, part Batch) {
	from := l.first[k]
	for r := range s.Rows() {
		for i := range part.Bits() {
			s.SetBit(r, from+i, part.Bit(r, i))
		}
		if part.Bits() == 0 {
			copy(s.Reals(r)[from-l.bits:], part.Reals(r))
		}
	}
}

// inputs returns the inputs of part k, or nil.
func (l *mixed) inputs(x []float32, k int) []float32 {
	if x == nil {
		return nil
	}
	n, from, to := l.Units(), l.first[k], l.first[k+1]
	part := make([]float32, 0, len(x)/n*(to-from))
	for r := 0; r < len(x); r += n {
		part = append(part, x[r+from:r+to]...)
	}
	return part
}

func (l *mixed) SetMoments(means, variances []float64) {
	for k, p := range l.parts {
		var v []float64
		if variances != nil {
			v = variances[l.first[k]:l.first[k+1]]
		}
		p.SetMoments(means[l.first[k]:l.first[k+1]], v)
	}
}

func (l *mixed) Energy(dst []float64, s Batch) {
	checkUnits(l, s)
	l.sum(dst, func(part []float64, k int) { l.parts[k].Energy(part, l.extract(s, k)) })
}

// CGF is the sum of those of the parts.
func (l *mixed) CGF(dst []float64, x []float32) {
	l.sum(dst, func(part []float64, k int) { l.parts[k].CGF(part, l.inputs(x, k)) })
}

// sum writes the sum over parts of what f writes.
func (l *mixed) sum(dst []float64, f func(part []float64, k int)) {
	clear(dst)
	part := make([]float64, len(dst))
	for k := range l.parts {
		f(part, k)
		for r, x := range part {
			dst[r] += x
		}
	}
}

func (l *mixed) Mean(dst, x []float32) {
	n := l.Units()
	for k, p := range l.parts {
		part := l.inputs(x, k)
		p.Mean(part, part)
		from, units := l.first[k], l.first[k+1]-l.first[k]
		for r := range len(x) / n {
			copy(dst[r*n+from:], part[r*units:(r+1)*units])
		}
	}
}

// Sample draws part k with random numbers of stream k of the key.
func (l *mixed) Sample(dst Batch, x []float32, key rng.Key, step uint64, first uint32) {
	checkUnits(l, dst)
	for k, p := range l.parts {
		part := p.NewBatch(dst.Rows())
		p.Sample(part, l.inputs(x, k), key.Stream(rng.Stream(k)), step, first)
		l.insert(dst, k, part)
	}
}

func (l *mixed) Moments(dst [][]float32, s Batch, weights []float32) {
	checkUnits(l, s)
	l.eachPart(dst, func(part [][]float32, k int) { l.parts[k].Moments(part, l.extract(s, k), weights) })
}

func (l *mixed) InputMoments(dst [][]float32, x []float32, weights []float32) {
	l.eachPart(dst, func(part [][]float32, k int) { l.parts[k].InputMoments(part, l.inputs(x, k), weights) })
}

// eachPart calls f with the numbers of each part's parameters.
func (l *mixed) eachPart(dst [][]float32, f func(part [][]float32, k int)) {
	at := 1
	for k, p := range l.parts {
		others := len(p.Parameters()) - 1
		f(append([][]float32{dst[0][l.first[k]:l.first[k+1]]}, dst[at:at+others]...), k)
		at += others
	}
}

// Configurations is the product of those of the parts, which must be finite ([AsFinite]).
func (l *mixed) Configurations() float64 {
	n := 1.0
	for _, p := range l.parts {
		n *= p.(Finite).Configurations()
	}
	return n
}

// Configure writes the first part's number as the lowest digit.
func (l *mixed) Configure(s Batch, r int, number uint64) {
	row := s.Slice(r, r+1)
	for k, p := range l.parts {
		part, configurations := p.NewBatch(1), uint64(p.(Finite).Configurations())
		p.(Finite).Configure(part, 0, number%configurations)
		l.insert(row, k, part)
		number /= configurations
	}
}
