package rbm_test

import (
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Products take real numbers with 16 bits a row and weights with 24. Free energies by them differ from those in float64
// by a millionth of a nat or so per unit: far less than any error of log Z.
func TestResolutionOfReals(t *testing.T) {
	const m, n = 784, 500
	rows := 50
	if testing.Short() {
		rows = 5 // the free energies in float64 take long under the race detector
	}
	for _, hidden := range []rbm.Kind{rbm.Bernoulli, rbm.Spin, rbm.ReLU} {
		model := rbm.NewModel(rbm.NewLayer(rbm.Gaussian, m), rbm.NewLayer(hidden, n), rng.Seed(1))
		for k := range model.W { // inputs of order one
			model.W[k] *= 4
		}
		v := model.Visible.NewBatch(rows)
		model.Visible.Sample(v, nil, rng.Seed(2), 0, 0)
		want, got := model.FreeEnergy(v), make([]float64, rows)
		rbm.NewConditionals(model, compute.New(2)).FreeEnergy(got, v)
		squares := 0.0
		for r := range got {
			squares += (got[r] - want[r]) * (got[r] - want[r]) / float64(rows)
		}
		if rms := math.Sqrt(squares); !(rms < 2e-3) || rms == 0 {
			t.Errorf("%s hidden units: free energies differ by %.2g nats, rms, from those in float64, want less than 0.002", hidden, rms)
		} else {
			t.Logf("%s hidden units: %.2g nats, rms, of free energies that spread over tens of nats", hidden, rms)
		}
	}
}

// Statistics take real numbers and probabilities with 14 bits. What that adds to ⟨v_i h_j⟩ of a minibatch is less than a
// thousandth of its standard error.
func TestResolutionOfStatistics(t *testing.T) {
	const m, n, rows = 100, 30, 100
	model := rbm.NewModel(rbm.NewLayer(rbm.Gaussian, m), rbm.NewLayer(rbm.Bernoulli, n), rng.Seed(1))
	for k := range model.W {
		model.W[k] *= 10
	}
	v := model.Visible.NewBatch(rows)
	model.Visible.Sample(v, nil, rng.Seed(2), 0, 0)
	statistics := rbm.NewStatistics(model)
	rbm.NewConditionals(model, compute.New(1)).Statistics(statistics, v, nil)
	errors, variances := 0.0, 0.0
	for j := range n {
		var p [rows]float64
		for r := range p {
			x := 0.0
			for i, y := range v.Reals(r) {
				x += float64(y) * float64(model.W[i*n+j])
			}
			p[r] = 1 / (1 + math.Exp(-x))
		}
		for i := range m {
			sum, squares := 0.0, 0.0
			for r, p := range p {
				y := float64(v.Reals(r)[i]) * p
				sum, squares = sum+y, squares+y*y
			}
			mean := sum / rows
			errors += math.Pow(float64(statistics.VH[i*n+j])-mean, 2)
			variances += (squares/rows - mean*mean) / rows
		}
	}
	if ratio := math.Sqrt(errors / variances); !(ratio < 1e-3) || ratio == 0 {
		t.Errorf("⟨v h⟩ is off by %.2g of its standard error, want less than 0.001", ratio)
	} else {
		t.Logf("⟨v h⟩ is off by %.2g of its standard error", ratio)
	}
}
