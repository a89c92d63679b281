package kernel

import (
	"math/bits"
	"unsafe"

	"github.com/harmonium-rbm/harmonium/rng"
)

// The method of the four Russians (Arlazarov, Dinic, Kronrod & Faradzev 1970): the rows of an operand that meet a word
// of the states are split into groups of 4 to 6. For each group all subset sums of its rows are tabulated once, and
// then a configuration needs one table entry per group instead of one product per row.
//
// The work is done a panel of 16 columns at a time, for at most blockRows configurations. An entry of a table is the 8
// words of a panel (two columns a word, see Fixed). The tables of a word, at most 32 KiB, stay in the first-level
// cache, while the accumulators, 64 bytes a configuration, stream past them. The sums are sums of integers that cannot
// overflow, so that order, blocking, groups and workers change nothing.
const (
	blockRows  = 1024
	tableWords = 4 << 10
	entryBytes = 8 * panelWords
)

// A method says how products are summed; the results are the same.
type method uint8

const (
	sparse method = iota // the rows of the set bits, one by one: see listing
	narrow               // tables of 4 rows: 16 groups a word
	wide                 // tables of 5, 5 and 6 rows: 12 groups a word
	tiled                // tiles of AMX: see bittiles.go
)

// chooseMethod counts operations, in units of a look-up. A panel costs, for R configurations of K words in blocks of at
// most 1024,
//
//	sparse   (ones + list/panels)·N + row·R          for N set bits
//	narrow   K·(256·fill·blocks + (16 + stream)·R)   256 table entries to fill, 16 look-ups
//	wide     K·(512·fill·blocks + (12 + stream)·R)
//
//	tiled    K·(split + tile·⌈R/16⌉) + sums·R, and join·K the others where the panel has been split already
//
// with the constants of the form in use: adding the row of a set bit, listing a bit, beginning a configuration, filling
// a table's entry, and an accumulator's way in and out.
func chooseMethod(x Bits, f *Fixed, isa ISA) method {
	c := isa.costs()
	ones := 0
	for _, w := range x.Words[:x.Rows*x.Stride] {
		ones += bits.OnesCount64(w)
	}
	blocks := (x.Rows + blockRows - 1) / blockRows
	quarters := (x.Cols + unitRows - 1) / unitRows
	best, cost := sparse, (c.ones+c.list/float64(max(1, f.panels())))*float64(ones)+c.row*float64(x.Rows)
	if n := float64(quarters) / 4 * (256*c.fill*float64(blocks) + (16+c.stream)*float64(x.Rows)); n < cost {
		best, cost = narrow, n
	}
	if w := float64(quarters) / 4 * (512*c.fill*float64(blocks) + (12+c.stream)*float64(x.Rows)); w < cost {
		best, cost = wide, w
	}
	if f.tiled {
		cost += joinCost * float64(x.Stride)
	}
	if isa.hasTiles() && tileCost(x, f) < cost {
		best = tiled
	}
	return best
}

// costs are the constants of chooseMethod.
type costs struct{ ones, list, row, fill, stream float64 }

// workspace is what one worker needs for a block of a panel. It begins at a page, as an object of its size does.
type workspace struct {
	tables [tableWords]uint64
	acc    [blockRows][panelWords]uint64
	in     inputs // of a part
	split  [chunkTiles]uint64
	limbs  [2 * bitLimbs * tileWords]int32 // sums of products of limbs, of two groups of rows
}

// A product is the work of the functions below: x times f plus f's offset, and then whatever finish makes of it.
type product struct {
	c      *Context
	x      Bits
	f      *Fixed
	method method
	blocks int // of rows

	first int      // the block that task 0 belongs to
	list  listing  // of a block, for the sparse method
	bytes []uint32 // of a block, for the tiled one

	scale float32   // of the results
	parts []Part    // of the rows, with scales and offsets of their own; nil: none
	dst   []float32 // of Mul and Probabilities; nil: none
	draw  draw      // of Sample
	sums  []Sums
	terms []float64 // of the sums, one list after the other, panel after panel
}

