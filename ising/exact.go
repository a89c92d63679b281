package ising

import (
	"fmt"
	"math"
)

// Averages are exact averages per site of an L×L torus.
type Averages struct {
	LogZ         float64 // log Z / N
	Energy       float64 // ⟨E⟩/N
	SpecificHeat float64 // (⟨E²⟩ − ⟨E⟩²)/(N T²)
}

// Exact returns the averages of the finite L×L torus at temperature T by Kaufman's formula (B. Kaufman,
// Phys. Rev. 76 (1949) 1232; A. E. Ferdinand and M. E. Fisher, Phys. Rev. 185 (1969) 832, section II). With K = 1/T,
//
//	Z = ½ (2 sinh 2K)^(N/2) [Π 2cosh(Lγ_{2r+1}/2) + Π 2sinh(Lγ_{2r+1}/2) + Π 2cosh(Lγ_{2r}/2) + Π 2sinh(Lγ_{2r}/2)],
//	cosh γ_l = cosh 2K coth 2K − cos(lπ/L),   γ_0 = 2K + log tanh K,
//
// with r from 0 to L−1 in each product. Derivatives in K are analytic, carried along with the values. Errors are
// absolute, of a few units of the last place of 1 (log Z, energy) and of K² (specific heat).
// It panics unless L ≥ 2 and T > 0.
//
// The γ_l are the same at x = sinh 2K and at 1/x (Kramers and Wannier), and e^γ_l = X_l/x with an X_l that is
// smooth down to x = 0. So everything is computed from X_l at x = min(sinh 2K, 1/sinh 2K), where neither small nor
// large K cancels:
//
//	log Z = N/2 log 2 + N log max(1, sinh 2K) + log ½ Σ_± …,   2cosh(Lγ/2) = (X/x)^(L/2) (1 + (x/X)^L).
func Exact(L int, T float64) Averages {
	if L < 2 || !(T > 0) {
		panic(fmt.Sprintf("ising: Exact with L = %d, T = %v", L, T))
	}
	K, n := max(1/T, 1e-150), float64(L*L) // no T above 1e150 gives other numbers, and 1/x² stays finite
	if 2*K > 300 {                         // e^(−8K) < 1e−500: only the two ground states are left
		return Averages{LogZ: 2*K + math.Ln2/n, Energy: -2}
	}
	s, c := math.Sinh(2*K), math.Cosh(2*K)
	x, dx, ddx := s, 2*c, 4*s
	log, first, second := n/2*math.Ln2, 0.0, 0.0
	if s > 1 {
		x, dx, ddx = 1/s, -2*c/(s*s), 4/s+8/(s*s*s)
		log, first, second = log+n*math.Log(s), 2*n*c/s, -4*n/(s*s)
	}
	g := logSum(L, x, s > 1)
	log, first, second = log+g.log, first+g.first*dx, second+g.second*dx*dx+g.first*ddx
	return Averages{LogZ: log / n, Energy: -first / n, SpecificHeat: K * K * second / n}
}

// jet is the logarithm of a function of x with its first two derivatives.
type jet struct{ log, first, second float64 }

// logSum is log ½[…] of Kaufman's formula, times x^(N/2). The derivatives of the four products are taken relative
// to those of the first, as all four are large and nearly equal.
func logSum(L int, x float64, cold bool) jet {
	odd, even := modes(L, x, 1), modes(L, x, 2)
	zero := newMode(L, 0, x)
	sign := -1.0 // γ_0 changes sign at T_c
	if cold {
		sign = 1
	}
	origin := odd.plus
	total := jet{}
	add := func(product jet, value, first, second float64) {
		w := math.Exp(product.log - origin.log)
		d := product.first - origin.first
		total.log += w * value
		total.first += w * (first + value*d)
		total.second += w * (second + 2*first*d + value*(product.second+d*d))
	}
	add(odd.plus, 1, 0, 0)
	add(odd.minus, 1, 0, 0)
	add(even.plus.times(zero.half), 1+zero.y, zero.dy, zero.ddy)
	add(even.minus.times(zero.half), -sign*math.Expm1(zero.logY), -sign*zero.dy, -sign*zero.ddy)
	mean := total.first / total.log
	return jet{
		log:   origin.log + math.Log(total.log/2),
		first: origin.first + mean, second: total.second/total.log - mean*mean,
	}
}

func (a jet) times(b jet) jet { return jet{a.log + b.log, a.first + b.first, a.second + b.second} }

// products are Π x^(L/2) 2cosh(Lγ/2) (plus) and Π x^(L/2) 2sinh(Lγ/2) (minus).
type products struct{ plus, minus jet }

// modes multiplies over l = start, start+2, … < 2L. The mode l = 0 is left to the caller: its γ can be zero.
func modes(L int, x float64, start int) products {
	var p products
	for l := start; l < 2*L; l += 2 {
		m := newMode(L, l, x)
		p.plus = p.plus.times(m.half).times(logOnePlus(m.y, m.dy, m.ddy, math.Log1p(m.y)))
		p.minus = p.minus.times(m.half).times(logOnePlus(-m.y, -m.dy, -m.ddy, math.Log(-math.Expm1(m.logY))))
	}
	return p
}

// logOnePlus is log(1+y) with its derivatives, given those of y.
func logOnePlus(y, dy, ddy, log float64) jet {
	t := dy / (1 + y)
	return jet{log, t, ddy/(1+y) - t*t}
}

// mode is one γ_l: half = L/2·log X with its derivatives in x, and y = e^(−Lγ) = (x/X)^L with its own.
type mode struct {
	half             jet
	logY, y, dy, ddy float64
}

// newMode computes X = x·e^γ = x + u + √(u(u+2x)) with u = x(cosh γ − 1) = (1−x)² + 2x sin²(lπ/2L), a sum of squares.
func newMode(L, l int, x float64) mode {
	size, half := float64(L), math.Sin(math.Pi*float64(l)/float64(2*L))
	q := 2 * half * half
	u, du := (1-x)*(1-x)+q*x, q-2*(1-x)
	const ddu = 2
	root := math.Sqrt(u * (u + 2*x))
	var droot, ddroot float64
	if l == 0 { // the root is (1−x)√(1+x²), which has derivatives at x = 1 as well
		w := math.Sqrt(1 + x*x)
		root, droot, ddroot = (1-x)*w, (1-x)*x/w-w, (1-x)/(w*w*w)-2*x/w
	} else {
		droot = (u*du + du*x + u) / root
		ddroot = (du*du + u*ddu + ddu*x + 2*du - droot*droot) / root
	}
	X, d, dd := x+u+root, 1+du+droot, ddu+ddroot
	logX := jet{math.Log(X), d / X, dd/X - d/X*(d/X)}
	m := mode{half: jet{size / 2 * logX.log, size / 2 * logX.first, size / 2 * logX.second}}
	m.logY = size * (math.Log(x) - logX.log)
	m.y = math.Exp(m.logY)
	rate, drate := size*(1/x-logX.first), size*(-1/(x*x)-logX.second)
	m.dy, m.ddy = rate*m.y, (rate*m.y)*rate+drate*m.y
	return m
}
