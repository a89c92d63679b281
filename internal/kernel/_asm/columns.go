package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// doubles returns registers with the 16 numbers at a place.
func (v vector) doubles(at reg.Register) []reg.VecVirtual {
	list := make([]reg.VecVirtual, 128/v.bytes)
	for k := range list {
		list[k] = v.load(Mem{Base: at, Disp: k * v.bytes})
	}
	return list
}

// toDoubles returns the numbers at m in float64.
func (v vector) toDoubles(m Op) reg.VecVirtual {
	x := v.reg()
	VCVTPS2PD(m, x)
	return x
}

// columns writes the kernels of columns.go.
func columns(v vector) {
	name := v.begin("columnMoments", "func(sums, squares *[16]float64, x *float32, stride, rows int, weights *float32)",
		"adds Σ w·x and Σ w·x·x of 16 columns of rows, stride bytes apart.")
	sums, squares := Load(Param("sums"), GP64()), Load(Param("squares"), GP64())
	x, stride, rows := Load(Param("x"), GP64()), Load(Param("stride"), GP64()), Load(Param("rows"), GP64())
	weights := Load(Param("weights"), GP64())
	first, second := v.doubles(sums), v.doubles(squares)
	w := v.reg()
	Label(name + "_row")
	w32 := v.half()
	VBROADCASTSS(Mem{Base: weights}, w32)
	VCVTPS2PD(w32, w)
	for k := range first {
		y, wy := v.toDoubles(Mem{Base: x, Disp: k * v.bytes / 2}), v.reg()
		VMULPD(w, y, wy)
		VADDPD(wy, first[k], first[k])
		VMULPD(wy, y, y)
		VADDPD(y, second[k], second[k])
	}
	ADDQ(stride, x)
	ADDQ(Imm(4), weights)
	DECQ(rows)
	JNZ(LabelRef(name + "_row"))
	for k := range first {
		VMOVUPS(first[k], Mem{Base: sums, Disp: k * v.bytes})
		VMOVUPS(second[k], Mem{Base: squares, Disp: k * v.bytes})
	}
	done()

	name = v.begin("columnDistances", "func(sums *[16]float64, x, y *float32, stride, rows int)",
		"adds Σ (x−y)² of 16 columns of rows, stride bytes apart.")
	sums = Load(Param("sums"), GP64())
	x, y := Load(Param("x"), GP64()), Load(Param("y"), GP64())
	stride, rows = Load(Param("stride"), GP64()), Load(Param("rows"), GP64())
	total := v.doubles(sums)
	Label(name + "_row")
	for k := range total {
		d, other := v.toDoubles(Mem{Base: x, Disp: k * v.bytes / 2}), v.toDoubles(Mem{Base: y, Disp: k * v.bytes / 2})
		VSUBPD(other, d, d)
		VMULPD(d, d, d)
		VADDPD(d, total[k], total[k])
	}
	ADDQ(stride, x)
	ADDQ(stride, y)
	DECQ(rows)
	JNZ(LabelRef(name + "_row"))
	for k := range total {
		VMOVUPS(total[k], Mem{Base: sums, Disp: k * v.bytes})
	}
	done()

	params := []string{"x", "squares", "linear"}
	p := stream(v, "quadratics", "func(parts *[8]float64, x, squares, linear *float32, blocks int)",
		"adds (½squares·x − linear)·x to parts[i%8] for blocks·16 numbers.", params...)
	parts := Load(Param("parts"), GP64())
	eighth := make([]reg.VecVirtual, v.perPanel())
	for i := range eighth {
		eighth[i] = v.load(Mem{Base: parts, Disp: i * v.bytes})
	}
	Label(v.name("quadratics") + "_block")
	for half := 0; half < 64; half += 32 {
		for i, sum := range eighth {
			disp := half + i*v.bytes/2
			x, y := v.toDoubles(Mem{Base: p["x"], Disp: disp}), v.toDoubles(Mem{Base: p["squares"], Disp: disp})
			VMULPD(x, y, y)
			v.constant(VMULPD, VMULPD_BCST, u64(0x3fe0000000000000), y, y) // ½
			VSUBPD(v.toDoubles(Mem{Base: p["linear"], Disp: disp}), y, y)
			VMULPD(x, y, y)
			VADDPD(y, sum, sum)
		}
	}
	for _, name := range params {
		ADDQ(Imm(64), p[name])
	}
	DECQ(p["blocks"])
	JNZ(LabelRef(v.name("quadratics") + "_block"))
	for i, sum := range eighth {
		VMOVUPS(sum, Mem{Base: parts, Disp: i * v.bytes})
	}
	done()

	params = []string{"x", "row", "factors"}
	p = stream(v, "shiftScale", "func(x, row, factors *float32, blocks int)",
		"turns x into (x + row)·factors for blocks·16 numbers.", params...)
	v.loop("shiftScale", p, params, func(at func(string) Mem) {
		x := v.load(at("x"))
		VADDPS(at("row"), x, x)
		VMULPS(at("factors"), x, x)
		VMOVUPS(x, at("x"))
	})
	done()

	name = v.begin("transposeNumbers", "func(dst *float32, dstBytes int, x *float32, stride, blocks int)",
		"writes 16 rows of blocks·16 numbers, stride bytes apart, as columns of rows dstBytes apart.")
	dst, dstBytes := Load(Param("dst"), GP64()), Load(Param("dstBytes"), GP64())
	from, step, blocks := Load(Param("x"), GP64()), Load(Param("stride"), GP64()), Load(Param("blocks"), GP64())
	at := GP64()
	Label(name + "_block")
	v.squares(from, step, func(square []reg.VecVirtual, row, column int) {
		MOVQ(dst, at)
		for range row {
			ADDQ(dstBytes, at)
		}
		for i := range square {
			VMOVUPS(square[i], Mem{Base: at, Disp: 4 * column})
			if i < len(square)-1 {
				ADDQ(dstBytes, at)
			}
		}
	})
	ADDQ(Imm(64), from)
	for range 16 {
		ADDQ(dstBytes, dst)
	}
	DECQ(blocks)
	JNZ(LabelRef(name + "_block"))
	done()
}

// half returns a fresh register of half the width.
func (v vector) half() reg.VecVirtual {
	if v.wide() {
		return YMM()
	}
	return XMM()
}