// A Part is a number of rows of a product, whose results are Scale·x + Offset_j of the numbers x of [Context.Mul], each
// rounded once more. Offset is nil for zeros.
type Part struct {
	Rows   int
	Scale  float32
	Offset []float32
}

// inputs is what makes numbers of the accumulators of a panel: scale·acc + offset.
type inputs struct {
	offset [panelCols]float32
	scale  float32
}

// at is the number of an accumulator's column. Both roundings are explicit, as a fused multiply-add has one.
func (in *inputs) at(acc int32, column int) float32 {
	return float32(float32(acc)*in.scale) + in.offset[column]
}

type (
	mul           product
	writing       product
	expanding     product
	summing       product
	probabilities product
	sampling      product
)

func (c *Context) startProduct(name string, x Bits, f *Fixed) *product {
	if x.Cols != f.Rows {
		panicf("%s of %d×%d bits with a %d×%d matrix", name, x.Rows, x.Cols, f.Rows, f.Cols)
	}
	c = c.own()
	f.checkLoadedBy(nil)
	x.All()
	p := c.products.get()
	blocks := (x.Rows + blockRows - 1) / blockRows
	p.c, p.x, p.f, p.blocks, p.first, p.scale = c, x, f, blocks, 0, float32(f.Resolution())
	if c.method != nil {
		p.method = *c.method
	} else {
		p.method = chooseMethod(x, f, c.isa)
	}
	if x.Stride == 0 {
		p.method = sparse // there is nothing to add
	}
	f.shape(c, p.method == tiled)
	return p
}

// run does tasksPerBlock tasks for each block, on as many of the workers as pay for the product, and gives the product
// back.
func (p *product) run(tasksPerBlock int, j job) {
	c := p.c
	workers := c.workersFor(p.x.Rows * p.x.Stride * p.f.Cols)
	if p.method == sparse {
		blocks := p.blocks
		for p.blocks = 1; p.first < blocks; p.first++ {
			words, rows := p.block(p.first)
			p.list.count(words, rows, p.x.Stride)
			c.parallel(workers, (rows+listTask-1)/listTask, (*writing)(p))
			c.parallel(workers, tasksPerBlock, j)
		}
	} else if p.method == tiled {
		blocks := p.blocks
		for p.blocks = 1; p.first < blocks; p.first++ {
			_, rows := p.block(p.first)
			p.bytes = grow(p.bytes, (rows+tileRows-1)/tileRows*p.x.Stride*tileWords)
			c.parallel(workers, (rows+tileRows-1)/tileRows, (*expanding)(p))
			c.parallel(workers, tasksPerBlock, j)
		}
	} else {
		c.parallel(workers, tasksPerBlock*p.blocks, j)
	}
	for k, s := range p.sums {
		terms := p.termsOf(k)
		copy(s.Terms, terms)
		for r := range s.To {
			sum := 0.0
			for at := r; at < len(terms); at += p.x.Rows {
				sum += terms[at]
			}
			s.To[r] = sum
		}
	}
	clear(p.sums)
	p.x, p.f, p.parts, p.dst, p.draw, p.sums = Bits{}, nil, nil, nil, draw{keys: p.draw.keys}, p.sums[:0]
	c.products.put(p)
}

// task returns the block and the number in it of a task.
func (p *product) task(task int) (block, number int) { return p.first + task%p.blocks, task / p.blocks }

// block returns the words of a block of rows, and how many rows they are.
func (p *product) block(block int) (words []uint64, rows int) {
	from := block * blockRows
	return p.x.Words[from*p.x.Stride:], min(blockRows, p.x.Rows-from)
}

func (w *writing) do(task int) {
	words, _ := (*product)(w).block(w.first)
	w.list.write(task, words, w.x.Stride, uint32(w.f.Rows)*entryBytes)
}

