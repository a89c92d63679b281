package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const magnitude = math.MaxInt64 // the mask of a float64's bits without its sign

// addMagnitude adds |x| of as many float32 as v has lanes of float64 to sum.
func (v vector) addMagnitude(x Mem, sum reg.VecVirtual) {
	y := v.reg()
	VCVTPS2PD(x, y)
	v.constant(three(VPAND), VPANDQ_BCST, u64(magnitude), y, y)
	VADDPD(y, sum, sum)
}

// addMagnitudes writes the kernel that adds numbers' magnitudes to sums.
func addMagnitudes(v vector) {
	name := v.begin("addMagnitudes", "func(sums *float64, x *float32, blocks int)",
		"adds |x[i]| to sums[i] for blocks·16 numbers.")
	sums := Load(Param("sums"), GP64())
	x := Load(Param("x"), GP64())
	blocks := Load(Param("blocks"), GP64())
	Label(name + "_block")
	for disp := 0; disp < 128; disp += v.bytes {
		sum := v.load(Mem{Base: sums, Disp: disp})
		v.addMagnitude(Mem{Base: x, Disp: disp / 2}, sum)
		VMOVUPS(sum, Mem{Base: sums, Disp: disp})
	}
	ADDQ(U32(128), sums)
	ADDQ(Imm(64), x)
	DECQ(blocks)
	JNZ(LabelRef(name + "_block"))
	VZEROUPPER()
	RET()
}

// addNumbers writes the kernel that adds numbers to sums.
func addNumbers(v vector) {
	name := v.begin("addNumbers", "func(sums *float64, x *float32, blocks int)", "adds x[i] to sums[i] for blocks·16 numbers.")
	sums := Load(Param("sums"), GP64())
	x := Load(Param("x"), GP64())
	blocks := Load(Param("blocks"), GP64())
	Label(name + "_block")
	for disp := 0; disp < 128; disp += v.bytes {
		y := v.reg()
		VCVTPS2PD(Mem{Base: x, Disp: disp / 2}, y)
		VADDPD(Mem{Base: sums, Disp: disp}, y, y)
		VMOVUPS(y, Mem{Base: sums, Disp: disp})
	}
	ADDQ(U32(128), sums)
	ADDQ(Imm(64), x)
	DECQ(blocks)
	JNZ(LabelRef(name + "_block"))
	done()
}

// addRowMagnitudes writes the kernel that adds the magnitudes of rows to 8 sums each.
func addRowMagnitudes(v vector) {
	name := v.begin("addRowMagnitudes", "func(sums *[8]float64, rows int, x *float32, stride, blocks int)",
		"adds |x[r·stride+k]| to sums[r][k%8] for rows rows of blocks·8 numbers.")
	sums := Load(Param("sums"), GP64())
	rows := Load(Param("rows"), GP64())
	x := Load(Param("x"), GP64())
	stride := Load(Param("stride"), GP64())
	SHLQ(Imm(2), stride)
	blocks := Load(Param("blocks"), GP64())
	Label(name + "_row")
	at, left := GP64(), GP64()
	MOVQ(x, at)
	MOVQ(blocks, left)
	parts := make([]reg.VecVirtual, v.perPanel())
	for i := range parts {
		parts[i] = v.load(Mem{Base: sums, Disp: i * v.bytes})
	}
	Label(name + "_block")
	for i, part := range parts {
		v.addMagnitude(Mem{Base: at, Disp: i * v.bytes / 2}, part)
	}
	ADDQ(Imm(32), at)
	DECQ(left)
	JNZ(LabelRef(name + "_block"))
	for i, part := range parts {
		VMOVUPS(part, Mem{Base: sums, Disp: i * v.bytes})
	}
	ADDQ(stride, x)
	ADDQ(Imm(64), sums)
	DECQ(rows)
	JNZ(LabelRef(name + "_row"))
	VZEROUPPER()
	RET()
}

// quantize turns numbers into words of two columns: the nearest integers of x·factor, where the lower one's sign is carried
// into the upper one (pack in fixed.go).
func (v vector) quantize(x, factor reg.VecVirtual) {
	VMULPS(factor, x, x)
	VCVTPS2DQ(x, x)
	sign := v.reg()
	VPSRAD(Imm(31), x, sign)
	VPSLLQ(Imm(32), sign, sign)
	VPADDD(sign, x, x)
}

func (v vector) factor(offset int) reg.VecVirtual {
	r := v.reg()
	VBROADCASTSS(NewParamAddr("factor", offset), r)
	return r
}

