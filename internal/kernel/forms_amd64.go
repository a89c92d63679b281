package kernel

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

//go:generate go run -C _asm . -out ../kernels_amd64.s -stubs ../stubs_amd64.go -pkg kernel

// The functions below choose among the forms of a kernel. Their bodies are leaves: no goroutine, no allocation and no check.

var able = detect()

func detect() []ISA {
	x := &cpu.X86
	isas := []ISA{Generic}
	if x.HasAVX2 && x.HasBMI1 && x.HasBMI2 {
		isas = append(isas, AVX2)
		if x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL {
			isas = append(isas, AVX512)
		}
	}
	return isas
}

// ISAs lists the forms that this machine can run, from the specification to the widest.
func ISAs() []ISA { return able }

func formCosts() *costs {
	switch current {
	case AVX512:
		return &avx512Costs
	case AVX2:
		return &avx2Costs
	}
	return &genericCosts
}

func fill(acc [][panelWords]uint64, offset *[panelWords]uint64) {
	if len(acc) == 0 {
		return
	}
	switch current {
	case AVX512:
		fillAVX512(&acc[0], len(acc), offset)
	case AVX2:
		fillAVX2(&acc[0], len(acc), offset)
	default:
		fillGeneric(acc, offset)
	}
}

func addListed(acc [][panelWords]uint64, l *listing, panel []uint64) {
	if len(acc) == 0 || len(l.offsets) == 0 {
		return
	}
	switch current {
	case AVX512:
		addListedAVX512(&acc[0], &l.order[0], len(l.order), &l.offsets[0], &panel[0])
	case AVX2:
		addListedAVX2(&acc[0], &l.order[0], len(l.order), &l.offsets[0], &panel[0])
	default:
		addListedGeneric(acc, l, panel)
	}
}

func addWord(acc [][panelWords]uint64, words []uint64, stride int, panel []uint64, tables *[tableWords]uint64, quarters int, m method) {
	if len(acc) == 0 {
		return
	}
	switch {
	case current == AVX512 && m == wide:
		addWordWideAVX512(&acc[0], len(acc), &words[0], stride, &panel[0], &tables[0], quarters)
	case current == AVX512:
		addWordNarrowAVX512(&acc[0], len(acc), &words[0], stride, &panel[0], &tables[0], quarters)
	case current == AVX2 && m == wide:
		addWordWideAVX2(&acc[0], len(acc), &words[0], stride, &panel[0], &tables[0], quarters)
	case current == AVX2:
		addWordNarrowAVX2(&acc[0], len(acc), &words[0], stride, &panel[0], &tables[0], quarters)
	default:
		addWordGeneric(acc, words, stride, panel, tables, quarters)
	}
}

func store(dst []float32, stride int, acc [][panelWords]uint64, scale float32) {
	if len(acc) == 0 {
		return
	}
	switch current {
	case AVX512:
		storeAVX512(&dst[0], stride, &acc[0], len(acc), scale)
	case AVX2:
		storeAVX2(&dst[0], stride, &acc[0], len(acc), scale)
	default:
		storeGeneric(dst, stride, acc, scale)
	}
}

// samplePanel draws two rows at a time; of an odd number of rows, the last is drawn with a row that doesn't exist.
func samplePanel(d *draw, dst []uint64, acc [][panelWords]uint64, scale float32, from uint32, panel int) {
	if current == Generic {
		samplePanelGeneric(d, dst, acc, scale, from, panel)
		return
	}
	pairs, stride, shift := len(acc)/2, d.dst.Stride, panel%4*panelCols
	chain, unit := d.firstChain+from, uint32(panel*panelCols/4)
	if pairs > 0 {
		at := (*uint64)(unsafe.Add(unsafe.Pointer(&dst[0]), shift/8))
		samplePairs(d, at, 8*stride, acc, pairs, scale, unit, chain)
	}
	if len(acc)%2 == 1 {
		var last [2]uint64
		samplePairs(d, &last[0], 8, acc[:len(acc)+1][2*pairs:], 1, scale, unit, chain+uint32(2*pairs))
		dst[2*pairs*stride] |= last[0] << shift
	}
}