// sum fills the workspace's accumulators for a block of rows and a panel of columns.
func (p *product) sum(w *workspace, block, panel int) [][panelWords]uint64 {
	words, rows := p.block(block)
	acc := w.acc[:rows]
	offset := [panelWords]uint64(p.f.offset[panel*panelWords:])
	p.c.isa.fill(acc, &offset)
	if p.method == tiled {
		p.addTiles(w, acc, panel)
		return acc
	}
	stride, operand := p.x.Stride, p.f.panel(panel)
	if p.method == sparse {
		p.c.isa.addListed(acc, &p.list, operand)
		return acc
	}
	for k := range stride {
		quarters := min(4, (p.x.Cols-64*k+unitRows-1)/unitRows)
		p.c.isa.addWord(acc, words[k:], stride, operand[k*64*panelWords:], &w.tables, quarters, p.method)
	}
	return acc
}

// Mul writes the product of the bits x with f, plus f's offset row, to dst (x.Rows×f.Cols, row-major):
//
//	dst[r,j] = 2^−s·(q_j + Σ_k x[r,k]·q[k,j]).
//
// The integer sum is exact; it is rounded to float32 once and then scaled, which is exact for normal numbers.
// It panics unless x.Cols is f.Rows and dst has x.Rows·f.Cols elements.
func (c *Context) Mul(dst []float32, x Bits, f *Fixed) { c.MulScaled(dst, x, f, 1) }

// MulScaled writes scale times the numbers of [Context.Mul], rounded once more.
func (c *Context) MulScaled(dst []float32, x Bits, f *Fixed, scale float32) {
	checkDst("Mul", dst, x, f)
	if e := c.Engine(); e != nil {
		e.Multiply(dst, x.on(e), f.on(e), scale)
		return
	}
	p := c.startProduct("Mul", x, f)
	p.dst = dst
	p.scale *= scale // exact but for subnormal numbers: the first factor is a power of two
	p.run(f.panels(), (*mul)(p))
}

// Probabilities writes σ of the numbers x_rj of [Context.Mul] to dst, and Σ_j log(1+e^{x_rj}) to sums unless that is
// nil: float32 terms ([Softplus]), added in float64.
func (c *Context) Probabilities(dst []float32, sums []float64, x Bits, f *Fixed) {
	checkDst("Probabilities", dst, x, f)
	if e := c.Engine(); e != nil {
		e.Probabilities(dst, sums, x.on(e), f.on(e))
		return
	}
	p := c.startProduct("Probabilities", x, f)
	p.dst = dst
	p.wantSums(Sums{To: sums})
	p.run(f.panels(), (*probabilities)(p))
}

// ProbabilitiesDraw is [Context.Probabilities] and [Context.Sample], without sums and by one product.
func (c *Context) ProbabilitiesDraw(dst []float32, bits Bits, x Bits, f *Fixed, key rng.Key, step uint64, firstChain uint32) {
	checkDst("ProbabilitiesDraw", dst, x, f)
	if bits.Rows != x.Rows || bits.Cols != f.Cols {
		panicf("ProbabilitiesDraw of %d rows and %d columns into %d×%d bits", x.Rows, f.Cols, bits.Rows, bits.Cols)
	}
	if c.Engine() != nil {
		c.Probabilities(dst, nil, x, f)
		c.Sample(bits, nil, x, f, key, step, firstChain)
		return
	}
	p := c.startProduct("ProbabilitiesDraw", x, f)
	p.dst = dst
	p.startDraw(bits, key, step, firstChain)
	p.run(bits.Stride, (*sampling)(p))
}

// SumSoftplus writes the sums of [Context.Probabilities] alone.
func (c *Context) SumSoftplus(sums []float64, x Bits, f *Fixed) {
	c.SumSoftplusParts(x, f, Sums{To: sums})
}

// SumSoftplusParts writes several sums by one product.
func (c *Context) SumSoftplusParts(x Bits, f *Fixed, sums ...Sums) {
	if e := c.Engine(); e != nil {
		checkSums(x, f, sums)
		e.SumSoftplus(x.on(e), f.on(e), copied(sums)...)
		return
	}
	p := c.startProduct("SumSoftplusParts", x, f)
	p.wantSums(sums...)
	p.run(f.panels(), (*summing)(p))
}

func checkDst(name string, dst []float32, x Bits, f *Fixed) {
	if len(dst) != x.Rows*f.Cols {
		panicf("%s of %d rows and %d columns into %d numbers", name, x.Rows, f.Cols, len(dst))
	}
}

