package cuda_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/cuda"
	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// forEachContext calls f with a context of workers and one with an engine, for every form of the kernels.
func forEachContext(t *testing.T, f func(t *testing.T, cpu, gpu *compute.Context)) {
	cuda.ForEachEngine(t, func(t *testing.T, e kernel.Engine) {
		cpu := compute.New(0)
		gpu := kernel.NewEngine(0, cpu.ISA(), e)
		f(t, cpu, gpu)
		if err := gpu.Err(); err != nil {
			t.Error(err)
		}
	})
}

// randomModel returns a Bernoulli model with weights from N(0, spread²) and biases in (−1,1).
func randomModel(m, n int, spread float32, seed uint64) *rbm.Model {
	model := rbm.New(m, n, rng.Seed(seed))
	for k := range model.W {
		model.W[k] *= spread / 0.01
	}
	copy(model.B(), kerneltest.RandomFloats(m, seed+1))
	copy(model.C(), kerneltest.RandomFloats(n, seed+2))
	return model
}

func sameBatch(t *testing.T, name string, got, want rbm.Batch) {
	t.Helper()
	if !reflect.DeepEqual(got.EncodeBits(), want.EncodeBits()) {
		t.Fatalf("%s: other bits than the CPU's", name)
	}
}

// Chains on a device are in the states of those of the CPU after every number of sweeps, also where units are clamped.
func TestChainsAreThoseOfTheCPU(t *testing.T) {
	type shape struct {
		m, n, chains, sweeps int
		spread               float32
	}
	shapes := []shape{{1, 1, 1, 3, 1}, {3, 70, 5, 4, 1}, {70, 20, 300, 3, 0.3}, {64, 64, 257, 3, 0.3}, {200, 120, 100, 2, 0.1}}
	if !testing.Short() {
		shapes = append(shapes, shape{784, 500, 1000, 50, 0.1}, shape{784, 512, 16384, 5, 0.1}, shape{2000, 10000, 300, 2, 0.1},
			shape{16, 8, 5, 2000, 0.5})
	}
	forEachContext(t, func(t *testing.T, cpu, gpu *compute.Context) {
		for _, s := range shapes {
			model := randomModel(s.m, s.n, s.spread, uint64(s.m))
			var chains [2]*sample.Chains
			for k, c := range []*compute.Context{cpu, gpu} {
				chains[k] = sample.NewChains(sample.FromBiases(model, s.chains, rng.Seed(5)), model.Hidden, rng.Seed(7))
				p := rbm.NewConditionals(model, c)
				chains[k].Sweep(p, s.sweeps)
				if s.m > 3 {
					chains[k].ClampVisible(1, true)
					chains[k].ClampHidden(2, false)
					chains[k].Sweep(p, 2)
				}
			}
			name := fmt.Sprintf("%d×%d, %d chains, %d sweeps", s.m, s.n, s.chains, s.sweeps)
			sameBatch(t, name+": hidden", chains[1].Hidden, chains[0].Hidden)
			sameBatch(t, name+": visible", chains[1].Visible, chains[0].Visible)
		}
	})
}

func TestConditionalsAreThoseOfTheCPU(t *testing.T) {
	forEachContext(t, func(t *testing.T, cpu, gpu *compute.Context) {
		for _, s := range []struct{ m, n, rows int }{{1, 1, 1}, {70, 33, 100}, {130, 64, 257}, {784, 500, 500}} {
			if testing.Short() && s.rows > 300 {
				continue
			}
			model := randomModel(s.m, s.n, 0.2, 3)
			v := sample.FromBiases(model, s.rows, rng.Seed(5))
			weights := kerneltest.RandomFloats(s.rows, 1)
			for r := range weights {
				weights[r] = 1 + weights[r]
			}
			var all [2][]any
			for k, c := range []*compute.Context{cpu, gpu} {
				p, equal, weighted := rbm.NewConditionals(model, c), rbm.NewStatistics(model), rbm.NewStatistics(model)
				p.Statistics(equal, v, nil)
				p.Statistics(weighted, v, weights)
				free, freeToo := make([]float64, s.rows), make([]float64, s.rows)
				p.FreeEnergy(free, v)
				h := rbm.NewBatch(s.rows, s.n)
				p.SampleHiddenFree(h, freeToo, v, rng.Seed(2), 3)
				inputs, probs := make([]float32, s.rows*s.m), make([]float32, s.rows*s.n)
				p.VisibleInputs(inputs, h)
				p.HiddenProbs(probs, v)
				all[k] = []any{equal.Averages(), weighted.Averages(), free, freeToo, h.EncodeBits(), inputs, probs}
			}
			for k, name := range []string{"averages", "weighted averages", "F", "F on the way", "h", "inputs", "P(h|v)"} {
				if !reflect.DeepEqual(all[1][k], all[0][k]) {
					t.Errorf("%d×%d, %d rows: %s differ from the CPU's", s.m, s.n, s.rows, name)
				}
			}
		}
	})
}

// The estimate of AIS and the states of replica exchange are those of the CPU.
func TestLinesAreThoseOfTheCPU(t *testing.T) {
	forEachContext(t, func(t *testing.T, cpu, gpu *compute.Context) {
		model := randomModel(30, 20, 0.5, 3)
		var all [2][]any
		for k, c := range []*compute.Context{cpu, gpu} {
			line := rbm.NewLine(sample.IndependentModel(model), model, rbm.NewConditionals(model, c))
			chains, lengths, err := sample.AIS(context.Background(), line, []float64{0, 0.25, 0.5, 0.75, 1}, 40, rng.Seed(1), nil)
			if err != nil {
				t.Fatal(err)
			}
			exchange := sample.NewTempering(line, sample.FromBiases(model, 10, rng.Seed(5)), 5, rng.Seed(2))
			for range 4 {
				exchange.Round()
			}
			all[k] = []any{chains.LogZ(), lengths, exchange.Visible().EncodeBits(), exchange.SwapRates()}
		}
		for k, name := range []string{"log Z", "lengths", "states", "rates of exchange"} {
			if !reflect.DeepEqual(all[1][k], all[0][k]) {
				t.Errorf("%s: %v, want the CPU's %v", name, all[1][k], all[0][k])
			}
		}
	})
}
