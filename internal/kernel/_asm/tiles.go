package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	tileBytes = 1024 // 16 rows of 64 bytes
	tileRow   = 64
)

// tiles writes the kernels of tiles.go.
func tiles(v vector) {
	mulTiles(v, "mulTiles", 3)
	mulTiles(v, "mulShortTiles", 2)
	v.quantizeTile()
	v.splitTiles("splitTiles", 3)
	v.splitTiles("splitShortTiles", 2)
	v.splitTilesTransposed()
	bitTiles(v)
}

// A tile is one of the 8 registers of AMX. Neither avo nor the assembler knows them: what follows writes bytes.
type tile byte

// The prefixes of VEX, which choose between instructions of one code.
const (
	prefixNone = iota
	prefix66
	prefixF3
	prefixF2
)

// vex writes an instruction of the map 0F38 on two tiles or on one and memory.
func vex(prefix byte, second tile, rest ...byte) {
	for _, b := range append([]byte{0xc4, 0xe2, ^byte(second)&15<<3 | prefix}, rest...) {
		Instruction(&ir.Instruction{Opcode: "BYTE", Operands: []Op{Imm(uint64(b))}})
	}
}

// The registers of the addresses of tiles, and their numbers.
var (
	tileStride = reg.RCX // between rows
	tileBases  = map[reg.Register]byte{reg.RAX: 0, reg.RDX: 2, reg.RBX: 3, reg.RSI: 6, reg.RDI: 7}
)

func tileAt(t tile, m Mem) []byte {
	const strideNumber, disp32, sib = 1, 0x80, 4
	d := uint32(m.Disp)
	return []byte{0x4b, disp32 | byte(t)<<3 | sib, strideNumber<<3 | tileBases[m.Base], byte(d), byte(d >> 8), byte(d >> 16), byte(d >> 24)}
}

func tileLoad(m Mem, t tile)  { vex(prefixF2, 0, tileAt(t, m)...) } // TILELOADD
func tileStore(t tile, m Mem) { vex(prefixF3, 0, tileAt(t, m)...) } // TILESTORED
func tileZero(t tile)         { vex(prefixF2, 0, 0x49, 0xc0|byte(t)<<3) }
func tileRelease()            { vex(prefixNone, 0, 0x49, 0xc0) }
func tileConfigRAX()          { vex(prefixNone, 0, 0x49, 0) } // LDTILECFG (AX)

// tileDot adds products of bytes of a and b: prefixF2 is TDPBSSD, both signed, prefixF3 TDPBSUD, prefix66 TDPBUSD, and
// prefixNone TDPBUUD.
func tileDot(signs byte, a, b, sum tile) { vex(signs, b, 0x5e, 0xc0|byte(sum)<<3|byte(a)) }

// tileConfig is the configuration of 8 tiles of 16 rows of 64 bytes, after palette 1.
func tileConfig() Mem {
	const widths, heights = 0x0040004000400040, 0x1010101010101010
	return sequence("tileConfig", [8]uint64{1, 0, widths, widths, 0, 0, heights, 0})
}

