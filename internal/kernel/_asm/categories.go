package main

import (
	"fmt"
	"math/bits"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// interleave writes the kernel that puts the numbers of 16 rows side by side, column after column.
func interleave(v vector) {
	name := v.begin("interleave", "func(dst, x *float32, stride, blocks int)",
		"writes blocks·16 columns of 16 rows, stride bytes apart.")
	dst := Load(Param("dst"), GP64())
	x := Load(Param("x"), GP64())
	stride := Load(Param("stride"), GP64())
	blocks := Load(Param("blocks"), GP64())
	Label(name + "_block")
	v.squares(x, stride, func(square []reg.VecVirtual, row, column int) {
		for i, r := range square {
			VMOVUPS(r, Mem{Base: dst, Disp: 64*(row+i) + 4*column})
		}
	})
	ADDQ(Imm(64), x)
	ADDQ(U32(16*64), dst)
	DECQ(blocks)
	JNZ(LabelRef(name + "_block"))
	done()
}

// drawSites writes the kernel of Context.DrawCategories for 16 rows side by side: a lane is a row, and does what
// drawStates does in plain Go.
func drawSites(v vector) {
	name := v.begin("drawSites", "func(drawn *[16]uint32, x *float32, sizes *int, sites int, "+
		"keys *[20][16]uint32, chain, step0, step1 uint32)",
		"draws the states of sites for 16 rows side by side, whose numbers it overwrites.")
	keys := Load(Param("keys"), GP64())
	oddLanes = v.oddMask()
	local := func() Mem { return AllocLocal(v.bytes) }
	chains, step0, step1, words, four := [2]Mem{local(), local()}, local(), local(), AllocLocal(4*v.bytes), AllocLocal(8)
	VMOVUPS(v.broadcast("step0", 44), step0)
	VMOVUPS(v.broadcast("step1", 48), step1)
	rows := [2]Mem{
		sequence("evenRows", [8]uint64{0, 2, 4, 6, 8, 10, 12, 14}), sequence("oddRows", [8]uint64{1, 3, 5, 7, 9, 11, 13, 15}),
	}
	for part := range v.perPanel() {
		chain := v.broadcast("chain", 40)
		for e, m := range chains {
			sum := v.reg()
			VPADDD(rows[e].Offset(part*v.bytes), chain, sum)
			VMOVUPS(sum, m)
		}
		drawn := Load(Param("drawn"), GP64())
		x := Load(Param("x"), GP64())
		sizes := Load(Param("sizes"), GP64())
		sites := Load(Param("sites"), GP64())
		if part > 0 {
			ADDQ(Imm(uint64(part*v.bytes)), drawn)
			ADDQ(Imm(uint64(part*v.bytes)), x)
		}
		unit := GP64()
		XORQ(unit, unit)
		label := func(kind string) string { return fmt.Sprintf("%s_%s%d", name, kind, part) }

		Label(label("site"))
		size, at, left := GP64(), GP64(), GP64()
		MOVQ(Mem{Base: sizes}, size)

		largest := v.load(Mem{Base: x})
		MOVQ(x, at)
		MOVQ(size, left)
		Label(label("largest"))
		VMAXPS(largest, v.load(Mem{Base: at}), largest) // the order of operands is that of y > largest
		ADDQ(Imm(64), at)
		DECQ(left)
		JNZ(LabelRef(label("largest")))

		total := v.reg()
		v.xor(total, total, total)
		MOVQ(x, at)
		MOVQ(size, left)
		Label(label("weigh"))
		y := v.load(Mem{Base: at})
		VSUBPS(largest, y, y)
		VADDPS(v.expNegative(y), total, total)
		VMOVUPS(total, Mem{Base: at})
		ADDQ(Imm(64), at)
		DECQ(left)
		JNZ(LabelRef(label("weigh")))

		index := GP64()
		MOVQ(unit, index)
		SHRQ(Imm(2), index)
		MOVL(index.As32(), four)
		v.chainBlocks(keys, four, chains, step0, step1, words)
		MOVQ(unit, index)
		ANDQ(Imm(3), index)
		SHLQ(Imm(uint64(bits.TrailingZeros(uint(v.bytes)))), index)
		u := v.load(words.Idx(index, 1))
		v.uniform(u)
		VMULPS(total, u, u)

		one, count := v.reg(), v.reg()
		v.move(u32(1), one)
		v.xor(count, count, count)
		MOVQ(x, at)
		MOVQ(size, left)
		DECQ(left)
		JZ(LabelRef(label("drawn")))
		Label(label("count"))
		if v.wide() {
			mask := K()
			VCMPPS(Imm(5), Mem{Base: at}, u, mask) // not less than
			VPADDD(one, count, mask, count)
		} else {
			mask := v.reg()
			VCMPPS(Imm(5), Mem{Base: at}, u, mask)
			VPSUBD(mask, count, count)
		}
		ADDQ(Imm(64), at)
		DECQ(left)
		JNZ(LabelRef(label("count")))
		Label(label("drawn"))
		storeIntegers(v, count, Mem{Base: drawn})

		ADDQ(Imm(64), drawn)
		ADDQ(Imm(8), sizes)
		ADDQ(size, unit)
		SHLQ(Imm(6), size)
		ADDQ(size, x)
		DECQ(sites)
		JNZ(LabelRef(label("site")))
	}
	done()
}

// chainBlocks writes the four random words of the chains of all lanes to words. Chains sit in the low halves of 64-bit
// lanes, the even and the odd ones.
func (v vector) chainBlocks(keys reg.Register, four Mem, chains [2]Mem, step0, step1, words Mem) {
	m0, m1 := u64(mul0), u64(mul1)
	var blocks [2][4]reg.VecVirtual
	for e, chain := range chains {
		c0, c1, c2, c3 := v.splat(four), v.load(chain), v.load(step0), v.load(step1)
		for round := range 10 {
			key := func(half int) Mem { return Mem{Base: keys, Disp: (2*round + half) * 64} }
			lo0, lo1, hi0, hi1 := v.reg(), v.reg(), v.reg(), v.reg()
			v.constant(VPMULUDQ, VPMULUDQ_BCST, m0, c0, lo0)
			v.constant(VPMULUDQ, VPMULUDQ_BCST, m1, c2, lo1)
			VPSRLQ(Imm(32), lo0, hi0)
			VPSRLQ(Imm(32), lo1, hi1)
			v.xor3(key(0), c1, hi1)
			v.xor3(key(1), c3, hi0)
			c0, c1, c2, c3 = hi1, lo1, hi0, lo0
		}
		blocks[e] = [4]reg.VecVirtual{c0, c1, c2, c3}
	}
	for w := range 4 {
		v.pair(blocks[1][w], blocks[0][w])
		storeIntegers(v, blocks[0][w], words.Offset(w*v.bytes))
	}
}
