//go:build !race

// One unit at a time against a quadrature: the race detector has nothing to compare, and would take long.

package rbm_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// realKinds are the kinds of units with real values; U(s) of a unit with the parameters θ, in the order of the layer's.
var realKinds = []struct {
	kind   rbm.Kind
	energy func(θ []float64, s float64) float64
	least  float64 // of the values
}{
	{rbm.Gaussian, func(θ []float64, s float64) float64 { return θ[1]*s*s/2 - θ[0]*s }, math.Inf(-1)},
	{rbm.ReLU, func(θ []float64, s float64) float64 { return θ[1]*s*s/2 - θ[0]*s }, 0},
	{rbm.DReLU, func(θ []float64, s float64) float64 {
		γ := θ[1]
		if s < 0 {
			γ = θ[2]
		}
		return γ*s*s/2 - θ[0]*s + θ[3]*math.Abs(s)
	}, math.Inf(-1)},
}

// realUnit is a unit of a real kind with its parameters and an input, by quadrature.
type realUnit struct {
	grid, p []float64 // values, and their probabilities
	cgf     float64
}

// integrate sums e^(xs − U(s)) over a fine grid of values that have any weight.
func integrate(kind int, θ []float64, x float64) realUnit {
	k := realKinds[kind]
	exponent := func(s float64) float64 { return x*s - k.energy(θ, s) }
	// The largest exponent on each side of 0, by golden section in a bracket that surely holds it, and how far it falls off.
	var u realUnit
	largest := math.Inf(-1)
	type side struct{ sign, mode, width float64 }
	var all []side
	for _, sign := range []float64{1, -1} {
		if sign < 0 && k.least == 0 {
			continue
		}
		γ := θ[1]
		if sign < 0 && k.kind == rbm.DReLU {
			γ = θ[2]
		}
		low, high := 0.0, (math.Abs(x)+math.Abs(θ[0])+10)/γ+10/math.Sqrt(γ)
		if len(θ) > 3 {
			high += math.Abs(θ[3]) / γ
		}
		for range 200 {
			a, b := low+(high-low)*0.382, low+(high-low)*0.618
			if exponent(sign*a) < exponent(sign*b) {
				low = a
			} else {
				high = b
			}
		}
		mode := (low + high) / 2
		slope := math.Abs(exponent(sign*(mode+1e-6/math.Sqrt(γ)))-exponent(sign*mode)) * 1e6 * math.Sqrt(γ)
		all = append(all, side{sign, mode, math.Min(12/math.Sqrt(γ), 45/math.Max(slope, 1e-300))})
		largest = max(largest, exponent(sign*mode))
	}
	const points = 8000
	sum := 0.0
	for _, side := range all {
		from := math.Max(0, side.mode-side.width)
		δ := (side.mode + side.width - from) / points
		for n := range points { // the midpoint rule
			s := side.sign * (from + (float64(n)+0.5)*δ)
			w := math.Exp(exponent(s)-largest) * δ
			u.grid, u.p = append(u.grid, s), append(u.p, w)
			sum += w
		}
	}
	for n := range u.p {
		u.p[n] /= sum
	}
	u.cgf = largest + math.Log(sum)
	return u
}

func (u realUnit) mean(f func(s float64) float64) float64 {
	sum := 0.0
	for n, s := range u.grid {
		sum += u.p[n] * f(s)
	}
	return sum
}

// realParameters are parameters of a unit of each kind: ordinary, wide, narrow, far on either side.
var realParameters = [][]float64{
	{0, 1, 1, 0}, {0.7, 2, 0.5, 0.5}, {-1.5, 0.25, 4, -2}, {3, 0.001, 0.01, 1}, {-2, 1000, 100, 3}, {-40, 1, 2, 5}, {40, 1, 2, -5},
}

