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
	name := v.begin("multiply", "func(dst, a, f *float64, blocks int)",
		"multiplies a by f for blocks·8 numbers.")
	dst := Load(Param("dst"), GP64())
	a := Load(Param("a"), GP64())
	f := Load(Param("f"), GP64())
	blocks := Load(Param("blocks"), GP64())
	Label(name + "_block")
	for disp := 0; disp < 64; disp += v.bytes {
		x := v.load(Mem{Base: a, Disp: disp})
		VMULPD(Mem{Base: f, Disp: disp}, x, x)
		VMOVUPS(x, Mem{Base: dst, Disp: disp})
	}
	for _, p := range []reg.Register{dst, a, f} {
		ADDQ(Imm(64), p)
	}
	DECQ(blocks)
	JNZ(LabelRef(name + "_block"))
	done()
}

// factors writes the kernel of Factors. With E the exponent bits of 1 + a·most, the power of two is that of
// (2045<<52) − E, and Σ k is Σ (E>>52 − 1022).
func factors(v vector) {
	name := v.begin("factors", "func(r, ar, a, most *float64, blocks int, exponents *[8]uint64)",
		"is Factors for blocks·8 numbers; the sums of the exponents' bits are left in exponents.")
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

// products writes the kernel of Products: the products of both stay in registers while the units pass, for all 64 states at
// once in AVX-512 and for 16 at a time in AVX2.
func products(v vector) {
	name := v.begin("products", "func(p, q, table, r0, ar0, r1, ar1 *float64, units int)",
		"is Products for units units; exponents follow mantissas at p and q.")
	registers := map[bool]int{true: 8, false: 4}[v.wide()]
	const exponents = 512 // bytes after the mantissas
	for chunk := range 512 / (registers * v.bytes) {
		at := chunk * registers * v.bytes
		targets := []reg.Register{Load(Param("p"), GP64()), Load(Param("q"), GP64())}
		table := Load(Param("table"), GP64())
		rs := []reg.Register{Load(Param("r0"), GP64()), Load(Param("r1"), GP64())}
		ars := []reg.Register{Load(Param("ar0"), GP64()), Load(Param("ar1"), GP64())}
		units := Load(Param("units"), GP64())
		var products [2][]reg.VecVirtual
		var r, ar [2]reg.VecVirtual
		for k, target := range targets {
			for i := range registers {
				products[k] = append(products[k], v.load(Mem{Base: target, Disp: at + i*v.bytes}))
			}
			r[k], ar[k] = v.reg(), v.reg()
		}
		label := name + "_unit" + string(rune('0'+chunk))
		Label(label)
		for k := range 2 {
			VBROADCASTSD(Mem{Base: rs[k]}, r[k])
			VBROADCASTSD(Mem{Base: ars[k]}, ar[k])
		}
		for i := range registers {
			entry := v.load(Mem{Base: table, Disp: at + i*v.bytes})
			for k := range 2 {
				factor := v.reg()
				VMULPD(entry, ar[k], factor)
				VADDPD(r[k], factor, factor)
				VMULPD(factor, products[k][i], products[k][i])
			}
		}
		ADDQ(U32(512), table)
		for k := range 2 {
			ADDQ(Imm(8), rs[k])
			ADDQ(Imm(8), ars[k])
		}
		DECQ(units)
		JNZ(LabelRef(label))
		for k, target := range targets {
			for i, p := range products[k] {
				mantissa, exponent := Mem{Base: target, Disp: at + i*v.bytes}, Mem{Base: target, Disp: exponents + at + i*v.bytes}
				bits := v.reg()
				VPSRLQ(Imm(52), p, bits)
				VPADDQ(exponent, bits, bits)
				VPSUBQ(u64(1023), bits, bits)
				storeIntegers(v, bits, exponent)
				v.and(u64(1<<52-1), p, p)
				v.or(u64(1023<<52), p, p)
				VMOVUPS(p, mantissa)
			}
		}
	}
	done()
}

// logProduct writes the kernel that multiplies the factors of whole eights of eights, taking the powers of two out after each.
func logProduct(v vector) {
	name := v.begin("logProduct", "func(parts *[8]float64, on, off, e *float64, blocks int, exponents *[8]uint64)",
		"multiplies parts by blocks·64 factors; the sums of the exponents' bits are left in exponents.")
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
