package exact_test

import (
	"math"
	"testing"

	"harmonium/compute"
	"harmonium/exact"
	"harmonium/internal/kindtest"
	"harmonium/rbm"
	"harmonium/rng"
)

// Pairs of other kinds than bits against the definition, by enumeration and quadrature: log Z, the moments as its
// derivatives, samples. Results are the same with any number of workers.
func TestPairsOfKinds(t *testing.T) {
	for _, pair := range kindtest.Pairs(0.7) {
		model := pair.Model
		_, visible := rbm.AsFinite(model.Visible)
		_, hidden := rbm.AsFinite(model.Hidden)
		if model.CheckBits() == nil {
			continue
		}
		t.Run(pair.Name, func(t *testing.T) {
			if err := exact.Feasible(model); (err == nil) != (visible || hidden) {
				t.Fatalf("feasible: %v", err)
			} else if err != nil {
				return
			}
			truth := kindtest.Of(model)
			logZ := exactly(t, model, 1)
			if math.Abs(logZ-truth.LogZ) > 1e-5 {
				t.Errorf("log Z is %v, want %v", logZ, truth.LogZ)
			}
			if again := exactly(t, model, 3); again != logZ {
				t.Errorf("log Z is %v with three workers, %v with one", again, logZ)
			}
			checkMoments(t, model)
			drawn, _, err := exact.Sample(t.Context(), model, 4000, rng.Seed(5), exact.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if z, of := kindtest.Deviation(model, drawn, truth.Sample(4000, rng.Seed(6))); z > 5 {
				t.Errorf("samples are %.1f standard errors off in %s", z, of)
			}
		})
	}
}

func exactly(t *testing.T, model *rbm.Model, workers int) float64 {
	t.Helper()
	logZ, err := exact.LogZ(t.Context(), model, exact.Options{Compute: compute.New(workers)})
	if err != nil {
		t.Fatal(err)
	}
	return logZ
}

// checkMoments holds the averages of −∂E/∂λ against central differences of log Z.
func checkMoments(t *testing.T, model *rbm.Model) {
	t.Helper()
	s := rbm.NewStatistics(model)
	if err := exact.Moments(t.Context(), s, model, exact.Options{}); err != nil {
		t.Fatal(err)
	}
	averages := s.Averages()
	for k, p := range model.Parameters() {
		for i := range p.Values {
			const step = 1. / 64
			at := p.Values[i]
			p.Values[i] = at + step
			up, high := float64(p.Values[i]), exactly(t, model, 1)
			p.Values[i] = at - step
			want := (high - exactly(t, model, 1)) / (up - float64(p.Values[i]))
			p.Values[i] = at
			if got := float64(averages[k][i]); math.Abs(got-want) > 2e-3*(1+math.Abs(want)) {
				t.Errorf("∂log Z/∂%s[%d] is %v, by differences %v", p.Name, i, got, want)
			}
		}
	}
}
