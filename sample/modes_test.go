package sample_test

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// found returns the modes of a model, of a search in count starts of each kind.
func found(t *testing.T, model *rbm.Model, count int, on *compute.Context) *sample.Modes {
	t.Helper()
	modes := sample.NewModes(model, on)
	if err := modes.Search(t.Context(), count, sample.FromBiases(model, count, rng.Seed(4)), rng.Seed(3)); err != nil {
		t.Fatal(err)
	}
	return modes
}

// Means of a mode obey μ_h = σ(c + Wᵀμ_v) and μ_v = σ(b + W μ_h), and the variational bounds are below the exact log Z.
func TestModesAreFixedPoints(t *testing.T) {
	for seed := range uint64(4) {
		model := randomModel(14, 9, rbm.Bernoulli, rbm.Bernoulli, 50+seed)
		for k := range model.W {
			model.W[k] *= 3
		}
		truth, err := exact.LogZ(t.Context(), model, exact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		modes := found(t, model, 20, nil)
		for k, mode := range modes.List {
			if mode.Bound > truth+1e-5 {
				t.Errorf("seed %d: mode %d has the bound %v of log Z = %v", seed, k, mode.Bound, truth)
			}
			for i, μ := range mode.Visible {
				x := float64(model.B()[i])
				for j, h := range mode.Hidden {
					x += float64(model.W[i*9+j]) * float64(h)
				}
				if want := rbm.Sigmoid(x); math.Abs(float64(μ)-want) > 1e-3 {
					t.Errorf("seed %d: unit %d of mode %d has the mean %v, want %v", seed, i, k, μ, want)
				}
			}
		}
	}
}

// The shares of all modes sum to Z, each within the error of its estimate, and each configuration is in the mode whose
// independent units make it most probable.
func TestModesPartitionZ(t *testing.T) {
	model, _ := twoModes(14, 5, 0.5, 0.8)
	modes := found(t, model, 20, nil)
	c := rbm.NewConditionals(model, nil)
	if err := modes.Measure(t.Context(), 100_000, 200, c, rng.Seed(5), nil); err != nil {
		t.Fatal(err)
	}
	if len(modes.List) < 2 {
		t.Fatalf("%d modes, want two", len(modes.List))
	}
	all := rbm.AllStates(14)
	free, labels := model.FreeEnergy(all), make([]int, all.Rows())
	modes.Labels(labels, all)
	parts := make([][]sample.LogZ, len(modes.List))
	for r, k := range labels {
		parts[k] = append(parts[k], sample.LogZ{Value: -free[r]})
		at := func(k int) (sum float64) {
			for i, μ := range modes.List[k].Visible {
				p := min(max(float64(μ), 1e-3), 1-1e-3)
				if !all.Bit(r, i) {
					p = 1 - p
				}
				sum += math.Log(p)
			}
			return sum
		}
		for l := range modes.List {
			if at(l) > at(k)+1e-3 {
				t.Fatalf("configuration %d is in mode %d with log P = %v, and %v in mode %d", r, k, at(k), at(l), l)
			}
		}
	}
	for k, mode := range modes.List {
		truth := sample.SumLogZ(parts[k]...).Value
		if math.Abs(mode.LogZ.Value-truth) > 4*mode.LogZ.Stderr+1e-3 || mode.LogZ.Stderr > 0.2 {
			t.Errorf("mode %d: log Z_k is %v ± %v, exactly %v", k, mode.LogZ.Value, mode.LogZ.Stderr, truth)
		}
	}
}

// The shares of a survey are right within their errors, also of modes that hardly a chain of AIS stays in.
func TestSharesAreWithinErrors(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds, and long under the race detector")
	}
	all := rbm.AllStates(14)
	modes, inside, left := 0, 0, 0
	for seed := range uint64(20) {
		model := steepModel(14, 8, seed)
		s, err := sample.NewSurvey(t.Context(), model, sample.SurveyOptions{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		free := model.FreeEnergy(all)
		least, weights := slices.Min(free), make([]float64, len(free))
		for r, f := range free {
			weights[r] = math.Exp(least - f)
		}
		for k, want := range s.Parts(all, weights) {
			if max(want, s.Share[k]) < 1e-3 || len(s.List) == 1 {
				continue
			}
			modes++
			if math.Abs(s.Share[k]-want) <= 2*s.Stderr[k] {
				inside++
			}
			if s.Share[k] == 0 {
				left++
			}
		}
	}
	if modes < 100 || left < 10 || float64(inside) < 0.94*float64(modes) {
		t.Errorf("%d of the shares of %d modes are right within two errors, those of %d in which no chain ended among them",
			inside, modes, left)
	}
}

// steepModel has large weights at random, and biases that favour no unit.
func steepModel(m, n int, seed uint64) *rbm.Model {
	model := randomModel(m, n, rbm.Bernoulli, rbm.Bernoulli, seed)
	clear(model.B())
	clear(model.C())
	for k := range model.W {
		model.W[k] *= 5
		model.B()[k/n] -= model.W[k] / 2
		model.C()[k%n] -= model.W[k] / 2
	}
	return model
}

// Workers and instruction sets change nothing, and rows have the same labels one by one.
func TestModesRepeat(t *testing.T) {
	model, _ := twoModes(37, 6, 0.3, 0.7)
	survey := func(on *compute.Context) *sample.Survey {
		s, err := sample.NewSurvey(t.Context(), model, sample.SurveyOptions{Seed: 2, Compute: on})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	want := survey(compute.New(1))
	if len(want.List) < 2 || want.Iterations == 0 {
		t.Fatalf("%d modes in %d iterations: the test shows nothing", len(want.List), want.Iterations)
	}
	for _, on := range []*compute.Context{compute.New(7)} {
		same(t, on, want, survey(on))
	}
	for _, isa := range compute.ISAs() {
		on := compute.NewISA(2, isa)
		same(t, on, want, survey(on))
	}
	v := sample.RandomStarts(model, 70, rng.Seed(6))
	together, alone := make([]int, v.Rows()), make([]int, 1)
	want.Labels(together, v)
	for r, k := range together {
		if want.Labels(alone, v.Slice(r, r+1)); alone[0] != k {
			t.Errorf("row %d is in mode %d, and alone in mode %d", r, k, alone[0])
		}
	}
}

func same(t *testing.T, on *compute.Context, want, got *sample.Survey) {
	t.Helper()
	if !reflect.DeepEqual(got.List, want.List) || got.Iterations != want.Iterations ||
		!slices.Equal(got.Share, want.Share) || !slices.Equal(got.Stderr, want.Stderr) {
		t.Errorf("%v with %d workers finds other modes or shares", on.ISA(), on.Workers())
	}
}
