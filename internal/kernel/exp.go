package kernel

import "math"

// The elementwise functions below are the specification: float32 operations in the written order, each rounded
// once. The explicit conversions forbid the compiler to fuse a multiplication with an addition, so that every
// machine and every later vector form gives the same bits.

// Range reduction x = k·log 2 + r with |r| ≤ ½·log 2, after Cody and Waite: k·ln2Hi is exact for |k| < 2^15.
const (
	log2E = 1 / math.Ln2
	ln2Hi = 0x1.63p-1
	ln2Lo = math.Ln2 - ln2Hi

	// Adding and subtracting 1.5·2^23 rounds a float32 of magnitude < 2^22 to an integer, halves to even;
	// in between the low bits of the sum are that integer.
	roundMagic = 0x1.8p23
)

// Beyond these bounds e^x is 0 and +Inf in float32: log 2^−150 ≈ −103.97, log 2^128 ≈ 88.72.
const (
	expMin = -104
	expMax = 89
)

// Exp returns e^x in float32: at most 1 unit in the last place from the exact value, subnormal results included.
// Exp(NaN) is NaN, Exp(+Inf) and everything above log 2^128 is +Inf, Exp(−Inf) is 0.
func Exp(x float32) float32 {
	if x < expMin {
		x = expMin
	}
	if x > expMax {
		x = expMax
	}
	r, k := reduce(x)
	y := expNear0(r)
	// Two exact factors, as 2^k alone need not be a normal number; only the last product can round.
	half := k >> 1
	return y * pow2(half) * pow2(k-half)
}

// reduce returns k and r with x = k·log 2 + r and |r| ≤ ½·log 2 (nearly), for x in [expMin, expMax].
func reduce(x float32) (r float32, k int32) {
	t := float32(x*log2E) + roundMagic
	n := t - roundMagic
	r = x - float32(n*ln2Hi)
	return r - float32(n*ln2Lo), int32(math.Float32bits(t)) - 0x4B400000 // the bits of roundMagic
}

// expNear0 returns e^r = 1 + r + r²·p(r) for |r| ≤ ½·log 2, with p the minimax polynomial of degree 5 from the Cephes
// library (S. Moshier, expf).
func expNear0(r float32) float32 {
	p := float32(r*1.9875691500e-4) + 1.3981999507e-3
	p = float32(p*r) + 8.3334519073e-3
	p = float32(p*r) + 4.1665795894e-2
	p = float32(p*r) + 1.6666665459e-1
	p = float32(p*r) + 5.0000001201e-1
	return float32(float32(float32(r*r)*p)+r) + 1
}

// pow2 returns 2^k for −126 ≤ k ≤ 127.
func pow2(k int32) float32 { return math.Float32frombits(uint32(k+127) << 23) }

// Sigmoid returns σ(x) = 1/(1+e^(−x)) in float32, computed from e^(−|x|): at most 2.5 units in the last place
// from the exact value. σ(−Inf) = 0, σ(+Inf) = 1, σ(NaN) = NaN.
func Sigmoid(x float32) float32 {
	e := Exp(-abs(x))
	one := math.Float32bits(1)
	top := one ^ (one^math.Float32bits(e))&signMask(x)
	return math.Float32frombits(top) / (1 + e)
}

// Softplus returns log(1+e^x) = max(x,0) + log(1+e^(−|x|)) in float32: at most 3 units in the last place from the
// exact value. Softplus(−Inf) = 0, Softplus(+Inf) = +Inf, Softplus(NaN) = NaN.
func Softplus(x float32) float32 {
	return math.Float32frombits(math.Float32bits(x)&^signMask(x)) + log1p(Exp(-abs(x)))
}

// log1p returns log(1+e) for e in [0,1], by log((1+s)/(1−s)) = 2(s + s³/3 + s⁵/5 + …) with s = e/(2+e) ≤ 1/3.
// The first term left out, s^17/17, is below 2^−29 of the sum.
func log1p(e float32) float32 {
	s := e / (2 + e)
	z := s * s
	p := float32(z*(1.0/15)) + 1.0/13
	p = float32(p*z) + 1.0/11
	p = float32(p*z) + 1.0/9
	p = float32(p*z) + 1.0/7
	p = float32(p*z) + 1.0/5
	p = float32(p*z) + 1.0/3
	p *= z
	return 2 * (s + float32(s*p))
}

// signMask is all ones where the sign bit is set and zero elsewhere: a choice without a branch, as the signs of inputs
// are hard to predict.
func signMask(x float32) uint32 { return uint32(int32(math.Float32bits(x)) >> 31) }

func abs(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }

// Sigmoids writes σ(x[i]) to dst[i]. dst may be x; it panics unless both have the same length.
func (c *Context) Sigmoids(dst, x []float32) { c.elementwise("Sigmoids", dst, x, ISA.sigmoids) }

// Softpluses writes log(1+e^x[i]) to dst[i]. dst may be x; it panics unless both have the same length.
func (c *Context) Softpluses(dst, x []float32) { c.elementwise("Softpluses", dst, x, ISA.softpluses) }

// elementwise is the work of a function on slices.
type elementwise struct {
	isa    ISA
	dst, x []float32
	f      func(isa ISA, dst, x []float32)
}

const elementwiseBlock = 1 << 12

func (c *Context) elementwise(name string, dst, x []float32, f func(isa ISA, dst, x []float32)) {
	if len(dst) != len(x) {
		panicf("%s of %d numbers into %d", name, len(x), len(dst))
	}
	c = c.own()
	e := c.elementwises.get()
	*e = elementwise{c.isa, dst, x, f}
	c.parallel(c.workers, (len(x)+elementwiseBlock-1)/elementwiseBlock, e)
	*e = elementwise{}
	c.elementwises.put(e)
}

func (e *elementwise) do(task int) {
	from, to := task*elementwiseBlock, min((task+1)*elementwiseBlock, len(e.x))
	e.f(e.isa, e.dst[from:to], e.x[from:to])
}

func sigmoidsGeneric(dst, x []float32) {
	dst = dst[:len(x)]
	for i, y := range x {
		dst[i] = Sigmoid(y)
	}
}

// expNegativesGeneric writes e^(−|x[i]|) to dst[i].
func expNegativesGeneric(dst, x []float32) {
	dst = dst[:len(x)]
	for i, y := range x {
		dst[i] = Exp(-abs(y))
	}
}

func softplusesGeneric(dst, x []float32) {
	dst = dst[:len(x)]
	for i, y := range x {
		dst[i] = Softplus(y)
	}
}