// mulTiles writes the kernels that multiply the tiles of rows with those of a panel of three limbs or two. The numbers of
// a group of rows are made of its sums while the products of the next group are under way.
func mulTiles(v vector, kernel string, limbs int) {
	name := v.begin(kernel, "func(dst *float32, stride, rows int, a, b *uint32, chunks int, factors *float64, columns, adds uint64, "+
		"sums *[2048]int32)",
		"writes, or adds, the products of rows with a panel, both in chunks of 64, times factors, in the columns whose bits are set.")
	dst, stride, a, b, scratch, chunks := reg.RDI, reg.R8, reg.RSI, reg.RBX, reg.RDX, reg.R9
	rows, left, factors, before, row := reg.R10, reg.R11, reg.R12, reg.R13, reg.RAX
	MOVQ(NewParamAddr("dst", 0), dst)
	MOVQ(NewParamAddr("stride", 8), stride)
	MOVQ(NewParamAddr("rows", 16), rows)
	MOVQ(NewParamAddr("a", 24), a)
	MOVQ(NewParamAddr("factors", 48), factors)
	MOVQ(NewParamAddr("columns", 56), row)
	KMOVQ(row, reg.K1)
	MOVQ(NewParamAddr("adds", 64), row)
	KMOVQ(row, reg.K2)
	MOVQ(NewParamAddr("sums", 72), scratch)
	MOVQ(U32(tileRow), tileStride)
	LEAQ(tileConfig(), row)
	tileConfigRAX()
	base, factor := reg.Z8, reg.Z9
	VBROADCASTSD(u64(0x4070000000000000), base) // 256
	XORQ(left, left)                            // rows of the group before
	LEAQ(Mem{Base: scratch, Disp: 4 * tileBytes}, before)

	Label(name + "_group")
	TESTQ(rows, rows)
	JLE(LabelRef(name + "_finish"))
	for t := range tile(limbs + 1) {
		tileZero(t)
	}
	MOVQ(NewParamAddr("b", 32), b)
	MOVQ(NewParamAddr("chunks", 40), chunks)
	Label(name + "_chunk")
	multiplyChunk(Mem{Base: a}, Mem{Base: b}, limbs)
	ADDQ(U32(2*tileBytes), a)
	ADDQ(U32(uint32(limbs*tileBytes)), b)
	DECQ(chunks)
	JNZ(LabelRef(name + "_chunk"))

	Label(name + "_finish")
	TESTQ(left, left)
	JZ(LabelRef(name + "_store"))
	MOVQ(before, row)
	Label(name + "_row")
	VBROADCASTSD(Mem{Base: factors}, factor)
	for half, y := range []reg.Register{reg.Y0, reg.Y1} {
		sum, part := []reg.Register{reg.Z0, reg.Z1}[half], []reg.Register{reg.Z4, reg.Z5}[half]
		at := Mem{Base: row, Disp: half * tileRow / 2}
		VCVTDQ2PD(at, sum)
		for limb := 1; limb <= limbs; limb++ {
			VCVTDQ2PD(at.Offset(limb*tileBytes), part)
			VFMADD213PD(part, base, sum) // exact
		}
		VMULPD(factor, sum, sum)
		VCVTPD2PS(sum, y)
	}
	VINSERTF32X8(Imm(1), reg.Y1, reg.Z0, reg.Z0)
	VADDPS(Mem{Base: dst}, reg.Z0, reg.K2, reg.Z0)
	VMOVUPS(reg.Z0, reg.K1, Mem{Base: dst})
	ADDQ(Imm(tileRow), row)
	ADDQ(stride, dst)
	ADDQ(Imm(8), factors)
	DECQ(left)
	JNZ(LabelRef(name + "_row"))

	Label(name + "_store")
	TESTQ(rows, rows)
	JLE(LabelRef(name + "_end"))
	for t := range tile(limbs + 1) {
		tileStore(t, Mem{Base: scratch, Disp: int(t) * tileBytes})
	}
	XCHGQ(scratch, before)
	MOVQ(U32(16), left)
	CMPQ(rows, left)
	CMOVQLT(rows, left)
	SUBQ(Imm(16), rows)
	JMP(LabelRef(name + "_group"))
	Label(name + "_end")
	tileRelease()
	done()
}

// multiplyChunk adds the products of a chunk. The sums of the highest limbs are in tile 0.
func multiplyChunk(a, b Mem, limbs int) {
	const high, low = 4, 5
	tileLoad(a, high)
	tileLoad(b, 6)
	tileDot(prefixF2, high, 6, 0)
	tileLoad(a.Offset(tileBytes), low)
	tileDot(prefix66, low, 6, 1)
	tileLoad(b.Offset(tileBytes), 7)
	if limbs == 3 {
		tileDot(prefixNone, low, 7, 2)
		tileDot(prefixF3, high, 7, 1)
		tileLoad(b.Offset(2*tileBytes), 6)
		tileDot(prefixNone, low, 6, 3)
		tileDot(prefixF3, high, 6, 2)
		return
	}
	tileDot(prefixNone, low, 7, 2)
	tileDot(prefixF3, high, 7, 1)
}

