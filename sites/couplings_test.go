package sites

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/lecturetest"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// randomModel has visible sites of these numbers of states, parameters N(0, 0.3²) and weights N(0, scale²).
func randomModel(hidden rbm.Layer, scale float64, states ...int) *rbm.Model {
	model := rbm.NewModel(rbm.NewCategorical(states...), hidden, rng.Seed(1))
	source := rng.NewSource(rng.Seed(7), 0)
	normal := func() float64 { return math.Sqrt(-2*math.Log(source.Float64())) * math.Cos(2*math.Pi*source.Float64()) }
	for _, p := range model.Parameters() {
		for k := range p.Values {
			switch {
			case p.Name == "W":
				p.Values[k] = float32(scale * normal())
			case p.Positive:
				p.Values[k] = float32(math.Exp(0.3 * normal()))
			default:
				p.Values[k] = float32(0.3 * normal())
			}
		}
	}
	return model
}

// unequal are frequencies of the states of each site that differ.
func unequal(s Sites) [][]float64 {
	f := make([][]float64, s.Len())
	for site, q := range s.States {
		f[site] = make([]float64, q)
		for a := range q {
			f[site][a] = float64(1+(a+site)%q) / float64(q*(q+1)/2)
		}
	}
	return f
}

// projected is the definition: the mean of −F(v) at each pair of states of sites i and k over all configurations of the
// others, centred. Biases drop out of it.
func projected(model *rbm.Model, s Sites, background [][]float64, i, k int) []float64 {
	sum, v := make([]float64, s.States[i]*s.States[k]), model.Visible.NewBatch(1)
	free := model.FreeEnergyFunc()
	states := make([]int, s.Len())
	for {
		p := 1.0
		for site, a := range states {
			if site == i || site == k {
				continue
			}
			if background == nil {
				p /= float64(s.States[site])
			} else {
				p *= background[site][a]
			}
		}
		s.SetRow(v, 0, states)
		sum[states[i]*s.States[k]+states[k]] -= p * free(v)[0]
		site := 0
		for ; site < len(states); site++ {
			if states[site]++; states[site] < s.States[site] {
				break
			}
			states[site] = 0
		}
		if site == len(states) {
			break
		}
	}
	centre(sum, s.States[i], s.States[k])
	return sum
}

// difference is the norm of the difference of all couplings over that of the second.
func difference(got *Couplings, want func(i, k int) []float64) float64 {
	apart, all := 0.0, 0.0
	for i := range got.Len() {
		for k := i + 1; k < got.Len(); k++ {
			for at, x := range want(i, k) {
				apart += (got.Pair(i, k)[at] - x) * (got.Pair(i, k)[at] - x)
				all += x * x
			}
		}
	}
	return math.Sqrt(apart / all)
}

// Couplings are the projection of −F on two sites. At two sites nothing is approximated; at six the inputs from the
// others count as normal, of which the error is some percent of the couplings at weights of 0.5, and falls with their
// third power.
func TestCouplingsAreTheProjection(t *testing.T) {
	mixed, err := rbm.NewMixed(rbm.NewLayer(rbm.Bernoulli, 2), rbm.NewCategorical(3), rbm.NewLayer(rbm.Gaussian, 2))
	if err != nil {
		t.Fatal(err)
	}
	small, large := []int{4, 3}, []int{3, 2, 4, 3, 2, 3}
	for _, hidden := range []rbm.Layer{
		rbm.NewLayer(rbm.Bernoulli, 5), rbm.NewLayer(rbm.Spin, 5), lecturetest.NewLayer(lecturetest.Foreign, 5),
		rbm.NewCategorical(2, 4, 3), rbm.NewLayer(rbm.Gaussian, 5), rbm.NewLayer(rbm.ReLU, 5), rbm.NewLayer(rbm.DReLU, 5),
		mixed,
	} {
		for _, test := range []struct {
			states           []int
			scale, tolerance float64
		}{{small, 0.5, 1e-5}, {large, 0.5, 0.06}, {large, 0.1, 2e-3}} {
			model := randomModel(hidden.Clone(), test.scale, test.states...)
			s, err := Of(model.Visible)
			if err != nil {
				t.Fatal(err)
			}
			for _, background := range [][][]float64{nil, unequal(s)} {
				c, err := NewCouplings(t.Context(), model, Options{Background: background})
				if err != nil {
					t.Fatal(err)
				}
				if hidden.Kind() == rbm.Gaussian {
					test.tolerance = 1e-6 // Γ is quadratic: nothing is approximated
				}
				d := difference(c, func(i, k int) []float64 { return projected(model, s, background, i, k) })
				if !(d < test.tolerance) {
					t.Errorf("%s, %d sites, weights %v, background %v: couplings differ from the projection by %.2g of their norm, want %g",
						hidden.Kind(), s.Len(), test.scale, background != nil, d, test.tolerance)
				}
			}
		}
	}
}

// All sums over a or b are zero, workers change nothing, and the last progress is 1.
func TestCouplingsAreCentred(t *testing.T) {
	model := randomModel(rbm.NewLayer(rbm.Bernoulli, 4), 1, 3, 4, 2, 5)
	done := 0.0
	c, err := NewCouplings(t.Context(), model, Options{Compute: compute.New(1), Progress: func(x float64) { done = x }})
	if err != nil {
		t.Fatal(err)
	}
	if done != 1 {
		t.Errorf("progress ends at %v", done)
	}
	other, err := NewCouplings(t.Context(), model, Options{Compute: compute.New(3)})
	if err != nil {
		t.Fatal(err)
	}
	for i := range c.Len() {
		for k := i + 1; k < c.Len(); k++ {
			pair, across := c.Pair(i, k), c.States[k]
			if !slices.Equal(pair, other.Pair(i, k)) {
				t.Errorf("sites %d and %d: other numbers with other workers", i, k)
			}
			for a := range c.States[i] {
				sum := 0.0
				for _, x := range pair[a*across : (a+1)*across] {
					sum += x
				}
				if math.Abs(sum) > 1e-12 {
					t.Errorf("sites %d and %d, state %d: a sum of %g", i, k, a, sum)
				}
			}
		}
	}
}

func TestCouplingsRefuse(t *testing.T) {
	_, err := NewCouplings(t.Context(), rbm.New(3, 2, rng.Seed(1)), Options{})
	if err == nil || !strings.Contains(err.Error(), "3 bernoulli units, want categorical sites alone") {
		t.Errorf("a model of bits: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = NewCouplings(ctx, randomModel(rbm.NewLayer(rbm.Bernoulli, 2), 1, 2, 2), Options{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
}
