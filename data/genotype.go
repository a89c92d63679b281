package data

import (
	"errors"
	"slices"
	"strconv"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// Genotypes are the copies of an allele that a sample has at a site: 0, 1 or 2. Two bits stand for one, g ≥ 1 and g ≥ 2,
// which geneticists call its dominant and its recessive coding. So 0 is 00, 1 is 10 and 2 is 11. The state 01 means
// nothing: no data have it, but a model gives it a probability and may draw it. The genotype of any two bits is the
// number of them that are on, so that 01 is written as 1.
var (
	genotypeTexts   = []string{"0", "1", "2"}
	genotypeReasons = []string{"a genotype: one or two copies", "a genotype: two copies"}
)

// genotypeColumns are the two columns of a genotype.
func genotypeColumns(name string) []rbm.Column {
	return []rbm.Column{
		{Name: name + ">=1", Kind: rbm.Bernoulli, Genotype: name},
		{Name: name + ">=2", Kind: rbm.Bernoulli, Genotype: name},
	}
}

// columns are those of the set that stand for the column of the table, and why they do.
func (p *profile) columns() (columns []rbm.Column, reasons []string) {
	if p.genotype {
		return genotypeColumns(p.name), genotypeReasons
	}
	return []rbm.Column{p.column}, []string{p.reason}
}

// setGenotype sets the two bits of a genotype.
func (s *Set) setGenotype(r, unit, g int) {
	s.States.SetBit(r, unit, g >= 1)
	s.States.SetBit(r, unit+1, g >= 2)
}

// genotype is the cell of the genotype whose bits are two units, empty where it is missing.
func (s *Set) genotype(r, unit int) string {
	if !s.isKnown(r, unit) || !s.isKnown(r, unit+1) {
		return ""
	}
	return genotypeTexts[bit(s.States.Bit(r, unit))+bit(s.States.Bit(r, unit+1))]
}

// OddGenotypes is the number of genotypes of the set, and of those with the state 01, which means nothing: its second bit
// is on without the first.
func (s *Set) OddGenotypes() (odd, all int) {
	spans := rbm.Spans(s.Columns)
	for k := range s.Columns {
		if !rbm.GenotypeAt(s.Columns, k) {
			continue
		}
		for r := range s.Rows() {
			all++
			odd += bit(s.isKnown(r, spans[k].From) && !s.States.Bit(r, spans[k].From) && s.States.Bit(r, spans[k+1].From))
		}
	}
	return odd, all
}

// hasGenotypes reports whether some columns are those of genotypes.
func hasGenotypes(columns []rbm.Column) bool {
	return slices.ContainsFunc(columns, func(c rbm.Column) bool { return c.Genotype != "" })
}

// genotypesOf are the genotypes of columns that are of nothing else, else nil.
func genotypesOf(columns []rbm.Column) (names []string) {
	for k, c := range columns {
		switch {
		case c.Genotype == "":
			return nil
		case rbm.GenotypeAt(columns, k):
			names = append(names, c.Genotype)
		}
	}
	return names
}

// genotypes reads a matrix as genotypes. Where gaps are expected, NaN is one.
func (m *matrix) genotypes(s *Selection, gaps bool) (*reading, error) {
	if s.Genotypes != nil && !slices.Equal(s.Genotypes, allColumns) {
		return nil, errors.New("in an array, columns are genotypes all or none: say all")
	}
	head := &Set{Values: rbm.Bernoulli, Format: m.format, States: rbm.NewBatch(0, 2*m.units)}
	for i := range m.units {
		head.Columns = append(head.Columns, genotypeColumns(m.columnName(i))...)
		head.Reasons = append(head.Reasons, genotypeReasons...)
	}
	missing := false
	if gaps {
		err := m.scan(func(_, _ int, row []float64) error {
			missing = missing || slices.ContainsFunc(row, func(x float64) bool { return x != x })
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	r := &reading{head: head, rows: m.rows, gaps: missing, inMemory: m.scattered}
	r.fill = func(size int, each func(s *Set) error) error {
		b := newBlocks(r, size, each)
		if err := m.scan(func(at, c int, row []float64) error {
			set, k, err := b.row(at)
			if err != nil {
				return err
			}
			for i, x := range row {
				switch unit := 2 * (c + i); {
				case x == 0 || x == 1 || x == 2:
					set.setGenotype(k, unit, int(x))
				case gaps && x != x:
					set.Known.SetBit(k, unit, false)
					set.Known.SetBit(k, unit+1, false)
				default:
					row, column := m.place(at, c+i)
					return &refusal{refuse(row-1, column-1, x, "0, 1 or 2, the copies of an allele"), ErrGenotypes}
				}
			}
			return nil
		}); err != nil {
			return err
		}
		return b.end()
	}
	return r, nil
}

// columnName is the name of a column of the matrix, or its number.
func (m *matrix) columnName(i int) string {
	switch {
	case m.names != nil:
		return m.names[i]
	case m.fields != nil:
		return strconv.Itoa(m.fields[i] + 1)
	}
	return strconv.Itoa(i + 1)
}

func namesOf(columns []rbm.Column) (names []string) {
	for _, c := range columns {
		names = append(names, c.Name)
	}
	return names
}
