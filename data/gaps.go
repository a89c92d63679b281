package data

import "github.com/harmonium-rbm/harmonium/rbm"

// setGap marks a column of row r as missing. A site is left in its first state.
func (s *Set) setGap(r int, span rbm.Span, c rbm.Column) {
	for i := span.From; i < span.To; i++ {
		s.Known.SetBit(r, i, false)
	}
	if c.Kind == rbm.Categorical {
		s.States.SetBit(r, span.From, true)
	}
}

// gap marks a number that is NaN as missing, if gaps are expected, and reports whether it is one.
func (p *packer) gap(r, c int, x float64) bool {
	if !p.o.gaps || x == x {
		return false
	}
	if p.known.Rows() == 0 {
		p.known = (&Set{States: p.states}).known()
	}
	p.known.SetBit(r-p.block, c, false)
	return true
}

// isKnown reports whether unit i of row r is known.
func (s *Set) isKnown(r, i int) bool { return s.Known.Rows() == 0 || s.Known.Bit(r, i) }

// WholeRows are the rows that are configurations of a model: those without gaps, and of measurements in many bases
// those of σ^z at all sites.
func (s *Set) WholeRows() *Set {
	if s.Bases != nil {
		return s.measured()
	}
	if s.Known.Rows() == 0 {
		return s
	}
	whole := s.Subset(s.rowsWhere(false))
	whole.Known = rbm.Batch{}
	return whole
}

// RowsWithGaps are the numbers of the rows with gaps, in rising order.
func (s *Set) RowsWithGaps() []int { return s.rowsWhere(true) }

func (s *Set) rowsWhere(gaps bool) (rows []int) {
	for r := range s.Rows() {
		if s.Gaps(r) == gaps {
			rows = append(rows, r)
		}
	}
	return rows
}

// known is Known, of a set without gaps too.
func (s *Set) known() rbm.Batch {
	if s.Known.Rows() > 0 {
		return s.Known
	}
	known := rbm.NewBatch(s.Rows(), s.Units())
	for r := range known.Rows() {
		known.SetRow(r, func(int) bool { return true })
	}
	return known
}

// meansOfKnown are Means of a set with gaps.
func (s *Set) meansOfKnown() []float64 {
	return s.averageOfKnown(func(r, i int) float64 { return s.States.Value(r, i) })
}

// variancesOfKnown are Variances of a set with gaps.
func (s *Set) variancesOfKnown() []float64 {
	means := s.meansOfKnown()
	return s.averageOfKnown(func(r, i int) float64 {
		d := s.States.Value(r, i) - means[i]
		return d * d
	})
}

// averageOfKnown is the weighted mean of f over the rows in which a unit is known.
func (s *Set) averageOfKnown(f func(r, i int) float64) []float64 {
	sums, totals := make([]float64, s.Units()), make([]float64, s.Units())
	for r := range s.Rows() {
		w := s.Weight(r)
		for i := range s.Known.On(r) {
			sums[i] += float64(w * f(r, i))
			totals[i] += w
		}
	}
	for i, total := range totals {
		sums[i] /= total
	}
	return sums
}

// knownShare is the share of the rows, by weight, in which unit i is known.
func (s *Set) knownShare(i int) float64 {
	if s.Known.Rows() == 0 {
		return 1
	}
	known := 0.0
	for r := range s.Rows() {
		if s.Known.Bit(r, i) {
			known += s.Weight(r)
		}
	}
	return known / s.TotalWeight()
}

// compare compares rows a and b in one fixed order: what is known of them, and which numbers these are.
func (s *Set) compare(a, b int) int {
	order := s.States.Compare(a, s.States, b)
	if order == 0 && s.Known.Rows() > 0 {
		return s.Known.Compare(a, s.Known, b)
	}
	return order
}

// missingCells is the number of cells that are missing: of a categorical column and of a genotype one a row.
func (s *Set) missingCells() int {
	if s.Columns == nil {
		return s.Missing()
	}
	n := 0
	for k, span := range rbm.Spans(s.Columns) {
		if k == 0 || !rbm.GenotypeAt(s.Columns, k-1) {
			n += s.missingIn(span)
		}
	}
	return n
}

// missingIn is the number of rows in which a column is missing.
func (s *Set) missingIn(span rbm.Span) int {
	n := 0
	for r := range s.Known.Rows() {
		n += bit(!s.Known.Bit(r, span.From))
	}
	return n
}
