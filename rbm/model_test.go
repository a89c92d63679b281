package rbm_test

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

func panics(t *testing.T, name, want string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if got := fmt.Sprint(recover()); !strings.HasPrefix(got, want) {
			t.Errorf("%s: panic %q, want %q", name, got, want)
		}
	}()
	f()
}

func TestNew(t *testing.T) {
	model := rbm.New(3, 5, rng.Seed(1)) // an odd number of weights, drawn in pairs
	if model.M() != 3 || model.N() != 5 || len(model.W) != 15 {
		t.Errorf("New(3, 5) is %+v", model)
	}
	if model.Visible.Kind() != rbm.Bernoulli || model.Hidden.Kind() != rbm.Bernoulli {
		t.Errorf("New's units are %v and %v, want bernoulli", model.Visible.Kind(), model.Hidden.Kind())
	}
	for _, x := range slices.Concat(model.B(), model.C()) {
		if x != 0 {
			t.Errorf("bias %v, want 0", x)
		}
	}
	if slices.Contains(model.W, 0) {
		t.Errorf("a weight was not drawn: %v", model.W)
	}
	if again := rbm.New(3, 5, rng.Seed(1)); !reflect.DeepEqual(again, model) {
		t.Error("the same key gives another model")
	}
	if other := rbm.New(3, 5, rng.Seed(2)); reflect.DeepEqual(other.W, model.W) {
		t.Error("another key gives the same weights")
	}
	panics(t, "no visible units", "rbm: New with 0 visible", func() { rbm.New(0, 1, rng.Seed(1)) })
	panics(t, "no hidden units", "rbm: New with 1 visible and -1 hidden", func() { rbm.New(1, -1, rng.Seed(1)) })
}

// Moments of the weights are those of N(0, 0.01²) within five standard errors: for standard normal x, Var x = 1,
// Var x² = 2, Var x⁴ = 105 − 9 = 96, Var x·x′ = 1.
func TestNewWeightsAreNormal(t *testing.T) {
	var mean, square, fourth, pairs, previous float64
	w := rbm.New(300, 201, rng.Seed(7)).W
	for _, w := range w {
		x := float64(w) / 0.01
		mean += x
		square += x * x
		fourth += x * x * x * x
		pairs += x * previous
		previous = x
	}
	count := float64(len(w))
	for _, c := range []struct {
		name                string
		sum, want, variance float64
	}{
		{"mean", mean, 0, 1}, {"variance", square, 1, 2}, {"fourth moment", fourth, 3, 96}, {"covariance", pairs, 0, 1},
	} {
		if tolerance := 5 * math.Sqrt(c.variance/count); math.Abs(c.sum/count-c.want) > tolerance {
			t.Errorf("%s is %v, want %v ± %v", c.name, c.sum/count, c.want, tolerance)
		}
	}
}

func TestCloneSharesNothing(t *testing.T) {
	model, _ := wild(4, 3, 1, rbm.Spin, rbm.Bernoulli)
	clone := model.Clone()
	if !reflect.DeepEqual(clone, model) {
		t.Errorf("clone is %+v, want %+v", clone, model)
	}
	before := model.Clone()
	clone.W[0], clone.B()[0], clone.C()[0] = 9, 9, 9
	if !reflect.DeepEqual(model, before) {
		t.Error("the clone shares memory with the model")
	}
}

func TestTranspose(t *testing.T) {
	model := &rbm.Model{
		Visible: rbm.WithBiases(rbm.Spin, 7, 8), Hidden: rbm.WithBiases(rbm.Bernoulli, 9, 10, 11), W: []float32{1, 2, 3, 4, 5, 6},
	}
	want := &rbm.Model{
		Visible: rbm.WithBiases(rbm.Bernoulli, 9, 10, 11), Hidden: rbm.WithBiases(rbm.Spin, 7, 8), W: []float32{1, 4, 2, 5, 3, 6},
	}
	got := model.Transpose()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("transpose is %+v, want %+v", got, want)
	}
	if !reflect.DeepEqual(got.Transpose(), model) {
		t.Error("the transpose of the transpose is another model")
	}
	got.W[0], got.B()[0], got.C()[0] = 0, 0, 0
	if model.W[0] != 1 || model.B()[0] != 7 || model.C()[0] != 9 {
		t.Error("the transpose shares memory with the model")
	}
}

func TestFinite(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, x := range []float32{nan, inf, -inf} {
		for _, at := range []func(*rbm.Model) *float32{
			func(m *rbm.Model) *float32 { return &m.W[5] },
			func(m *rbm.Model) *float32 { return &m.B()[1] },
			func(m *rbm.Model) *float32 { return &m.C()[2] },
		} {
			model := rbm.New(2, 3, rng.Seed(1))
			if !model.Finite() {
				t.Fatal("a new model is not finite")
			}
			if *at(model) = x; model.Finite() {
				t.Errorf("a model with %v is finite", x)
			}
		}
	}
}

func TestKindsByName(t *testing.T) {
	for _, kind := range []rbm.Kind{rbm.Bernoulli, rbm.Spin, rbm.Categorical, rbm.Gaussian, rbm.ReLU, rbm.DReLU, rbm.Mixed} {
		if got, err := rbm.ParseKind(string(kind)); err != nil || got != kind {
			t.Errorf("ParseKind(%q) is %v, %v", kind, got, err)
		}
	}
	if _, err := rbm.ParseKind("Spin"); err == nil || err.Error() !=
		`unknown units "Spin", want bernoulli, spin, categorical, gaussian, relu, drelu or mixed` {
		t.Errorf("ParseKind(Spin): %v", err)
	}
	panics(t, "unknown kind", `rbm: no kind of unit is called "Spin"`, func() { rbm.NewLayer("Spin", 1) })
}