// quantizeTile writes the kernel of a row of the left operand: the upper bytes of a chunk, and in the next tile the
// lower ones.
func (v vector) quantizeTile() {
	name := v.begin("quantizeTile", "func(dst *uint32, x *float32, chunks int, factor float32)",
		"writes the bytes of a row of chunks·64 numbers.")
	dst := Load(Param("dst"), GP64())
	x := Load(Param("x"), GP64())
	chunks := Load(Param("chunks"), GP64())
	factor := v.factor(24)
	Label(name + "_chunk")
	for i := range 4 {
		q := v.load(Mem{Base: x, Disp: i * v.bytes})
		VMULPS(factor, q, q)
		VCVTPS2DQ(q, q)
		VPMOVDB(q, Mem{Base: dst, Disp: tileBytes + 16*i})
		VPSRLD(Imm(8), q, q)
		VPMOVDB(q, Mem{Base: dst, Disp: 16 * i})
	}
	ADDQ(U32(256), x)
	ADDQ(U32(2*tileBytes), dst)
	DECQ(chunks)
	JNZ(LabelRef(name + "_chunk"))
	done()
}

// splitTiles writes the kernels of 4 rows of the right operand: byte k of a word is that of row k.
func (v vector) splitTiles(kernel string, limbs int) {
	name := v.begin(kernel, "func(dst *uint32, stride int, x *float32, rowBytes, panels int, factor float32)",
		"writes 4 rows of panels, stride bytes apart, from rows of numbers, rowBytes apart.")
	dst := Load(Param("dst"), GP64())
	stride := Load(Param("stride"), GP64())
	x := Load(Param("x"), GP64())
	rowBytes := Load(Param("rowBytes"), GP64())
	panels := Load(Param("panels"), GP64())
	factor := v.factor(40)
	third, odd, upper := GP64(), K(), K()
	LEAQ(Mem{Base: rowBytes, Index: rowBytes, Scale: 2}, third)
	mask := GP64()
	MOVQ(U64(0xaaaaaaaaaaaaaaaa), mask)
	KMOVQ(mask, odd)
	KMOVD(mask.As32(), upper)
	Label(name + "_panel")
	q := make([]reg.VecVirtual, 4)
	for k, m := range []Mem{
		{Base: x}, {Base: x, Index: rowBytes, Scale: 1}, {Base: x, Index: rowBytes, Scale: 2}, {Base: x, Index: third, Scale: 1},
	} {
		q[k] = v.reg()
		VMULPS(m, factor, q[k])
		VCVTPS2DQ(q[k], q[k])
	}
	if limbs == 3 {
		v.threeBytes(q, odd, upper, Mem{Base: dst})
	} else {
		even, other := v.bytePairs(q, odd)
		for k, pairs := range [][]reg.VecVirtual{other, even} {
			limb := v.reg()
			VPSLLD(Imm(16), pairs[1], limb)
			VPBLENDMW(limb, pairs[0], upper, limb)
			VMOVUPS(limb, Mem{Base: dst, Disp: k * tileBytes})
		}
	}
	ADDQ(Imm(64), x)
	ADDQ(stride, dst)
	DECQ(panels)
	JNZ(LabelRef(name + "_panel"))
	done()
}

// splitTilesTransposed writes the kernel that fills the tiles of a panel from 16 rows of numbers.
func (v vector) splitTilesTransposed() {
	name := v.begin("splitTilesTransposed", "func(dst *uint32, x *float32, stride, chunks int, factor float32)",
		"writes chunks·64 rows of a panel from 16 rows of numbers, stride bytes apart.")
	dst := Load(Param("dst"), GP64())
	x := Load(Param("x"), GP64())
	stride := Load(Param("stride"), GP64())
	chunks := Load(Param("chunks"), GP64())
	factor := v.factor(32)
	at, to, rows := GP64(), GP64(), GP64()
	Label(name + "_chunk")
	MOVQ(x, at)
	MOVQ(dst, to)
	MOVQ(U32(16), rows)
	Label(name + "_row") // as words of 4 numbers
	for i := range 4 {
		q := v.load(Mem{Base: at, Disp: i * v.bytes})
		VMULPS(factor, q, q)
		VCVTPS2DQ(q, q)
		for limb := 2; limb >= 0; limb-- {
			VPMOVDB(q, Mem{Base: to, Disp: limb*tileBytes + 16*i})
			if limb > 0 {
				VPSRLD(Imm(8), q, q)
			}
		}
	}
	ADDQ(stride, at)
	ADDQ(Imm(tileRow), to)
	DECQ(rows)
	JNZ(LabelRef(name + "_row"))
	for limb := range 3 {
		square := make([]reg.VecVirtual, 16)
		for k := range square {
			square[k] = v.load(Mem{Base: dst, Disp: limb*tileBytes + k*tileRow})
		}
		v.transpose(square)
		for k := range square {
			VMOVUPS(square[k], Mem{Base: dst, Disp: limb*tileBytes + k*tileRow})
		}
	}
	ADDQ(U32(256), x)
	ADDQ(U32(3*tileBytes), dst)
	DECQ(chunks)
	JNZ(LabelRef(name + "_chunk"))
	done()
}

