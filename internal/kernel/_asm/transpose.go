package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// transpose64 writes the kernel that transposes 64×64 bits in place, by exchanging off-diagonal blocks of 32×32 to 1×1 bits as
// transpose64Generic does: between registers while rows that are exchanged lie in different ones, then inside of them.
func transpose64(v vector) {
	v.begin("transpose64", "func(block *[64]uint64)", "transposes 64×64 bits.")
	block := Load(Param("block"), GP64())
	lanes := v.bytes / 8
	for size := 32; size > 0; size /= 2 {
		if size >= lanes {
			for row := 0; row < 64; row += lanes {
				if row&size == 0 {
					v.exchange(Mem{Base: block, Disp: 8 * row}, Mem{Base: block, Disp: 8 * (row + size)}, size)
				}
			}
			continue
		}
		for row := 0; row < 64; row += lanes {
			v.exchangeInside(Mem{Base: block, Disp: 8 * row}, size)
		}
	}
	done()
}

// lowBits is the mask of the bits i with i&size = 0.
func lowBits(size int) uint64 {
	mask := uint64(0)
	for i := range 64 {
		if i&size == 0 {
			mask |= 1 << i
		}
	}
	return mask
}

// exchange exchanges the high halves of low's blocks with the low halves of high's.
func (v vector) exchange(low, high Mem, size int) {
	a, b, swap := v.load(low), v.load(high), v.reg()
	VPSRLQ(Imm(uint64(size)), a, swap)
	v.xor(b, swap, swap)
	v.constant(three(VPAND), VPANDQ_BCST, u64(lowBits(size)), swap, swap)
	v.xor(swap, b, b)
	VPSLLQ(Imm(uint64(size)), swap, swap)
	v.xor(swap, a, a)
	storeIntegers(v, a, low)
	storeIntegers(v, b, high)
}

// exchangeInside does the same with rows of one register: lanes l and l+size, where l&size = 0.
func (v vector) exchangeInside(rows Mem, size int) {
	x, other, left := v.load(rows), v.reg(), v.reg()
	switch size {
	case 4:
		VSHUFI64X2(Imm(0x4e), x, x, other)
	case 2:
		VPERMQ(Imm(0x4e), x, other)
	case 1:
		VPERMQ(Imm(0xb1), x, other)
	}
	// The lanes' other row, moved to where its half goes: up in the low lanes, down in the high ones.
	VPSLLQ(Imm(uint64(size)), other, left)
	VPSRLQ(Imm(uint64(size)), other, other)
	var keep [8]uint64 // what a lane keeps
	lanes := uint64(0)
	for l := range keep {
		keep[l] = lowBits(size) << (l & size)
		if l&size != 0 {
			lanes |= 1 << l
		}
	}
	if v.wide() {
		k, bits := K(), GP32()
		MOVL(U32(uint32(lanes)), bits)
		KMOVW(bits, k)
		VPBLENDMQ(other, left, k, other)
	} else {
		VPBLENDD(Imm(map[int]uint64{2: 0xf0, 1: 0xcc}[size]), other, left, other)
	}
	mask := v.load(sequence([]string{1: "keep1", 2: "keep2", 4: "keep4"}[size], keep))
	v.and(mask, x, x)
	v.andNot(other, mask, other)
	v.or(other, x, x)
	storeIntegers(v, x, rows)
}

// andNot sets dst to a where mask is zero.
func (v vector) andNot(a Op, mask, dst reg.VecVirtual) {
	if v.wide() {
		VPANDND(a, mask, dst)
	} else {
		VPANDN(a, mask, dst)
	}
}
