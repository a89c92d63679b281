package sites

import (
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// Second differences of the mean of log(1+e^x) over normal x, of which couplings consist, are those of a sum in steps a
// hundred times as fine.
func TestNormalRule(t *testing.T) {
	for _, deviation := range []float64{0, 0.5, 3, 10, 30} {
		z, weights := normalRule(deviation)
		for _, mean := range []float64{0, 1, 4} {
			for _, d := range []float64{0.2, 3} {
				difference := func(z float64) float64 {
					x := mean + deviation*z
					return rbm.Softplus(x+d) + rbm.Softplus(x-d) - 2*rbm.Softplus(x)
				}
				got := 0.0
				for k, z := range z {
					got += weights[k] * difference(z)
				}
				const step = 0.001
				want, total := 0.0, 0.0
				for z := -8.0; z <= 8; z += step {
					w := math.Exp(-z * z / 2)
					want, total = want+w*difference(z), total+w
				}
				want /= total
				if !(math.Abs(got/want-1) < 3e-4) {
					t.Errorf("deviation %v, mean %v, step %v: %g, want %g", deviation, mean, d, got, want)
				}
			}
		}
	}
}

// The sum of Chebyshev polynomials is that of their formulas.
func TestClenshaw(t *testing.T) {
	c := []float64{0.5, -1, 0.25, 2}
	for _, x := range []float64{-1, -0.3, 0, 0.7, 1} {
		want := c[0] + c[1]*x + c[2]*(2*x*x-1) + c[3]*(4*x*x*x-3*x)
		if got := clenshaw(c, x); math.Abs(got-want) > 1e-14 {
			t.Errorf("at %v: %v, want %v", x, got, want)
		}
	}
}
