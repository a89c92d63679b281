package train

import (
	"reflect"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// The gradient of the weights may be made piece after piece: the updates are those of a gradient that is there as a
// whole.
func TestPieces(t *testing.T) {
	const m, n = 50, 1000 // blocks of four rows
	set := &data.Set{States: rbm.NewBatch(40, m)}
	rbm.NewLayer(rbm.Bernoulli, m).Sample(set.States, nil, rng.Seed(1), 0, 0)
	updates := func(workers int, change func(t *Training)) []any {
		c := Config{
			Negative: &PCD{Steps: 1, Chains: 20, Replicas: 2, Trust: 0.001}, Batch: 20, Rate: 0.02, L1: 1e-4, Updates: 5, Every: 5,
			Compute: compute.New(workers),
		}
		training, err := Start(rbm.New(m, n, rng.Seed(2)), set, c)
		if err != nil {
			t.Fatal(err)
		}
		change(training)
		var all []any
		for p := range training.Steps(t.Context()) {
			all = append(all, p.GradientNorm)
		}
		return append(all, training.Model.Parameters())
	}
	want := updates(1, func(t *Training) {
		if t.positive.VH != nil {
			panic("the gradient is there as a whole already")
		}
		t.positive = rbm.NewStatistics(t.Model)
		t.ascent = newAscent(t, t.positive, t.negative, t.config.Optimizer, true)
		t.trust = newTrust(t)
	})
	for _, rows := range []int{4, 20, 1000} {
		got := updates(2, func(t *Training) { t.ascent.piece, t.trust.back.piece = rows, rows })
		if !reflect.DeepEqual(got, want) {
			t.Errorf("pieces of %d rows make other updates", rows)
		}
	}
}
