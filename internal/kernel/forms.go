package kernel

import (
	"slices"
	"unsafe"
)

//go:generate go run -C _asm . -out ../kernels_amd64.s -stubs ../stubs_amd64.go -pkg kernel -forms ../forms_amd64.go -other ../forms_other.go

// The methods of ISA below run a kernel in that form: plain Go for Generic, else assembler for what fills its registers
// and plain Go for the rest. Methods with names in Asm are generated, and choose between the forms in assembler. All
// are leaves: no goroutine, no allocation and no check.

// whole returns how many of n numbers the assembler does, in blocks of a power of two.
func (isa ISA) whole(n, block int) int {
	if isa == Generic {
		return 0
	}
	return n &^ (block - 1)
}

func (isa ISA) costs() *costs {
	switch isa {
	case AVX512:
		return &avx512Costs
	case AVX2:
		return &avx2Costs
	}
	return &genericCosts
}

func (isa ISA) fill(acc [][panelWords]uint64, offset *[panelWords]uint64) {
	if len(acc) == 0 {
		return
	}
	if isa == Generic {
		fillGeneric(acc, offset)
	} else {
		isa.fillAsm(&acc[0], len(acc), offset)
	}
}

func (isa ISA) addListed(acc [][panelWords]uint64, l *listing, panel []uint64) {
	if len(acc) == 0 || len(l.offsets) == 0 {
		return
	}
	if isa == Generic {
		addListedGeneric(acc, l, panel)
	} else {
		isa.addListedAsm(&acc[0], &l.order[0], len(l.order), &l.offsets[0], &panel[0])
	}
}

func (isa ISA) addWord(
	acc [][panelWords]uint64, words []uint64, stride int, panel []uint64, tables *[tableWords]uint64, quarters int, m method,
) {
	if len(acc) == 0 {
		return
	}
	switch {
	case isa == Generic:
		addWordGeneric(acc, words, stride, panel, tables, quarters)
	case m == wide:
		isa.addWordWideAsm(&acc[0], len(acc), &words[0], stride, &panel[0], &tables[0], quarters)
	default:
		isa.addWordNarrowAsm(&acc[0], len(acc), &words[0], stride, &panel[0], &tables[0], quarters)
	}
}

func (isa ISA) store(dst []float32, stride int, acc [][panelWords]uint64, in *inputs) {
	if len(acc) == 0 {
		return
	}
	if isa == Generic {
		storeGeneric(dst, stride, acc, in)
	} else {
		isa.storeAsm(&dst[0], stride, &acc[0], len(acc), &in.offset, in.scale)
	}
}

// samplePanel draws two rows at a time; of an odd number of rows, the last is drawn with a row that doesn't exist.
func (isa ISA) samplePanel(d *draw, dst []uint64, acc [][panelWords]uint64, in *inputs, from uint32, panel int) {
	if isa == Generic {
		samplePanelGeneric(d, dst, acc, in, from, panel)
		return
	}
	pairs, stride, shift := len(acc)/2, d.dst.Stride, panel%4*panelCols
	chain, unit := d.firstChain+from, uint32(panel*panelCols/4)
	step0, step1 := uint32(d.step), uint32(d.step>>32)
	if pairs > 0 {
		at := (*uint64)(unsafe.Add(unsafe.Pointer(&dst[0]), shift/8))
		isa.sampleAsm(at, 8*stride, &acc[0], pairs, &in.offset, in.scale, d.keys, unit, chain, step0, step1)
	}
	if len(acc)%2 == 1 {
		var last [2]uint64
		odd := [2][panelWords]uint64{acc[2*pairs]}
		isa.sampleAsm(&last[0], 8, &odd[0], 1, &in.offset, in.scale, d.keys, unit, chain+uint32(2*pairs), step0, step1)
		dst[2*pairs*stride] |= last[0] << shift
	}
}