// samplePairs calls the assembler by name, as what it is given then need not be on the heap.
func samplePairs(d *draw, dst *uint64, stride int, acc [][panelWords]uint64, pairs int, scale float32, unit, chain uint32) {
	step0, step1 := uint32(d.step), uint32(d.step>>32)
	if current == AVX512 {
		sampleAVX512(dst, stride, &acc[0], pairs, scale, d.keys, unit, chain, step0, step1)
	} else {
		sampleAVX2(dst, stride, &acc[0], pairs, scale, d.keys, unit, chain, step0, step1)
	}
}

func sigmoids(dst, x []float32) {
	n := len(x) &^ 15
	if n > 0 {
		switch current {
		case AVX512:
			sigmoidsAVX512(&dst[0], &x[0], n/16)
		case AVX2:
			sigmoidsAVX2(&dst[0], &x[0], n/16)
		default:
			n = 0
		}
	}
	sigmoidsGeneric(dst[n:], x[n:])
}

func softpluses(dst, x []float32) {
	n := len(x) &^ 15
	if n > 0 {
		switch current {
		case AVX512:
			softplusesAVX512(&dst[0], &x[0], n/16)
		case AVX2:
			softplusesAVX2(&dst[0], &x[0], n/16)
		default:
			n = 0
		}
	}
	softplusesGeneric(dst[n:], x[n:])
}

// addMagnitudes adds |x[j]| to every sums[j].
func addMagnitudes(sums []float64, x []float32) {
	n := len(sums) &^ 15
	if n > 0 {
		switch current {
		case AVX512:
			addMagnitudesAVX512(&sums[0], &x[0], n/16)
		case AVX2:
			addMagnitudesAVX2(&sums[0], &x[0], n/16)
		default:
			n = 0
		}
	}
	addMagnitudesGeneric(sums[n:], x[n:])
}

func addRowMagnitudes(sums [][sumParts]float64, src []float32, n int) {
	if len(sums) == 0 || n < sumParts || current == Generic {
		addRowMagnitudesGeneric(sums, src, n)
		return
	}
	if current == AVX512 {
		addRowMagnitudesAVX512(&sums[0], len(sums), &src[0], n, n/sumParts)
	} else {
		addRowMagnitudesAVX2(&sums[0], len(sums), &src[0], n, n/sumParts)
	}
	done := n &^ (sumParts - 1)
	for j := range sums {
		for k, x := range src[j*n+done : (j+1)*n] {
			sums[j][k] += float64(abs(x))
		}
	}
}

func quantizeRow(dst []uint64, stride int, src []float32, factor float32) {
	switch current {
	case AVX512:
		quantizeRowAVX512(&dst[0], 8*stride, &src[0], len(src)/panelCols, factor)
	case AVX2:
		quantizeRowAVX2(&dst[0], 8*stride, &src[0], len(src)/panelCols, factor)
	default:
		quantizeRowGeneric(dst, stride, src, factor)
	}
}

func quantizeTransposed(dst []uint64, src []float32, stride, rows int, factor float32) {
	if rows == 0 {
		return
	}
	switch current {
	case AVX512:
		quantizeTransposedAVX512(&dst[0], &src[0], 4*stride, rows/panelCols, factor)
	case AVX2:
		quantizeTransposedAVX2(&dst[0], &src[0], 4*stride, rows/panelCols, factor)
	default:
		quantizeTransposedGeneric(dst, src, stride, rows, factor)
	}
}

func subtract(dst, a, b []float32) {
	n := len(dst) &^ 15
	if n > 0 {
		switch current {
		case AVX512:
			subtractAVX512(&dst[0], &a[0], &b[0], n/16)
		case AVX2:
			subtractAVX2(&dst[0], &a[0], &b[0], n/16)
		default:
			n = 0
		}
	}
	subtractGeneric(dst[n:], a[n:], b[n:])
}

func addScaled(dst []float32, a float32, x []float32) {
	n := len(dst) &^ 15
	if n > 0 {
		switch current {
		case AVX512:
			addScaledAVX512(&dst[0], &x[0], n/16, a)
		case AVX2:
			addScaledAVX2(&dst[0], &x[0], n/16, a)
		default:
			n = 0
		}
	}
	addScaledGeneric(dst[n:], a, x[n:])
}