// bitTiles writes the kernels of products of bits.
func bitTiles(v vector) {
	v.expandBits()
	v.splitPanel()
	addTiles(v)
}

// expandBits writes the kernel that makes bytes of bits.
func (v vector) expandBits() {
	name := v.begin("expandBits", "func(dst *uint32, words *uint64, n int)",
		"writes the bits of n words, each to 64 bytes of a tile of its own.")
	dst, words, n := Load(Param("dst"), GP64()), Load(Param("words"), GP64()), Load(Param("n"), GP64())
	ones, bytes, mask := ZMM(), ZMM(), K()
	VMOVDQU64(u32(0x01010101), ones)
	Label(name + "_word")
	KMOVQ(Mem{Base: words}, mask)
	VMOVDQU8_Z(ones, mask, bytes)
	VMOVDQU64(bytes, Mem{Base: dst})
	ADDQ(Imm(8), words)
	ADDQ(U32(tileBytes), dst)
	DECQ(n)
	JNZ(LabelRef(name + "_word"))
	done()
}

// splitPanel writes the kernel that makes three tiles of a panel's words: byte k of a word is that of row k. The upper
// half of a word of a panel is one less where the lower one is negative, which is put right.
func (v vector) splitPanel() {
	name := v.begin("splitPanel", "func(dst *uint64, words *uint64)", "writes the tiles of 64 rows of a panel, the highest bytes first.")
	dst, words := Load(Param("dst"), GP64()), Load(Param("words"), GP64())
	mask, left, odd, upper := GP64(), GP64(), K(), K()
	MOVQ(U64(0xaaaaaaaaaaaaaaaa), mask)
	KMOVQ(mask, odd)
	KMOVD(mask.As32(), upper)
	MOVQ(U32(16), left)
	Label(name + "_rows")
	q := make([]reg.VecVirtual, 4)
	for k := range q {
		q[k] = v.load(Mem{Base: words, Disp: 64 * k})
		sign := v.reg()
		VPSRAD(Imm(31), q[k], sign)
		VPSLLQ(Imm(32), sign, sign)
		VPSUBD(sign, q[k], q[k])
	}
	v.threeBytes(q, odd, upper, Mem{Base: dst})
	ADDQ(U32(256), words)
	ADDQ(Imm(tileRow), dst)
	DECQ(left)
	JNZ(LabelRef(name + "_rows"))
	done()
}

// threeBytes writes a row of the three tiles of four rows of integers.
func (v vector) threeBytes(q []reg.VecVirtual, odd, upper reg.OpmaskVirtual, dst Mem) {
	even, other := v.bytePairs(q, odd)
	limb := v.reg()
	VPSRLD(Imm(16), even[0], limb)
	VPBLENDMW(even[1], limb, upper, limb)
	VMOVUPS(limb, dst)
	for k, pairs := range [][]reg.VecVirtual{other, even} {
		limb := v.reg()
		VPSLLD(Imm(16), pairs[1], limb)
		VPBLENDMW(limb, pairs[0], upper, limb)
		VMOVUPS(limb, dst.Offset((1+k)*tileBytes))
	}
}

// bytePairs returns of pairs of rows the bytes 0 and 2 in turn, and the bytes 1 and 3.
func (v vector) bytePairs(q []reg.VecVirtual, odd reg.OpmaskVirtual) (even, other []reg.VecVirtual) {
	for k := 0; k < len(q); k += 2 {
		a, b := v.reg(), v.reg()
		VPSLLD(Imm(8), q[k+1], a)
		VPBLENDMB(a, q[k], odd, a)
		VPSRLD(Imm(8), q[k], b)
		VPBLENDMB(q[k+1], b, odd, b)
		even, other = append(even, a), append(other, b)
	}
	return even, other
}

