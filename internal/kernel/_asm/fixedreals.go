package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// splitPair is splitPair of fixedreals.go for two rows of a part of a panel, which it overwrites.
func (v vector) splitPair(even, odd, factor reg.VecVirtual, dst Mem) {
	var hi, lo [2]reg.VecVirtual
	for k, q := range []reg.VecVirtual{even, odd} {
		VMULPS(factor, q, q)
		VCVTPS2DQ(q, q)
		hi[k], lo[k] = v.reg(), v.reg()
		v.constant(VPADDD, VPADDD_BCST, u32(1<<7), q, hi[k])
		VPSRAD(Imm(8), hi[k], hi[k])
		VPSLLD(Imm(8), hi[k], lo[k])
		VPSUBD(lo[k], q, lo[k])
	}
	for limb, pair := range [][2]reg.VecVirtual{hi, lo} {
		v.constant(three(VPAND), VPANDD_BCST, u32(0xffff), pair[0], pair[0])
		VPSLLD(Imm(16), pair[1], pair[1])
		v.or(pair[0], pair[1], pair[1])
		storeIntegers(v, pair[1], dst.Offset(limb*pairBytes/2))
	}
}

// splitRows writes the kernel that fills a pair of rows of panels.
func splitRows(v vector) {
	name := v.begin("splitRows", "func(dst *uint32, stride int, even, odd *float32, blocks int, factor float32)",
		"writes pairs of blocks·16 columns, panels stride bytes apart.")
	dst := Load(Param("dst"), GP64())
	stride := Load(Param("stride"), GP64())
	even := Load(Param("even"), GP64())
	odd := Load(Param("odd"), GP64())
	blocks := Load(Param("blocks"), GP64())
	factor := v.factor(40)
	Label(name + "_block")
	for part := range v.perPanel() {
		disp := part * v.bytes
		v.splitPair(v.load(Mem{Base: even, Disp: disp}), v.load(Mem{Base: odd, Disp: disp}), factor, Mem{Base: dst, Disp: disp})
	}
	ADDQ(stride, dst)
	ADDQ(Imm(64), even)
	ADDQ(Imm(64), odd)
	DECQ(blocks)
	JNZ(LabelRef(name + "_block"))
	done()
}

// packRows writes the kernel that fills a pair of rows of panels of short numbers.
func packRows(v vector) {
	name := v.begin("packRows", "func(dst *uint32, stride int, even, odd *float32, blocks int, evenFactor, oddFactor float32)",
		"writes pairs of blocks·32 columns of short numbers, panels stride bytes apart.")
	dst := Load(Param("dst"), GP64())
	stride := Load(Param("stride"), GP64())
	even := Load(Param("even"), GP64())
	odd := Load(Param("odd"), GP64())
	blocks := Load(Param("blocks"), GP64())
	factors := [2]reg.VecVirtual{v.reg(), v.reg()}
	VBROADCASTSS(NewParamAddr("evenFactor", 40), factors[0])
	VBROADCASTSS(NewParamAddr("oddFactor", 44), factors[1])
	Label(name + "_block")
	for disp := 0; disp < pairBytes; disp += v.bytes {
		a, b := v.reg(), v.reg()
		VMULPS(Mem{Base: even, Disp: disp}, factors[0], a)
		VMULPS(Mem{Base: odd, Disp: disp}, factors[1], b)
		VCVTPS2DQ(a, a)
		VCVTPS2DQ(b, b)
		v.constant(three(VPAND), VPANDD_BCST, u32(0xffff), a, a)
		VPSLLD(Imm(16), b, b)
		v.or(a, b, b)
		storeIntegers(v, b, Mem{Base: dst, Disp: disp})
	}
	ADDQ(stride, dst)
	ADDQ(U32(pairBytes), even)
	ADDQ(U32(pairBytes), odd)
	DECQ(blocks)
	JNZ(LabelRef(name + "_block"))
	done()
}

// splitTransposed writes the kernel that fills a panel from 16 rows, a square of numbers at a time.
func splitTransposed(v vector) {
	name := v.begin("splitTransposed", "func(dst *uint32, x *float32, stride, blocks int, factor float32)",
		"writes blocks·16 rows of a panel from 16 rows of numbers, stride bytes apart.")
	dst := Load(Param("dst"), GP64())
	x := Load(Param("x"), GP64())
	stride := Load(Param("stride"), GP64())
	blocks := Load(Param("blocks"), GP64())
	factor := v.factor(32)
	side := v.bytes / 4
	Label(name + "_block")
	v.squares(x, stride, func(square []reg.VecVirtual, row, column int) {
		for i := 0; i < side; i += 2 {
			v.splitPair(square[i], square[i+1], factor, Mem{Base: dst, Disp: (row+i)/2*pairBytes + 4*column})
		}
	})
	ADDQ(Imm(64), x)
	ADDQ(U32(8*pairBytes), dst)
	DECQ(blocks)
	JNZ(LabelRef(name + "_block"))
	done()
}

