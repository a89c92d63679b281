package exact_test

import (
	"math"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/internal/kindtest"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// gaussianPair has weights uniform in ±size.
func gaussianPair(m, n int, size float64) *rbm.Model {
	model := rbm.NewModel(rbm.NewLayer(rbm.Gaussian, m), rbm.NewLayer(rbm.Gaussian, n), rng.Seed(1))
	source := rng.NewSource(rng.Seed(5), 0)
	for k, p := range model.Parameters() {
		for i := range p.Values {
			switch {
			case p.Positive:
				p.Values[i] = float32(1 + source.Float64())
			case k == 0:
				p.Values[i] = float32(size * (2*source.Float64() - 1))
			default:
				p.Values[i] = float32(2*source.Float64() - 1)
			}
		}
	}
	return model
}

// log Z of two units is a double integral, and that of more the integral of e^(−F(v)) over v.
func TestGaussianLogZ(t *testing.T) {
	model := gaussianPair(1, 1, 1)
	visible, hidden := values(model.Visible), values(model.Hidden)
	var logs []float64
	each(hidden, 1, func(h []float64, log float64) { logs = append(logs, log+logWeight(model, visible, h)) })
	logZ, err := exact.LogZ(t.Context(), model, exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "log Z of two units", logZ, logSum(logs), 1e-12)
	for _, size := range [][2]int{{2, 1}, {2, 3}} {
		model := gaussianPair(size[0], size[1], 0.4)
		logZ, err := exact.LogZ(t.Context(), model, exact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		near(t, "log Z", logZ, kindtest.Of(model).LogZ, 1e-6)
		turned, err := exact.LogZ(t.Context(), model.Transpose(), exact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		near(t, "log Z with the layers exchanged", turned, logZ, 1e-13)
	}
}

// Samples have the averages of the model, of both layers and whichever is the smaller one.
func TestGaussianSamples(t *testing.T) {
	const count = 10000
	for _, size := range [][2]int{{4, 3}, {3, 5}} {
		model := gaussianPair(size[0], size[1], 0.4)
		v, h, err := exact.Sample(t.Context(), model, count, rng.Seed(1), exact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s := rbm.NewStatistics(model)
		if err := exact.Moments(t.Context(), s, model, exact.Options{}); err != nil {
			t.Fatal(err)
		}
		check := func(name string, want float32, x func(r int) float64) {
			t.Helper()
			mean, square := 0.0, 0.0
			for r := range count {
				mean, square = mean+x(r)/count, square+x(r)*x(r)/count
			}
			if error := math.Sqrt((square - mean*mean) / count); !(math.Abs(mean-float64(want)) < 5*error) {
				t.Errorf("%d×%d: %s is %v ± %v, want %v", size[0], size[1], name, mean, error, want)
			}
		}
		averages := s.Averages()
		for i := range model.M() {
			check("⟨v⟩", s.V[i], func(r int) float64 { return v.Value(r, i) })
			check("−½⟨v²⟩", averages[2][i], func(r int) float64 { return -v.Value(r, i) * v.Value(r, i) / 2 })
			for j := range model.N() {
				check("⟨vh⟩", s.VH[i*model.N()+j], func(r int) float64 { return v.Value(r, i) * h.Value(r, j) })
			}
		}
		for j := range model.N() {
			check("⟨h⟩", s.H[j], func(r int) float64 { return h.Value(r, j) })
			check("−½⟨h²⟩", averages[4][j], func(r int) float64 { return -h.Value(r, j) * h.Value(r, j) / 2 })
		}
	}
}

// Weights that are too large leave no distribution, which every function that needs Z says.
func TestGaussianWithoutDistribution(t *testing.T) {
	model := gaussianPair(4, 3, 3)
	if err := exact.Feasible(model); err != nil {
		t.Errorf("Feasible: %v", err)
	}
	_, err := exact.LogZ(t.Context(), model, exact.Options{})
	_, _, errOfSample := exact.Sample(t.Context(), model, 1, rng.Seed(1), exact.Options{})
	errOfMoments := exact.Moments(t.Context(), rbm.NewStatistics(model), model, exact.Options{})
	for _, err := range []error{err, errOfSample, errOfMoments} {
		if err == nil || !strings.Contains(err.Error(), "no distribution") {
			t.Errorf("error %v, want one that says that there is no distribution", err)
		}
	}
}
