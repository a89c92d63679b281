// Command asm writes internal/kernel/kernels_amd64.s: every kernel once for AVX2 and once for AVX-512. The plain Go of the
// package is the specification; what is written here does the same operations in the same order, on more lanes. It also
// writes the methods that choose between the two.
package main

import (
	"flag"
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	flag.Parse()
	ConstraintExpr("amd64")
	for _, v := range []vector{{bytes: 32}, {bytes: 64}} {
		lookUp(v, "addWordWide", []int{5, 5, 6})
		lookUp(v, "addWordNarrow", []int{4, 4, 4, 4})
		fillRows(v)
		addListed(v)
		store(v)
		sample(v)
		drawNumbers(v)
		interleave(v)
		drawSites(v)
		normals(v)
		elementwise(v, "sigmoids", v.sigmoid)
		elementwise(v, "softpluses", v.softplus)
		elementwise(v, "expNegatives", v.expNegative)
		addMagnitudes(v)
		addNumbers(v)
		addRowMagnitudes(v)
		quantizeRows(v)
		quantizeTransposed(v)
		splitRows(v)
		packRows(v)
		splitTransposed(v)
		quantizePairs(v)
		addPairs(v)
		shortProducts(v)
		storeSums(v, "storeSums", "writes sums·factor of rows of 16 columns, stride bytes apart.", false)
		storeSums(v, "addSums", "adds sums·factor of rows of 16 columns, stride bytes apart, to dst.", true)
		vectors(v)
		columns(v)
		enumeration(v)
		transpose64(v)
	}
	addPairs(vector{bytes: 64, vnni: true})
	shortProducts(vector{bytes: 64, vnni: true})
	tiles(vector{bytes: 64, amx: true})
	writeForms(*formsFile)
	writeOther(*otherFile)
	Generate()
}

// A vector is the register width that a kernel is written for.
type vector struct {
	bytes int
	vnni  bool // with the instruction VPDPWSSD of AVX-512 VNNI
	amx   bool // with those of AMX-INT8
}

// name returns the name of a kernel in this form.
func (v vector) name(kernel string) string {
	if v.vnni {
		return kernel + "VNNI"
	}
	if v.amx {
		return kernel + "AMX"
	}
	return kernel + map[int]string{32: "AVX2", 64: "AVX512"}[v.bytes]
}

func (v vector) wide() bool { return v.bytes == 64 }

// reg returns a fresh register.
func (v vector) reg() reg.VecVirtual {
	if v.wide() {
		return ZMM()
	}
	return YMM()
}

// load returns a register with the vector at m.
func (v vector) load(m Mem) reg.VecVirtual {
	r := v.reg()
	VMOVUPS(m, r)
	return r
}

// three is an instruction that avo knows with three operands only, for constant.
func three(plain func(a, b, dst Op)) func(...Op) {
	return func(operands ...Op) { plain(operands[0], operands[1], operands[2]) }
}

// splat returns a register of a constant of equal 32-bit words in memory.
func (v vector) splat(c Mem) reg.VecVirtual {
	r := v.reg()
	VBROADCASTSS(c, r)
	return r
}

// perPanel is the number of vectors in a panel of 16 columns.
func (v vector) perPanel() int { return 64 / v.bytes }

// constant writes an instruction on a constant of equal words in memory, and on other operands. In AVX-512 one of these words is
// broadcast: the linker aligns no constant to more than 32 bytes, so that a whole one may lie in two cache lines.
func (v vector) constant(plain, broadcast func(...Op), c Mem, operands ...Op) {
	if v.wide() {
		broadcast(append([]Op{c}, operands...)...)
	} else {
		plain(append([]Op{c}, operands...)...)
	}
}

var constants = map[string]Mem{}

// u32 returns a constant of 16 equal words in memory.
func u32(bits uint32) Mem {
	name := fmt.Sprintf("words%08x", bits)
	if m, ok := constants[name]; ok {
		return m
	}
	m := GLOBL(name, 8|16) // RODATA|NOPTR
	for i := range 16 {
		DATA(4*i, U32(bits))
	}
	constants[name] = m
	return m
}

// u64 returns a constant of 8 equal words in memory.
func u64(bits uint64) Mem {
	name := fmt.Sprintf("quads%016x", bits)
	if m, ok := constants[name]; ok {
		return m
	}
	m := GLOBL(name, 8|16)
	for i := range 8 {
		DATA(8*i, U64(bits))
	}
	constants[name] = m
	return m
}

// sequence returns 8 given 64-bit words in memory.
func sequence(name string, words [8]uint64) Mem {
	if m, ok := constants[name]; ok {
		return m
	}
	m := GLOBL(name, 8|16)
	for i, w := range words {
		DATA(8*i, U64(w))
	}
	constants[name] = m
	return m
}