// quantizePairs writes the kernels of a row of the left operand: its largest magnitude, and its 16-bit integers.
func quantizePairs(v vector) {
	name := v.begin("largest", "func(parts *[16]uint32, x *float32, blocks int)",
		"raises parts[i%16] to the bits of |x[i]|, for blocks·16 numbers.")
	parts := Load(Param("parts"), GP64())
	x := Load(Param("x"), GP64())
	blocks := Load(Param("blocks"), GP64())
	largest := make([]reg.VecVirtual, v.perPanel())
	for i := range largest {
		largest[i] = v.load(Mem{Base: parts, Disp: i * v.bytes})
	}
	Label(name + "_block")
	for i, part := range largest {
		y := v.load(Mem{Base: x, Disp: i * v.bytes})
		v.constant(three(VPAND), VPANDD_BCST, u32(1<<31-1), y, y)
		VPMAXUD(y, part, part)
	}
	ADDQ(Imm(64), x)
	DECQ(blocks)
	JNZ(LabelRef(name + "_block"))
	for i, part := range largest {
		storeIntegers(v, part, Mem{Base: parts, Disp: i * v.bytes})
	}
	done()

	name = v.begin("quantizePairs", "func(dst *uint32, x *float32, blocks int, factor float32)",
		"writes the integers of blocks·16 numbers, two a word.")
	dst := Load(Param("dst"), GP64())
	x = Load(Param("x"), GP64())
	blocks = Load(Param("blocks"), GP64())
	factor := v.factor(24)
	Label(name + "_block")
	q := make([]reg.VecVirtual, v.perPanel())
	for i := range q {
		q[i] = v.load(Mem{Base: x, Disp: i * v.bytes})
		VMULPS(factor, q[i], q[i])
		VCVTPS2DQ(q[i], q[i])
	}
	if v.wide() {
		VPMOVDW(q[0], Mem{Base: dst})
	} else {
		VPACKSSDW(q[1], q[0], q[0]) // by 128-bit lanes
		VPERMQ(Imm(0xd8), q[0], q[0])
		VMOVDQU(q[0], Mem{Base: dst})
	}
	ADDQ(Imm(64), x)
	ADDQ(Imm(32), dst)
	DECQ(blocks)
	JNZ(LabelRef(name + "_block"))
	done()
}

// storeSums writes the kernels that round sums to float32, and write or add them.
func storeSums(v vector, kernel, doc string, adds bool) {
	name := v.begin(kernel, "func(dst *float32, stride int, sums *[16]float64, factors *float64, rows int)", doc)
	dst := Load(Param("dst"), GP64())
	stride := Load(Param("stride"), GP64())
	sums := Load(Param("sums"), GP64())
	factors := Load(Param("factors"), GP64())
	rows := Load(Param("rows"), GP64())
	factor := v.reg()
	Label(name + "_row")
	VBROADCASTSD(Mem{Base: factors}, factor)
	for disp := 0; disp < 64; disp += v.bytes / 2 {
		sum, to := v.load(Mem{Base: sums, Disp: 2 * disp}), Mem{Base: dst, Disp: disp}
		v.storeRounded(sum, factor, to, adds)
	}
	ADDQ(stride, dst)
	ADDQ(U32(sumsBytes), sums)
	ADDQ(Imm(8), factors)
	DECQ(rows)
	JNZ(LabelRef(name + "_row"))
	done()
}

// storeRounded writes float64 numbers times a factor, which it overwrites, to float32, or adds them.
func (v vector) storeRounded(sum, factor reg.VecVirtual, to Mem, adds bool) {
	VMULPD(factor, sum, sum)
	var y reg.VecVirtual
	if v.wide() {
		y = YMM()
		VCVTPD2PS(sum, y)
	} else {
		y = XMM()
		VCVTPD2PSY(sum, y)
	}
	if adds {
		VADDPS(to, y, y)
	}
	VMOVUPS(y, to)
}
