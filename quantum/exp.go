package quantum

import (
	"math"
	"math/cmplx"
)

// The functions of this file are those that the gradient in bases is computed by. Each product is rounded before it is
// added, by an explicit conversion, so that no compiler may fuse both, and every processor gives the same bits. Go's
// products and quotients of complex numbers and its math.Exp and math.Sincos don't.

// mul is a·b.
func mul(a, b complex128) complex128 {
	return complex(
		float64(real(a)*real(b))-float64(imag(a)*imag(b)),
		float64(real(a)*imag(b))+float64(imag(a)*real(b)),
	)
}

// times is x·z.
func times(x float64, z complex128) complex128 {
	return complex(float64(x*real(z)), float64(x*imag(z)))
}

// inverse is 1/z = z*/|z|².
func inverse(z complex128) complex128 {
	square := probability(z)
	return complex(real(z)/square, -imag(z)/square)
}

// The coefficients of Taylor's series, the highest power first. What is left out is below 2^−56 of the sum.
var (
	expSeries = []float64{ // of (e^r − 1 − r)/r², |r| ≤ ½ log 2
		1.0 / 87178291200, 1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040,
		1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 1.0 / 2,
	}
	sinSeries = []float64{ // of (sin r − r)/r³ in r², |r| ≤ π/4
		1.0 / 355687428096000, -1.0 / 1307674368000, 1.0 / 6227020800, -1.0 / 39916800, 1.0 / 362880, -1.0 / 5040, 1.0 / 120, -1.0 / 6,
	}
	cosSeries = []float64{ // of (cos r − 1 + r²/2)/r⁴ in r²
		1.0 / 20922789888000, -1.0 / 87178291200, 1.0 / 479001600, -1.0 / 3628800, 1.0 / 40320, -1.0 / 720, 1.0 / 24,
	}
)

func horner(coefficients []float64, x float64) float64 {
	sum := 0.0
	for _, c := range coefficients {
		sum = float64(sum*x) + c
	}
	return sum
}

// exp is e^r for |r| ≤ ½ log 2, to within 2^−52.
func exp(r float64) float64 { return float64(float64(r*r)*horner(expSeries, r)) + r + 1 }

// π/2 in two parts (W. J. Cody and W. Waite 1980): k·rightHi is exact for |k| < 2^20.
const (
	rightHi = 0x1.921fb544p0
	rightLo = math.Pi/2 - rightHi
)

// sincos are sin x and cos x, to within 2^−52. Angles from 2^20 on lose digits, as float32 parameters do.
func sincos(x float64) (sin, cos float64) {
	if math.Abs(x) >= 1<<20 {
		x = math.Mod(x, 2*math.Pi)
	}
	k := math.Floor(float64(x*(2/math.Pi)) + 0.5)
	r := x - float64(k*rightHi) - float64(k*rightLo)
	z := float64(r * r)
	sin = r + float64(float64(r*z)*horner(sinSeries, z))
	cos = 1 - float64(z/2) + float64(float64(z*z)*horner(cosSeries, z))
	switch int(k) & 3 {
	case 1:
		return cos, -sin
	case 2:
		return -sin, -cos
	case 3:
		return -cos, sin
	}
	return sin, cos
}

// scaled is x·2^exponent, for amplitudes beyond the range of float64.
type scaled struct {
	x        complex128
	exponent int32
}

// scaledExp is e^z, with |x| from √½ to √2.
func scaledExp(z complex128) scaled {
	exponent := math.Floor(float64(real(z)*(1/math.Ln2)) + 0.5)
	exponent = max(min(exponent, math.MaxInt32/4), -math.MaxInt32/4)
	sin, cos := sincos(imag(z))
	r := exp(real(z) - float64(exponent*math.Ln2))
	return scaled{complex(float64(r*cos), float64(r*sin)), int32(exponent)}
}

// at returns the number as a multiple of 2^exponent; 0 where it is below the range of float64.
func (s scaled) at(exponent int32) complex128 {
	by := min(int(s.exponent)-int(exponent), 1023)
	if by < -1022 {
		return 0
	}
	return times(math.Float64frombits(uint64(1023+by)<<52), s.x)
}

// timesConjugate is a·b*, of numbers of [scaledExp].
func timesConjugate(a, b *scaled) scaled {
	return scaled{complex(
		float64(real(a.x)*real(b.x))+float64(imag(a.x)*imag(b.x)),
		float64(imag(a.x)*real(b.x))-float64(real(a.x)*imag(b.x)),
	), a.exponent + b.exponent}
}

// log is log(x·2^exponent).
func (s scaled) log() complex128 { return cmplx.Log(s.x) + complex(math.Ln2*float64(s.exponent), 0) }
