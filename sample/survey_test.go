package sample

import (
	"math"
	"testing"

	"harmonium/compute"
	"harmonium/rbm"
	"harmonium/rng"
)

// The model given held units has the distribution of the others: F differs by a constant where the held ones are at their values.
func TestGiven(t *testing.T) {
	held := map[int]bool{1: true, 4: false}
	for _, units := range []rbm.Kind{rbm.Bernoulli, rbm.Spin} {
		model := rbm.NewModel(rbm.NewLayer(units, 6), rbm.NewLayer(rbm.Spin, 3), rng.Seed(1))
		for k := range model.W {
			model.W[k] *= 100
		}
		rest, v := given(model, held), rbm.AllStates(6)
		whole, part := model.FreeEnergy(v), rest.FreeEnergy(v)
		constant := math.NaN()
		for r := range v.Rows() {
			if !v.Bit(r, 1) || v.Bit(r, 4) {
				continue
			}
			if math.IsNaN(constant) {
				constant = whole[r] - part[r]
			}
			if got := whole[r] - part[r]; math.Abs(got-constant) > 1e-4 {
				t.Errorf("%s: F of %06b differs by %v, elsewhere by %v", units, v.Index(r), got, constant)
			}
		}
	}
}

// Directions are the leading left singular vectors of W.
func TestDirections(t *testing.T) {
	a := [2][]float64{{0.6, 0, 0.8, 0, 0}, {-0.8, 0, 0.6, 0, 0}}
	b := [2][]float64{{1, 0, 0, 0}, {0, 0, 2, 0}} // of singular values 3 and 2·1
	model := rbm.New(5, 4, rng.Seed(1))
	for i := range 5 {
		for j := range 4 {
			model.W[i*4+j] = float32(3*a[0][i]*b[0][j] + a[1][i]*b[1][j])
		}
	}
	observer, count := newDirections(model, compute.New(1))
	v := rbm.NewBatch(5, 5)
	for i := range 5 {
		v.SetBit(i, i, true)
	}
	got := make([]float32, 5*count)
	observer.HiddenInputs(got, v)
	for k, want := range a {
		sign := math.Copysign(1, float64(got[0*count+k])*want[0])
		for i, x := range want {
			if math.Abs(sign*float64(got[i*count+k])-x) > 1e-3 {
				t.Errorf("direction %d of unit %d is %v, want ±%v", k+1, i, got[i*count+k], x)
			}
		}
	}
}

// Shares are those of Z, and their errors come from all modes. What AIS has not reached has none.
func TestSharesOfModes(t *testing.T) {
	log := func(part, stderr float64) Mode { return Mode{LogZ: LogZ{Value: 700 + math.Log(part), Stderr: stderr}} }
	s := &survey{Modes: &Modes{List: []Mode{log(0.8, 0.1), log(0.2, 0.05), {LogZ: LogZ{Value: math.Inf(-1)}}}}}
	s.divide()
	both := 0.8 * 0.2 * math.Hypot(0.1, 0.05) // dp = p(1−p) d(log Z_1 − log Z_2)
	for k, want := range []struct{ share, stderr float64 }{{0.8, both}, {0.2, both}, {0, 0}} {
		if math.Abs(s.share[k]-want.share) > 1e-12 || math.Abs(s.stderr[k]-want.stderr) > 1e-12 {
			t.Errorf("mode %d has a share of %v ± %v, want %v ± %v", k+1, s.share[k], s.stderr[k], want.share, want.stderr)
		}
	}
	s = &survey{Modes: &Modes{List: []Mode{{LogZ: LogZ{Value: math.Inf(-1)}}, {LogZ: LogZ{Value: math.NaN()}}}}}
	if s.divide(); s.share[0] != 0 || s.share[1] != 0 || s.starts(0.01, 3, rng.Seed(1)).Rows() != 0 {
		t.Errorf("shares %v of modes without log Z", s.share)
	}
}
