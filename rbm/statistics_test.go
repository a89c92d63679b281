package rbm_test

import (
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// The difference of two sets of rows is that of their averages, up to the rounding of shares, whose steps are 2^-26
// here; the means are the same numbers, and so are the hidden units drawn on the way. All forms and numbers of workers
// agree to the bit.
func TestDifference(t *testing.T) {
	const m, n, first, second = 70, 33, 100, 37
	for _, kinds := range [][2]rbm.Kind{
		{rbm.Bernoulli, rbm.Bernoulli}, {rbm.Spin, rbm.Bernoulli}, {rbm.Spin, rbm.Spin}, {rbm.Gaussian, rbm.Bernoulli},
	} {
		model := rbm.NewModel(rbm.NewLayer(kinds[0], m), rbm.NewLayer(kinds[1], n), rng.Seed(1))
		for k := range model.W {
			model.W[k] *= 30
		}
		v := model.Visible.NewBatch(first + second)
		model.Visible.Sample(v, nil, rng.Seed(2), 0, 0)
		weights := make([]float32, first)
		for r := range weights {
			weights[r] = float32(r % 5)
		}
		var before [][]float32
		for _, isa := range kernel.ISAs() {
			for _, workers := range []int{1, 2} {
				c := rbm.NewConditionals(model, compute.NewISA(workers, isa))
				a, b := rbm.NewStatistics(model), rbm.NewStatistics(model)
				data := rbm.Rows{Visible: v.Slice(0, first), Weights: weights}
				states := rbm.Rows{Visible: v.Slice(first, first+second), Hidden: model.Hidden.NewBatch(second), Key: rng.Seed(3), Step: 5}
				c.Statistics(a, data.Visible, weights)
				c.Statistics(b, states.Visible, nil)
				drawn := model.Hidden.NewBatch(second)
				c.Short().SampleHidden(drawn, states.Visible, states.Key, states.Step)

				positive, negative := rbm.NewStatistics(model), rbm.NewStatisticsWith(model, nil)
				c.Difference(positive, negative, data, states)
				if !slices.Equal(states.Hidden.EncodeBits(), drawn.EncodeBits()) {
					t.Errorf("%v, %v, %d workers: other hidden units", kinds, isa, workers)
				}
				if !slices.Equal(positive.V, a.V) || !slices.Equal(positive.H, a.H) ||
					!slices.Equal(negative.V, b.V) || !slices.Equal(negative.H, b.H) {
					t.Errorf("%v, %v, %d workers: other means", kinds, isa, workers)
				}
				if c.ByRows() {
					rows := make([]float32, m*n)
					c.Difference(rbm.NewStatisticsWith(model, nil), negative, data, states)
					c.DifferenceRows(rows[:30*n], 0, 30)
					c.DifferenceRows(rows[30*n:], 30, m)
					if !slices.Equal(rows, positive.VH) {
						t.Errorf("%v, %v, %d workers: other rows", kinds, isa, workers)
					}
				}
				for k, x := range positive.VH {
					if want := float64(a.VH[k]) - float64(b.VH[k]); !(math.Abs(float64(x)-want) < 3e-6) {
						t.Fatalf("%v: difference %d is %g, want %g", kinds, k, x, want)
					}
				}
				if got := [][]float32{positive.VH, positive.H, negative.H}; before == nil {
					before = got
				} else if !slices.EqualFunc(got, before, slices.Equal[[]float32]) {
					t.Errorf("%v, %v, %d workers: other numbers than by %v and one", kinds, isa, workers, kernel.ISAs()[0])
				}
			}
		}
	}
}