func (m *mul) do(task int) {
	p := (*product)(m)
	w := p.c.workspaces.get()
	block, panel := p.task(task)
	acc := p.sum(w, block, panel)
	if p.f.Cols-panel*panelCols >= panelCols {
		w.in = inputs{scale: p.scale}
		p.c.isa.store(p.dst[block*blockRows*p.f.Cols+panel*panelCols:], p.f.Cols, acc, &w.in)
	} else {
		p.copyOut(p.inputs(w, acc), block, panel)
	}
	p.c.workspaces.put(w)
}

func (m *probabilities) do(task int) {
	p := (*product)(m)
	w := p.c.workspaces.get()
	block, panel := p.task(task)
	acc := p.sum(w, block, panel)
	p.sumPanel(w, acc, block, panel)
	p.writeProbabilities(w, acc, block, panel)
	p.c.workspaces.put(w)
}

// writeProbabilities writes those of a panel to dst, and overwrites the accumulators.
func (p *product) writeProbabilities(w *workspace, acc [][panelWords]uint64, block, panel int) {
	x := p.inputs(w, acc)
	p.c.isa.sigmoids(x, x)
	p.copyOut(x, block, panel)
}

func (m *summing) do(task int) {
	p := (*product)(m)
	w := p.c.workspaces.get()
	block, panel := p.task(task)
	p.sumPanel(w, p.sum(w, block, panel), block, panel)
	p.c.workspaces.put(w)
}

// numParts is the number of parts, one where none are given.
func numParts(parts []Part) int { return max(1, len(parts)) }

// part returns the rows of a part in a block of rows, from … to−1, and sets in for a panel of it.
func (p *product) part(in *inputs, parts []Part, k, block, panel, rows int) (from, to int) {
	*in = inputs{scale: p.scale}
	if parts == nil {
		return 0, rows
	}
	in.scale *= parts[k].Scale
	if offset := parts[k].Offset; offset != nil {
		copy(in.offset[:], offset[panel*panelCols:])
	}
	from = -block * blockRows
	for _, before := range parts[:k] {
		from += before.Rows
	}
	return max(from, 0), min(from+parts[k].Rows, rows)
}

// inputs turns accumulators into numbers in their own memory: 16 numbers a configuration.
func (p *product) inputs(w *workspace, acc [][panelWords]uint64) []float32 {
	if len(acc) == 0 {
		return nil
	}
	x := unsafe.Slice((*float32)(unsafe.Pointer(&acc[0])), len(acc)*panelCols)
	w.in = inputs{scale: p.scale}
	p.c.isa.store(x, panelCols, acc, &w.in)
	return x
}

// copyOut writes a panel's columns to dst.
func (p *product) copyOut(x []float32, block, panel int) {
	from, n := panel*panelCols, min(panelCols, p.f.Cols-panel*panelCols)
	dst := p.dst[block*blockRows*p.f.Cols+from:]
	if n == panelCols { // without calls
		for r := 0; len(x) > 0; r += p.f.Cols {
			to, of := (*[panelCols]float32)(dst[r:]), (*[panelCols]float32)(x)
			for j := range 4 {
				to[4*j], to[4*j+1], to[4*j+2], to[4*j+3] = of[4*j], of[4*j+1], of[4*j+2], of[4*j+3]
			}
			x = x[panelCols:]
		}
		return
	}
	for r := 0; len(x) > 0; r += p.f.Cols {
		copy(dst[r:][:n], x)
		x = x[panelCols:]
	}
}

