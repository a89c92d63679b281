package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	entryBytes = 64 // of a table and of an accumulator: a panel's 8 words
	unitRows   = 16
)

// lookUp writes the kernel that adds the products of one word of the states to the accumulators of a panel, with the 16 rows of a
// quarter of the word split into groups of the given sizes. It fills the tables of all groups and then looks one
// entry a group up for every configuration.
func lookUp(v vector, name string, sizes []int) {
	v.begin(name, "func(acc *[8]uint64, rows int, words *uint64, stride int, panel *uint64, tables *uint64, quarters int)",
		fmt.Sprintf("adds quarters·16 rows of a panel, in groups of %v rows of a quarter.", sizes))
	acc := Load(Param("acc"), GP64())
	rows := Load(Param("rows"), GP64())
	words := Load(Param("words"), GP64())
	stride := Load(Param("stride"), GP64())
	SHLQ(Imm(3), stride)
	panel := Load(Param("panel"), GP64())
	tables := Load(Param("tables"), GP64())
	quarters := Load(Param("quarters"), GP64())

	quarterBytes := 0
	for _, n := range sizes {
		quarterBytes += entryBytes << n
	}
	fill := v.name(name) + "_fill"
	left, table := GP64(), GP64()
	MOVQ(quarters, left)
	MOVQ(tables, table)
	Label(fill)
	row, disp := 0, 0
	for _, n := range sizes {
		for part := range v.perPanel() {
			v.fill(Mem{Base: panel, Disp: row*entryBytes + part*v.bytes}, Mem{Base: table, Disp: disp + part*v.bytes}, n)
		}
		row += n
		disp += entryBytes << n
	}
	ADDQ(U32(unitRows*entryBytes), panel)
	ADDQ(U32(uint32(quarterBytes)), table)
	DECQ(left)
	JNZ(LabelRef(fill))

	label := func(kind string, q int) string { return fmt.Sprintf("%s_%s%d", v.name(name), kind, q) }
	for q := 1; q < 4; q++ {
		CMPQ(quarters, Imm(uint64(q)))
		JEQ(LabelRef(label("start", q)))
	}
	for _, q := range []int{4, 3, 2, 1} {
		Label(label("start", q))
		bases, masks := v.basesOf(tables, q, quarterBytes), masksOf(sizes)
		Label(label("row", q))
		v.lookUpRow(acc, words, bases, sizes, masks)
		ADDQ(Imm(entryBytes), acc)
		ADDQ(stride, words)
		DECQ(rows)
		JNZ(LabelRef(label("row", q)))
		VZEROUPPER()
		RET()
	}
}

// fill tabulates the sums of all subsets of n rows, doubling the table with every row: T[e + 2^k] = T[e] + row_k.
// The first 8 entries stay in registers for the ones above them.
func (v vector) fill(rows, table Mem, n int) {
	entry := func(e int) Mem { return table.Offset(e * entryBytes) }
	row := func(k int) Mem { return rows.Offset(k * entryBytes) }
	var low [8]reg.VecVirtual
	low[0] = v.reg()
	VPXOR(low[0].AsY(), low[0].AsY(), low[0].AsY())
	storeIntegers(v, low[0], entry(0))
	for k := range 3 {
		r := v.load(row(k))
		for e := range 1 << k {
			if e == 0 {
				low[1<<k] = r
			} else {
				low[e+1<<k] = v.reg()
				VPADDQ(low[e], r, low[e+1<<k])
			}
			storeIntegers(v, low[e+1<<k], entry(e+1<<k))
		}
	}
	for k := 3; k < n; k++ {
		// Entries 2^k … 2^(k+1)−1 in blocks of 8: each block's row sum is added to the 8 low entries.
		for block := range 1 << (k - 3) {
			base := v.load(row(k))
			for bit := range k - 3 {
				if block>>bit&1 == 1 {
					VPADDQ(row(3+bit), base, base)
				}
			}
			for e := range 8 {
				at := entry(1<<k + block*8 + e)
				if e == 0 {
					storeIntegers(v, base, at)
					continue
				}
				sum := v.reg()
				VPADDQ(low[e], base, sum)
				storeIntegers(v, sum, at)
			}
		}
	}
}

