package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	realsGroup = 4   // rows
	pairBytes  = 128 // of a panel: 64 of hi, then 64 of lo
	sumsBytes  = 128 // of a row: 16 in float64
)

// addPairs writes the kernel that adds products of pairs of rows of a panel to sums of groups of 4 rows: 32-bit
// integers in registers, which leave them as float64.
func addPairs(v vector) {
	name := v.begin("addPairs", "func(sums *[16]float64, groups int, x *uint32, stride int, words *uint32, pairs int)",
		"adds pairs of rows of a panel, times groups·4 rows of x, to the sums; stride is in bytes.")
	sums := Load(Param("sums"), GP64())
	groups := Load(Param("groups"), GP64())
	x := Load(Param("x"), GP64())
	stride := Load(Param("stride"), GP64())
	row := [realsGroup]reg.Register{GP64(), GP64(), GP64(), GP64()}
	at, left := GP64(), GP64()
	Label(name + "_group")
	for part := range v.perPanel() {
		MOVQ(x, row[0])
		for r := 1; r < realsGroup; r++ {
			LEAQ(Mem{Base: row[r-1], Index: stride, Scale: 1}, row[r])
		}
		Load(Param("words"), at)
		Load(Param("pairs"), left)
		var acc [realsGroup][2]reg.VecVirtual
		for r := range acc {
			for limb := range acc[r] {
				acc[r][limb] = v.reg()
				v.xor(acc[r][limb], acc[r][limb], acc[r][limb])
			}
		}
		label := name + "_pair" + string(rune('0'+part))
		Label(label)
		limbs := [2]reg.VecVirtual{v.load(Mem{Base: at, Disp: part * v.bytes}), v.load(Mem{Base: at, Disp: pairBytes/2 + part*v.bytes})}
		for r := range acc {
			pair := v.reg()
			VPBROADCASTD(Mem{Base: row[r]}, pair)
			for limb, a := range acc[r] {
				product := v.reg()
				VPMADDWD(limbs[limb], pair, product)
				VPADDD(product, a, a)
			}
			ADDQ(Imm(4), row[r])
		}
		ADDQ(U32(pairBytes), at)
		DECQ(left)
		JNZ(LabelRef(label))
		for r := range acc {
			v.addLimbs(Mem{Base: sums, Disp: r*sumsBytes + 2*part*v.bytes}, acc[r][0], acc[r][1])
		}
	}
	for range realsGroup {
		ADDQ(stride, x)
	}
	ADDQ(U32(realsGroup*sumsBytes), sums)
	DECQ(groups)
	JNZ(LabelRef(name + "_group"))
	done()
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
