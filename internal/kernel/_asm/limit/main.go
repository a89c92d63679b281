// Command limit writes internal/limit/loops_amd64.s: loops that do nothing but what a core can do most of.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64")
	for _, bytes := range []int{32, 64} {
		fma(bytes)
		read(bytes)
		lookUp(bytes)
	}
	Generate()
}

func name(kernel string, bytes int) string {
	return kernel + map[int]string{32: "AVX2", 64: "AVX512"}[bytes]
}

func vector(bytes int) reg.VecVirtual {
	if bytes == 64 {
		return ZMM()
	}
	return YMM()
}

func vectors(n, bytes int) []reg.VecVirtual {
	all := make([]reg.VecVirtual, n)
	for i := range all {
		all[i] = vector(bytes)
		VXORPS(all[i].AsX(), all[i].AsX(), all[i].AsX())
	}
	return all
}

func start(kernel string, bytes int, signature, doc string) string {
	TEXT(name(kernel, bytes), NOSPLIT, signature)
	Doc(name(kernel, bytes) + " " + doc)
	Pragma("noescape")
	return name(kernel, bytes) + "_loop"
}

func end(label string, left reg.Register) {
	DECQ(left)
	JNZ(LabelRef(label))
	VZEROUPPER()
	RET()
}

// fma makes 12 independent multiply-adds a turn: two units with a latency of up to 6 cycles stay busy.
func fma(bytes int) {
	label := start("fma", bytes, "func(turns int)", "makes turns·12 multiply-adds of a register.")
	left := Load(Param("turns"), GP64())
	sums, x := vectors(12, bytes), vectors(2, bytes)
	Label(label)
	for _, s := range sums {
		VFMADD231PS(x[0], x[1], s)
	}
	end(label, left)
}

// read adds up a stretch of memory.
func read(bytes int) {
	label := start("read", bytes, "func(p *byte, turns int)", "reads turns·512 bytes.")
	p := Load(Param("p"), GP64())
	left := Load(Param("turns"), GP64())
	sums := vectors(8, bytes)
	Label(label)
	for disp := 0; disp < 512; disp += bytes {
		s := sums[disp/bytes%len(sums)]
		VPADDQ(Mem{Base: p, Disp: disp}, s, s)
	}
	ADDQ(U32(512), p)
	end(label, left)
}

// lookUp takes 12 entries of 64 bytes from tables of 2 KiB for every word: what a product of bits does, without accumulators and
// with nothing but independent additions.
func lookUp(bytes int) {
	label := start("lookUp", bytes, "func(tables *byte, words *uint64, count int)", "makes 12 look-ups for each of count words.")
	tables := Load(Param("tables"), GP64())
	words := Load(Param("words"), GP64())
	left := Load(Param("count"), GP64())
	bases := []reg.Register{tables}
	for k := 1; k < 4; k++ {
		base := GP64()
		LEAQ(Mem{Base: tables, Disp: k * 6 << 10}, base)
		bases = append(bases, base)
	}
	mask := GP64()
	MOVQ(U32(31<<6), mask)
	sums := vectors(8, bytes)
	word := GP64()
	Label(label)
	MOVQ(Mem{Base: words}, word)
	for g := range 12 {
		index := GP64()
		RORXQ(Imm(uint64((5*g-6+64)%64)), word, index)
		ANDL(mask.As32(), index.As32())
		for disp := 0; disp < 64; disp += bytes {
			s := sums[(g*64+disp)/bytes%len(sums)]
			VPADDQ(Mem{Base: bases[g/3], Index: index, Scale: 1, Disp: g%3*2048 + disp}, s, s)
		}
	}
	ADDQ(Imm(8), words)
	end(label, left)
}
