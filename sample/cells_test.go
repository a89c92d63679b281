package sample_test

import (
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// A row belongs to the cell whose units make it most probable, as the product of probabilities says, of bits and of sites.
func TestCells(t *testing.T) {
	const units, cells, rows = 6, 3, 50
	sites := rbm.NewCategorical(3, 3)
	for _, layer := range []rbm.Layer{rbm.NewLayer(rbm.Bernoulli, units), sites} {
		source, means := rng.NewSource(rng.Seed(1), 0), make([]float32, units*cells)
		for i := range means {
			means[i] = 0.05 + 0.9*float32(source.Float64())
		}
		if layer == sites {
			for i := 0; i < len(means); i += 3 {
				sum := means[i] + means[i+1] + means[i+2]
				for a := range 3 {
					means[i+a] /= sum
				}
			}
		}
		v := layer.NewBatch(rows)
		layer.Sample(v, nil, rng.Seed(2), 0, 0)
		labels, logP := make([]int, rows), make([]float32, rows)
		sample.NewCells(layer, means, compute.New(1)).Nearest(labels, logP, v)
		seen := make([]int, cells)
		for r := range rows {
			want := make([]float64, cells)
			for k := range want {
				for i, μ := range means[k*units : (k+1)*units] {
					if v.Bit(r, i) {
						want[k] += math.Log(float64(μ))
					} else if layer != sites {
						want[k] += math.Log1p(-float64(μ))
					}
				}
			}
			seen[labels[r]]++
			if best := slices.Max(want); math.Abs(want[labels[r]]-best) > 1e-4 || math.Abs(float64(logP[r])-best) > 1e-4 {
				t.Errorf("%v: row %d is in cell %d with log P = %v, want %v", layer.Kind(), r, labels[r], logP[r], want)
			}
		}
		if slices.Contains(seen, 0) {
			t.Errorf("%v: %d rows in the cells: the test shows nothing", layer.Kind(), seen)
		}
	}
}

// Jumps within a cell are those to the modes whose likeliest configurations are in it, if there are two at least, and
// samples of them stay near these.
func TestJumpsWithin(t *testing.T) {
	const units = 20
	layer := rbm.NewLayer(rbm.Bernoulli, units)
	mode := func(on int) []float32 {
		return slices.Concat(slices.Repeat([]float32{0.99}, on), slices.Repeat([]float32{0.01}, units-on))
	}
	jumps := sample.NewJumps(layer, slices.Concat(mode(20), mode(0), mode(17)), []float64{3, 2, 1}, compute.New(1))
	cells := sample.NewCells(layer, slices.Concat(mode(1), mode(19)), compute.New(1))
	if got := jumps.Within(cells, 0); got != nil {
		t.Errorf("jumps to modes with bounds %v, want none to a single one", got.Bounds)
	}
	within := jumps.Within(cells, 1)
	if within == nil || !slices.Equal(within.Bounds, []float64{3, 1}) {
		t.Fatalf("jumps within the second cell: %+v, want those to the first and the third mode", within)
	}
	v := within.Samples(200, rng.Seed(1))
	labels := make([]int, v.Rows())
	cells.Labels(labels, v)
	if slices.Contains(labels, 0) {
		t.Error("samples of the jumps are in the other cell")
	}
}
