package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	sqrtHalf = 0x3f3504f3
	oneBits  = 0x3f800000
)

// The constants of normals.go, from the highest power down.
var (
	logCoefficients = []float32{1.0 / 9, 1.0 / 7, 1.0 / 5, 1.0 / 3}
	cosCoefficients = []float32{1.5082055803e-4, -4.6722279102e-3, 7.9688480532e-2, -6.4596335986e-1, 1.5707962900}
)

// polynomial returns Σ c_k z^(n−k) by Horner's rule.
func (v vector) polynomial(z reg.VecVirtual, coefficients []float32) reg.VecVirtual {
	p := v.reg()
	for i, c := range coefficients[1:] {
		if i == 0 {
			v.constant(VMULPS, VMULPS_BCST, f32(coefficients[0]), z, p)
		} else {
			VMULPS(z, p, p)
		}
		v.constant(VADDPS, VADDPS_BCST, f32(c), p, p)
	}
	return p
}

// radius is radius of normals.go for words, which it overwrites.
func (v vector) radius(w reg.VecVirtual) reg.VecVirtual {
	VPSRLD(Imm(1), w, w)
	VCVTDQ2PS(w, w)
	v.constant(VADDPS, VADDPS_BCST, f32(0.5), w, w)
	v.constant(VMULPS, VMULPS_BCST, f32(0x1p-31), w, w)
	v.constant(VPADDD, VPADDD_BCST, u32(oneBits-sqrtHalf), w, w)
	k, s, z := v.reg(), v.reg(), v.reg()
	VPSRLD(Imm(23), w, k)
	v.constant(VPSUBD, VPSUBD_BCST, u32(127), k, k)
	VCVTDQ2PS(k, k)
	v.constant(three(VPAND), VPANDD_BCST, u32(1<<23-1), w, w)
	v.constant(VPADDD, VPADDD_BCST, u32(sqrtHalf), w, w)
	v.constant(VSUBPS, VSUBPS_BCST, f32(1), w, s)
	v.constant(VADDPS, VADDPS_BCST, f32(1), w, w)
	VDIVPS(w, s, s)
	VMULPS(s, s, z)
	p := v.polynomial(z, logCoefficients)
	VMULPS(z, p, p)
	VMULPS(s, p, p)
	VADDPS(p, s, s)
	VADDPS(s, s, s)
	v.constant(VMULPS, VMULPS_BCST, f32(ln2Lo), k, p)
	VADDPS(p, s, s)
	v.constant(VMULPS, VMULPS_BCST, f32(ln2Hi), k, p)
	VADDPS(p, s, s)
	v.constant(VMULPS, VMULPS_BCST, f32(-2), s, s)
	VSQRTPS(s, s)
	return s
}

// cosTurn is cosTurn of normals.go for words, which it overwrites.
func (v vector) cosTurn(w reg.VecVirtual) reg.VecVirtual {
	y, z := v.splat(u32(1<<30)), v.reg()
	VPABSD(w, w)
	VPSUBD(w, y, y)
	VCVTDQ2PS(y, y)
	v.constant(VMULPS, VMULPS_BCST, f32(0x1p-30), y, y)
	VMULPS(y, y, z)
	p := v.polynomial(z, cosCoefficients)
	VMULPS(y, p, p)
	return p
}

// normals writes the kernel of a panel of Normals.
func normals(v vector) {
	name := v.begin("normals", "func(dst, mean *float32, rowBytes int, pairs int, sd *float32, "+
		"keys *[20][16]uint32, unit, chain, step0, step1 uint32)",
		"writes mean + sd·z of 16 columns of pairs·2 rows, rowBytes apart.")
	rowBytes := Load(Param("rowBytes"), GP64())
	dst, mean := pairOfRows("dst", rowBytes), pairOfRows("mean", rowBytes)
	sd := Load(Param("sd"), GP64())
	oddLanes = v.oddMask()
	quarter := sequence("quarterTurn", [8]uint64{1 << 62, 1 << 62, 1 << 62, 1 << 62, 1 << 62, 1 << 62, 1 << 62, 1 << 62})
	v.randomPanel(name, 48, func(row, part int, words reg.VecVirtual) {
		// The even lanes' words are those of the radii, the odd ones' those of the angles; the odd numbers are sines.
		angles := v.reg()
		VPSHUFD(Imm(0xf5), words, angles)
		VPSHUFD(Imm(0xa0), words, words)
		VPSUBD(quarter.Offset(part*v.bytes), angles, angles)
		z := v.radius(words)
		VMULPS(v.cosTurn(angles), z, z)
		VMULPS(Mem{Base: sd, Disp: part * v.bytes}, z, z)
		VADDPS(Mem{Base: mean[row], Disp: part * v.bytes}, z, z)
		VMOVUPS(z, Mem{Base: dst[row], Disp: part * v.bytes})
	}, func() {
		nextPair(dst, rowBytes)
		nextPair(mean, rowBytes)
	})
}
