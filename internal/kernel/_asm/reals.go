package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	realsGroup = 8   // rows
	pairBytes  = 128 // of a panel: 64 of hi, then 64 of lo
	sumsBytes  = 128 // of a row: 16 in float64
)

// addPairs writes the kernel that adds products of pairs of rows of a panel to sums of groups of 8 rows, as many at a
// time as there are registers for: 32-bit integers, which leave them as float64.
func addPairs(v vector) {
	name := v.begin("addPairs", "func(sums *[16]float64, groups int, x *uint32, stride int, words *uint32, pairs int)",
		"adds pairs of rows of a panel, times groups·8 rows of x, to the sums; stride is in bytes.")
	rows := map[int]int{32: 4, 64: 8}[v.bytes]
	sums := Load(Param("sums"), GP64())
	groups := Load(Param("groups"), GP64())
	x := Load(Param("x"), GP64())
	stride, stride3 := Load(Param("stride"), GP64()), GP64()
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, stride3)
	at, left, words := GP64(), GP64(), Load(Param("words"), GP64())
	bases := [2]reg.Register{GP64(), GP64()} // of rows 0 and 4
	row := func(r int) Mem {
		return []Mem{
			{Base: bases[r/4]}, {Base: bases[r/4], Index: stride, Scale: 1}, {Base: bases[r/4], Index: stride, Scale: 2},
			{Base: bases[r/4], Index: stride3, Scale: 1},
		}[r%4]
	}
	Label(name + "_group")
	for first := 0; first < realsGroup; first += rows {
		for part := range v.perPanel() {
			MOVQ(x, bases[0])
			if rows > 4 {
				LEAQ(Mem{Base: x, Index: stride, Scale: 4}, bases[1])
			}
			MOVQ(words, at)
			Load(Param("pairs"), left)
			acc := make([][2]reg.VecVirtual, rows)
			for r := range acc {
				for limb := range acc[r] {
					acc[r][limb] = v.reg()
					v.xor(acc[r][limb], acc[r][limb], acc[r][limb])
				}
			}
			label := fmt.Sprintf("%s_pair%d%d", name, first, part)
			Label(label)
			limbs := [2]reg.VecVirtual{
				v.load(Mem{Base: at, Disp: part * v.bytes}), v.load(Mem{Base: at, Disp: pairBytes/2 + part*v.bytes}),
			}
			for r := range acc {
				v.addPair(acc[r], limbs, row(r))
			}
			for _, base := range bases[:rows/4] {
				ADDQ(Imm(4), base)
			}
			ADDQ(U32(pairBytes), at)
			DECQ(left)
			JNZ(LabelRef(label))
			for r := range acc {
				v.addLimbs(Mem{Base: sums, Disp: r*sumsBytes + 2*part*v.bytes}, acc[r][0], acc[r][1])
			}
		}
		LEAQ(Mem{Base: x, Index: stride, Scale: 4}, x)
		if rows > 4 {
			LEAQ(Mem{Base: x, Index: stride, Scale: 4}, x)
		}
		ADDQ(U32(uint32(rows*sumsBytes)), sums)
	}
	DECQ(groups)
	JNZ(LabelRef(name + "_group"))
	done()
}

const shortGroup = 4 // rows, of short numbers

// shortChunk is the number of pairs whose sums of short numbers fit 32 bits, beside what is left of those before.
const shortChunk = 16

// shortProducts writes both kernels of shortPairs.
func shortProducts(v vector) {
	shortPairs(v, "mulShortPairs", "writes groups·4 rows times a panel of short numbers, times factors; strides are in bytes.", false)
	shortPairs(v, "addShortPairs", "adds groups·4 rows times a panel of short numbers, times factors, to dst.", true)
}

