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
