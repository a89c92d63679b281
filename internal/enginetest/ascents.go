package enginetest

import (
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
)

// Ascents returns updates of m×n weights in every way that there is, by name, for tests against [Engine.Ascend]. Their
// numbers are those of their seed: two calls return the same.
func Ascents(m, n int) map[string]*kernel.Ascent {
	list := map[string]*kernel.Ascent{}
	for rule, make := range rules {
		for _, plain := range []bool{false, true} {
			a := newUpdate(m, n)
			a.Rule = make(m, n)
			name := rule
			if plain {
				a.CenterV, a.CenterH = nil, nil
				name += ", plain"
			}
			list[name] = a
		}
	}
	for name, change := range map[string]func(a *kernel.Ascent){
		"center follows":  func(a *kernel.Ascent) { a.Follow = 0.01 },
		"center begins":   func(a *kernel.Ascent) { a.Follow = 1 },
		"penalties":       func(a *kernel.Ascent) { a.L1, a.L2 = 1e-3, 1e-2 },
		"one penalty":     func(a *kernel.Ascent) { a.L1 = 1e-3 },
		"clipped":         func(a *kernel.Ascent) { a.Clip = 0.05 },
		"a large weight":  func(a *kernel.Ascent) { a.Parameters[0][m*n-1] = 2 * kernel.MaxParameter },
		"a large bias":    func(a *kernel.Ascent) { a.Parameters[2][0] = -2 * kernel.MaxParameter },
		"no number":       func(a *kernel.Ascent) { a.Parameters[0][0], a.Clip = float32(math.NaN()), 1 },
		"no number as b":  func(a *kernel.Ascent) { a.Parameters[1][m-1] = float32(math.NaN()) },
		"infinite":        func(a *kernel.Ascent) { a.Parameters[0][m*n/2] = float32(math.Inf(-1)) },
		"no rate at all":  func(a *kernel.Ascent) { a.Rule.Adam.Rate = 0 },
		"a difference":    func(a *kernel.Ascent) { a.Negative[0] = nil },
		"the same phases": func(a *kernel.Ascent) { a.Negative = a.Positive },
	} {
		a := newUpdate(m, n)
		a.Rule = rules["adam"](m, n)
		change(a)
		list[name] = a
	}
	return list
}

func newUpdate(m, n int) *kernel.Ascent {
	a := &kernel.Ascent{
		Parameters: numbers(m, n, 0.1, 1), Positive: numbers(m, n, 0.7, 2), Negative: numbers(m, n, 0.7, 3), Rows: max(1, 4096/n),
		CenterV: numbers(m, n, 0.3, 4)[1], CenterH: numbers(m, n, 0.3, 5)[2],
	}
	a.Parameters[0][0], a.Parameters[0][m*n-1] = 0, float32(math.Copysign(0, -1))
	return a
}

var rules = map[string]func(m, n int) kernel.Rule{
	"sgd": func(m, n int) kernel.Rule { return kernel.Rule{Adam: kernel.Adam{Rate: 0.1}} },
	"momentum": func(m, n int) kernel.Rule {
		return kernel.Rule{Decay: 0.9, Gain: 1, Adam: kernel.Adam{Rate: 0.01}, Mean: numbers(m, n, 0.3, 6)}
	},
	"adam": func(m, n int) kernel.Rule { return kernel.Rule{Adam: adam, Square: magnitudes(m, n)} },
	"adam with momentum": func(m, n int) kernel.Rule {
		return kernel.Rule{Decay: 0.9, Gain: 0.1, Adam: adam, Mean: numbers(m, n, 0.3, 6), Square: magnitudes(m, n)}
	},
}

var adam = kernel.Adam{Decay: 0.999, Gain: 0.001, Rate: 0.005, Correction: 1.7, Epsilon: 1e-8}

// numbers are of W, b and c, in (−size, size).
func numbers(m, n int, size float32, seed uint64) (list [][]float32) {
	for k, count := range []int{m * n, m, n} {
		list = append(list, kerneltest.RandomFloats(count, 10*seed+uint64(k)))
		for i := range list[k] {
			list[k][i] *= size
		}
	}
	return list
}

func magnitudes(m, n int) [][]float32 {
	list := numbers(m, n, 0.3, 7)
	for _, x := range list {
		for i := range x {
			x[i] *= x[i]
		}
	}
	return list
}

// Slices are all slices of an update that may be bound.
func Slices(a *kernel.Ascent) [][]float32 {
	return append(slices.Concat(a.Parameters, a.Positive, a.Negative, a.Rule.Mean, a.Rule.Square), a.CenterV, a.CenterH)
}
