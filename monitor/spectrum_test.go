package monitor

import (
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// W = 5·x yᵀ + 2·u vᵀ with orthonormal x, u and y, v has the singular values 5, 2, 0, …, whichever layer is the
// smaller.
func TestSingularValues(t *testing.T) {
	for _, size := range [][2]int{{7, 4}, {4, 7}, {300, 5}} {
		m, n := size[0], size[1]
		model := rbm.New(m, n, rng.Seed(1))
		for i := range m {
			for j := range n {
				w := 0.0
				if i < 2 && j < 2 { // both patterns lie in a corner, turned by 30° and 45°
					x, u := []float64{math.Sqrt(0.75), 0.5}[i], []float64{-0.5, math.Sqrt(0.75)}[i]
					y, v := math.Sqrt(0.5), []float64{-math.Sqrt(0.5), math.Sqrt(0.5)}[j]
					w = 5*x*y + 2*u*v
				}
				model.W[i*n+j] = float32(w)
			}
		}
		got := SingularValues(model, 3)
		want := []float64{5, 2, 0}
		if len(got) != 3 {
			t.Fatalf("%d×%d: %d values, want 3", m, n, len(got))
		}
		for k := range want {
			if math.Abs(float64(got[k])-want[k]) > 5e-4 {
				t.Errorf("%d×%d: singular value %d is %v, want %v", m, n, k, got[k], want[k])
			}
		}
	}
}