// Sample draws a bit with probability σ(x_rj) for every number x_rj of [Context.Mul], for row r and column j of dst:
// [SampleBit] with u = rng.Uniform of word j%4 of key.Block(rng.At(step, firstChain+r, j)). Row r is thus chain
// firstChain+r. It writes the sums of [Context.Probabilities] too, unless sums is nil. It panics unless x.Cols is
// f.Rows and dst is x.Rows×f.Cols.
func (c *Context) Sample(dst Bits, sums []float64, x Bits, f *Fixed, key rng.Key, step uint64, firstChain uint32) {
	if dst.Rows != x.Rows || dst.Cols != f.Cols {
		panicf("Sample of %d rows and %d columns into %d×%d bits", x.Rows, f.Cols, dst.Rows, dst.Cols)
	}
	if c.Engine() != nil {
		c.sampleOn(dst, x, f, nil, key, step, firstChain, Sums{To: sums})
		return
	}
	p := c.startProduct("Sample", x, f)
	p.startDraw(dst, key, step, firstChain)
	p.wantSums(Sums{To: sums})
	p.run(dst.Stride, (*sampling)(p))
}

// SampleParts is Sample from the numbers of parts, which cover all rows. It writes sums too.
func (c *Context) SampleParts(dst Bits, x Bits, f *Fixed, parts []Part, key rng.Key, step uint64, sums ...Sums) {
	c.SamplePartsFrom(dst, x, f, parts, key, step, 0, sums...)
}

// SamplePartsFrom is SampleParts, where row r is chain firstChain+r. Without parts it is Sample.
func (c *Context) SamplePartsFrom(
	dst, x Bits, f *Fixed, parts []Part, key rng.Key, step uint64, firstChain uint32, sums ...Sums,
) {
	if dst.Rows != x.Rows || dst.Cols != f.Cols {
		panicf("SampleParts of %d rows and %d columns into %d×%d bits", x.Rows, f.Cols, dst.Rows, dst.Cols)
	}
	if c.Engine() != nil {
		checkParts(x, f, parts)
		c.sampleOn(dst, x, f, parts, key, step, firstChain, sums...)
		return
	}
	p := c.startProduct("SampleParts", x, f)
	checkParts(x, f, parts)
	p.parts = parts
	p.startDraw(dst, key, step, firstChain)
	p.wantSums(sums...)
	p.run(dst.Stride, (*sampling)(p))
}

// sampleOn has the engine draw.
func (c *Context) sampleOn(
	dst, x Bits, f *Fixed, parts []Part, key rng.Key, step uint64, firstChain uint32, sums ...Sums,
) {
	checkSums(x, f, sums)
	e, ofParts, ofSums := c.Engine(), copied(parts), copied(sums)
	dst.written(e, func(dst Span) { e.Sample(dst, x.on(e), f.on(e), ofParts, key, step, firstChain, ofSums...) })
}

// startDraw begins to draw the units that are the operand's columns.
func (p *product) startDraw(dst Bits, key rng.Key, step uint64, firstChain uint32) {
	p.draw.start(p.c.isa, dst, key, step, firstChain)
	p.draw.firstPanel = p.f.first / panelCols
}

// do draws a column of words: all bits of a word belong to one task.
func (s *sampling) do(task int) {
	p := (*product)(s)
	w := p.c.workspaces.get()
	block, word := p.task(task)
	for panel := 4 * word; panel < min(4*word+4, p.f.panels()); panel++ {
		acc := p.sum(w, block, panel)
		p.sumPanel(w, acc, block, panel)
		for k := range numParts(p.parts) {
			if from, to := p.part(&w.in, p.parts, k, block, panel, len(acc)); from < to {
				p.draw.panel(p.c.isa, acc[from:to], &w.in, block*blockRows+from, panel)
			}
		}
		if p.dst != nil {
			p.writeProbabilities(w, acc, block, panel)
		}
	}
	p.draw.finish(p.f.Cols, block*blockRows, min(blockRows, p.x.Rows-block*blockRows), word)
	p.c.workspaces.put(w)
}

// The constants of chooseMethod, fitted to the times of products with 1 to 1024 rows on AMD Zen 5 (2026-11). A look-up
// takes 1, 0.31 and 0.13 ns in the three forms. The plain form has one kind of table, which costs about what narrow
// says.
var (
	genericCosts = costs{ones: 2.6, list: 0.6, row: 3, fill: 4.9, stream: 0.2}
	avx2Costs    = costs{ones: 1.15, list: 2, row: 12, fill: 1.7, stream: 2.4}
	avx512Costs  = costs{ones: 2.4, list: 5, row: 25, fill: 2.7, stream: 10}
)