// drawNumbers is samplePanel for rows of 16 numbers, stride apart.
func (isa ISA) drawNumbers(d *draw, dst []uint64, x []float32, stride, rows int, from uint32, panel int) {
	shift, chain, unit := panel%4*panelCols, d.firstChain+from, uint32(panel*panelCols/4)
	step0, step1 := uint32(d.step), uint32(d.step>>32)
	if pairs := rows / 2; pairs > 0 {
		at := (*uint64)(unsafe.Add(unsafe.Pointer(&dst[0]), shift/8))
		isa.drawNumbersAsm(at, 8*d.dst.Stride, &x[0], 4*stride, pairs, d.keys, unit, chain, step0, step1)
	}
	if last := rows - 1; rows%2 == 1 {
		var bits [2]uint64
		isa.drawNumbersAsm(&bits[0], 8, &x[last*stride], 0, 1, d.keys, unit, chain+uint32(last), step0, step1)
		dst[last*d.dst.Stride] |= bits[0] << shift
	}
}

// normals draws an even number of rows of 16 numbers, stride apart.
func (isa ISA) normals(d *draw, dst, mean []float32, stride, rows int, sd []float32, from uint32, panel int) {
	chain, unit, step0, step1 := d.firstChain+from, uint32(panel*panelCols/4), uint32(d.step), uint32(d.step>>32)
	isa.normalsAsm(&dst[0], &mean[0], 4*stride, rows/2, &sd[0], d.keys, unit, chain, step0, step1)
}

func (isa ISA) sigmoids(dst, x []float32) {
	n := isa.whole(len(x), 16)
	if n > 0 {
		isa.sigmoidsAsm(&dst[0], &x[0], n/16)
	}
	sigmoidsGeneric(dst[n:], x[n:])
}

func (isa ISA) softpluses(dst, x []float32) {
	n := isa.whole(len(x), 16)
	if n > 0 {
		isa.softplusesAsm(&dst[0], &x[0], n/16)
	}
	softplusesGeneric(dst[n:], x[n:])
}

// expNegatives writes e^(−|x[i]|) to dst[i].
func (isa ISA) expNegatives(dst, x []float32) {
	n := isa.whole(len(x), 16)
	if n > 0 {
		isa.expNegativesAsm(&dst[0], &x[0], n/16)
	}
	expNegativesGeneric(dst[n:], x[n:])
}

func (isa ISA) addNumbers(sums []float64, x []float32) {
	n := isa.whole(len(x), 16)
	if n > 0 {
		isa.addNumbersAsm(&sums[0], &x[0], n/16)
	}
	addNumbersGeneric(sums[n:], x[n:])
}

// addMagnitudes adds |x[r·stride+j]| to every sums[j], row after row, and raises parts to its bits as raise does.
func (isa ISA) addMagnitudes(sums []float64, parts *[16]uint32, x []float32, stride, rows int) {
	if rows == 0 {
		return
	}
	n := isa.whole(len(sums), 16)
	if n > 0 {
		isa.addMagnitudesAsm(&sums[0], parts, &x[0], 4*stride, n/16, rows)
	}
	if n < len(sums) {
		addMagnitudesGeneric(sums[n:], parts, x[n:], stride, rows)
	}
}

// addRowMagnitudes adds |src[j·stride+k]| to sums[j][k%8] for every row j of n numbers, in the order of k, and raises parts.
func (isa ISA) addRowMagnitudes(sums [][sumParts]float64, parts *[16]uint32, src []float32, stride, n int) {
	const group = 4
	rows, done := isa.whole(len(sums), group), n&^(sumParts-1)
	if rows > 0 && done > 0 {
		isa.addRowMagnitudesAsm(&sums[0], parts, rows/group, &src[0], 4*stride, done/sumParts)
	}
	if done < n {
		for j := range rows {
			addRowMagnitudesGeneric(&sums[j], parts, src[j*stride:][done:n])
		}
	}
	for j := rows; j < len(sums); j++ {
		addRowMagnitudesGeneric(&sums[j], parts, src[j*stride:][:n])
	}
}

