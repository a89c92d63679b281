package rbm

import (
	"fmt"
	"math"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rng"
)

// twoValued is what kinds with two values have in common: their units are stored as bits, value = scale·bit + offset, and their energy
// is linear, U(s) = −Σ_i b_i s_i. [Conditionals] computes pairs of such layers as functions of bits, by the kernels.
type twoValued struct {
	biases        []float32
	parameters    []Named // the biases alone
	scale, offset float64
}

var (
	_ meansKernel  = twoValued{}
	_ fieldsKernel = twoValued{}
)

func newTwoValued(units int, scale, offset float64) twoValued {
	return twoValuedWith(make([]float32, units), scale, offset)
}

func twoValuedWith(biases []float32, scale, offset float64) twoValued {
	return twoValued{biases, []Named{{Name: "biases", Values: biases}}, scale, offset}
}

// bitLayer is a layer whose configurations may be bits alone, with an energy that is linear in them.
type bitLayer interface{ linearInBits() bool }

func isLinearInBits(l Layer) bool {
	bits, ok := l.(bitLayer)
	return ok && bits.linearInBits()
}

func (l twoValued) linearInBits() bool { return true }

// hasTwoValues reports whether a layer is twoValued.
func hasTwoValues(l Layer) bool {
	_, ok := l.(twoValuedLayer)
	return ok
}

type twoValuedLayer interface {
	Layer
	twoValues()
}

func (l twoValued) twoValues() {}

func (l twoValued) clone() twoValued {
	c := newTwoValued(len(l.biases), l.scale, l.offset)
	copy(c.biases, l.biases)
	return c
}

func (l twoValued) Units() int                    { return len(l.biases) }
func (l twoValued) Line() (scale, offset float64) { return l.scale, l.offset }
func (l twoValued) Biases() []float32             { return l.biases }
func (l twoValued) Parameters() []Named           { return l.parameters }
func (l twoValued) Spreads() []float64            { return nil }
func (l twoValued) NewBatch(rows int) Batch       { return NewBatch(rows, len(l.biases)) }

// SetMoments sets b_i to the log-odds of the bit divided by scale. Means are kept 10^−3 away from 0 and 1, where the
// log-odds are infinite.
func (l twoValued) SetMoments(means, variances []float64) {
	for i, p := range means {
		p = min(max(p, 1e-3), 1-1e-3)
		l.biases[i] = float32(math.Log(p/(1-p)) / l.scale)
	}
}

func (l twoValued) Energy(dst []float64, s Batch) {
	checkUnits(l, s)
	rest := 0.0 // −Σ b·offset
	for _, b := range l.biases {
		rest -= l.offset * float64(b)
	}
	for r := range dst {
		dst[r] = rest
		for i := range s.On(r) {
			dst[r] -= l.scale * float64(l.biases[i])
		}
	}
}

// Sample sets a bit with probability σ(scale·(b_i+x_i)): the log-odds of the two values.
func (l twoValued) Sample(dst Batch, x []float32, key rng.Key, step uint64, first uint32) {
	checkUnits(l, dst)
	set := func(r, i int, p float64) {
		block := key.Block(rng.At(step, first+uint32(r), uint32(i)))
		dst.SetBit(r, i, float64(rng.Uniform(block[i%4])) < p)
	}
	if x != nil {
		l.eachField(x, func(r, _, i int, field float64) { set(r, i, Sigmoid(l.scale*field)) })
		return
	}
	for i, b := range l.biases {
		p := Sigmoid(l.scale * float64(b))
		for r := range dst.Rows() {
			set(r, i, p)
		}
	}
}

// Moments are those of the biases, ⟨s_i⟩.
func (l twoValued) Moments(dst [][]float32, s Batch, weights []float32) {
	checkUnits(l, s)
	weightedMeans(dst[0], s.Rows(), weights, func(r, i int) float64 { return l.scale*s.stored(r, i) + l.offset })
}

// InputMoments are those of the biases: ∂Γ/∂b_i = ⟨s_i⟩, with s = scale·bit + offset.
func (l twoValued) InputMoments(dst [][]float32, x []float32, weights []float32) {
	n := len(l.biases)
	weightedMeans(dst[0], len(x)/n, weights, func(r, i int) float64 {
		return l.scale*Sigmoid(l.scale*(float64(l.biases[i])+float64(x[r*n+i]))) + l.offset
	})
}

func (l twoValued) meansOn(on *compute.Context, x []float32) {
	addBiases(on, l, x, 1)
	on.Sigmoids(x, x)
}

func (l twoValued) fieldsOn(on *compute.Context, place float64, _ Batch, x []float32, _ rng.Key, _ uint64, _ int) {
	addBiases(on, l, x, place)
}

func (l twoValued) drawFields(on *compute.Context, dst Batch, fields []float32, key rng.Key, step uint64) {
	on.Draw(dst.bits, fields, key, step)
}

// Configurations is 2^units.
func (l twoValued) Configurations() float64 { return math.Exp2(float64(len(l.biases))) }

// Configure writes the number's bits.
func (l twoValued) Configure(s Batch, r int, number uint64) {
	clear(s.bits.Edit(r))
	for i := 0; number != 0; i, number = i+1, number>>1 {
		s.SetBit(r, i, number&1 == 1)
	}
}

// eachField calls f with the field b_i + x_k of unit i in row r, where k = r·units + i.
func (l twoValued) eachField(x []float32, f func(r, k, i int, field float64)) {
	n := len(l.biases)
	for k, x := range x {
		f(k/n, k, k%n, float64(l.biases[k%n])+float64(x))
	}
}

// weightedMeans writes Σ_r w_r f(r,i) / Σ_r w_r into dst[i]; weights = nil stands for equal ones.
func weightedMeans(dst []float32, rows int, weights []float32, f func(r, i int) float64) {
	sums, total := make([]float64, len(dst)), 0.0
	for r := range rows {
		w := 1.0
		if weights != nil {
			w = float64(weights[r])
		}
		total += w
		for i := range sums {
			sums[i] += float64(w * f(r, i))
		}
	}
	for i, x := range sums {
		dst[i] = float32(x / total)
	}
}

func checkUnits(l interface{ Units() int }, s Batch) {
	if s.Units() != l.Units() {
		panic(fmt.Sprintf("rbm: configurations of %d units for a layer of %d", s.Units(), l.Units()))
	}
}
