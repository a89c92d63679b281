package rbm

import "math"

// half is the density e^(a t − t²/2) of t > 0: a normal distribution of mean a and variance 1, cut off below 0. Units
// with a quadratic energy are made of it: a unit with U(s) = ½γs² − θs for s > 0 is s = t/√γ with a = θ/√γ.
//
//	M(a) = ∫_0^∞ e^(at−t²/2) dt = √(2π) e^(a²/2) Φ(a),   ⟨t⟩ = a + 1/M(a),   ⟨t²⟩ = 1 + a⟨t⟩.
type half struct{ a float64 }

// farHalf is −a beyond which the asymptotic series of Mills' ratio M are good to float64's last digits but one: the
// next terms are 10395/a^12 of the first.
const farHalf = 25

// logM is log M(a).
func (h half) logM() float64 {
	if h.a < -farHalf {
		y := 1 / (h.a * h.a)
		return math.Log(-1/h.a) + math.Log1p(-y*(1-y*(3-y*(15-y*(105-945*y)))))
	}
	return float64(0.5*math.Log(2*math.Pi)) + float64(h.a*h.a/2) + logTail(-h.a)
}

// moments are ⟨t⟩ and ⟨t²⟩.
func (h half) moments() (mean, square float64) {
	if h.a < -farHalf {
		y := 1 / (h.a * h.a)
		return -1 / h.a * (1 - y*(2-y*(10-y*(74-y*(706-8162*y))))), y * (2 - y*(10-y*(74-y*(706-8162*y))))
	}
	mean = h.a + math.Exp(-h.a*h.a/2)/(math.Sqrt(2*math.Pi)*h.mass())
	return mean, max(0, 1+float64(h.a*mean))
}

// mass is Φ(a), the part of the normal distribution that is above 0.
func (h half) mass() float64 { return math.Erfc(-h.a/math.Sqrt2) / 2 }

// quantile returns the t that is exceeded with probability u, by inversion: P(t > x) = Q(x−a)/Q(−a), with the tail Q of
// the normal distribution. Away from the far tail the inverse error function has it to 12 digits.
func (h half) quantile(u float64) float64 {
	if p := u * h.mass(); p > 1e-4 {
		return max(0, h.a+float64(math.Sqrt2*math.Erfinv(1-float64(2*p))))
	}
	return max(0, h.a+tailQuantile(math.Log(u)+logTail(-h.a)))
}

// logTail is log Q(z) = log ∫_z^∞ e^(−t²/2) dt/√(2π).
func logTail(z float64) float64 {
	if z > farHalf {
		return half{-z}.logM() - float64(z*z/2) - float64(0.5*math.Log(2*math.Pi))
	}
	return math.Log(math.Erfc(z/math.Sqrt2) / 2)
}

// tailQuantile solves log Q(z) = l for z, l < 0: a first guess, and steps of Newton's method for log Q, which is concave
// and has the derivative −1/M(−z).
func tailQuantile(l float64) float64 {
	var z float64
	switch p := math.Exp(l); {
	case p > 0.5:
		return math.Sqrt2 * math.Erfinv(-2*math.Expm1(l)-1)
	case p > 1e-4:
		z = math.Sqrt2 * math.Erfinv(1-2*p)
	default:
		y := -2*l - math.Log(2*math.Pi)
		z = math.Sqrt(y - math.Log(y))
	}
	for range 4 {
		δ := (logTail(z) - l) * math.Exp(half{-z}.logM())
		if z += δ; math.Abs(δ) <= 1e-14*math.Abs(z) {
			break
		}
	}
	return z
}