// quantizeRow writes the kernel that fills one row of panels.
func quantizeRow(v vector) {
	name := v.begin("quantizeRow", "func(dst *uint64, stride int, x *float32, blocks int, factor float32)",
		"writes blocks of 16 numbers, stride bytes apart.")
	dst := Load(Param("dst"), GP64())
	stride := Load(Param("stride"), GP64())
	x := Load(Param("x"), GP64())
	blocks := Load(Param("blocks"), GP64())
	factor := v.factor(32)
	Label(name + "_block")
	for part := range v.perPanel() {
		q := v.load(Mem{Base: x, Disp: part * v.bytes})
		v.quantize(q, factor)
		storeIntegers(v, q, Mem{Base: dst, Disp: part * v.bytes})
	}
	ADDQ(stride, dst)
	ADDQ(Imm(64), x)
	DECQ(blocks)
	JNZ(LabelRef(name + "_block"))
	VZEROUPPER()
	RET()
}

// quantizeTransposed writes the kernel that fills a panel from 16 rows, a square of numbers at a time.
func quantizeTransposed(v vector) {
	name := v.begin("quantizeTransposed", "func(dst *uint64, x *float32, stride, blocks int, factor float32)",
		"writes blocks·16 rows of a panel from 16 rows of numbers, stride bytes apart.")
	dst := Load(Param("dst"), GP64())
	x := Load(Param("x"), GP64())
	stride := Load(Param("stride"), GP64())
	blocks := Load(Param("blocks"), GP64())
	factor := v.factor(32)
	Label(name + "_block")
	v.squares(x, stride, func(square []reg.VecVirtual, row, column int) {
		for i, r := range square {
			v.quantize(r, factor)
			storeIntegers(v, r, Mem{Base: dst, Disp: (row+i)*entryBytes + 4*column})
		}
	})
	ADDQ(Imm(64), x)
	ADDQ(U32(16*entryBytes), dst)
	DECQ(blocks)
	JNZ(LabelRef(name + "_block"))
	VZEROUPPER()
	RET()
}

// squares transposes 16×16 numbers of rows from x, stride apart, and hands them over in squares, one in AVX-512 and four in AVX2, with
// the row and the column of the transpose that each begins at.
func (v vector) squares(x, stride reg.Register, use func(square []reg.VecVirtual, row, column int)) {
	side, at := v.bytes/4, GP64()
	for from := 0; from < 16; from += side { // rows of x
		for column := 0; column < 16; column += side {
			MOVQ(x, at)
			for range from {
				ADDQ(stride, at)
			}
			square := make([]reg.VecVirtual, side)
			for i := range square {
				square[i] = v.load(Mem{Base: at, Disp: 4 * column})
				if i < side-1 {
					ADDQ(stride, at)
				}
			}
			v.transpose(square)
			use(square, column, from)
		}
	}
}

// transpose turns the rows of a square of 32-bit numbers into its columns: pairs, then pairs of pairs inside the
// 128-bit lanes, then the lanes.
func (v vector) transpose(rows []reg.VecVirtual) {
	for i := 0; i < len(rows); i += 2 {
		a, b := rows[i], rows[i+1]
		high := v.reg()
		VUNPCKHPS(b, a, high)
		VUNPCKLPS(b, a, a)
		rows[i], rows[i+1] = a, high
	}
	for i := 0; i < len(rows); i += 4 {
		a, b, c, d := rows[i], rows[i+1], rows[i+2], rows[i+3]
		h0, h1 := v.reg(), v.reg()
		VUNPCKHPD(c, a, h0)
		VUNPCKLPD(c, a, a)
		VUNPCKHPD(d, b, h1)
		VUNPCKLPD(d, b, b)
		rows[i], rows[i+1], rows[i+2], rows[i+3] = a, h0, b, h1
	}
	// rows[4g+i] now holds, in lane l, column 4l+i of rows 4g … 4g+3.
	if !v.wide() {
		for i := range 4 {
			a, b := rows[i], rows[4+i]
			high := v.reg()
			VPERM2F128(Imm(0x31), b, a, high)
			VPERM2F128(Imm(0x20), b, a, a)
			rows[i], rows[4+i] = a, high
		}
		return
	}
	for i := range 4 {
		a, b, c, d := rows[i], rows[4+i], rows[8+i], rows[12+i]
		ab, cd := v.reg(), v.reg()
		VSHUFF32X4(Imm(0xee), b, a, ab) // lanes 2, 3 of both
		VSHUFF32X4(Imm(0x44), b, a, a)  // lanes 0, 1
		VSHUFF32X4(Imm(0xee), d, c, cd)
		VSHUFF32X4(Imm(0x44), d, c, c)
		lane1, lane3 := v.reg(), v.reg()
		VSHUFF32X4(Imm(0xdd), c, a, lane1)
		VSHUFF32X4(Imm(0x88), c, a, a)
		VSHUFF32X4(Imm(0xdd), cd, ab, lane3)
		VSHUFF32X4(Imm(0x88), cd, ab, ab)
		rows[i], rows[4+i], rows[8+i], rows[12+i] = a, lane1, ab, lane3
	}
}
