package kernel

import "math"

// A product of reals is exact in integers. A row of x is quantised to 16 bits with a power of two of its own:
//
//	p_k = x_k·2^s, rounded to the nearest integer, halves to even,
//
// with the largest s ≤ 126 for which every |p_k| ≤ 2^15 − 1. Then Σ_k p_k·q_kj is a sum of integers, which has no
// order, and float64 holds it exactly (see [FixedReals]). Where f is short, |p_k| ≤ 2^13 − 1 takes the place of the bound,
// and where it is balanced, x_k·2^−e_k that of x_k.

// realsGroup is the number of rows that assembler takes at a time; the last group is filled up with rows of zeros.
const realsGroup = 8

// shortGroup is the number of rows that assembler takes at a time where f is short.
const shortGroup = 4

// realsBlock and shortBlock are the numbers of rows of a task, the second where f is short and has panels of 32 columns.
const (
	realsBlock = 128
	shortBlock = 64
)

// A realsWorkspace is what one worker needs for a block of a panel: the sums, as integers in float64.
type realsWorkspace struct {
	sums  [realsBlock][panelCols]float64
	limbs [8 * tileWords]int32 // sums of products of limbs, of two tiles
	short [shortBlock][shortCols]float32
	row   []float32 // of x, times the inverses of a balanced matrix
	zeros []float32
}

// A realsProduct is the work of MulReals and AddMulReals.
type realsProduct struct {
	c     *Context
	dst   []float32
	x     Reals
	f     *FixedReals
	scale float32
	adds  bool

	pairs   []uint32  // of x, row after row, padded to whole pairs and groups; or tiles, group after group
	block   int       // rows of a task
	group   int       // rows of one
	words   int       // and of pairs, that it takes
	factors []float64 // of the sums of a row: scale·2^−(s+t)
}

type (
	realsRows    realsProduct
	realsColumns realsProduct
)

// MulReals writes scale times the product of x with f to dst (x.Rows×f.Cols, row-major):
//
//	dst[r,j] = scale·2^−(s_r+t)·Σ_k p_rk·q_kj.
//
// The sum of integers is exact, and the number is rounded to float32 once more after float64. Row r depends on row r of
// x alone. With M the largest |x_rk| of a row, x's numbers are rounded to a multiple of 2^−s ≤ max(M/16383, 2^−126), or
// max(M/4095, 2^−126) if f is short, and f's to one of 2^−t, so that the error is at most
//
//	|scale|·(2^−(s+1)·Σ_k|f_kj| + 2^−(t+1)·Σ_k|x_rk| + Rows·2^−(s+t+2)),
//
// besides the rounding of the result. A row with a number that is not finite gives NaN. Of a balanced matrix
// ([Context.LoadBalancedReals]) that is the error of the matrix 2^e_k·f_kj, with x_rk·2^−e_k, and a row with terms
// x_rk·f_kj near 2^140 gives NaN too.
// It panics unless x.Cols is f.Rows and dst has x.Rows·f.Cols elements.
func (c *Context) MulReals(dst []float32, x Reals, f *FixedReals, scale float32) {
	c.mulReals("MulReals", dst, x, f, scale, false)
}

// AddMulReals adds the numbers of [Context.MulReals] to dst.
func (c *Context) AddMulReals(dst []float32, x Reals, f *FixedReals, scale float32) {
	c.mulReals("AddMulReals", dst, x, f, scale, true)
}

func (c *Context) mulReals(name string, dst []float32, x Reals, f *FixedReals, scale float32, adds bool) {
	if x.Cols != f.Rows || len(x.Values) != x.Rows*x.Cols {
		panicf("%s of %d×%d reals (%d numbers) with a %d×%d matrix", name, x.Rows, x.Cols, len(x.Values), f.Rows, f.Cols)
	}
	if len(dst) != x.Rows*f.Cols {
		panicf("%s of %d rows and %d columns into %d numbers", name, x.Rows, f.Cols, len(dst))
	}
	c = c.own()
	p := c.realsProducts.get()
	if f.tiled && !c.isa.hasTiles() {
		f = f.paired()
	}
	p.c, p.dst, p.x, p.f, p.scale, p.adds = c, dst, x, f, scale, adds
	p.block, p.group, p.words = realsBlock, realsGroup, realsGroup*f.pairs()
	if f.width() == shortCols {
		p.block = shortBlock
	}
	if f.tiled {
		p.group, p.words = tileRows, f.chunks()*rowTiles*tileWords
	}
	groups := (x.Rows + p.group - 1) / p.group
	p.pairs = grow(p.pairs, groups*p.words)
	p.factors = grow(p.factors, x.Rows)
	c.parallel(c.workersFor(x.Rows*x.Cols), groups, (*realsRows)(p))
	blocks := (x.Rows + p.block - 1) / p.block
	c.parallel(c.workersFor(x.Rows*x.Cols*f.Cols/8), blocks*f.panels(), (*realsColumns)(p))
	p.dst, p.x, p.f = nil, Reals{}, nil
	c.realsProducts.put(p)
}

// do quantises a group of rows.
func (p *realsRows) do(group int) {
	words := p.pairs[group*p.words:][:p.words]
	w := p.c.realsWorkspaces.get()
	defer p.c.realsWorkspaces.put(w)
	for k := range p.group {
		r := group*p.group + k
		if r >= p.x.Rows {
			(*realsProduct)(p).quantize(words, k, nil, 0)
			continue
		}
		row := p.x.Row(r)
		if p.f.balanced {
			w.row, w.zeros = append(w.row[:0], row...), grow(w.zeros, len(row))
			row = w.row
			p.c.isa.shiftScale(row, w.zeros, p.f.inverses)
		}
		s, ok := rowScale(p.c.isa.largest(row), p.f.short)
		if !ok {
			(*realsProduct)(p).quantize(words, k, nil, 0)
			p.factors[r] = math.NaN()
			continue
		}
		(*realsProduct)(p).quantize(words, k, row, float32(math.Ldexp(1, s)))
		p.factors[r] = float64(p.scale) * math.Ldexp(1, -s-p.f.scale) // exact
	}
}

