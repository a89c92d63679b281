package rbm_test

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// In the zero-sum gauge the differences of F between configurations are those of before, and the sums are zero.
func TestGauge(t *testing.T) {
	for name, layers := range map[string][2]rbm.Layer{
		"categorical visible": {rbm.NewCategorical(3, 2, 4), rbm.NewLayer(rbm.Spin, 5)},
		"categorical hidden":  {rbm.NewLayer(rbm.Bernoulli, 6), rbm.NewCategorical(4, 3)},
		"both":                {rbm.NewCategorical(3, 2), rbm.NewCategorical(2, 3)},
		"with Gaussian":       {rbm.NewCategorical(3, 2), rbm.NewLayer(rbm.Gaussian, 4)},
		"mixed":               {mixed(rbm.NewLayer(rbm.Bernoulli, 2), rbm.NewCategorical(3)), rbm.NewLayer(rbm.ReLU, 3)},
	} {
		model := rbm.NewModel(layers[0], layers[1], rng.Seed(1))
		source := rng.NewSource(rng.Seed(2), 0)
		for _, p := range model.Parameters() {
			for k := range p.Values {
				if p.Values[k] = float32(2*source.Float64() - 1); p.Positive {
					p.Values[k] += 1.5
				}
			}
		}
		v := model.Visible.NewBatch(50)
		model.Visible.Sample(v, nil, rng.Seed(3), 0, 0)
		before := model.FreeEnergy(v)
		model.Gauge()
		after := model.FreeEnergy(v)
		for r := range after {
			if got, want := after[r]-after[0], before[r]-before[0]; math.Abs(got-want) > 1e-5 {
				t.Errorf("%s: F of row %d above that of row 0 is %v, before %v", name, r, got, want)
			}
		}
		at := 0
		for _, p := range rbm.LayoutOf(model.Visible) {
			from := at
			for _, q := range p.States {
				for j := -1; j < model.N(); j++ {
					sum := 0.0
					for i := from; i < from+q; i++ {
						if j < 0 {
							sum += float64(model.B()[i])
						} else {
							sum += float64(model.W[i*model.N()+j])
						}
					}
					if math.Abs(sum) > 1e-6 {
						t.Errorf("%s: site at unit %d: the sum over its states is %v, want 0", name, from, sum)
					}
				}
				from += q
			}
			at += p.Units
		}
	}
}

// The energy of Gaussian units of both layers is a quadratic form, which is positive definite where the coupling is
// below 1.
func TestCoupling(t *testing.T) {
	model := rbm.NewModel(rbm.NewLayer(rbm.Gaussian, 2), rbm.NewLayer(rbm.Gaussian, 1), rng.Seed(1))
	copy(model.W, []float32{0.6, 0.8})
	copy(model.Visible.Parameters()[1].Values, []float32{2, 2})
	copy(model.Hidden.Parameters()[1].Values, []float32{4})
	// Γ_v^(−½) W Γ_h⁻¹ Wᵀ Γ_v^(−½) = w wᵀ/8 with |w| = 1.
	if got := model.Coupling(0); math.Abs(got-1./8) > 1e-6 {
		t.Errorf("the coupling is %v, want 1/8", got)
	}
	for _, hidden := range []rbm.Kind{rbm.Bernoulli, rbm.Spin} {
		if got := rbm.NewModel(rbm.NewLayer(rbm.Gaussian, 2), rbm.NewLayer(hidden, 1), rng.Seed(1)).Coupling(0); got != 0 {
			t.Errorf("the coupling to %s units is %v, want 0", hidden, got)
		}
	}
}

// The coupling is the square of the largest singular value of Σ_v W Σ_h, by gonum's decomposition.
func TestCouplingOfMany(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {2, 40}, {60, 7}, {90, 80}} {
		m, n := size[0], size[1]
		model := rbm.NewModel(rbm.NewLayer(rbm.Gaussian, m), rbm.NewLayer(rbm.Gaussian, n), rng.Seed(uint64(m)))
		γv, γh := model.Visible.Parameters()[1].Values, model.Hidden.Parameters()[1].Values
		for i := range γv {
			γv[i] = float32(1+i%3) / 2
		}
		for j := range γh {
			γh[j] = float32(3-j%3) / 2
		}
		scaled := mat.NewDense(m, n, nil)
		scaled.Apply(func(i, j int, _ float64) float64 {
			return float64(model.W[i*n+j]) / math.Sqrt(float64(γv[i])*float64(γh[j]))
		}, scaled)
		var svd mat.SVD
		if !svd.Factorize(scaled, mat.SVDNone) {
			t.Fatal("no singular values")
		}
		largest := svd.Values(nil)[0]
		if got, want := model.Coupling(0), largest*largest; !(math.Abs(got-want) <= 1e-4*want) {
			t.Errorf("%d×%d: the coupling is %.9g, want %.9g", m, n, got, want)
		}
	}
}

// Spreads are the roots of the slopes of the means far out, of every kind: the coupling rests on them.
func TestSpreads(t *testing.T) {
	drelu := rbm.NewLayer(rbm.DReLU, 3)
	copy(drelu.Parameters()[1].Values, []float32{4, 1, 0.5})
	copy(drelu.Parameters()[2].Values, []float32{1, 4, 0.5})
	copy(drelu.Parameters()[3].Values, []float32{1, -1, 2})
	gaussian, relu := rbm.NewLayer(rbm.Gaussian, 2), rbm.NewLayer(rbm.ReLU, 2)
	copy(gaussian.Parameters()[1].Values, []float32{4, 0.25})
	copy(relu.Parameters()[1].Values, []float32{4, 0.25})
	layers := []rbm.Layer{drelu, gaussian, relu, mixed(rbm.NewLayer(rbm.Bernoulli, 2), rbm.NewCategorical(3), gaussian)}
	for _, c := range conformants {
		layers = append(layers, c.layer)
	}
	for _, l := range layers {
		const far = 1e7
		slopes, spreads := make([]float64, l.Units()), l.Spreads()
		for _, x := range []float32{far, -far} {
			means := make([]float32, l.Units())
			for i := range means {
				means[i] = x
			}
			l.Mean(means, means)
			for i, mean := range means {
				slopes[i] = max(slopes[i], float64(mean/x))
			}
		}
		if spreads == nil {
			spreads = make([]float64, l.Units())
		}
		for i, slope := range slopes {
			if math.Abs(math.Sqrt(slope)-spreads[i]) > 1e-3 {
				t.Errorf("unit %d of a %s layer: the spread is %v, the root of the mean's slope %v", i, l.Kind(), spreads[i], math.Sqrt(slope))
			}
		}
	}
}