// storeIntegers stores a register of integers.
func storeIntegers(v vector, r reg.VecVirtual, m Mem) {
	if v.wide() {
		VMOVDQU64(r, m)
	} else {
		VMOVDQU(r, m)
	}
}

// lookUpRow adds the entries that the first quarters of a configuration's word select to its accumulator.
func (v vector) lookUpRow(acc, words reg.Register, tables []reg.Register, sizes []int, masks map[int]reg.GPVirtual) {
	word := GP64()
	MOVQ(Mem{Base: words}, word)
	sums := make([]reg.VecVirtual, v.perPanel())
	for part := range sums {
		sums[part] = v.load(Mem{Base: acc, Disp: part * v.bytes})
	}
	shift := 0
	for _, table := range tables {
		disp := 0
		for _, n := range sizes {
			index := GP64()
			// (word >> shift & (2^n − 1))·64 by one rotation and one mask.
			RORXQ(Imm(uint64((shift-6+64)%64)), word, index)
			ANDL(masks[n].As32(), index.As32())
			for part := range sums {
				VPADDQ(Mem{Base: table, Index: index, Scale: 1, Disp: disp + part*v.bytes}, sums[part], sums[part])
			}
			disp += entryBytes << n
			shift += n
		}
	}
	for part := range sums {
		storeIntegers(v, sums[part], Mem{Base: acc, Disp: part * v.bytes})
	}
}

// basesOf returns registers with the addresses of the quarters' tables: with an offset that is a multiple of 64 below 2^13, an
// AVX-512 instruction is four bytes shorter, and the cache of decoded instructions holds few long ones.
func (v vector) basesOf(tables reg.Register, quarters, quarterBytes int) []reg.Register {
	bases := []reg.Register{tables}
	for q := 1; q < quarters; q++ {
		base := GP64()
		LEAQ(Mem{Base: tables, Disp: q * quarterBytes}, base)
		bases = append(bases, base)
	}
	return bases
}

// masksOf returns registers with the mask of a table's index for every size of a group.
func masksOf(sizes []int) map[int]reg.GPVirtual {
	masks := map[int]reg.GPVirtual{}
	for _, n := range sizes {
		if _, ok := masks[n]; !ok {
			masks[n] = GP64()
			MOVQ(U32(uint32((1<<n-1)*entryBytes)), masks[n])
		}
	}
	return masks
}

// fillRows writes the kernel that sets accumulators to the offset.
func fillRows(v vector) {
	name := v.begin("fill", "func(acc *[8]uint64, rows int, offset *[8]uint64)",
		"sets rows accumulators to the offset.")
	acc := Load(Param("acc"), GP64())
	rows := Load(Param("rows"), GP64())
	offset := Load(Param("offset"), GP64())
	parts := make([]reg.VecVirtual, v.perPanel())
	for part := range parts {
		parts[part] = v.load(Mem{Base: offset, Disp: part * v.bytes})
	}
	Label(name + "_row")
	for part, r := range parts {
		storeIntegers(v, r, Mem{Base: acc, Disp: part * v.bytes})
	}
	ADDQ(Imm(entryBytes), acc)
	DECQ(rows)
	JNZ(LabelRef(name + "_row"))
	done()
}

