package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// f32 returns 16 equal float32 constants in memory.
func f32(x float32) Mem { return u32(math.Float32bits(x)) }

// The constants of exp.go.
const (
	log2E      = 1 / math.Ln2
	ln2Hi      = 0x1.63p-1
	ln2Lo      = math.Ln2 - ln2Hi
	roundMagic = 0x1.8p23
	expMin     = -104
	clamp      = 32
	signBit    = 1 << 31
)

var expCoefficients = []float32{
	1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
}

var log1pCoefficients = []float32{1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9, 1.0 / 7, 1.0 / 5, 1.0 / 3}

// and, or and xor write the bitwise operations of whichever encoding the width has.
func (v vector) and(a Op, b, dst reg.VecVirtual) {
	if v.wide() {
		VPANDD(a, b, dst)
	} else {
		VPAND(a, b, dst)
	}
}

func (v vector) or(a Op, b, dst reg.VecVirtual) {
	if v.wide() {
		VPORD(a, b, dst)
	} else {
		VPOR(a, b, dst)
	}
}

func (v vector) xor(a Op, b, dst reg.VecVirtual) {
	if v.wide() {
		VPXORD(a, b, dst)
	} else {
		VPXOR(a, b, dst)
	}
}

// reduce is reduce of exp.go for x, which it overwrites with r. The second result is the bits of roundMagic + k.
func (v vector) reduce(x reg.VecVirtual) (r, k reg.VecVirtual) {
	t, n := v.reg(), v.reg()
	v.constant(VMULPS, VMULPS_BCST, f32(log2E), x, t)
	v.constant(VADDPS, VADDPS_BCST, f32(roundMagic), t, t)
	v.constant(VSUBPS, VSUBPS_BCST, f32(roundMagic), t, n)
	product := v.reg()
	v.constant(VMULPS, VMULPS_BCST, f32(ln2Hi), n, product)
	VSUBPS(product, x, x)
	v.constant(VMULPS, VMULPS_BCST, f32(ln2Lo), n, product)
	VSUBPS(product, x, x)
	return x, t
}

// expNear0 is expNear0 of exp.go.
func (v vector) expNear0(r reg.VecVirtual) reg.VecVirtual {
	p := v.reg()
	v.constant(VMULPS, VMULPS_BCST, f32(expCoefficients[0]), r, p)
	for i, c := range expCoefficients[1:] {
		v.constant(VADDPS, VADDPS_BCST, f32(c), p, p)
		if i < len(expCoefficients)-2 {
			VMULPS(r, p, p)
		}
	}
	square := v.reg()
	VMULPS(r, r, square)
	VMULPS(p, square, p)
	VADDPS(r, p, p)
	v.constant(VADDPS, VADDPS_BCST, f32(1), p, p)
	return p
}

// pow2 returns 2^k for the bits of roundMagic + k, which it overwrites: the low 9 bits of roundMagic's are 0, and so a shift
// leaves k alone.
func (v vector) pow2(k reg.VecVirtual) reg.VecVirtual {
	VPSLLD(Imm(23), k, k)
	v.constant(VPADDD, VPADDD_BCST, u32(127<<23), k, k)
	return k
}

// expNegative returns e^(−|x|) by Exp of exp.go, for the numbers x, which it keeps.
func (v vector) expNegative(x reg.VecVirtual) reg.VecVirtual {
	y := v.reg()
	v.constant(three(VPOR), VPORD_BCST, u32(signBit), x, y)
	VMAXPS(y, v.splat(f32(expMin)), y) // the order of operands keeps NaN
	r, k := v.reduce(y)
	p := v.expNear0(r)
	half := v.reg()
	v.constant(VPSUBD, VPSUBD_BCST, u32(math.Float32bits(roundMagic)), k, k)
	VPSRAD(Imm(1), k, half)
	VPSUBD(half, k, k)
	VMULPS(v.pow2(half), p, p)
	VMULPS(v.pow2(k), p, p)
	return p
}

// sigmoid is Sigmoid of exp.go.
func (v vector) sigmoid(x reg.VecVirtual) reg.VecVirtual {
	e := v.expNegative(x)
	one, below := v.splat(f32(1)), v.reg()
	VADDPS(one, e, below)
	// Where the sign bit of x is set the numerator is e, else 1.
	if v.wide() {
		k := K()
		VPMOVD2M(x, k)
		VMOVDQU32(e, k, one)
	} else {
		VBLENDVPS(x, e, one, one)
	}
	VDIVPS(below, one, one)
	return one
}

// softplus is Softplus of exp.go.
func (v vector) softplus(x reg.VecVirtual) reg.VecVirtual {
	e := v.expNegative(x)
	s, z, p := v.reg(), v.reg(), v.reg()
	v.constant(VADDPS, VADDPS_BCST, f32(2), e, s)
	VDIVPS(s, e, s)
	VMULPS(s, s, z)
	v.constant(VMULPS, VMULPS_BCST, f32(log1pCoefficients[0]), z, p)
	for _, c := range log1pCoefficients[1:] {
		v.constant(VADDPS, VADDPS_BCST, f32(c), p, p)
		VMULPS(z, p, p)
	}
	VMULPS(s, p, p)
	VADDPS(p, s, s)
	VADDPS(s, s, s)
	sign := v.reg()
	VPSRAD(Imm(31), x, sign)
	v.andNot(x, sign, sign)
	VADDPS(s, sign, sign)
	return sign
}

// elementwise writes the kernel that applies f to 16 numbers a turn.
func elementwise(v vector, kernel string, f func(reg.VecVirtual) reg.VecVirtual) {
	name := v.begin(kernel, "func(dst, x *float32, blocks int)",
		"applies the function to blocks·16 numbers; dst may be x.")
	dst := Load(Param("dst"), GP64())
	x := Load(Param("x"), GP64())
	blocks := Load(Param("blocks"), GP64())
	Label(name + "_block")
	for part := range v.perPanel() {
		VMOVUPS(f(v.load(Mem{Base: x, Disp: part * v.bytes})), Mem{Base: dst, Disp: part * v.bytes})
	}
	ADDQ(Imm(64), x)
	ADDQ(Imm(64), dst)
	DECQ(blocks)
	JNZ(LabelRef(name + "_block"))
	VZEROUPPER()
	RET()
}