// shortPairs writes a kernel that multiplies rows by a panel of short numbers, and writes or adds the results. After each
// chunk the upper halves of the sums go to sums of their own.
func shortPairs(v vector, kernel, doc string, adds bool) {
	const signature = "func(dst *float32, dstStride, groups int, x *uint32, stride int, words *uint32, pairs int, factors *float64)"
	name := v.begin(kernel, signature, doc)
	rows := map[int]int{32: 2, 64: 4}[v.bytes]
	dst := Load(Param("dst"), GP64())
	dstStride := Load(Param("dstStride"), GP64())
	groups := Load(Param("groups"), GP64())
	x := Load(Param("x"), GP64())
	stride, stride3 := Load(Param("stride"), GP64()), GP64()
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, stride3)
	factors := Load(Param("factors"), GP64())
	at, left, count, words, base := GP64(), GP64(), GP64(), Load(Param("words"), GP64()), GP64()
	row := []Mem{
		{Base: base}, {Base: base, Index: stride, Scale: 1}, {Base: base, Index: stride, Scale: 2}, {Base: base, Index: stride3, Scale: 1},
	}
	IMUL3Q(Imm(uint64(shortGroup/rows)), groups, groups)
	Label(name + "_rows")
	for part := range v.perPanel() {
		MOVQ(x, base)
		MOVQ(words, at)
		Load(Param("pairs"), left)
		acc, upper := make([][2]reg.VecVirtual, rows), make([][2]reg.VecVirtual, rows)
		for r := range acc {
			for half := range acc[r] {
				for _, to := range []*reg.VecVirtual{&acc[r][half], &upper[r][half]} {
					*to = v.reg()
					v.xor(*to, *to, *to)
				}
			}
		}
		label := fmt.Sprintf("%s_chunk%d", name, part)
		Label(label)
		MOVQ(U32(shortChunk), count)
		CMPQ(left, count)
		CMOVQLT(left, count)
		SUBQ(count, left)
		Label(label + "_pair")
		halves := [2]reg.VecVirtual{
			v.load(Mem{Base: at, Disp: part * v.bytes}), v.load(Mem{Base: at, Disp: pairBytes/2 + part*v.bytes}),
		}
		for r := range acc {
			v.addPair(acc[r], halves, row[r])
		}
		ADDQ(Imm(4), base)
		ADDQ(U32(pairBytes), at)
		DECQ(count)
		JNZ(LabelRef(label + "_pair"))
		for r := range acc {
			for half, a := range acc[r] {
				high := v.reg()
				VPSRAD(Imm(16), a, high)
				VPADDD(high, upper[r][half], upper[r][half])
				v.constant(three(VPAND), VPANDD_BCST, u32(0xffff), a, a)
			}
		}
		TESTQ(left, left)
		JNZ(LabelRef(label))
		MOVQ(dst, at)
		for r := range acc {
			factor := v.reg()
			VBROADCASTSD(Mem{Base: factors, Disp: 8 * r}, factor)
			for half := range acc[r] {
				for quarter := range 2 {
					sum := v.fromLimbs(upper[r][half], acc[r][half], quarter, 0x40f0000000000000)
					v.storeRounded(sum, factor, Mem{Base: at, Disp: half*pairBytes/2 + part*v.bytes + quarter*v.bytes/2}, adds)
				}
			}
			ADDQ(dstStride, at)
		}
	}
	MOVQ(at, dst)
	LEAQ(Mem{Base: x, Index: stride, Scale: uint8(rows)}, x)
	ADDQ(Imm(uint64(8*rows)), factors)
	DECQ(groups)
	JNZ(LabelRef(name + "_rows"))
	done()
}

// addPair adds the products of a row's pair with a panel's limbs, or with two halves of its columns.
func (v vector) addPair(acc, limbs [2]reg.VecVirtual, pair Mem) {
	both := v.reg()
	VPBROADCASTD(pair, both)
	for limb, a := range acc {
		if v.vnni {
			operands := []Op{both, limbs[limb], a}
			Instruction(&ir.Instruction{ // avo doesn't know it
				Opcode: "VPDPWSSD", Operands: operands, Inputs: operands, Outputs: operands[2:], ISA: []string{"AVX512F", "AVX512_VNNI"},
			})
			continue
		}
		product := v.reg()
		VPMADDWD(limbs[limb], both, product)
		VPADDD(product, a, a)
	}
}

// addLimbs adds 2^8·hi + lo to float64 numbers.
func (v vector) addLimbs(sums Mem, hi, lo reg.VecVirtual) {
	for half := range 2 {
		sum := v.fromLimbs(hi, lo, half, 0x4070000000000000)
		VADDPD(sums.Offset(half*v.bytes), sum, sum)
		VMOVUPS(sum, sums.Offset(half*v.bytes))
	}
}

// fromLimbs returns base·hi + lo of a half of the integers in float64, where base is 2^8 or 2^16, as bits.
func (v vector) fromLimbs(hi, lo reg.VecVirtual, half int, base uint64) (sum reg.VecVirtual) {
	sum, limb := v.reg(), v.reg()
	v.toFloat64(hi, half, sum)
	v.toFloat64(lo, half, limb)
	v.constant(VMULPD, VMULPD_BCST, u64(base), sum, sum)
	VADDPD(limb, sum, sum)
	return sum
}

// toFloat64 converts a half of the integers.
func (v vector) toFloat64(x reg.VecVirtual, half int, dst reg.VecVirtual) {
	if v.wide() {
		part := x.AsY()
		if half == 1 {
			part = YMM()
			VEXTRACTI64X4(Imm(1), x, part)
		}
		VCVTDQ2PD(part, dst)
		return
	}
	part := x.AsX()
	if half == 1 {
		part = XMM()
		VEXTRACTI128(Imm(1), x, part)
	}
	VCVTDQ2PD(part, dst)
}
