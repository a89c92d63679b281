package lecturetest

import (
	"math"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Foreign is a kind of unit that package rbm doesn't know, so that code meets it through
// [rbm.Layer] alone: the values are −1 and 2, and the energy has a second parameter,
//
//	U(s) = Σ_i (−b_i s_i + ½ a_i s_i²).
//
// [Bits] gives its closed forms.
const Foreign rbm.Kind = "foreign"

// NewLayer is [rbm.NewLayer] that knows Foreign too.
func NewLayer(kind rbm.Kind, units int) rbm.Layer {
	if kind != Foreign {
		return rbm.NewLayer(kind, units)
	}
	return &foreign{make([]float32, units), make([]float32, units)}
}

type foreign struct{ biases, curvatures []float32 }

// low and high are the values of bits 0 and 1.
const low, high = -1, 2

func (l *foreign) Kind() rbm.Kind                { return Foreign }
func (l *foreign) Units() int                    { return len(l.biases) }
func (l *foreign) Line() (scale, offset float64) { return high - low, low }
func (l *foreign) Biases() []float32             { return l.biases }
func (l *foreign) Spreads() []float64            { return nil }
func (l *foreign) NewBatch(rows int) rbm.Batch   { return rbm.NewBatch(rows, len(l.biases)) }

func (l *foreign) Parameters() []rbm.Named {
	return []rbm.Named{{Name: "biases", Values: l.biases}, {Name: "curvatures", Values: l.curvatures}}
}

func (l *foreign) Clone() rbm.Layer {
	return &foreign{append([]float32(nil), l.biases...), append([]float32(nil), l.curvatures...)}
}

// exponent is x·s − U(s) of unit i with the value s and the input x.
func (l *foreign) exponent(i int, s, x float64) float64 {
	return (float64(l.biases[i])+x)*s - float64(l.curvatures[i])*s*s/2
}

// high is the probability of unit i to have the higher value.
func (l *foreign) high(i int, x float64) float64 {
	return 1 / (1 + math.Exp(l.exponent(i, low, x)-l.exponent(i, high, x)))
}

func value(on bool) float64 {
	if on {
		return high
	}
	return low
}

// SetMoments solves high(i, 0) = means[i] for b_i.
func (l *foreign) SetMoments(means, variances []float64) {
	for i, p := range means {
		p = min(max(p, 1e-3), 1-1e-3)
		curvature := float64(l.curvatures[i]) * (high*high - low*low) / 2
		l.biases[i] = float32((math.Log(p/(1-p)) + curvature) / (high - low))
	}
}

func (l *foreign) Energy(dst []float64, s rbm.Batch) {
	for r := range dst {
		dst[r] = 0
		for i := range l.biases {
			dst[r] -= l.exponent(i, value(s.Bit(r, i)), 0)
		}
	}
}

func (l *foreign) CGF(dst []float64, x []float32) {
	for r := range dst {
		dst[r] = 0
		for i, x := range x[r*len(l.biases) : (r+1)*len(l.biases)] {
			a, b := l.exponent(i, low, float64(x)), l.exponent(i, high, float64(x))
			dst[r] += max(a, b) + math.Log1p(math.Exp(-math.Abs(a-b)))
		}
	}
}

func (l *foreign) Mean(dst, x []float32) {
	for k, x := range x {
		dst[k] = float32(low + (high-low)*l.high(k%len(l.biases), float64(x)))
	}
}

func (l *foreign) Sample(dst rbm.Batch, x []float32, key rng.Key, step uint64, first uint32) {
	for r := range dst.Rows() {
		for i := range l.biases {
			input := 0.0
			if x != nil {
				input = float64(x[r*len(l.biases)+i])
			}
			u := rng.Uniform(key.Block(rng.At(step, first+uint32(r), uint32(i)))[i%4])
			dst.SetBit(r, i, float64(u) < l.high(i, input))
		}
	}
}

func (l *foreign) Moments(dst [][]float32, s rbm.Batch, weights []float32) {
	l.average(dst, s.Rows(), weights, func(r, i int) float64 {
		if s.Bit(r, i) {
			return 1
		}
		return 0
	})
}

func (l *foreign) InputMoments(dst [][]float32, x []float32, weights []float32) {
	n := len(l.biases)
	l.average(dst, len(x)/n, weights, func(r, i int) float64 { return l.high(i, float64(x[r*n+i])) })
}

// average writes ⟨s_i⟩ and −½⟨s_i²⟩ over rows, where p is the probability of the higher value.
func (l *foreign) average(dst [][]float32, rows int, weights []float32, p func(r, i int) float64) {
	for i := range l.biases {
		mean, total := 0.0, 0.0
		for r := range rows {
			w := 1.0
			if weights != nil {
				w = float64(weights[r])
			}
			mean, total = mean+w*p(r, i), total+w
		}
		mean /= total
		dst[0][i] = float32(low + (high-low)*mean)
		dst[1][i] = float32(-(low*low + (high*high-low*low)*mean) / 2)
	}
}
