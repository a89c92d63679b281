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

// Exact returns the averages of the finite L×L torus at temperature T by Kaufman's formula (B. Kaufman, Phys. Rev. 76 (1949) 1232;
// A. E. Ferdinand and M. E. Fisher, Phys. Rev. 185 (1969) 832, equations 2.1 to 2.6). With K = 1/T,
//
//	Z = ½ (2 sinh 2K)^(N/2) [ Π 2cosh(Lγ_{2r+1}/2) + Π 2sinh(Lγ_{2r+1}/2) + Π 2cosh(Lγ_{2r}/2) + Π 2sinh(Lγ_{2r}/2) ],
//	cosh γ_l = cosh 2K coth 2K − cos(lπ/L),   γ_0 = 2K + log tanh K,
//
// with r from 0 to L−1 in each product. The two derivatives in K are carried along analytically. It panics unless L ≥ 2 and T > 0.
func Exact(L int, T float64) Averages {
	if L < 2 || !(T > 0) {
		panic(fmt.Sprintf("ising: Exact with L = %d, T = %v", L, T))
	}
	K, n := 1/T, float64(L*L)
	if 2*K > 600 { // e^(−8K) is nothing beside 1: two ground states
		return Averages{LogZ: 2*K + math.Ln2/n, Energy: -2}
	}
	terms := []term{
		product(L, K, 1, cosh), product(L, K, 1, sinh), product(L, K, 0, cosh), product(L, K, 0, sinh),
	}
	largest := math.Inf(-1)
	for _, t := range terms {
		largest = max(largest, t.log)
	}
	var z, dz, ddz float64
	for _, t := range terms {
		w := math.Exp(t.log - largest)
		z, dz, ddz = z+w*t.value, dz+w*t.first, ddz+w*t.second
	}
	s := math.Sinh(2 * K)
	first := n/math.Tanh(2*K) + dz/z
	second := -2*n/(s*s) + ddz/z - (dz/z)*(dz/z)
	return Averages{
		LogZ:   (n/2*math.Log(2*s) + largest + math.Log(z/2)) / n,
		Energy: -first / n, SpecificHeat: K * K * second / n,
	}
}

// term is a function of K and its derivatives, each to be multiplied by e^log.
type term struct{ log, value, first, second float64 }

type parity bool

const (
	cosh parity = false
	sinh parity = true
)

// product is Π_r 2cosh(Lγ_l/2) or Π_r 2sinh(Lγ_l/2), l = 2r + odd. γ_0 can be zero or negative, so its factor is kept
// apart from the others, whose logarithms are summed.
func product(L int, K float64, odd int, p parity) term {
	logs := term{value: 1} // value stays 1; first and second are derivatives of the logarithm
	zero := term{value: 1}
	for r := range L {
		g, dg, ddg := gamma(2*r+odd, L, K)
		half := float64(L) / 2
		x, dx, ddx := half*g, half*dg, half*ddg
		decay := math.Exp(-2 * math.Abs(x))
		if 2*r+odd == 0 {
			// 2cosh x or 2sinh x, over e^|x|.
			c, s := 1+decay, math.Copysign(-math.Expm1(-2*math.Abs(x)), x)
			if p == sinh {
				c, s = s, c
			}
			zero = term{log: math.Abs(x), value: c, first: s * dx, second: c*dx*dx + s*ddx}
			continue
		}
		if p == cosh {
			t := -math.Expm1(-2*x) / (1 + decay)
			logs.log += x + math.Log1p(decay)
			logs.first += t * dx
			logs.second += (1-t*t)*dx*dx + t*ddx
		} else {
			t := (1 + decay) / -math.Expm1(-2*x)
			logs.log += x + math.Log(-math.Expm1(-2*x))
			logs.first += t * dx
			logs.second += (1-t*t)*dx*dx + t*ddx
		}
	}
	return term{
		log:    logs.log + zero.log,
		value:  zero.value,
		first:  zero.first + zero.value*logs.first,
		second: zero.second + 2*zero.first*logs.first + zero.value*(logs.second+logs.first*logs.first),
	}
}

// gamma returns γ_l and its first two derivatives in K. cosh γ − 1 is written so that nothing cancels near T_c:
// cosh 2K coth 2K − 2 = (1−s)²/s with s = sinh 2K.
func gamma(l, L int, K float64) (g, dg, ddg float64) {
	s, c := math.Sinh(2*K), math.Cosh(2*K)
	if l == 0 {
		return 2*K + math.Log(math.Tanh(K)), 2 + 2/s, -4 * c / (s * s)
	}
	half := math.Sin(math.Pi * float64(l) / float64(2*L))
	d := (1-s)*(1-s)/s + 2*half*half // cosh γ − 1
	root := math.Sqrt(d * (2 + d))   // sinh γ
	first := 2 * c * (1 - 1/(s*s))
	second := 4*s*(1-1/(s*s)) + 8*c*c/(s*s*s)
	dg = first / root
	return math.Log1p(d + root), dg, (second - (1+d)*dg*dg) / root
}
