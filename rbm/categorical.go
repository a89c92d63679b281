package rbm

import (
	"fmt"
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rng"
)

// categorical is a layer of sites with q_s states each (Potts). A site is q_s units, bits of which one is 1:
// U(s) = −Σ_i b_i s_i over all units i.
//
// Adding a number to all biases of a site changes no probability. [Model.Gauge] chooses biases and weights that sum to
// zero over the states of a site.
type categorical struct {
	biases     []float32
	parameters []Named // the biases alone
	states     []int   // of each site
	first      []int   // unit of each site
}

var (
	_ meansKernel  = (*categorical)(nil)
	_ fieldsKernel = (*categorical)(nil)
	_ cgfKernel    = (*categorical)(nil)
)

// NewCategorical returns a layer of sites with these numbers of states, all biases 0. It panics if a number is below 2.
func NewCategorical(states ...int) Layer {
	units := 0
	for _, q := range states {
		if q < 2 {
			panic(fmt.Sprintf("rbm: a site of %d states, want at least 2", q))
		}
		units += q
	}
	return categoricalWith(make([]float32, units), states)
}

func categoricalWith(biases []float32, states []int) *categorical {
	l := &categorical{biases: biases, parameters: []Named{{Name: "biases", Values: biases}}, states: slices.Clone(states)}
	at := 0
	for _, q := range states {
		l.first = append(l.first, at)
		at += q
	}
	return l
}

func (l *categorical) Kind() Kind                    { return Categorical }
func (l *categorical) Units() int                    { return len(l.biases) }
func (l *categorical) Line() (scale, offset float64) { return 1, 0 }
func (l *categorical) Biases() []float32             { return l.biases }
func (l *categorical) Parameters() []Named           { return l.parameters }
func (l *categorical) Spreads() []float64            { return nil }
func (l *categorical) Layout() []Part {
	return []Part{{Kind: Categorical, Units: len(l.biases), States: slices.Clone(l.states)}}
}
func (l *categorical) Clone() Layer { return categoricalWith(slices.Clone(l.biases), l.states) }

func (l *categorical) linearInBits() bool { return true }

// NewBatch returns configurations with all sites in their first state.
func (l *categorical) NewBatch(rows int) Batch {
	s := NewBatch(rows, len(l.biases))
	for r := range rows {
		for _, i := range l.first {
			s.SetBit(r, i, true)
		}
	}
	return s
}

// SetMoments sets b_i to the logarithm of the probability of its state, less the mean over the site's states.
// Probabilities are kept 10^−3 away from 0.
func (l *categorical) SetMoments(means, _ []float64) {
	for s, i := range l.first {
		b := l.biases[i : i+l.states[s]]
		mean := 0.0
		for a := range b {
			mean += math.Log(max(means[i+a], 1e-3)) / float64(len(b))
		}
		for a := range b {
			b[a] = float32(math.Log(max(means[i+a], 1e-3)) - mean)
		}
	}
}

func (l *categorical) Energy(dst []float64, s Batch) {
	checkUnits(l, s)
	for r := range dst {
		dst[r] = 0
		for i := range s.On(r) {
			dst[r] -= float64(l.biases[i])
		}
	}
}

// weigh writes e^(b_a+x_a−f) of the states of a site, with their largest field f, and returns their sum and f. x = nil
// stands for zeros.
func (l *categorical) weigh(weights []float64, site int, x []float32) (sum, largest float64) {
	i := l.first[site]
	largest = math.Inf(-1)
	for a := range weights {
		field := float64(l.biases[i+a])
		if x != nil {
			field += float64(x[i+a])
		}
		weights[a] = field
		largest = max(largest, field)
	}
	for a, field := range weights {
		weights[a] = math.Exp(field - largest)
		sum += weights[a]
	}
	return sum, largest
}

// eachSite calls f for each site of each row with the weights of its states and their sum.
func (l *categorical) eachSite(rows int, x []float32, f func(r, i int, weights []float64, sum, largest float64)) {
	n, memory := len(l.biases), make([]float64, slices.Max(append([]int{0}, l.states...)))
	for r := range rows {
		var row []float32
		if x != nil {
			row = x[r*n : (r+1)*n]
		}
		for s, q := range l.states {
			sum, largest := l.weigh(memory[:q], s, row)
			f(r, l.first[s], memory[:q], sum, largest)
		}
	}
}

// CGF is Γ(x) = Σ_sites log Σ_a e^(b_a+x_a).
func (l *categorical) CGF(dst []float64, x []float32) {
	clear(dst)
	l.eachSite(len(dst), x, func(r, _ int, _ []float64, sum, largest float64) { dst[r] += largest + math.Log(sum) })
}

func (l *categorical) cgfOn(on *compute.Context, dst []float64, x []float32) {
	addBiases(on, l, x, 1)
	on.SumLogSumExp(dst, x, l.states)
}

// Mean is the probability of each state, e^(b_a+x_a)/Σ_c e^(b_c+x_c).
func (l *categorical) Mean(dst, x []float32) {
	n := len(l.biases)
	l.eachSite(len(x)/n, x, func(r, i int, weights []float64, sum, _ float64) {
		for a, w := range weights {
			dst[r*n+i+a] = float32(w / sum)
		}
	})
}

func (l *categorical) meansOn(on *compute.Context, x []float32) {
	addBiases(on, l, x, 1)
	on.Softmax(x, x, l.states)
}

// Sample draws a state of each site by inversion of its distribution function, in the order of the states, with one
// random number at the address of the site's first unit.
func (l *categorical) Sample(dst Batch, x []float32, key rng.Key, step uint64, first uint32) {
	checkUnits(l, dst)
	for r := range dst.Rows() {
		clear(dst.bits.Edit(r))
	}
	l.eachSite(dst.Rows(), x, func(r, i int, weights []float64, sum, _ float64) {
		block := key.Block(rng.At(step, first+uint32(r), uint32(i)))
		u, state := float64(rng.Uniform(block[i%4]))*sum, 0
		for a, w := range weights {
			if w > 0 {
				state = a
			}
			if u -= w; u < 0 {
				break
			}
		}
		dst.SetBit(r, i+state, true)
	})
}

func (l *categorical) fieldsOn(on *compute.Context, place float64, _ Batch, x []float32, _ rng.Key, _ uint64, _ int) {
	addBiases(on, l, x, place)
}

func (l *categorical) drawFields(on *compute.Context, dst Batch, fields []float32, key rng.Key, step uint64) {
	on.DrawCategories(dst.bits, fields, l.states, key, step)
}

// Moments are the frequencies of the states.
func (l *categorical) Moments(dst [][]float32, s Batch, weights []float32) {
	checkUnits(l, s)
	weightedMeans(dst[0], s.Rows(), weights, s.stored)
}

// InputMoments are the mean probabilities of the states.
func (l *categorical) InputMoments(dst [][]float32, x []float32, weights []float32) {
	n, p := len(l.biases), make([]float32, len(x))
	l.Mean(p, x)
	weightedMeans(dst[0], len(x)/n, weights, func(r, i int) float64 { return float64(p[r*n+i]) })
}

// Configurations is Π_s q_s.
func (l *categorical) Configurations() float64 {
	n := 1.0
	for _, q := range l.states {
		n *= float64(q)
	}
	return n
}

// Configure writes the state of each site as a digit of the number, the first site's as the lowest.
func (l *categorical) Configure(s Batch, r int, number uint64) {
	clear(s.bits.Edit(r))
	for site, i := range l.first {
		q := uint64(l.states[site])
		s.SetBit(r, i+int(number%q), true)
		number /= q
	}
}
