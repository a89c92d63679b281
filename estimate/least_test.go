package estimate

import (
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// The bounds by rows count each distinct row of data and training data once, whatever blocks they are scored in.
func TestSeeData(t *testing.T) {
	const m, rows = 14, 1 << 13 // two blocks of distinct rows
	model := rbm.New(m, 4, rng.Seed(1))
	for k := range model.W {
		model.W[k] *= 30
	}
	all := rbm.AllStates(m)
	sum, largest := 0.0, math.Inf(-1)
	for _, f := range model.FreeEnergy(all.Slice(0, rows)) {
		sum += math.Exp(-f)
		largest = max(largest, -f)
	}
	data, training := rbm.NewBatch(rows+100, m), rbm.NewBatch(rows/2, m)
	data.Slice(0, rows/2+100).Copy(all.Slice(0, rows/2+100)) // the last 100 of these are in the training data too
	data.Slice(rows/2+100, rows+100).Copy(all.Slice(0, rows/2))
	training.Copy(all.Slice(rows/2, rows))
	e := newEstimator(model, data, make([]float64, m), nil, Options{Training: training})
	if math.Abs(e.least.Rows-math.Log(sum)) > 1e-6 || math.Abs(e.least.Configuration-largest) > 1e-6 {
		t.Errorf("bounds %+v, want %v by rows and %v by a configuration", e.least, math.Log(sum), largest)
	}
	if f := model.FreeEnergy(e.lowest); len(f) != 1 || math.Abs(f[0]+largest) > 1e-6 {
		t.Errorf("the lowest row has F = %v, want %v", f, -largest)
	}
}