// quantizeRows writes rows of the first cols columns of panels, whole ones, that are panel words apart: a factor each.
func (isa ISA) quantizeRows(dst []uint64, panel int, src []float32, stride, cols int, factors []float32) {
	if cols == 0 {
		return
	}
	if isa == Generic {
		quantizeRowsGeneric(dst, panel, src, stride, cols, factors)
	} else {
		isa.quantizeRowsAsm(&dst[0], 8*panel, &src[0], 4*stride, cols/panelCols, &factors[0], len(factors))
	}
}

func (isa ISA) quantizeTransposed(dst []uint64, src []float32, stride, rows int, factor float32) {
	if rows == 0 {
		return
	}
	if isa == Generic {
		quantizeTransposedGeneric(dst, src, stride, rows, factor)
	} else {
		isa.quantizeTransposedAsm(&dst[0], &src[0], 4*stride, rows/panelCols, factor)
	}
}

// quantizeSome writes a row of a panel of at most 16 numbers; missing ones are zeros.
func (isa ISA) quantizeSome(dst []uint64, src []float32, factor float32) {
	var x [panelCols]float32
	copy(x[:], src)
	isa.quantizeRows(dst[:panelWords], 0, x[:], 0, panelCols, []float32{factor})
}

// splitRows writes a pair of rows of whole panels, stride words apart.
func (isa ISA) splitRows(dst []uint32, stride int, even, odd []float32, factor float32) {
	if isa == Generic {
		splitRowsGeneric(dst, stride, even, odd, factor)
	} else {
		isa.splitRowsAsm(&dst[0], 4*stride, &even[0], &odd[0], len(even)/panelCols, factor)
	}
}

// packRows writes a pair of rows of whole panels of short numbers, stride words apart.
func (isa ISA) packRows(dst []uint32, stride int, even, odd []float32, factors [2]float32) {
	if len(even) == 0 {
		return
	}
	if isa == Generic {
		packRowsGeneric(dst, stride, even, odd, factors)
	} else {
		isa.packRowsAsm(&dst[0], 4*stride, &even[0], &odd[0], len(even)/shortCols, factors[0], factors[1])
	}
}

// splitTransposed writes rows 0…rows−1 of a panel, a multiple of 16.
func (isa ISA) splitTransposed(dst []uint32, src []float32, stride, rows int, factor float32) {
	if rows == 0 {
		return
	}
	if isa == Generic {
		splitTransposedGeneric(dst, src, stride, rows, factor)
	} else {
		isa.splitTransposedAsm(&dst[0], &src[0], 4*stride, rows/panelCols, factor)
	}
}

// largest returns the bits of the largest |x[i]|.
func (isa ISA) largest(x []float32) uint32 {
	var parts [16]uint32
	isa.raise(&parts, x)
	return slices.Max(parts[:])
}

// raise raises parts, of which the largest counts, to the bits of |x[i]|.
func (isa ISA) raise(parts *[16]uint32, x []float32) {
	n := isa.whole(len(x), 16)
	if n > 0 {
		isa.largestAsm(parts, &x[0], n/16)
	}
	if n < len(x) {
		parts[0] = max(parts[0], largestGeneric(x[n:]))
	}
}

func (isa ISA) quantizePairs(dst []uint32, x []float32, factor float32) {
	n := isa.whole(len(x), 16)
	if n > 0 {
		isa.quantizePairsAsm(&dst[0], &x[0], n/16, factor)
	}
	quantizePairsGeneric(dst[n/2:], x[n:], factor)
}

// storeSums writes, or adds, sums[r][j]·factors[r] to dst[r·stride+j] for the first cols columns j.
func (isa ISA) storeSums(dst []float32, stride int, sums [][panelCols]float64, factors []float64, cols int, adds bool) {
	switch {
	case isa == Generic || cols < panelCols:
		storeSumsGeneric(dst, stride, sums, factors, cols, adds)
	case adds:
		isa.addSumsAsm(&dst[0], 4*stride, &sums[0], &factors[0], len(sums))
	default:
		isa.storeSumsAsm(&dst[0], 4*stride, &sums[0], &factors[0], len(sums))
	}
}

