package rbm

import (
	"fmt"
	"math"
	"slices"
)

// Column is a column of a table that a visible layer stands for. A column of bits or real numbers is one unit; a
// categorical column is a site of as many units (bits) as it has categories.
//
// The units of a table are in the order of kinds: those of all columns of two values first, then those of all
// categorical columns, and then the real ones, each in the order of the table.
type Column struct {
	Name string `json:"name,omitempty"`
	Kind Kind   `json:"kind"` // Bernoulli, Spin, Categorical or Gaussian
	// Categories are the texts that the table has: of the states of a categorical column, or of 0 and 1.
	Categories []string `json:"categories,omitempty"`
	// Mean and Scale turn the numbers of real units into those of the table: number·Scale + Mean. A Scale of 0 stands
	// for no change.
	Mean  float64 `json:"mean,omitempty"`
	Scale float64 `json:"scale,omitempty"`
	// Genotype is the name of the table's column of genotypes 0, 1 and 2 that this one of bits and its neighbour stand
	// for: the first of the two is 1 for a genotype ≥ 1, the second for one ≥ 2. It is "" of all other columns.
	Genotype string `json:"genotype,omitempty"`
}

// columnKinds is the order of the units of a table.
var columnKinds = []Kind{Spin, Bernoulli, Categorical, Gaussian}

// GenotypeAt reports whether columns k and k+1 are the two of a genotype.
func GenotypeAt(columns []Column, k int) bool {
	return k+1 < len(columns) && columns[k].Genotype != "" && columns[k].Genotype == columns[k+1].Genotype
}

// Span is the units from…to−1 of a column.
type Span struct{ From, To int }

// Spans are the units of each column.
func Spans(columns []Column) []Span {
	spans, at := make([]Span, len(columns)), 0
	for _, kind := range columnKinds {
		for k, c := range columns {
			if c.Kind == kind {
				spans[k] = Span{at, at + c.units()}
				at = spans[k].To
			}
		}
	}
	return spans
}

func (c *Column) units() int {
	if c.Kind == Categorical {
		return len(c.Categories)
	}
	return 1
}

// LayoutFor is the layout of the layer that stands for columns.
func LayoutFor(columns []Column) []Part {
	var parts []Part
	for _, kind := range columnKinds {
		p := Part{Kind: kind}
		for _, c := range columns {
			if c.Kind == kind {
				p.Units += c.units()
				if kind == Categorical {
					p.States = append(p.States, len(c.Categories))
				}
			}
		}
		if p.Units > 0 {
			parts = append(parts, p)
		}
	}
	return parts
}

// LogScale is Σ log Scale over the real columns: what log p of the units' numbers exceeds log p of the table's numbers
// by, as a density of y = number·Scale + Mean is that of the number divided by Scale.
func LogScale(columns []Column) float64 {
	sum := 0.0
	for _, c := range columns {
		if c.Kind == Gaussian && c.Scale != 0 {
			sum += math.Log(c.Scale)
		}
	}
	return sum
}

// LogScaleOf is [LogScale] over the columns whose first units are among some, in rising order.
func LogScaleOf(columns []Column, units []int) float64 {
	sum, spans := 0.0, Spans(columns)
	for k := range columns {
		if _, ok := slices.BinarySearch(units, spans[k].From); ok {
			sum += LogScale(columns[k : k+1])
		}
	}
	return sum
}

// checkColumns refuses columns that are not those of a layer.
func checkColumns(columns []Column, layer Layer) error {
	named, genotypes := map[string]bool{}, map[string]bool{}
	for k, c := range columns {
		switch {
		case c.Kind == Categorical && len(c.Categories) < 2:
			return fmt.Errorf("column %d (%q) has %d categories, want 2 or more", k+1, c.Name, len(c.Categories))
		case !slices.Contains(columnKinds, c.Kind):
			return fmt.Errorf("column %d is of %q units, want bernoulli, spin, categorical or gaussian", k+1, c.Kind)
		case !(c.Scale >= 0 && c.Scale <= maxParameter && math.Abs(c.Mean) <= maxParameter):
			return fmt.Errorf("column %d has the scale %v and the mean %v, want numbers up to %g, and no negative scale",
				k+1, c.Scale, c.Mean, maxParameter)
		case repeats(c.Categories):
			return fmt.Errorf("column %d (%q) has a category twice: %q", k+1, c.Name, c.Categories)
		case c.Name != "" && named[c.Name]:
			return fmt.Errorf("two columns are called %q", c.Name)
		case c.Genotype != "" && (c.Kind != Bernoulli && c.Kind != Spin || c.Categories != nil):
			return fmt.Errorf("column %d (%q) is %s, and those of a genotype are bits", k+1, c.Name, c.Kind)
		case c.Genotype != "" && (k == 0 || columns[k-1].Genotype != c.Genotype):
			if !GenotypeAt(columns, k) || genotypes[c.Genotype] {
				return fmt.Errorf("column %d (%q) is of the genotype %q, which has not two columns side by side", k+1, c.Name, c.Genotype)
			}
			genotypes[c.Genotype] = true
		case c.Genotype != "" && k > 1 && columns[k-2].Genotype == c.Genotype:
			return fmt.Errorf("three columns are of the genotype %q", c.Genotype)
		}
		named[c.Name] = true
	}
	want := LayoutOf(layer)
	if layer.Kind() == Spin || layer.Kind() == Bernoulli { // 0/1 data may be trained as spins, and the other way round
		return sameUnits(columns, layer.Units())
	}
	if got := LayoutFor(columns); !slices.EqualFunc(got, want, Part.equal) {
		return fmt.Errorf("the columns are of %v, the layer of %v", got, want)
	}
	return nil
}

// repeats reports whether a text comes twice.
func repeats(texts []string) bool {
	seen := map[string]bool{}
	for _, text := range texts {
		if seen[text] {
			return true
		}
		seen[text] = true
	}
	return false
}

func sameUnits(columns []Column, units int) error {
	if len(columns) != units {
		return fmt.Errorf("there are %d columns for %d units", len(columns), units)
	}
	for k, c := range columns {
		if c.Kind != Bernoulli && c.Kind != Spin {
			return fmt.Errorf("column %d is %s, the units have two values", k+1, c.Kind)
		}
	}
	return nil
}

func (p Part) equal(q Part) bool {
	return p.Kind == q.Kind && p.Units == q.Units && slices.Equal(p.States, q.States)
}

// String is the part in words: "3 bernoulli units", "2 sites of 21 states".
func (p Part) String() string {
	if p.Kind != Categorical {
		return fmt.Sprintf("%d %s units", p.Units, p.Kind)
	}
	if len(p.States) > 0 && !slices.ContainsFunc(p.States, func(q int) bool { return q != p.States[0] }) {
		return fmt.Sprintf("%d sites of %d states", len(p.States), p.States[0])
	}
	return fmt.Sprintf("%d sites of %v states", len(p.States), p.States)
}
