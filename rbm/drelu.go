package rbm

import (
	"math"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rng"
)

// drelu is a layer of double rectified units (J. Tubiana, S. Cocco and R. Monasson, eLife 8 (2019) e39397): real numbers
// with a precision of their own on each side of 0,
//
//	U(s) = Σ_i (½γ⁺_i s_i² − b_i s_i + d_i |s_i|) for s_i > 0, with γ⁻_i in place of γ⁺_i for s_i < 0.
//
// In the paper's symbols θ⁺ = d − b and θ⁻ = −d − b. A threshold d > 0 holds small inputs down, as a sparse code does; d <
// 0 makes two modes.
type drelu struct{ reals }

var _ inputMomentsKernel = drelu{}

func newDReLU(units int) Layer {
	l := newReals(units, "precisions_plus", "precisions_minus")
	l.parameters = append(l.parameters, Named{Name: "thresholds", Values: make([]float32, units)})
	return drelu{l}
}

func (l drelu) Kind() Kind         { return DReLU }
func (l drelu) Clone() Layer       { return drelu{l.clone()} }
func (l drelu) Spreads() []float64 { return l.spreads(1, 2) }

// sides are the two halves of a unit's distribution, in t = √γ⁺ s and t = −√γ⁻ s, the logarithms of their weights, and
// the probability that s > 0.
type sides struct {
	plus, minus       half
	rootPlus, rootMin float64
	logPlus, logMin   float64
	p                 float64
}

func (l drelu) sides(i int, x float32) (s sides) {
	θ, d := l.field(i, x), l.at(3, i)
	s.rootPlus, s.rootMin = math.Sqrt(l.at(1, i)), math.Sqrt(l.at(2, i))
	s.plus, s.minus = half{(θ - d) / s.rootPlus}, half{(-θ - d) / s.rootMin}
	s.logPlus, s.logMin = s.plus.logM()-math.Log(s.rootPlus), s.minus.logM()-math.Log(s.rootMin)
	s.p = Sigmoid(s.logPlus - s.logMin)
	return s
}

// cgf is log of the sum of both weights.
func (s *sides) cgf() float64 { return s.logMin + Softplus(s.logPlus-s.logMin) }

// moments are ⟨s⟩, ⟨|s|⟩ and ⟨s²⟩ of each side.
func (s *sides) moments() (mean, size, plus, minus float64) {
	a, aa := s.plus.moments()
	b, bb := s.minus.moments()
	q := Sigmoid(s.logMin - s.logPlus)
	a, b = s.p*a/s.rootPlus, q*b/s.rootMin
	return a - b, a + b, s.p * aa / (s.rootPlus * s.rootPlus), q * bb / (s.rootMin * s.rootMin)
}

func (l drelu) mean(i int, x float32) float64 {
	s := l.sides(i, x)
	mean, _, _, _ := s.moments()
	return mean
}

// SetMoments sets the biases alone.
func (l drelu) SetMoments(means, _ []float64) {
	l.solveBiases(means, func(i int) float64 { return l.mean(i, 0) })
}

func (l drelu) Energy(dst []float64, s Batch) {
	l.energy(dst, s, func(i int, s float64) float64 {
		γ := l.at(1, i)
		if s < 0 {
			γ = l.at(2, i)
		}
		return float64(γ*s*s/2) - float64(l.at(0, i)*s) + float64(l.at(3, i)*math.Abs(s))
	})
}

// CGF is Γ(x) = Σ_i log [M(a⁺_i)/√γ⁺_i + M(a⁻_i)/√γ⁻_i], with a^± = (±(b+x) − d)/√γ^± and M of [ReLU].
func (l drelu) CGF(dst []float64, x []float32) {
	l.sum(dst, x, func(i int, x float32) float64 {
		s := l.sides(i, x)
		return s.cgf()
	})
}

func (l drelu) Mean(dst, x []float32) { l.each(dst, x, l.mean) }

// Sample draws the side, and then by inversion of its distribution function.
func (l drelu) Sample(dst Batch, x []float32, key rng.Key, step uint64, first uint32) {
	l.draw(dst, x, key, step, first, func(i int, x float32, u, v float64) float64 {
		s := l.sides(i, x)
		if v < s.p {
			return s.plus.quantile(u) / s.rootPlus
		}
		return -s.minus.quantile(u) / s.rootMin
	})
}

// Moments are ⟨s_i⟩, −½⟨s_i²⟩ of either sign, and −⟨|s_i|⟩.
func (l drelu) Moments(dst [][]float32, s Batch, weights []float32) {
	l.ofRows(dst, s, weights, func(moments []float64, _ int, s float64) {
		moments[0], moments[1], moments[2], moments[3] = s, 0, 0, -math.Abs(s)
		if s > 0 {
			moments[1] = -s * s / 2
		} else {
			moments[2] = -s * s / 2
		}
	})
}

// InputMoments are the expectations of Moments.
func (l drelu) InputMoments(dst [][]float32, x []float32, weights []float32) {
	l.ofInputs(dst, x, weights, l.inputMoments)
}

func (l drelu) inputMoments(moments []float64, i int, x float32) {
	s := l.sides(i, x)
	mean, size, plus, minus := s.moments()
	moments[0], moments[1], moments[2], moments[3] = mean, -plus/2, -minus/2, -size
}

func (l drelu) inputMomentsOn(on *compute.Context, dst [][]float32, x, weights []float32) {
	l.momentsAndMeans(on, dst, x, weights, l.inputMoments)
}