// addPairs takes whole groups of rows; x[r·stride+i] is pair i of row r.
func (isa ISA) addPairs(sums [][panelCols]float64, x []uint32, stride int, words []uint32) {
	if isa == Generic {
		addPairsGeneric(sums, x, stride, words)
	} else {
		isa.addPairsAsm(&sums[0], len(sums)/realsGroup, &x[0], 4*stride, &words[0], len(words)/pairWords)
	}
}

// mulShort writes, or adds, the products of rows, one a factor, with the first cols columns of a panel of short numbers. x
// has whole groups of rows, of as many pairs as the panel.
func (isa ISA) mulShort(
	dst []float32, stride int, x, words []uint32, factors []float64, cols int, adds bool, scratch *[shortBlock][shortCols]float32,
) {
	rows, pairs, whole := len(factors), len(words)/pairWords, 0
	if isa == Generic || pairs == 0 {
		mulShortGeneric(dst, stride, x, words, factors, cols, adds)
		return
	}
	if cols == shortCols {
		whole = rows &^ (shortGroup - 1)
	}
	switch {
	case whole == 0:
	case adds:
		isa.addShortPairsAsm(&dst[0], 4*stride, whole/shortGroup, &x[0], 4*pairs, &words[0], pairs, &factors[0])
	default:
		isa.mulShortPairsAsm(&dst[0], 4*stride, whole/shortGroup, &x[0], 4*pairs, &words[0], pairs, &factors[0])
	}
	if whole == rows {
		return
	}
	var padded [shortBlock]float64
	copy(padded[:], factors[whole:])
	groups := (rows - whole + shortGroup - 1) / shortGroup
	isa.mulShortPairsAsm(&scratch[0][0], 4*shortCols, groups, &x[whole*pairs], 4*pairs, &words[0], pairs, &padded[0])
	for r := range rows - whole {
		if row := dst[(whole+r)*stride:][:cols]; adds {
			isa.addScaled(row, 1, scratch[r][:cols])
		} else {
			copy(row, scratch[r][:cols])
		}
	}
}

func (isa ISA) centerColumns(means, x []float32) {
	n, rows := isa.whole(len(means), 16), len(x)/len(means)
	if n > 0 {
		isa.centerColumnsAsm(&means[0], &x[0], 4*len(means), rows, float64(rows), n/16)
	}
	centerColumnsGeneric(means, x, n)
}

func (isa ISA) subtract(dst, a, b []float32) {
	n := isa.whole(len(dst), 16)
	if n > 0 {
		isa.subtractAsm(&dst[0], &a[0], &b[0], n/16)
	}
	subtractGeneric(dst[n:], a[n:], b[n:])
}

// affine writes bias and the sum of its terms to each row of dst; ends are those of the rows in terms. The last columns
// are computed with some before them again.
func (isa ISA) affine(dst, bias, w []float32, terms []uint64, ends []int) {
	to := len(bias)
	for column := 0; column < to; {
		width := to // what is done at once
		if isa != Generic && to >= 16 {
			width = 16
			if to >= 64 {
				width = 64
			}
			column = min(column, to-width)
		}
		begin := 0
		for r, end := range ends {
			dst, of := dst[r*to+column:r*to+column+width], terms[begin:end]
			begin = end
			switch {
			case len(of) == 0:
				copy(dst, bias[column:])
			case isa == Generic || to < 16:
				affineGeneric(dst, bias, w, of)
			case width == 64:
				isa.affine64Asm(&dst[0], &bias[column], &w[column], 4*to, &of[0], len(of))
			default:
				isa.affine16Asm(&dst[0], &bias[column], &w[column], 4*to, &of[0], len(of))
			}
		}
		column += width
	}
}

func (isa ISA) addScaled(dst []float32, a float32, x []float32) {
	n := isa.whole(len(dst), 16)
	if n > 0 {
		isa.addScaledAsm(&dst[0], &x[0], n/16, a)
	}
	addScaledGeneric(dst[n:], a, x[n:])
}

