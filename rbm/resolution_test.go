package rbm_test

import (
	"math"
	"slices"
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

// Draws and averages of a training take 14 bits of the weights of a real unit, relative to its largest. Units of very
// different variances, with weights that make up for it, cost the others nothing.
func TestResolutionOfShort(t *testing.T) {
	const m, n, rows = 100, 30, 100
	model := rbm.NewModel(rbm.NewLayer(rbm.Gaussian, m), rbm.NewLayer(rbm.Bernoulli, n), rng.Seed(1))
	means, variances := make([]float64, m), make([]float64, m)
	for i := range m {
		sd := math.Pow(10, float64(i%5-2))
		variances[i] = sd * sd
		for j := range n {
			model.W[i*n+j] *= float32(10 / sd)
		}
	}
	model.Visible.SetMoments(means, variances)
	v := model.Visible.NewBatch(rows)
	model.Visible.Sample(v, nil, rng.Seed(2), 0, 0)
	c, squares := rbm.NewConditionals(model, compute.New(1)), 0.0
	for r := range rows {
		row := rbm.NewStatistics(model) // of one row: H is P(h|v)
		c.Statistics(row, v.Slice(r, r+1), nil)
		for j, p := range row.H {
			x := 0.0
			for i, y := range v.Reals(r) {
				x += float64(y) * float64(model.W[i*n+j])
			}
			squares += math.Pow(float64(p)-1/(1+math.Exp(-x)), 2) / (rows * n)
		}
	}
	if rms := math.Sqrt(squares); !(rms < 2e-4) || rms == 0 {
		t.Errorf("P(h|v) is off by %.2g, rms, want less than 0.0002", rms)
	} else {
		t.Logf("P(h|v) is off by %.2g, rms", rms)
	}
}

// What Load has read stays when the model changes.
func TestLoad(t *testing.T) {
	mixed, err := rbm.NewMixed(rbm.NewLayer(rbm.Bernoulli, 3), rbm.NewLayer(rbm.Gaussian, 5))
	if err != nil {
		t.Fatal(err)
	}
	for _, visible := range []rbm.Layer{rbm.NewLayer(rbm.Bernoulli, 8), rbm.NewLayer(rbm.Gaussian, 8), mixed} {
		model := rbm.NewModel(visible, rbm.NewLayer(rbm.Bernoulli, 6), rng.Seed(1))
		v := visible.NewBatch(4)
		visible.Sample(v, nil, rng.Seed(2), 0, 0)
		want, got := make([]float64, 4), make([]float64, 4)
		rbm.NewConditionals(model, nil).FreeEnergy(want, v)
		c := rbm.NewConditionals(model, nil)
		c.Load()
		for k := range model.W {
			model.W[k]++
		}
		if c.FreeEnergy(got, v); !slices.Equal(got, want) {
			t.Errorf("%v: free energies %v after the model has changed, want %v", visible.Kind(), got, want)
		}
	}
}
