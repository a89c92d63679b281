package kernel

import (
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
)

// The errors are measured against math in float64, whose own error is below 2^−20 of a float32 unit in the last place.
var elementwiseFunctions = []struct {
	name  string
	f     func(float32) float32
	exact func(float64) float64
	ulps  float64
}{
	{"Exp", Exp, math.Exp, 1},
	{"Sigmoid", Sigmoid, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, 2.5},
	{"Softplus", Softplus, func(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }, 3},
}

// Every inputStride-th float32, of both signs, subnormal and infinite ones included. With -tags slow it is all of them:
// that takes minutes, and found at most 0.990 (Exp), 2.402 (Sigmoid) and 2.797 (Softplus) units.
func TestElementwiseErrors(t *testing.T) {
	for _, c := range elementwiseFunctions {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			worst, at := 0.0, float32(0)
			for bits := uint64(0); bits <= math.MaxUint32; bits += inputStride() {
				x := math.Float32frombits(uint32(bits))
				got, want := c.f(x), c.exact(float64(x))
				switch {
				case x != x:
					if got == got {
						t.Fatalf("%s(NaN) = %g", c.name, got)
					}
				case want > math.MaxFloat32+0x1p102: // rounds to infinity
					if !math.IsInf(float64(got), 1) {
						t.Fatalf("%s(%g) = %g, want +Inf", c.name, x, got)
					}
				default:
					if e := math.Abs(float64(got)-want) / ulp(want); !(e <= worst) {
						worst, at = e, x
					}
				}
			}
			t.Logf("%s: at most %.3f units in the last place, at x = %g", c.name, worst, at)
			if !(worst <= c.ulps) {
				t.Errorf("%s: %g units in the last place at x = %g, want at most %g", c.name, worst, at, c.ulps)
			}
		})
	}
}

// The same inputs in every form, bit for bit; one NaN is as good as another.
func TestElementwiseForms(t *testing.T) {
	x, want, got := make([]float32, 1<<12), make([]float32, 1<<12), make([]float32, 1<<12)
	for start := uint64(0); start <= math.MaxUint32; start += uint64(len(x)) * inputStride() {
		for i := range x {
			x[i] = math.Float32frombits(uint32(start + uint64(i)*inputStride()))
		}
		for _, f := range []func(isa ISA, dst, x []float32){ISA.sigmoids, ISA.softpluses} {
			eachForm(func(c *Context) {
				if c.ISA() == Generic {
					f(c.ISA(), want, x)
				} else if f(c.ISA(), got, x); !sameNumbers(got, want) {
					t.Fatalf("%v differs from the plain form between %g and %g", c.ISA(), x[0], x[len(x)-1])
				}
			})
		}
	}
}

func TestElementwiseSpecialValues(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, c := range []struct {
		name      string
		f         func(float32) float32
		x, result float32
	}{
		{"Exp", Exp, 0, 1}, {"Exp", Exp, float32(math.Copysign(0, -1)), 1},
		{"Exp", Exp, inf, inf}, {"Exp", Exp, -inf, 0}, {"Exp", Exp, 88.72284, inf},
		{"Exp", Exp, -103.97208, 1e-45}, {"Exp", Exp, -103.97209, 0}, {"Exp", Exp, -math.MaxFloat32, 0},
		{"Sigmoid", Sigmoid, 0, 0.5}, {"Sigmoid", Sigmoid, inf, 1}, {"Sigmoid", Sigmoid, -inf, 0},
		{"Sigmoid", Sigmoid, 100, 1}, {"Sigmoid", Sigmoid, -100, 3.78e-44}, {"Sigmoid", Sigmoid, math.MaxFloat32, 1},
		{"Softplus", Softplus, 0, math.Ln2}, {"Softplus", Softplus, inf, inf}, {"Softplus", Softplus, -inf, 0},
		{"Softplus", Softplus, 1000, 1000}, {"Softplus", Softplus, math.MaxFloat32, math.MaxFloat32},
	} {
		if got := c.f(c.x); got != c.result {
			t.Errorf("%s(%g) = %g, want %g", c.name, c.x, got, c.result)
		}
	}
}

func TestElementwiseSlices(t *testing.T) {
	for _, n := range []int{0, 1, 5, 4096, 10001} {
		x := kerneltest.RandomFloats(n, uint64(n))
		for i := range x {
			x[i] *= 30
		}
		for _, function := range []struct {
			slice func(*Context, []float32, []float32)
			one   func(float32) float32
		}{{(*Context).Sigmoids, Sigmoid}, {(*Context).Softpluses, Softplus}} {
			forEachForm(func(c *Context) {
				band, dst := guarded(n)
				function.slice(c, dst, x)
				if !intact(band) {
					t.Fatalf("%d numbers: written outside dst", n)
				}
				for i := range x {
					if dst[i] != function.one(x[i]) {
						t.Fatalf("%v: element %d of %d is %g, want %g", c.ISA(), i, n, dst[i], function.one(x[i]))
					}
				}
				// In place.
				copy(dst, x)
				function.slice(c, dst, dst)
				if n > 0 && dst[n-1] != function.one(x[n-1]) {
					t.Fatalf("%v, in place: last element %g, want %g", c.ISA(), dst[n-1], function.one(x[n-1]))
				}
			})
		}
	}
}
