package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Multipliers of Philox4x32, as in package rng.
const (
	mul0 = 0xD2511F53
	mul1 = 0xCD9E8D57
)

// philox holds what is the same for all rows in the draws of two rows' units. A counter is {unit/4, chain, step low,
// step high} and only the chain changes from row to row, so of the first three rounds all that doesn't meet the
// chain is done once: 17 multiplications are left of 20.
//
// A counter sits in the low halves of 64-bit lanes, lane 2L+e for the L-th four units of row e of a pair. What is in the upper halves
// doesn't matter: multiplications and the last step read the low ones.
type philox struct {
	v          vector
	keys       reg.Register // [20][16]uint32: of the ten rounds, 16 times each
	m0, m1     Op
	chain      reg.VecVirtual
	base0      Op // round 1: hi(mul1·c2) ^ k0, before the chain
	rest2      Op // round 2: lo(mul0·c0) ^ k1
	rest3, hi3 Op // round 3: what meets c0 and c2
	lo3        Op
}

func (p *philox) key(round, half int) Mem {
	return Mem{Base: p.keys, Disp: (2*round + half) * 64}
}

// hoist does the part of the first three rounds that all rows share. The counter's words 0 (by lane), 2 and 3 are given.
// keep decides where a result stays over the loop: in a register or on the stack.
func (v vector) philox(keys reg.Register, unit, step0, step1, chain reg.VecVirtual, keep func(reg.VecVirtual) Op) *philox {
	p := &philox{v: v, keys: keys, chain: chain}
	m0, m1 := v.load(u64(mul0)), v.load(u64(mul1))
	product := func(m, c reg.VecVirtual) (lo, hi reg.VecVirtual) {
		lo, hi = v.reg(), v.reg()
		VPMULUDQ(m, c, lo)
		VPSRLQ(Imm(32), lo, hi)
		return lo, hi
	}
	// Round 1.
	lo0, hi0 := product(m0, unit)
	lo1, hi1 := product(m1, step0)
	v.xor(p.key(0, 0), hi1, hi1)
	p.base0 = keep(hi1)
	v.xor(step1, hi0, hi0)
	v.xor(p.key(0, 1), hi0, hi0) // c2
	// Round 2. Its c2 is hi(mul0·c0) ^ lo0 ^ k1, where c0 has met the chain.
	v.xor(p.key(1, 1), lo0, lo0)
	p.rest2 = keep(lo0)
	c1, c0 := product(m1, hi0)
	v.xor(lo1, c0, c0)
	v.xor(p.key(1, 0), c0, c0)
	// Round 3: c0 = hi(mul1·c2) ^ c1 ^ k0, c2 = hi(mul0·c0) ^ c3 ^ k1, c3 = lo(mul0·c0).
	v.xor(p.key(2, 0), c1, c1)
	p.rest3 = keep(c1)
	lo, hi := product(m0, c0)
	p.lo3 = keep(lo)
	v.xor(p.key(2, 1), hi, hi)
	p.hi3 = keep(hi)
	p.m0, p.m1 = keep(m0), keep(m1)
	return p
}

// xor3 sets a to a ^ b ^ c.
func (v vector) xor3(c, b Op, a reg.VecVirtual) {
	if v.wide() {
		VPTERNLOGD(Imm(0x96), c, b.(reg.VecVirtual), a)
		return
	}
	VPXOR(b, a, a)
	VPXOR(c, a, a)
}