// addTiles writes the kernel that adds the sums of a panel, of three bytes of which the highest is signed. Two groups of
// 16 rows go together; a last one may be alone.
func addTiles(v vector) {
	name := v.begin("addTiles", "func(acc *[8]uint64, rows int, a *uint32, group int, b *uint64, chunks int, sums *[1536]int32)",
		"adds the sums of a panel for rows of bits, group bytes for 16 of them, both in chunks of 64.")
	const limbs = 3
	acc, rows, scratch, left, a, b, row, chunks := reg.R8, reg.R10, reg.RDX, reg.R11, reg.RSI, reg.RBX, reg.RAX, reg.R9
	first, second, group := reg.RDI, reg.RAX, reg.R13
	MOVQ(NewParamAddr("acc", 0), acc)
	MOVQ(NewParamAddr("rows", 8), rows)
	MOVQ(NewParamAddr("a", 16), a)
	MOVQ(NewParamAddr("group", 24), group)
	MOVQ(NewParamAddr("sums", 48), scratch)
	MOVQ(U32(tileRow), tileStride)
	LEAQ(tileConfig(), row)
	tileConfigRAX()

	// The sums of byte l of a group are in tile 3·group + l, and there is room for one tile of bits and one of bytes.
	multiply := func(label string, groups int) {
		const x, q = 6, 7
		limb := func(l int) { tileLoad(Mem{Base: b, Disp: l * tileBytes}, q) }
		for t := range tile(groups * limbs) {
			tileZero(t)
		}
		MOVQ(a, first)
		MOVQ(NewParamAddr("b", 32), b)
		MOVQ(NewParamAddr("chunks", 40), chunks)
		Label(label + "_chunk")
		tileLoad(Mem{Base: first}, x)
		limb(2)
		tileDot(prefixNone, x, q, 2)
		limb(1)
		tileDot(prefixNone, x, q, 1)
		limb(0)
		tileDot(prefix66, x, q, 0)
		if groups == 2 {
			LEAQ(Mem{Base: first, Index: group, Scale: 1}, second)
			tileLoad(Mem{Base: second}, x)
			tileDot(prefix66, x, q, 3)
			limb(1)
			tileDot(prefixNone, x, q, 4)
			limb(2)
			tileDot(prefixNone, x, q, 5)
		}
		ADDQ(U32(tileBytes), first)
		ADDQ(U32(limbs*tileBytes), b)
		DECQ(chunks)
		JNZ(LabelRef(label + "_chunk"))
		for t := range groups * limbs {
			tileStore(tile(t), Mem{Base: scratch, Disp: (t%limbs*2 + t/limbs) * tileBytes})
		}
	}
	Label(name + "_groups")
	MOVQ(U32(32), left)
	CMPQ(rows, left)
	CMOVQLT(rows, left)
	SUBQ(left, rows)
	CMPQ(left, Imm(16))
	JLE(LabelRef(name + "_alone"))
	multiply(name+"_pair", 2)
	JMP(LabelRef(name + "_sum"))
	Label(name + "_alone")
	multiply(name+"_single", 1)

	Label(name + "_sum")
	sum, part := reg.Z0, reg.Z1
	MOVQ(scratch, row)
	Label(name + "_row")
	VMOVDQU64(Mem{Base: row}, sum)
	for limb := 1; limb < limbs; limb++ {
		VPSLLD(Imm(8), sum, sum)
		VPADDD(Mem{Base: row, Disp: limb * 2 * tileBytes}, sum, sum)
	}
	VPSRAD(Imm(31), sum, part)
	VPSLLQ(Imm(32), part, part)
	VPADDD(part, sum, sum)
	VPADDQ(Mem{Base: acc}, sum, sum)
	VMOVDQU64(sum, Mem{Base: acc})
	ADDQ(Imm(tileRow), row)
	ADDQ(Imm(entryBytes), acc)
	DECQ(left)
	JNZ(LabelRef(name + "_row"))
	LEAQ(Mem{Base: a, Index: group, Scale: 2}, a)
	TESTQ(rows, rows)
	JNZ(LabelRef(name + "_groups"))
	tileRelease()
	done()
}
