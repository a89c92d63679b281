package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// stream begins a kernel that goes over slices 16 numbers a turn: params names its pointers. The result loads the turn's
// addresses; loop writes the turns, for every part of them body.
func stream(v vector, kernel, signature, doc string, params ...string) map[string]reg.Register {
	v.begin(kernel, signature, doc)
	pointers := map[string]reg.Register{}
	for _, p := range append(params, "blocks") {
		pointers[p] = Load(Param(p), GP64())
	}
	return pointers
}

func (v vector) loop(kernel string, pointers map[string]reg.Register, params []string, body func(at func(string) Mem)) {
	label := v.name(kernel) + "_block"
	Label(label)
	for part := range v.perPanel() {
		body(func(p string) Mem { return Mem{Base: pointers[p], Disp: part * v.bytes} })
	}
	for _, p := range params {
		ADDQ(Imm(64), pointers[p])
	}
	DECQ(pointers["blocks"])
	JNZ(LabelRef(label))
}

func done() {
	VZEROUPPER()
	RET()
}

func (v vector) broadcast(param string, offset int) reg.VecVirtual {
	r := v.reg()
	VBROADCASTSS(NewParamAddr(param, offset), r)
	return r
}

// vectors writes the arithmetic of an update.
func vectors(v vector) {
	params := []string{"dst", "a", "b"}
	p := stream(v, "subtract", "func(dst, a, b *float32, blocks int)", "writes a − b for blocks·16 numbers.", params...)
	v.loop("subtract", p, params, func(at func(string) Mem) {
		a := v.load(at("a"))
		VSUBPS(at("b"), a, a)
		VMOVUPS(a, at("dst"))
	})
	done()

	params = []string{"dst", "x"}
	p = stream(v, "addScaled", "func(dst, x *float32, blocks int, a float32)", "adds a·x for blocks·16 numbers.", params...)
	a := v.broadcast("a", 24)
	v.loop("addScaled", p, params, func(at func(string) Mem) {
		x := v.reg()
		VMULPS(at("x"), a, x)
		VADDPS(at("dst"), x, x)
		VMOVUPS(x, at("dst"))
	})
	done()

	params = []string{"dst", "x", "y"}
	p = stream(v, "subtractOuter", "func(dst, x, y *float32, blocks int, a, b float32)",
		"subtracts a·x + b·y for blocks·16 numbers.", params...)
	a = v.broadcast("a", 32)
	b := v.broadcast("b", 36)
	v.loop("subtractOuter", p, params, func(at func(string) Mem) {
		x, y, sum := v.reg(), v.reg(), v.reg()
		VMULPS(at("x"), a, x)
		VMULPS(at("y"), b, y)
		VADDPS(y, x, x)
		VMOVUPS(at("dst"), sum)
		VSUBPS(x, sum, sum)
		VMOVUPS(sum, at("dst"))
	})
	done()

	params = []string{"x", "row"}
	p = stream(v, "addRow", "func(x, row *float32, blocks int, scale float32)", "turns x into scale·x + row for blocks·16 numbers.", params...)
	scale := v.broadcast("scale", 24)
	v.loop("addRow", p, params, func(at func(string) Mem) {
		x := v.reg()
		VMULPS(at("x"), scale, x)
		VADDPS(at("row"), x, x)
		VMOVUPS(x, at("x"))
	})
	done()

	centerColumns(v)
	affine(v, 64)
	affine(v, 16)
	dot(v)
	finite(v)
	adam(v)
}

// centerColumns writes the kernel of CenterColumns: the sums of 16 columns stay in registers.
func centerColumns(v vector) {
	p := stream(v, "centerColumns", "func(means, x *float32, stride, rows int, count float64, blocks int)",
		"subtracts the means of blocks·16 columns from rows, stride bytes apart; count is the number of rows.", "means", "x", "stride", "rows")
	name, count, row, left, part := v.name("centerColumns"), v.reg(), GP64(), GP64(), v.bytes/2
	VBROADCASTSD(NewParamAddr("count", 32), count)
	Label(name + "_block")
	sums := make([]reg.VecVirtual, 64/part)
	for i := range sums {
		sums[i] = v.reg()
		v.xor(sums[i], sums[i], sums[i])
	}
	MOVQ(p["x"], row)
	MOVQ(p["rows"], left)
	Label(name + "_sum")
	for i, sum := range sums {
		y := v.reg()
		VCVTPS2PD(Mem{Base: row, Disp: i * part}, y)
		VADDPD(y, sum, sum)
	}
	ADDQ(p["stride"], row)
	DECQ(left)
	JNZ(LabelRef(name + "_sum"))
	for i, sum := range sums {
		VDIVPD(count, sum, sum)
		if to := (Mem{Base: p["means"], Disp: i * part}); v.wide() {
			mean := YMM()
			VCVTPD2PS(sum, mean)
			VMOVUPS(mean, to)
		} else {
			mean := XMM()
			VCVTPD2PSY(sum, mean)
			VMOVUPS(mean, to)
		}
	}
	means := make([]reg.VecVirtual, v.perPanel())
	for i := range means {
		means[i] = v.load(Mem{Base: p["means"], Disp: i * v.bytes})
	}
	MOVQ(p["x"], row)
	MOVQ(p["rows"], left)
	Label(name + "_subtract")
	for i, mean := range means {
		y := v.load(Mem{Base: row, Disp: i * v.bytes})
		VSUBPS(mean, y, y)
		VMOVUPS(y, Mem{Base: row, Disp: i * v.bytes})
	}
	ADDQ(p["stride"], row)
	DECQ(left)
	JNZ(LabelRef(name + "_subtract"))
	ADDQ(Imm(64), p["means"])
	ADDQ(Imm(64), p["x"])
	DECQ(p["blocks"])
	JNZ(LabelRef(name + "_block"))
	done()
}