// blocks returns the 8 or 4 counters' random words: for each row of the pair a vector of units in their order.
func (p *philox) blocks() (row0, row1 reg.VecVirtual) {
	v := p.v
	c0, c1, c2, c3 := v.reg(), v.reg(), v.reg(), v.reg()
	// Rounds 1 and 2.
	v.xor(p.base0, p.chain, c0)
	VPMULUDQ(p.m0, c0, c3)
	VPSRLQ(Imm(32), c3, c2)
	v.xor(p.rest2, c2, c2)
	// Round 3.
	VPMULUDQ(p.m1, c2, c1)
	VPSRLQ(Imm(32), c1, c0)
	v.xor(p.rest3, c0, c0)
	v.xor(p.hi3, c3, c2)
	c3 = v.reg()
	v.move(p.lo3, c3)
	for round := 3; round < 10; round++ {
		lo0, lo1, hi0, hi1 := v.reg(), v.reg(), v.reg(), v.reg()
		VPMULUDQ(p.m0, c0, lo0)
		VPMULUDQ(p.m1, c2, lo1)
		VPSRLQ(Imm(32), lo0, hi0)
		VPSRLQ(Imm(32), lo1, hi1)
		v.xor3(p.key(round, 0), c1, hi1)
		v.xor3(p.key(round, 1), c3, hi0)
		c0, c1, c2, c3 = hi1, lo1, hi0, lo0
	}
	// Pair the low halves: c0 | c1<<32 and c2 | c3<<32, then interleave.
	v.pair(c1, c0)
	v.pair(c3, c2)
	row0, row1 = v.reg(), v.reg()
	VPUNPCKLQDQ(c2, c0, row0)
	VPUNPCKHQDQ(c2, c0, row1)
	return row0, row1
}

func (v vector) move(src Op, dst reg.VecVirtual) {
	if _, inMemory := src.(Mem); inMemory {
		VMOVUPS(src, dst)
	} else if v.wide() {
		VMOVDQA64(src, dst)
	} else {
		VMOVDQA(src, dst)
	}
}

// pair puts the low half of every lane of hi above that of lo.
func (v vector) pair(hi, lo reg.VecVirtual) {
	VPSLLQ(Imm(32), hi, hi)
	if v.wide() {
		VPBLENDMD(hi, lo, oddLanes, lo)
	} else {
		VPBLENDD(Imm(0xaa), hi, lo, lo)
	}
}

// oddLanes is the mask of the odd 32-bit lanes while sample is written.
var oddLanes reg.Register

// uniform turns random words into numbers of rng.Uniform, (words>>9 + ½)·2^−23: the fraction of 1 + words>>9·2^−23, less
// 1 − 2^−24, both exact.
func (v vector) uniform(words reg.VecVirtual) {
	VPSRLD(Imm(9), words, words)
	v.constant(three(VPOR), VPORD_BCST, f32(1), words, words)
	v.constant(VSUBPS, VSUBPS_BCST, f32(1-0x1p-24), words, words)
}

// clamp bounds x by ±clamp.
func (v vector) clamp(x reg.VecVirtual) {
	v.constant(VMINPS, VMINPS_BCST, f32(clamp), x, x)
	v.constant(VMAXPS, VMAXPS_BCST, f32(-clamp), x, x)
}

// drawBit returns u·e^y < 1−u as SampleBit of sample.go does, for random words and clamped y = −x: the bits of a mask register, or
// all ones in the lanes where it holds. It overwrites both.
func (v vector) drawBit(words, y reg.VecVirtual) reg.Register {
	v.uniform(words)
	r, k := v.reduce(y)
	e := v.expNear0(r)
	VMULPS(v.pow2(k), e, e)
	VMULPS(words, e, e)
	rest := v.splat(f32(1))
	VSUBPS(words, rest, rest)
	if v.wide() {
		mask := K()
		VCMPPS(Imm(1), rest, e, mask) // less than
		return mask
	}
	VCMPPS(Imm(1), rest, e, e)
	return e
}

// sample writes the kernel that draws the bits of a panel.
func sample(v vector) {
	name := v.begin("sample", "func(dst *uint64, stride int, acc *[8]uint64, pairs int, bias *[16]float32, "+
		"scale float32, keys *[20][16]uint32, unit, chain, step0, step1 uint32)",
		"draws 16 bits for each row of pairs·2 rows, stride bytes apart.")
	acc := Load(Param("acc"), GP64())
	bias := Load(Param("bias"), GP64())
	minus := v.broadcast("scale", 40) // −scale: rounding is alike for both signs
	v.constant(three(VPXOR), VPXORD_BCST, u32(signBit), minus, minus)
	oddLanes = v.oddMask()
	v.drawBits(name, 56, func(row, part int) reg.VecVirtual {
		y := v.products(Mem{Base: acc, Disp: row*entryBytes + part*v.bytes}, minus, oddLanes)
		VSUBPS(Mem{Base: bias, Disp: part * v.bytes}, y, y)
		v.clamp(y)
		return y
	}, func() { ADDQ(Imm(2*entryBytes), acc) })
}