// Γ, means, moments and samples of each real kind are those of its energy, by quadrature.
func TestRealKinds(t *testing.T) {
	for kind, k := range realKinds {
		for _, all := range realParameters {
			for _, x := range []float64{0, 1.25, -3, 60, -60, 1000, -1000} {
				l := rbm.NewLayer(k.kind, 1)
				θ := all[:len(l.Parameters())]
				for j, p := range l.Parameters() {
					p.Values[0] = float32(θ[j])
				}
				θ = slices.Clone(θ)
				for j, p := range l.Parameters() {
					θ[j] = float64(p.Values[0])
				}
				t.Run(fmt.Sprint(k.kind, θ, x), func(t *testing.T) { checkReal(t, kind, l, θ, x) })
			}
		}
	}
}

func checkReal(t *testing.T, kind int, l rbm.Layer, θ []float64, x float64) {
	k, u := realKinds[kind], integrate(kind, θ, x)
	input, cgf, mean := []float32{float32(x)}, make([]float64, 1), make([]float32, 1)
	l.CGF(cgf, input)
	if math.Abs(cgf[0]-u.cgf) > 1e-5*(1+1e-3*math.Abs(u.cgf)) {
		t.Errorf("Γ = %v, by quadrature %v", cgf[0], u.cgf)
	}
	want := u.mean(func(s float64) float64 { return s })
	size := u.mean(math.Abs)
	l.Mean(mean, input)
	if math.Abs(float64(mean[0])-want) > 1e-5*size {
		t.Errorf("⟨s⟩ = %v, by quadrature %v", mean[0], want)
	}
	moments := make([][]float32, len(θ))
	for j := range moments {
		moments[j] = make([]float32, 1)
	}
	l.InputMoments(moments, input, nil)
	for j := range θ { // −∂U/∂θ: U is linear in θ
		term := func(s float64) float64 {
			with := slices.Clone(θ)
			with[j]++
			return k.energy(θ, s) - k.energy(with, s)
		}
		want, size := u.mean(term), u.mean(func(s float64) float64 { return math.Abs(term(s)) })
		if math.Abs(float64(moments[j][0])-want) > 2e-5*size+1e-30 {
			t.Errorf("moment %d is %v, by quadrature %v", j, moments[j][0], want)
		}
	}

	// Samples: the distribution function at them is uniform (Kolmogorov and Smirnov).
	const count = 2000
	s := l.NewBatch(count)
	l.Sample(s, slices.Repeat(input, count), rng.Seed(1), 7, 0)
	values := slices.Clone(s.EncodeReals())
	slices.Sort(values)
	order := make([]int, len(u.grid))
	for n := range order {
		order[n] = n
	}
	slices.SortFunc(order, func(a, b int) int {
		if u.grid[a] < u.grid[b] {
			return -1
		}
		return 1
	})
	below, at, largest := 0.0, 0, 0.0
	for n, v := range values {
		for at < len(order) && u.grid[order[at]] <= float64(v) {
			below += u.p[order[at]]
			at++
		}
		largest = max(largest, math.Abs(below-(float64(n)+0.5)/count))
	}
	if limit := 2.2 / math.Sqrt(count); largest > limit {
		t.Errorf("samples differ from the distribution function by %v, want at most %v", largest, limit)
	}
	if least := float64(values[0]); least < k.least {
		t.Errorf("a sample is %v, want at least %v", least, k.least)
	}
	// Energies and moments of these values.
	energy := make([]float64, count)
	l.Energy(energy, s)
	for r := range 20 {
		v := s.Value(r, 0)
		if want := k.energy(θ, v); math.Abs(energy[r]-want) > 1e-9*(1+math.Abs(want)) {
			t.Errorf("U(%v) = %v, want %v", v, energy[r], want)
		}
		l.Moments(moments, s.Slice(r, r+1), nil)
		for j := range θ {
			with := slices.Clone(θ)
			with[j]++
			if want := k.energy(θ, v) - k.energy(with, v); math.Abs(float64(moments[j][0])-want) > 1e-5*math.Abs(want)+1e-9 {
				t.Errorf("moment %d of %v is %v, want %v", j, v, moments[j][0], want)
			}
		}
	}
}