// affine writes the kernel of Affine for some columns of w, whose sums stay in registers. A term is a number x, in the upper
// half, and its row of w.
func affine(v vector, columns int) {
	kernel := fmt.Sprintf("affine%d", columns)
	p := stream(v, kernel, "func(dst, bias, w *float32, stride int, terms *uint64, blocks int)",
		fmt.Sprintf("writes bias and the sum of blocks terms, at least one, for %d columns of w, whose rows are stride bytes apart.", columns),
		"dst", "bias", "w", "stride", "terms")
	sums, x, row := make([]reg.VecVirtual, columns*4/v.bytes), v.reg(), GP64()
	for i := range sums {
		sums[i] = v.load(Mem{Base: p["bias"], Disp: i * v.bytes})
	}
	label := v.name(kernel) + "_term"
	Label(label)
	MOVL(Mem{Base: p["terms"]}, row.As32())
	IMULQ(p["stride"], row)
	VBROADCASTSS(Mem{Base: p["terms"], Disp: 4}, x)
	for i, sum := range sums {
		product := v.reg()
		VMULPS(Mem{Base: p["w"], Index: row, Scale: 1, Disp: i * v.bytes}, x, product)
		VADDPS(product, sum, sum)
	}
	ADDQ(Imm(8), p["terms"])
	DECQ(p["blocks"])
	JNZ(LabelRef(label))
	for i, sum := range sums {
		VMOVUPS(sum, Mem{Base: p["dst"], Disp: i * v.bytes})
	}
	done()
}

// dot writes the kernel that adds products to 8 sums in float64.
func dot(v vector) {
	params := []string{"x", "y"}
	p := stream(v, "dot", "func(parts *[8]float64, x, y *float32, blocks int)",
		"adds x[i]·y[i] to parts[i%8] for blocks·16 numbers.", params...)
	parts := Load(Param("parts"), GP64())
	sums := make([]reg.VecVirtual, v.perPanel())
	for i := range sums {
		sums[i] = v.load(Mem{Base: parts, Disp: i * v.bytes})
	}
	label := v.name("dot") + "_block"
	Label(label)
	for half := 0; half < 64; half += 32 {
		for i, sum := range sums {
			x, y := v.reg(), v.reg()
			disp := half + i*v.bytes/2
			VCVTPS2PD(Mem{Base: p["x"], Disp: disp}, x)
			VCVTPS2PD(Mem{Base: p["y"], Disp: disp}, y)
			VMULPD(x, y, y)
			VADDPD(y, sum, sum)
		}
	}
	ADDQ(Imm(64), p["x"])
	ADDQ(Imm(64), p["y"])
	DECQ(p["blocks"])
	JNZ(LabelRef(label))
	for i, sum := range sums {
		VMOVUPS(sum, Mem{Base: parts, Disp: i * v.bytes})
	}
	done()
}

// finite writes the kernel that looks for an exponent of ones.
func finite(v vector) {
	params := []string{"x"}
	p := stream(v, "finite", "func(x *float32, blocks int) bool", "reports whether blocks·16 numbers are finite.", params...)
	bad := v.reg()
	VXORPS(bad.AsX(), bad.AsX(), bad.AsX())
	v.loop("finite", p, params, func(at func(string) Mem) {
		x := v.load(at("x"))
		VSUBPS(x, x, x) // 0, or NaN for NaN and ±Inf
		v.or(x, bad, bad)
	})
	if v.wide() {
		high := YMM()
		VEXTRACTF64X4(Imm(1), bad, high)
		VPOR(high, bad.AsY(), bad.AsY())
	}
	VPTEST(bad.AsY(), bad.AsY())
	ok := GP8()
	SETEQ(ok)
	Store(ok, ReturnIndex(0))
	done()
}

// adam writes the kernel of Context.StepAdam.
func adam(v vector) {
	params := []string{"p", "a", "slope", "second"}
	pointers := stream(v, "adam", "func(s *[5]float32, p, a, slope, second *float32, blocks int)",
		"is Context.StepAdam for blocks·16 numbers.", params...)
	s := Load(Param("s"), GP64())
	numbers := map[string]reg.VecVirtual{}
	for i, name := range []string{"decay", "gain", "rate", "correction", "epsilon"} {
		numbers[name] = v.reg()
		VBROADCASTSS(Mem{Base: s, Disp: 4 * i}, numbers[name])
	}
	v.loop("adam", pointers, params, func(at func(string) Mem) {
		g, second, a := v.load(at("slope")), v.reg(), v.reg()
		VMULPS(g, g, g)
		VMULPS(numbers["gain"], g, g)
		VMULPS(at("second"), numbers["decay"], second)
		VADDPS(g, second, second)
		VMOVUPS(second, at("second"))
		VMULPS(numbers["correction"], second, second)
		VSQRTPS(second, second)
		VADDPS(numbers["epsilon"], second, second)
		VMULPS(at("a"), numbers["rate"], a)
		VDIVPS(second, a, a)
		VADDPS(at("p"), a, a)
		VMOVUPS(a, at("p"))
	})
	done()
}