// drawNumbers writes the kernel that draws the bits of a panel of numbers.
func drawNumbers(v vector) {
	name := v.begin("drawNumbers", "func(dst *uint64, stride int, x *float32, rowBytes int, pairs int, "+
		"keys *[20][16]uint32, unit, chain, step0, step1 uint32)",
		"draws 16 bits for each row of pairs·2 rows, stride bytes apart, from rows of numbers.")
	rowBytes := Load(Param("rowBytes"), GP64())
	x := pairOfRows("x", rowBytes)
	oddLanes = v.oddMask()
	v.drawBits(name, 48, func(row, part int) reg.VecVirtual {
		y := v.load(Mem{Base: x[row], Disp: part * v.bytes})
		VMINPS(y, v.splat(f32(clamp)), y) // the order of operands keeps NaN
		VMAXPS(y, v.splat(f32(-clamp)), y)
		v.constant(three(VPXOR), VPXORD_BCST, u32(signBit), y, y)
		return y
	}, func() { nextPair(x, rowBytes) })
}

// pairOfRows returns the addresses of two rows, and nextPair goes to the next two.
func pairOfRows(param string, rowBytes reg.Register) (rows [2]reg.Register) {
	rows = [2]reg.Register{Load(Param(param), GP64()), GP64()}
	LEAQ(Mem{Base: rows[0], Index: rowBytes, Scale: 1}, rows[1])
	return rows
}

func nextPair(rows [2]reg.Register, rowBytes reg.Register) {
	for _, p := range rows {
		LEAQ(Mem{Base: p, Index: rowBytes, Scale: 2}, p)
	}
}

// drawBits writes the loop over pairs of rows that draws their bits: number returns the clamped −x of a row of the pair, and next
// goes to the next pair.
func (v vector) drawBits(name string, unitAt int, number func(row, part int) reg.VecVirtual, next func()) {
	dst := Load(Param("dst"), GP64())
	stride := Load(Param("stride"), GP64())
	bits := [2]reg.GPVirtual{GP32(), GP32()}
	v.randomPanel(name, unitAt, func(row, part int, words reg.VecVirtual) {
		drawn := v.drawBit(words, number(row, part))
		switch {
		case v.wide():
			KMOVW(drawn, bits[row])
		case part == 0:
			VMOVMSKPS(drawn, bits[row])
		default:
			high := GP32()
			VMOVMSKPS(drawn, high)
			SHLL(Imm(8), high)
			ORL(high, bits[row])
		}
	}, func() {
		for row := range bits {
			MOVW(bits[row].As16(), Mem{Base: dst})
			ADDQ(stride, dst)
		}
		next()
	})
}

// randomPanel writes the loop over pairs of rows of a panel: use has the random words of a part of a row, and next goes to the next
// pair. The parameters from unit on begin at the given offset.
func (v vector) randomPanel(name string, unitAt int, use func(row, part int, words reg.VecVirtual), next func()) {
	pairs := Load(Param("pairs"), GP64())
	keys := Load(Param("keys"), GP64())
	chain, step0, step1 := v.broadcast("chain", unitAt+4), v.broadcast("step0", unitAt+8), v.broadcast("step1", unitAt+12)
	VPADDD(sequence("rowOfPair", [8]uint64{0, 1, 0, 1, 0, 1, 0, 1}), chain, chain)
	keep := func(r reg.VecVirtual) Op { return r }
	if !v.wide() { // there are not enough registers
		keep = func(r reg.VecVirtual) Op {
			m := AllocLocal(v.bytes)
			VMOVDQU(r, m)
			return m
		}
	}
	generators := make([]*philox, v.perPanel())
	for part := range generators {
		unit := v.broadcast("unit", unitAt)
		fours := sequence("fourOfPanel", [8]uint64{0, 0, 1, 1, 2, 2, 3, 3})
		VPADDD(fours.Offset(part*v.bytes), unit, unit)
		generators[part] = v.philox(keys, unit, step0, step1, chain, keep)
	}
	Label(name + "_pair")
	for part, g := range generators {
		row0, row1 := g.blocks()
		use(0, part, row0)
		use(1, part, row1)
	}
	v.constant(VPADDQ, VPADDQ_BCST, u64(2), chain, chain)
	next()
	DECQ(pairs)
	JNZ(LabelRef(name + "_pair"))
	done()
}