// addListed writes the kernel that adds the panel's rows of the listed bits, in groups of 4.
func addListed(v vector) {
	name := v.begin("addListed", "func(acc *[8]uint64, order *uint64, rows int, offsets *uint32, panel *uint64)",
		"adds the panel's rows of the listed bits.")
	acc := Load(Param("acc"), GP64())
	order := Load(Param("order"), GP64())
	rows := Load(Param("rows"), GP64())
	offsets := Load(Param("offsets"), GP64())
	panel := Load(Param("panel"), GP64())
	// Two sums: an addition waits for the one before, and there are two loads a cycle.
	var sums [2][]reg.VecVirtual
	for range v.perPanel() {
		sums[0], sums[1] = append(sums[0], v.reg()), append(sums[1], v.reg())
	}
	at, groups, offset := GP64(), GP64(), GP64()

	Label(name + "_row")
	MOVL(Mem{Base: order}, at.As32())
	SHLQ(Imm(6), at)
	ADDQ(acc, at)
	for part := range v.perPanel() {
		VMOVUPS(Mem{Base: at, Disp: part * v.bytes}, sums[0][part])
		VPXOR(sums[1][part].AsY(), sums[1][part].AsY(), sums[1][part].AsY())
	}
	MOVL(Mem{Base: order, Disp: 4}, groups.As32())
	TESTL(groups.As32(), groups.As32())
	JZ(LabelRef(name + "_next"))
	Label(name + "_group")
	for i := range 4 {
		MOVL(Mem{Base: offsets, Disp: 4 * i}, offset.As32())
		for part, sum := range sums[i%2] {
			VPADDQ(Mem{Base: panel, Index: offset, Scale: 1, Disp: part * v.bytes}, sum, sum)
		}
	}
	ADDQ(Imm(16), offsets)
	DECL(groups.As32())
	JNZ(LabelRef(name + "_group"))
	Label(name + "_next")
	for part, sum := range sums[0] {
		VPADDQ(sums[1][part], sum, sum)
		storeIntegers(v, sum, Mem{Base: at, Disp: part * v.bytes})
	}
	ADDQ(Imm(8), order)
	DECQ(rows)
	JNZ(LabelRef(name + "_row"))
	done()
}

// products returns the panel's columns that vector part of an accumulator holds, as float32: the words are taken apart (unpack in
// fixed.go), rounded and scaled. Inputs are these and biases.
func (v vector) products(acc Mem, scale reg.VecVirtual, odd reg.Register) reg.VecVirtual {
	sum, carried := v.load(acc), v.reg()
	v.constant(VPADDQ, VPADDQ_BCST, u64(1<<31), sum, carried)
	if v.wide() {
		VMOVDQU32(carried, odd, sum)
	} else {
		VPBLENDD(Imm(0xaa), carried, sum, sum)
	}
	VCVTDQ2PS(sum, sum)
	VMULPS(scale, sum, sum)
	return sum
}

// oddMask returns the mask of the odd 32-bit lanes, where masks exist.
func (v vector) oddMask() reg.Register {
	if !v.wide() {
		return nil
	}
	k, bits := K(), GP32()
	MOVL(U32(0xaaaa), bits)
	KMOVW(bits, k)
	return k
}

// store writes the kernel that rounds accumulators to float32.
func store(v vector) {
	name := v.begin("store", "func(dst *float32, stride int, acc *[8]uint64, rows int, bias *[16]float32, scale float32)",
		"writes rows of 16 numbers, stride apart; dst may be acc with a stride of 16.")
	dst := Load(Param("dst"), GP64())
	stride := Load(Param("stride"), GP64())
	SHLQ(Imm(2), stride)
	acc := Load(Param("acc"), GP64())
	rows := Load(Param("rows"), GP64())
	bias := Load(Param("bias"), GP64())
	scale := v.reg()
	VBROADCASTSS(NewParamAddr("scale", 40), scale)
	odd := v.oddMask()
	Label(name + "_row")
	for part := range v.perPanel() {
		at := func(base reg.Register) Mem { return Mem{Base: base, Disp: part * v.bytes} }
		x := v.products(at(acc), scale, odd)
		VADDPS(at(bias), x, x)
		VMOVUPS(x, at(dst))
	}
	ADDQ(stride, dst)
	ADDQ(Imm(entryBytes), acc)
	DECQ(rows)
	JNZ(LabelRef(name + "_row"))
	VZEROUPPER()
	RET()
}