func (isa ISA) addRow(x []float32, scale float32, row []float32) {
	n := isa.whole(len(x), 16)
	if n > 0 {
		isa.addRowAsm(&x[0], &row[0], n/16, scale)
	}
	addRowGeneric(x[n:], scale, row[n:])
}

func (isa ISA) shiftScale(x, row, factors []float32) {
	n := isa.whole(len(x), 16)
	if n > 0 {
		isa.shiftScaleAsm(&x[0], &row[0], &factors[0], n/16)
	}
	shiftScaleGeneric(x[n:], row[n:], factors[n:])
}

func (isa ISA) quadratics(parts *[sumParts]float64, x, squares, linear []float32) {
	n := isa.whole(len(x), 16)
	if n > 0 {
		isa.quadraticsAsm(parts, &x[0], &squares[0], &linear[0], n/16)
	}
	quadraticsGeneric(parts, x[n:], squares[n:], linear[n:])
}

func (isa ISA) subtractOuter(dst []float32, a float32, x []float32, b float32, y []float32) {
	n := isa.whole(len(dst), 16)
	if n > 0 {
		isa.subtractOuterAsm(&dst[0], &x[0], &y[0], n/16, a, b)
	}
	subtractOuterGeneric(dst[n:], a, x[n:], b, y[n:])
}

func (isa ISA) dot(parts *[sumParts]float64, x, y []float32) {
	n := isa.whole(len(x), 16)
	if n > 0 {
		isa.dotAsm(parts, &x[0], &y[0], n/16)
	}
	dotGeneric(parts, x[n:], y[n:])
}

func (isa ISA) finite(x []float32) bool {
	n, ok := isa.whole(len(x), 16), true
	if n > 0 {
		ok = isa.finiteAsm(&x[0], n/16)
	}
	return ok && finiteGeneric(x[n:])
}

func (isa ISA) adam(s *Adam, p, a, g, second []float32) {
	n := isa.whole(len(p), 16)
	if n > 0 {
		numbers := [5]float32{s.Decay, s.Gain, s.Rate, s.Correction, s.Epsilon}
		isa.adamAsm(&numbers, &p[0], &a[0], &g[0], &second[0], n/16)
	}
	adamGeneric(s, p[n:], a[n:], g[n:], second[n:])
}

func (isa ISA) multiply(dst, a, f []float64) {
	n := isa.whole(len(a), 8)
	if n > 0 {
		isa.multiplyAsm(&dst[0], &a[0], &f[0], n/8)
	}
	multiplyGeneric(dst[n:], a[n:], f[n:])
}

func (isa ISA) factors(r, ar, a, most []float64) int {
	n, sum := isa.whole(len(a), 8), 0
	if n > 0 {
		var exponents [8]uint64
		isa.factorsAsm(&r[0], &ar[0], &a[0], &most[0], n/8, &exponents)
		for _, e := range exponents {
			sum += int(e)
		}
		sum -= 1022 * n
	}
	return sum + factorsGeneric(r[n:], ar[n:], a[n:], most[n:])
}

func (isa ISA) products(p, q *Product, table []float64, f, g Factored) {
	if isa == Generic {
		productsGeneric(p, q, table, f, g)
	} else {
		isa.productsAsm(&p.Mantissa[0], &q.Mantissa[0], &table[0], &f.R[0], &f.AR[0], &g.R[0], &g.AR[0], len(f.R))
	}
}

func (isa ISA) logProduct(parts *[8]float64, on, off, e []float64) int {
	n, sum := isa.whole(len(on), 64), 0
	if n > 0 {
		var exponents [8]uint64
		isa.logProductAsm(parts, &on[0], &off[0], &e[0], n/64, &exponents)
		for _, e := range exponents {
			sum += int(e)
		}
		sum -= 1023 * n / 8
	}
	return sum + logProductGeneric(parts, on[n:], off[n:], e[n:])
}

func (isa ISA) transpose64(block *[64]uint64) {
	if isa == Generic {
		transpose64Generic(block)
	} else {
		isa.transpose64Asm(block)
	}
}
