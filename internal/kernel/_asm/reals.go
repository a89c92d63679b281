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

// addPair adds the products of a row's pair with a panel's limbs.
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
		sum, limb := v.reg(), v.reg()
		v.toFloat64(hi, half, sum)
		v.toFloat64(lo, half, limb)
		v.constant(VMULPD, VMULPD_BCST, u64(0x4070000000000000), sum, sum) // 256
		VADDPD(limb, sum, sum)
		VADDPD(sums.Offset(half*v.bytes), sum, sum)
		VMOVUPS(sum, sums.Offset(half*v.bytes))
	}
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