func subtractOuter(dst []float32, a float32, x []float32, b float32, y []float32) {
	n := len(dst) &^ 15
	if n > 0 {
		switch current {
		case AVX512:
			subtractOuterAVX512(&dst[0], &x[0], &y[0], n/16, a, b)
		case AVX2:
			subtractOuterAVX2(&dst[0], &x[0], &y[0], n/16, a, b)
		default:
			n = 0
		}
	}
	subtractOuterGeneric(dst[n:], a, x[n:], b, y[n:])
}

func dot(parts *[sumParts]float64, x, y []float32) {
	n := len(x) &^ 15
	if n > 0 {
		switch current {
		case AVX512:
			dotAVX512(parts, &x[0], &y[0], n/16)
		case AVX2:
			dotAVX2(parts, &x[0], &y[0], n/16)
		default:
			n = 0
		}
	}
	dotGeneric(parts, x[n:], y[n:])
}

func finite(x []float32) bool {
	n, ok := len(x)&^15, true
	if n > 0 {
		switch current {
		case AVX512:
			ok = finiteAVX512(&x[0], n/16)
		case AVX2:
			ok = finiteAVX2(&x[0], n/16)
		default:
			n = 0
		}
	}
	return ok && finiteGeneric(x[n:])
}

func adam(s *Adam, p, a, g, second []float32) {
	n := len(p) &^ 15
	if n > 0 {
		numbers := [5]float32{s.Decay, s.Gain, s.Rate, s.Correction, s.Epsilon}
		switch current {
		case AVX512:
			adamAVX512(&numbers, &p[0], &a[0], &g[0], &second[0], n/16)
		case AVX2:
			adamAVX2(&numbers, &p[0], &a[0], &g[0], &second[0], n/16)
		default:
			n = 0
		}
	}
	adamGeneric(s, p[n:], a[n:], g[n:], second[n:])
}

func multiply(dst, a, f []float64) {
	n := len(a) &^ 7
	if n > 0 {
		switch current {
		case AVX512:
			multiplyAVX512(&dst[0], &a[0], &f[0], n/8)
		case AVX2:
			multiplyAVX2(&dst[0], &a[0], &f[0], n/8)
		default:
			n = 0
		}
	}
	multiplyGeneric(dst[n:], a[n:], f[n:])
}

func factors(r, ar, a, most []float64) int {
	n, sum := len(a)&^7, 0
	if n > 0 && current != Generic {
		var exponents [8]uint64
		if current == AVX512 {
			factorsAVX512(&r[0], &ar[0], &a[0], &most[0], n/8, &exponents)
		} else {
			factorsAVX2(&r[0], &ar[0], &a[0], &most[0], n/8, &exponents)
		}
		for _, e := range exponents {
			sum += int(e)
		}
		sum -= 1022 * n
	} else {
		n = 0
	}
	return sum + factorsGeneric(r[n:], ar[n:], a[n:], most[n:])
}

func products(p, q *Product, table []float64, f, g Factored) {
	switch current {
	case AVX512:
		productsAVX512(&p.Mantissa[0], &q.Mantissa[0], &table[0], &f.R[0], &f.AR[0], &g.R[0], &g.AR[0], len(f.R))
	case AVX2:
		productsAVX2(&p.Mantissa[0], &q.Mantissa[0], &table[0], &f.R[0], &f.AR[0], &g.R[0], &g.AR[0], len(f.R))
	default:
		productsGeneric(p, q, table, f, g)
	}
}

func logProduct(parts *[8]float64, on, off, e []float64) int {
	n, sum := len(on)&^63, 0
	if n > 0 && current != Generic {
		var exponents [8]uint64
		if current == AVX512 {
			logProductAVX512(parts, &on[0], &off[0], &e[0], n/64, &exponents)
		} else {
			logProductAVX2(parts, &on[0], &off[0], &e[0], n/64, &exponents)
		}
		for _, e := range exponents {
			sum += int(e)
		}
		sum -= 1023 * n / 8
	} else {
		n = 0
	}
	return sum + logProductGeneric(parts, on[n:], off[n:], e[n:])
}

func transpose64(block *[64]uint64) {
	switch current {
	case AVX512:
		transpose64AVX512(block)
	case AVX2:
		transpose64AVX2(block)
	default:
		transpose64Generic(block)
	}
}
