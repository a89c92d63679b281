package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A magnitudes is what a kernel needs that adds magnitudes of numbers in half a vector, and keeps the largest ones.
type magnitudes struct {
	v       vector
	mask    reg.VecVirtual
	largest []reg.VecVirtual // bits; part i%len has those of half a vector i
}

func (v vector) magnitudes(parts reg.Register) magnitudes {
	m := magnitudes{v: v, mask: v.half(), largest: make([]reg.VecVirtual, 2*v.perPanel())}
	VBROADCASTSS(u32(1<<31-1), m.mask)
	for i := range m.largest {
		m.largest[i] = v.half()
		VMOVUPS(Mem{Base: parts, Disp: i * v.bytes / 2}, m.largest[i])
	}
	return m
}

// add writes sum + |x| to dst, for as many float32 as a vector has lanes of float64, and raises part i of the largest.
func (m magnitudes) add(i int, x Mem, sum Op, dst reg.VecVirtual) {
	half, y, largest := m.v.half(), m.v.reg(), m.largest[i%len(m.largest)]
	VANDPS(x, m.mask, half)
	VPMAXUD(half, largest, largest)
	VCVTPS2PD(half, y)
	VADDPD(sum, y, dst)
}

func (m magnitudes) store(parts reg.Register) {
	for i, part := range m.largest {
		VMOVUPS(part, Mem{Base: parts, Disp: i * m.v.bytes / 2})
	}
}

// addMagnitudes writes the kernel that adds the magnitudes of rows to sums, which stay in registers from row to row.
func addMagnitudes(v vector) {
	name := v.begin("addMagnitudes", "func(sums *float64, parts *[16]uint32, x *float32, stride, blocks, rows int)",
		"adds |x[r,i]| to sums[i] row after row, and raises parts[i%16] to its bits, for rows of blocks·16 numbers, stride bytes apart.")
	sums := Load(Param("sums"), GP64())
	parts := Load(Param("parts"), GP64())
	x := Load(Param("x"), GP64())
	stride := Load(Param("stride"), GP64())
	blocks := Load(Param("blocks"), GP64())
	rows := Load(Param("rows"), GP64())
	m := v.magnitudes(parts)
	Label(name + "_block")
	from, left := GP64(), GP64()
	MOVQ(x, from)
	MOVQ(rows, left)
	sum := make([]reg.VecVirtual, len(m.largest))
	for i := range sum {
		sum[i] = v.load(Mem{Base: sums, Disp: i * v.bytes})
	}
	Label(name + "_row")
	for i := range sum {
		m.add(i, Mem{Base: from, Disp: i * v.bytes / 2}, sum[i], sum[i])
	}
	ADDQ(stride, from)
	DECQ(left)
	JNZ(LabelRef(name + "_row"))
	for i := range sum {
		VMOVUPS(sum[i], Mem{Base: sums, Disp: i * v.bytes})
	}
	ADDQ(U32(128), sums)
	ADDQ(Imm(64), x)
	DECQ(blocks)
	JNZ(LabelRef(name + "_block"))
	m.store(parts)
	done()
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

// addRowMagnitudes writes the kernel that adds the magnitudes of rows to 8 sums each. It goes along four rows at a time, as each
// addition waits for the one before in its row, and fetches the next four meanwhile.
func addRowMagnitudes(v vector) {
	const group = 4
	name := v.begin("addRowMagnitudes", "func(sums *[8]float64, parts *[16]uint32, groups int, x *float32, stride, blocks int)",
		"adds |x[r,k]| to sums[r][k%8], and raises parts to its bits, for groups·4 rows of blocks·8 numbers, stride bytes apart.")
	sums := Load(Param("sums"), GP64())
	parts := Load(Param("parts"), GP64())
	groups := Load(Param("groups"), GP64())
	x := Load(Param("x"), GP64())
	stride := Load(Param("stride"), GP64())
	blocks := Load(Param("blocks"), GP64())
	m := v.magnitudes(parts)
	Label(name + "_group")
	left := GP64()
	MOVQ(blocks, left)
	var rows [group]reg.GPVirtual
	sum := make([]reg.VecVirtual, group*v.perPanel()) // of 8 numbers
	for r := range rows {
		rows[r] = GP64()
		MOVQ(x, rows[r])
		ADDQ(stride, x)
	}
	for i := range sum {
		sum[i] = v.load(Mem{Base: sums, Disp: i * v.bytes})
	}
	Label(name + "_block")
	for i := range sum {
		r, part := i/v.perPanel(), i%v.perPanel()
		m.add(i, Mem{Base: rows[r], Disp: part * v.bytes / 2}, sum[i], sum[i])
	}
	for _, row := range rows {
		PREFETCHT0(Mem{Base: row, Index: stride, Scale: 4})
		ADDQ(Imm(32), row)
	}
	DECQ(left)
	JNZ(LabelRef(name + "_block"))
	for i := range sum {
		VMOVUPS(sum[i], Mem{Base: sums, Disp: i * v.bytes})
	}
	ADDQ(U32(group*64), sums)
	DECQ(groups)
	JNZ(LabelRef(name + "_group"))
	m.store(parts)
	done()
}

// quantize turns numbers into words of two columns: the nearest integers of x·factor, where the lower one's sign is carried
// into the upper one (pack in fixed.go). With hi and lo in the halves of 64 bits that is 2^32·hi + (lo + 2^31) − 2^31, of which
// the sum in brackets, which is not negative, is lo with another bit of sign.
func (v vector) quantize(x, factor reg.VecVirtual) {
	VMULPS(factor, x, x)
	VCVTPS2DQ(x, x)
	v.constant(three(VPXOR), VPXORQ_BCST, u64(1<<31), x, x)
	v.constant(VPADDQ, VPADDQ_BCST, u64(1<<64-1<<31), x, x)
}

func (v vector) factor(offset int) reg.VecVirtual {
	r := v.reg()
	VBROADCASTSS(NewParamAddr("factor", offset), r)
	return r
}

// quantizeRows writes the kernel that fills rows of panels, one panel after the other: stores to one at a time are
// as fast as the cache takes them, to several in turn are not.
func quantizeRows(v vector) {
	name := v.begin("quantizeRows", "func(dst *uint64, panel int, x *float32, stride, blocks int, factors *float32, rows int)",
		"writes rows of blocks of 16 numbers times their factors; panels are panel bytes apart, rows of x stride bytes.")
	dst := Load(Param("dst"), GP64())
	panel := Load(Param("panel"), GP64())
	x := Load(Param("x"), GP64())
	stride := Load(Param("stride"), GP64())
	blocks := Load(Param("blocks"), GP64())
	factors := Load(Param("factors"), GP64())
	rows := Load(Param("rows"), GP64())
	Label(name + "_block")
	to, from, row := GP64(), GP64(), GP64()
	MOVQ(dst, to)
	MOVQ(x, from)
	XORQ(row, row)
	Label(name + "_row")
	factor := v.reg()
	VBROADCASTSS(Mem{Base: factors, Index: row, Scale: 4}, factor)
	for part := range v.perPanel() {
		q := v.load(Mem{Base: from, Disp: part * v.bytes})
		v.quantize(q, factor)
		storeIntegers(v, q, Mem{Base: to, Disp: part * v.bytes})
	}
	ADDQ(stride, from)
	ADDQ(Imm(entryBytes), to)
	INCQ(row)
	CMPQ(row, rows)
	JLT(LabelRef(name + "_row"))
	ADDQ(panel, dst)
	ADDQ(Imm(64), x)
	DECQ(blocks)
	JNZ(LabelRef(name + "_block"))
	done()
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