// quantize writes the integers of row k of a group; nil stands for zeros.
func (p *realsProduct) quantize(words []uint32, k int, row []float32, factor float32) {
	pairs := p.f.pairs()
	switch {
	case p.f.tiled && row == nil:
		clearTiles(words, k, p.f.chunks())
	case p.f.tiled:
		p.c.isa.quantizeTiles(words, k, row, factor)
	case row == nil:
		clear(words[k*pairs:][:pairs])
	default:
		p.c.isa.quantizePairs(words[k*pairs:][:pairs], row, factor)
	}
}

// largestGeneric returns the largest |x_k|, as bits: those of positive numbers have their order, and NaN is above.
func largestGeneric(x []float32) uint32 {
	largest := uint32(0)
	for _, y := range x {
		largest = max(largest, math.Float32bits(y)&^(1<<31))
	}
	return largest
}

// rowScale returns the s of a row whose largest magnitude has the given bits, and false where it is not finite.
func rowScale(largest uint32, short bool) (s int, ok bool) {
	x := float64(math.Float32frombits(largest))
	if x-x != 0 {
		return 0, false
	}
	if short {
		return scaleFor(x, shortBound), true
	}
	return scaleFor(x, rowBound), true
}

// rowBound and shortBound are the largest numbers that are rounded to 2^15 − 1 and to 2^13 − 1.
var (
	rowBound   = math.Nextafter(1<<15-0.5, 0)
	shortBound = math.Nextafter(1<<13-0.5, 0)
)

// quantizePairsGeneric writes the integers of a row, two a word.
func quantizePairsGeneric(dst []uint32, x []float32, factor float32) {
	for len(x) >= 2 {
		dst[0] = pairOf(quantize(x[0], factor), quantize(x[1], factor))
		dst, x = dst[1:], x[2:]
	}
	if len(x) == 1 {
		dst[0] = pairOf(quantize(x[0], factor), 0)
	}
}

// do sums a panel for a block of rows.
func (p *realsColumns) do(task int) {
	panels := p.f.panels()
	block, panel := task/panels, task%panels
	from := block * p.block
	rows := min(p.block, p.x.Rows-from)
	w := p.c.realsWorkspaces.get()
	words, x := p.f.panel(panel), p.pairs[from/p.group*p.words:]
	first, cols := panel*p.f.width(), min(p.f.width(), p.f.Cols-panel*p.f.width())
	dst := p.dst[from*p.f.Cols+first:]
	switch {
	case p.f.tiled:
		p.c.isa.mulTiles(dst, x, words, p.f, p.factors[from:][:rows], cols, p.adds, &w.limbs)
	case p.f.short:
		p.c.isa.mulShort(dst, p.f.Cols, x, words, p.factors[from:][:rows], cols, p.adds, &w.short)
	default:
		sums := w.sums[:(rows+p.group-1)/p.group*p.group]
		clear(sums)
		for pair, n := 0, p.f.pairs(); pair < n; pair += spillPairs {
			pairs := min(spillPairs, n-pair)
			p.c.isa.addPairs(sums, x[pair:], n, words[pair*pairWords:][:pairs*pairWords])
		}
		p.c.isa.storeSums(dst, p.f.Cols, sums[:rows], p.factors[from:], cols, p.adds)
	}
	p.c.realsWorkspaces.put(w)
}

// addPairsGeneric adds products of pairs of rows of a panel to the sums; x[r·stride+i] is pair i of row r.
func addPairsGeneric(sums [][panelCols]float64, x []uint32, stride int, words []uint32) {
	for i := 0; len(words) > 0; i++ {
		var even, odd [panelCols]float64
		pair := (*[pairWords]uint32)(words)
		for j := range panelCols {
			a, b := limbs(pair, j)
			even[j], odd[j] = float64(a), float64(b)
		}
		for r := range sums {
			a, b := float64(int16(x[r*stride+i])), float64(int32(x[r*stride+i])>>16)
			for j := range panelCols {
				sums[r][j] += a*even[j] + b*odd[j] // integers below 2^53, so that fusing changes nothing
			}
		}
		words = words[pairWords:]
	}
}

// mulShortGeneric writes, or adds, products with a panel of short numbers. Without pairs they are 0.
func mulShortGeneric(dst []float32, stride int, x, words []uint32, factors []float64, cols int, adds bool) {
	pairs := len(words) / pairWords
	for r, factor := range factors {
		row := dst[r*stride:][:cols]
		for j := range row {
			sum := int64(0)
			for i, pair := range x[r*pairs:][:pairs] {
				w := words[i*pairWords+j]
				sum += int64(int16(pair))*int64(int16(w)) + int64(int32(pair)>>16)*int64(int32(w)>>16)
			}
			if y := float32(float64(sum) * factor); adds {
				row[j] += y
			} else {
				row[j] = y
			}
		}
	}
}

func storeSumsGeneric(dst []float32, stride int, sums [][panelCols]float64, factors []float64, cols int, adds bool) {
	for r := range sums {
		row := dst[r*stride:][:cols]
		for j, sum := range sums[r][:cols] {
			if y := float32(sum * factors[r]); adds {
				row[j] += y
			} else {
				row[j] = y
			}
		}
	}
}
