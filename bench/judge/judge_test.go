package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

func source(seed uint64) *rand.Rand { return rand.New(rng.NewSource(rng.Seed(seed), 0)) }

func distribution(t *testing.T, model *rbm.Model) []float64 {
	t.Helper()
	p, err := exact.Distribution(context.Background(), model, exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %.9g, want %.9g", what, got, want)
	}
}

// The mass of a needle is the sum of P(v) over its configurations, and about what was asked for.
func TestNeedle(t *testing.T) {
	for k, count := range []int{4, 7, 10} {
		for _, funnel := range []bool{false, true} {
			t.Run(fmt.Sprint(count, funnel), func(t *testing.T) {
				r := source(uint64(count))
				h := hold(r, 10, count)
				model, err := withNeedle(gaussian(r, rbm.Bernoulli, 10, 6, 0.5, 0.5), h, 1+k, funnel, 1.5)
				if err != nil {
					t.Fatal(err)
				}
				all := direction{h.units, h.on, count}
				mass, v := 0.0, rbm.AllStates(10)
				for row, p := range distribution(t, model) {
					if all.holds(v, row) {
						mass += p
					}
				}
				odds, err := massOf(model, h)
				if err != nil {
					t.Fatal(err)
				}
				near(t, "log-odds", odds, math.Log(mass/(1-mass)), 1e-4) // parameters are float32
				near(t, "log-odds", odds, 1.5, 0.3)
			})
		}
	}
}

// Weights of modes are the same by either layer.
func TestModeWeights(t *testing.T) {
	r := source(3)
	wide := gaussian(r, rbm.Bernoulli, 9, 6, 1, 1)
	p := pattern(r, 9)
	for _, list := range [][]direction{{majority(upTo(9), p)}, {majority(upTo(5), p), {[]int{8, 6, 7}, []bool{true, false, true}, 3}}} {
		for _, model := range []*rbm.Model{wide, asSpins(wide)} {
			got, err := modeWeights(model, list)
			if err != nil {
				t.Fatal(err)
			}
			want, v := make([]float64, len(got)), rbm.AllStates(9)
			for row, p := range distribution(t, model) {
				want[modeOf(list, v, row)] += p
			}
			for mode := range want {
				near(t, "weight", got[mode], want[mode], 1e-6) // weights of spins are rounded to float32
			}
		}
	}
}

// Spins with couplings have the energy that was asked for, and the same probabilities as bits.
func TestPairwise(t *testing.T) {
	bonds, field := []bond{{0, 1, 0.7}, {1, 2, -1.1}, {0, 3, 0.2}}, []float64{0.1, -0.3, 0, 0.5}
	model := pairwise(bonds, field)
	v := rbm.AllStates(4)
	energy := func(row int) (e float64) {
		s := func(i int) float64 { return sign(v.Bit(row, i)) }
		for i, f := range field {
			e -= f * s(i)
		}
		for _, b := range bonds {
			e -= b.J * s(b.i) * s(b.j)
		}
		return e
	}
	for _, m := range []*rbm.Model{model, asBits(model), asSpins(asBits(model))} {
		p := distribution(t, m)
		for row := range p {
			near(t, "log-odds", math.Log(p[row]/p[0]), energy(0)-energy(row), 1e-5)
		}
	}
}

func TestDirectSum(t *testing.T) {
	r := source(5)
	a, b := gaussian(r, rbm.Bernoulli, 5, 3, 1, 1), gaussian(r, rbm.Bernoulli, 4, 6, 1, 1)
	sum := 0.0
	for _, part := range []*rbm.Model{a, b} {
		z, err := logZ(part)
		if err != nil {
			t.Fatal(err)
		}
		sum += z
	}
	z, err := logZ(directSum(a, b))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "log Z", z, sum, 1e-9)
}

// Hidden states of clusters have the weights that were asked for, relative to each other.
func TestClusters(t *testing.T) {
	logMass := []float64{0, -0.5, -2}
	model, states := plant(source(7), 40, 3, planting{4, 2, logMass, 0.5})
	weights, err := weightsOf(model, states)
	if err != nil {
		t.Fatal(err)
	}
	for k := range weights {
		near(t, "log weight", math.Log(weights[k]/weights[0]), logMass[k], 1e-3)
	}
	if total := weights[0] + weights[1] + weights[2]; total < 0.9 {
		t.Errorf("clusters have %.3f of the mass", total)
	}
}

// Families are halved evenly, and rows of one model stay together.
func TestHalve(t *testing.T) {
	list := []subject(nil)
	for _, family := range []string{"a", "b"} {
		for k := range 10 {
			for _, label := range []string{"all", "one-row"} {
				list = append(list, subject{Family: family, Model: fmt.Sprint(family, k), Shown: label})
			}
		}
	}
	halve(list, func(s *subject) (string, string, *string) { return s.Family, s.Model, &s.Half })
	count := map[string]int{}
	for k, s := range list {
		count[s.Family+s.Half]++
		if s.Half != list[k/2*2].Half {
			t.Errorf("%s is in both halves", s.Model)
		}
	}
	for _, half := range []string{"aopen", "asealed", "bopen", "bsealed"} {
		if count[half] != 10 {
			t.Errorf("half %s has %d lines, want 10", half, count[half])
		}
	}
}

func TestRow(t *testing.T) {
	alarm := cost{Exit: 3}
	for _, test := range []struct {
		what string
		v    verdict
		want row
	}{
		{"right", verdict{Error: 0.05, Stderr: 0.01}, row{models: 1, trusted: 1, worst: 0.05}},
		{"covered", verdict{Error: -0.5, Stderr: 0.2}, row{models: 1, trusted: 1, worst: -0.5}},
		{"wrong", verdict{Error: -0.5, Stderr: 0.1}, row{models: 1, trusted: 1, wrong: 1, worst: -0.5}},
		{"alarm", verdict{Error: -2, Stderr: 0.1, cost: alarm, LogZ: 5, Lower: 2.8, Upper: 3.2}, row{models: 1, untrusted: 1, outside: 1}},
		{"false alarm", verdict{Error: -0.2, Stderr: 0.1, cost: alarm, LogZ: 5, Lower: 4, Upper: 6}, row{models: 1, untrusted: 1, alarms: 1}},
		{"sharp", verdict{Error: 0.02, Stderr: 0.1, cost: alarm, LogZ: 5, Lower: 4, Upper: 6}, row{models: 1, untrusted: 1, alarms: 1, sharp: 1}},
		{"failed", verdict{cost: cost{Exit: 1}, Failure: "?"}, row{models: 1, failed: 1}},
	} {
		got := row{}
		got.add(&test.v)
		if got != test.want {
			t.Errorf("%s: %+v, want %+v", test.what, got, test.want)
		}
	}
}
