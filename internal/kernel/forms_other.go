//go:build !amd64

package kernel

// ISAs lists the forms that this machine can run: here the specification alone.
func ISAs() []ISA { return []ISA{Generic} }

func formCosts() *costs { return &genericCosts }

func fill(acc [][panelWords]uint64, offset *[panelWords]uint64) { fillGeneric(acc, offset) }

func addListed(acc [][panelWords]uint64, l *listing, panel []uint64) {
	addListedGeneric(acc, l, panel)
}

func addWord(acc [][panelWords]uint64, words []uint64, stride int, panel []uint64, tables *[tableWords]uint64, quarters int, _ method) {
	addWordGeneric(acc, words, stride, panel, tables, quarters)
}

func store(dst []float32, stride int, acc [][panelWords]uint64, scale float32) {
	storeGeneric(dst, stride, acc, scale)
}

func samplePanel(d *draw, dst []uint64, acc [][panelWords]uint64, scale float32, from uint32, panel int) {
	samplePanelGeneric(d, dst, acc, scale, from, panel)
}

func sigmoids(dst, x []float32) { sigmoidsGeneric(dst, x) }

func softpluses(dst, x []float32) { softplusesGeneric(dst, x) }

func addMagnitudes(sums []float64, x []float32) { addMagnitudesGeneric(sums, x) }

func addRowMagnitudes(sums [][sumParts]float64, src []float32, n int) {
	addRowMagnitudesGeneric(sums, src, n)
}

func quantizeRow(dst []uint64, stride int, src []float32, factor float32) {
	quantizeRowGeneric(dst, stride, src, factor)
}

func quantizeTransposed(dst []uint64, src []float32, stride, rows int, factor float32) {
	quantizeTransposedGeneric(dst, src, stride, rows, factor)
}

func subtract(dst, a, b []float32) { subtractGeneric(dst, a, b) }

func addScaled(dst []float32, a float32, x []float32) { addScaledGeneric(dst, a, x) }

func subtractOuter(dst []float32, a float32, x []float32, b float32, y []float32) {
	subtractOuterGeneric(dst, a, x, b, y)
}

func dot(parts *[sumParts]float64, x, y []float32) { dotGeneric(parts, x, y) }

func finite(x []float32) bool { return finiteGeneric(x) }

func adam(s *Adam, p, a, g, second []float32) { adamGeneric(s, p, a, g, second) }

func multiply(dst, a, f []float64) { multiplyGeneric(dst, a, f) }

func factors(r, ar, a, most []float64) int { return factorsGeneric(r, ar, a, most) }

func products(p, q *Product, table []float64, f, g Factored) { productsGeneric(p, q, table, f, g) }

func logProduct(parts *[8]float64, on, off, e []float64) int {
	return logProductGeneric(parts, on, off, e)
}

func transpose64(block *[64]uint64) { transpose64Generic(block) }
