package train

import (
	"testing"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// The gradient has a number for each parameter of the layers, and none for the weights, whose gradient is made a block
// at a time.
func TestGradientOfWeightsIsNotKept(t *testing.T) {
	set, err := data.Bars(3, 3)
	if err != nil {
		t.Fatal(err)
	}
	model := rbm.New(set.Units(), 5, rng.Seed(1))
	training, err := Start(model, set, Config{Updates: 1})
	if err != nil {
		t.Fatal(err)
	}
	for k, p := range model.Parameters() {
		want := len(p.Values)
		if k == 0 {
			want = 0
		}
		if got := len(training.ascent.gradient[k]); got != want {
			t.Errorf("%s: the gradient keeps %d numbers, want %d", p.Name, got, want)
		}
	}
}
