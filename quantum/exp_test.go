package quantum

import (
	"math"
	"math/cmplx"
	"testing"

	"github.com/harmonium-rbm/harmonium/rng"
)

// e^z is that of math/cmplx to within rounding, from tiny to huge moduli and at all angles.
func TestScaledExp(t *testing.T) {
	source := rng.NewSource(rng.Seed(1), 0)
	for k := range 4000 {
		z := complex(1400*source.Float64()-700, math.Ldexp(source.Float64()-0.5, k%20))
		got, want := scaledExp(z), cmplx.Exp(z)
		if a := cmplx.Abs(got.x); a < math.Sqrt(0.5)-1e-12 || a > math.Sqrt2+1e-12 {
			t.Fatalf("e^%v: the mantissa has the modulus %v, want √½ to √2", z, a)
		}
		// rounding of Re z and Im z, and a few of the result
		if most := 2e-16 * (4 + cmplx.Abs(z)); cmplx.Abs(got.at(0)/want-1) > most {
			t.Fatalf("e^%v is %v, want %v", z, got.at(0), want)
		}
	}
	for _, x := range []float64{0, math.Pi / 2, -math.Pi, 1 << 20, -1e9, 1e15} {
		sin, cos := sincos(x)
		if math.Abs(sin-math.Sin(x)) > 1e-15 || math.Abs(cos-math.Cos(x)) > 1e-15 {
			if math.Abs(x) < 1<<20 || math.Abs(sin*sin+cos*cos-1) > 1e-15 {
				t.Errorf("sin and cos of %v are %v and %v", x, sin, cos)
			}
		}
	}
}

// A quotient is the product with the inverse.
func TestInverse(t *testing.T) {
	a, b := complex(0.3, -1.7), complex(-2.5, 0.4)
	if got := mul(a, inverse(b)); cmplx.Abs(got-a/b) > 1e-15 {
		t.Errorf("%v/%v is %v, want %v", a, b, got, a/b)
	}
}
