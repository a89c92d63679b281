package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const exponentMask = 0x7ff << 52

// enumeration writes the inner loops of package exact.
func enumeration(v vector) {
	multiply(v)
	factors(v)
	products(v)
	logProduct(v)
}

func multiply(v vector) {
	name := v.name("multiply")
	TEXT(name, NOSPLIT, "func(a, f *float64, blocks int)")
	Doc(name + " multiplies a by f for blocks·8 numbers.")
	Pragma("noescape")
	a := Load(Param("a"), GP64())
	f := Load(Param("f"), GP64())
	blocks := Load(Param("blocks"), GP64())
	Label(name + "_block")
	for disp := 0; disp < 64; disp += v.bytes {
		x := v.load(Mem{Base: a, Disp: disp})
		VMULPD(Mem{Base: f, Disp: disp}, x, x)
		VMOVUPS(x, Mem{Base: a, Disp: disp})
	}
	ADDQ(Imm(64), a)
	ADDQ(Imm(64), f)
	DECQ(blocks)
	JNZ(LabelRef(name + "_block"))
	done()
}

// factors writes the kernel of Factors. With E the exponent bits of 1 + a·most, the power of two is that of
// (2045<<52) − E, and Σ k is Σ (E>>52 − 1022).
func factors(v vector) {
	name := v.name("factors")
	TEXT(name, NOSPLIT, "func(r, ar, a, most *float64, blocks int, exponents *[8]uint64)")
	Doc(name + " is Factors for blocks·8 numbers; the sums of the exponents' bits are left in exponents.")
	Pragma("noescape")
	pointers := map[string]reg.Register{}
	for _, p := range []string{"r", "ar", "a", "most", "blocks", "exponents"} {
		pointers[p] = Load(Param(p), GP64())
	}
	sums := make([]reg.VecVirtual, v.perPanel())
	for i := range sums {
		sums[i] = v.reg()
		VXORPS(sums[i].AsX(), sums[i].AsX(), sums[i].AsX())
	}
	one, mask, top := v.load(u64(1023<<52)), v.load(u64(exponentMask)), v.load(u64(2045<<52))
	Label(name + "_block")
	for i, sum := range sums {
		at := func(p string) Mem { return Mem{Base: pointers[p], Disp: i * v.bytes} }
		a, x, power := v.load(at("a")), v.reg(), v.reg()
		VMULPD(at("most"), a, x)
		VADDPD(one, x, x)
		if v.wide() {
			VPANDQ(mask, x, x)
		} else {
			VPAND(mask, x, x)
		}
		VPSUBQ(x, top, power)
		VMOVUPS(power, at("r"))
		VMULPD(power, a, a)
		VMOVUPS(a, at("ar"))
		VPSRLQ(Imm(52), x, x)
		VPADDQ(x, sum, sum)
	}
	for _, p := range []string{"r", "ar", "a", "most"} {
		ADDQ(Imm(64), pointers[p])
	}
	DECQ(pointers["blocks"])
	JNZ(LabelRef(name + "_block"))
	for i, sum := range sums {
		storeIntegers(v, sum, Mem{Base: pointers["exponents"], Disp: i * v.bytes})
	}
	done()
}

// products writes the kernel of Products: 8 registers of products stay while the units pass, all 64 states at once in AVX-512 and
// two times 32 in AVX2.
func products(v vector) {
	name := v.name("products64")
	TEXT(name, NOSPLIT, "func(prod *[64]float64, table, r, ar *float64, units int)")
	Doc(name + " is Products for units units.")
	Pragma("noescape")
	prod := Load(Param("prod"), GP64())
	const registers = 8
	for half := range 512 / (registers * v.bytes) {
		at := half * registers * v.bytes
		table := Load(Param("table"), GP64())
		r := Load(Param("r"), GP64())
		ar := Load(Param("ar"), GP64())
		units := Load(Param("units"), GP64())
		products := make([]reg.VecVirtual, registers)
		for i := range products {
			products[i] = v.load(Mem{Base: prod, Disp: at + i*v.bytes})
		}
		x, y := v.reg(), v.reg()
		label := name + "_unit" + string(rune('0'+half))
		Label(label)
		VBROADCASTSD(Mem{Base: r}, x)
		VBROADCASTSD(Mem{Base: ar}, y)
		for i, p := range products {
			factor := v.reg()
			VMULPD(Mem{Base: table, Disp: at + i*v.bytes}, y, factor)
			VADDPD(x, factor, factor)
			VMULPD(factor, p, p)
		}
		ADDQ(U32(512), table)
		ADDQ(Imm(8), r)
		ADDQ(Imm(8), ar)
		DECQ(units)
		JNZ(LabelRef(label))
		for i, p := range products {
			VMOVUPS(p, Mem{Base: prod, Disp: at + i*v.bytes})
		}
	}
	done()
}

// logProduct writes the kernel that multiplies the factors of whole eights of eights, taking the powers of two out after each.
func logProduct(v vector) {
	name := v.name("logProduct")
	TEXT(name, NOSPLIT, "func(parts *[8]float64, on, off, e *float64, blocks int, exponents *[8]uint64)")
	Doc(name + " multiplies parts by blocks·64 factors; the sums of the exponents' bits are left in exponents.")
	Pragma("noescape")
	pointers := map[string]reg.Register{}
	for _, p := range []string{"parts", "on", "off", "e", "blocks", "exponents"} {
		pointers[p] = Load(Param(p), GP64())
	}
	parts, sums := make([]reg.VecVirtual, v.perPanel()), make([]reg.VecVirtual, v.perPanel())
	for i := range parts {
		parts[i], sums[i] = v.load(Mem{Base: pointers["parts"], Disp: i * v.bytes}), v.reg()
		VXORPS(sums[i].AsX(), sums[i].AsX(), sums[i].AsX())
	}
	mantissa, one := v.load(u64(1<<52-1)), v.load(u64(1023<<52))
	Label(name + "_block")
	for eighth := range 8 {
		for i, part := range parts {
			at := func(p string) Mem { return Mem{Base: pointers[p], Disp: eighth*64 + i*v.bytes} }
			factor := v.load(at("on"))
			VMULPD(at("e"), factor, factor)
			VADDPD(at("off"), factor, factor)
			VMULPD(factor, part, part)
		}
	}
	for i, part := range parts {
		bits := v.reg()
		VPSRLQ(Imm(52), part, bits)
		VPADDQ(bits, sums[i], sums[i])
		v.and(mantissa, part, part)
		v.or(one, part, part)
	}
	for _, p := range []string{"on", "off", "e"} {
		ADDQ(U32(512), pointers[p])
	}
	DECQ(pointers["blocks"])
	JNZ(LabelRef(name + "_block"))
	for i := range parts {
		VMOVUPS(parts[i], Mem{Base: pointers["parts"], Disp: i * v.bytes})
		storeIntegers(v, sums[i], Mem{Base: pointers["exponents"], Disp: i * v.bytes})
	}
	done()
}
