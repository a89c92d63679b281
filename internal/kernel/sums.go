package kernel

import "unsafe"

// Sums asks for Σ_j log(1+e^{x_rj}) of each row r, as [Context.Probabilities] has it. To has a number a row; nil means
// none. The x_rj are those of Parts, which cover all rows, or of [Context.Mul] where Parts is nil.
//
// Terms, where it is not nil, gets the sums over each panel of 16 columns: those of the first panel for all rows, then
// those of the second, and so on. They add up to To in this order. Only some columns of a matrix need it
// ([Context.LoadColumns]); an engine doesn't take it.
type Sums struct {
	To    []float64
	Parts []Part
	Terms []float64
}

func checkParts(x Bits, f *Fixed, parts []Part) {
	if parts == nil {
		return
	}
	rows := 0
	for _, part := range parts {
		if rows += part.Rows; part.Rows < 0 {
			panicf("a part of %d rows", part.Rows)
		}
		if part.Offset != nil && len(part.Offset) != f.Cols {
			panicf("a part with %d offsets for %d columns", len(part.Offset), f.Cols)
		}
	}
	if rows != x.Rows {
		panicf("parts of %d rows for a product of %d", rows, x.Rows)
	}
}

func checkSums(x Bits, f *Fixed, sums []Sums) {
	for _, s := range sums {
		if s.To != nil && len(s.To) != x.Rows {
			panicf("%d sums of %d rows", len(s.To), x.Rows)
		}
		if s.Terms != nil && len(s.Terms) != x.Rows*f.panels() {
			panicf("%d terms of the sums of %d rows and %d columns", len(s.Terms), x.Rows, f.Cols)
		}
		checkParts(x, f, s.Parts)
	}
}

func (p *product) wantSums(sums ...Sums) {
	checkSums(p.x, p.f, sums)
	for _, s := range sums {
		if s.To != nil || s.Terms != nil {
			p.sums = append(p.sums, s)
		}
	}
	p.terms = grow(p.terms, len(p.sums)*p.f.panels()*p.x.Rows)
}

// sumPanel writes a panel's part of the sums. The tables have served by now, and their memory holds the terms.
func (p *product) sumPanel(w *workspace, acc [][panelWords]uint64, block, panel int) {
	cols := min(panelCols, p.f.Cols-panel*panelCols)
	for k, s := range p.sums {
		terms := p.termsOf(k)[panel*p.x.Rows+block*blockRows:][:len(acc)]
		for part := range numParts(s.Parts) {
			from, to := p.part(&w.in, s.Parts, part, block, panel, len(acc))
			for ; from < to; from = min(from+termRows, to) {
				rows := min(to-from, termRows)
				x := unsafe.Slice((*float32)(unsafe.Pointer(&w.tables)), rows*panelCols)
				p.c.isa.store(x, panelCols, acc[from:from+rows], &w.in)
				p.c.isa.softpluses(x, x)
				for r := range rows {
					terms[from+r] = sumRow((*[panelCols]float32)(x[r*panelCols:]), cols)
				}
			}
		}
	}
}

// termsOf are the terms of a list of sums.
func (p *product) termsOf(k int) []float64 {
	n := p.f.panels() * p.x.Rows
	return p.terms[k*n : (k+1)*n]
}

// termRows is the number of rows whose terms fit in the memory of the tables.
const termRows = 2 * tableWords / panelCols

// sumRow adds the first cols numbers in float64, those of a panel that is full in four parts.
func sumRow(x *[panelCols]float32, cols int) float64 {
	if cols < panelCols {
		sum := 0.0
		for _, y := range x[:cols] {
			sum += float64(y)
		}
		return sum
	}
	var a, b, c, d float64
	for k := 0; k < panelCols; k += 4 {
		a += float64(x[k])
		b += float64(x[k+1])
		c += float64(x[k+2])
		d += float64(x[k+3])
	}
	return (a + b) + (c + d)
}
