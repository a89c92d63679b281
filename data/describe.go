package data

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// Info describes a data set. Entropies and log-likelihoods are in nats per configuration; rows count with their
// weights.
type Info struct {
	Path   string `json:"path"`
	Format string `json:"format"`
	SHA256 string `json:"sha256"`
	Rows   int    `json:"rows"`
	Units  int    `json:"units"`
	Shape  []int  `json:"shape,omitempty"`
	Values string `json:"values"` // "bernoulli" or "spin"
	Grey   bool   `json:"grey"`

	TotalWeight float64 `json:"total_weight"`
	Mean        float64 `json:"mean"`     // of all bits
	MinMean     float64 `json:"min_mean"` // the least mean of a unit
	MaxMean     float64 `json:"max_mean"`
	Constant    int     `json:"constant"`       // units that have one value in all rows
	Constants   []int   `json:"constant_first"` // the first ten of them, columns from 1

	Distinct   int `json:"distinct"`   // distinct configurations
	Duplicates int `json:"duplicates"` // rows that repeat an earlier one

	// Entropy is H_D = −Σ_v P_D(v) log P_D(v) of the empirical distribution P_D, and EntropyBound = min(log rows,
	// units·log 2), which it can't exceed. A gap counts as a state of its own, so that it is log 3 for rows with gaps.
	// Near log rows, H_D says how many rows there are, not how they are distributed.
	Entropy      float64 `json:"entropy"`
	EntropyBound float64 `json:"entropy_bound"`

	// Independent is the mean log-likelihood of the best model without any correlation, P(v) = Π_i P_i(v_i) with the
	// means of the units: Σ_i p_i log p_i + (1−p_i) log(1−p_i). A model that learned anything is above it. With gaps it is
	// that of what is known: each column counts by the share of the rows that have it.
	Independent float64 `json:"independent_ll"`

	Missing int `json:"missing,omitempty"` // cells; of columns with names they are told apart

	Bytes int `json:"bytes"` // memory of the set

	Columns []ColumnInfo `json:"columns,omitempty"` // of a table, an alignment or real numbers
	Notes   []string     `json:"notes,omitempty"`   // what was left out of the file
}

// ColumnInfo describes what a column was taken for.
type ColumnInfo struct {
	Name string   `json:"name"`
	Kind rbm.Kind `json:"kind"`

	Genotype string `json:"genotype,omitempty"` // that this column and its neighbour are of
	Reason   string `json:"reason,omitempty"`   // why it was taken for this kind
	Missing  int    `json:"missing,omitempty"`  // cells

	Categories []string  `json:"categories,omitempty"`
	Shares     []float64 `json:"shares,omitempty"` // of the categories, or of 0 and 1

	Mean float64 `json:"mean,omitempty"` // of real numbers
	SD   float64 `json:"sd,omitempty"`
	Min  float64 `json:"min,omitempty"`
	Max  float64 `json:"max,omitempty"`
}

// Describe computes the description of a set, in rows·log(rows) comparisons. Grey values count with the present bits,
// except in the means and what follows from them. It panics if the set has no rows or no weight.
func Describe(s *Set) Info {
	info := Info{
		Path: s.Path, Format: s.Format, SHA256: s.SHA256, Rows: s.Rows(), Units: s.Units(), Shape: s.Shape,
		Values: string(s.Values), Grey: s.Grey(), TotalWeight: s.TotalWeight(), MinMean: 1, Constants: []int{},
		Bytes: s.States.Size() + s.Known.Size() + 8*len(s.Weights), Notes: s.Notes, Missing: s.missingCells(),
	}
	if s.grey != nil {
		info.Bytes += len(s.grey.bytes) + 4*len(s.grey.floats) + 4*len(s.grey.rows)
	}
	if s.plain() {
		for _, p := range s.Means() {
			if p != p { // missing in all rows
				continue
			}
			info.Mean += p / float64(s.Units())
			info.MinMean, info.MaxMean = min(info.MinMean, p), max(info.MaxMean, p)
		}
		info.Constants, info.Constant = s.constants()
	}
	if s.plain() && s.Columns == nil {
		for i, p := range s.Means() {
			info.Independent += s.knownShare(i) * (plogp(p) + plogp(1-p))
		}
	} else {
		info.describeColumns(s)
	}
	info.Distinct, info.Entropy = s.empirical()
	info.Duplicates = s.Rows() - info.Distinct
	info.EntropyBound = math.Log(float64(s.Rows()))
	if s.plain() {
		states := 2.0
		if info.Missing > 0 {
			states++ // a gap
		}
		info.EntropyBound = min(info.EntropyBound, float64(s.Units())*math.Log(states))
	}
	return info
}

// describeColumns describes each column. The best model without any correlation takes their frequencies, and normal
// distributions of real numbers: −½ log(2πeσ²).
func (info *Info) describeColumns(s *Set) {
	columns := s.Columns
	if columns == nil {
		for i := range s.Units() {
			columns = append(columns, rbm.Column{Name: fmt.Sprint(i + 1), Kind: s.Values})
		}
	}
	means, variances := s.Means(), s.Variances()
	for k, span := range rbm.Spans(columns) {
		c := columns[k]
		d := ColumnInfo{Name: c.Name, Kind: c.Kind, Genotype: c.Genotype, Categories: c.Categories, Missing: s.missingIn(span)}
		known := s.knownShare(span.From)
		if s.Reasons != nil {
			d.Reason = s.Reasons[k]
		}
		switch {
		case d.Missing == s.Rows(): // nothing is known of it
		case c.Kind == rbm.Gaussian:
			scale := scaleOf(c.Scale)
			d.Mean, d.SD = means[span.From]*scale+c.Mean, math.Sqrt(variances[span.From])*scale
			d.Min, d.Max = math.Inf(1), math.Inf(-1)
			for r := range s.Rows() {
				if !s.isKnown(r, span.From) {
					continue
				}
				x := s.value(r, span, c)
				d.Min, d.Max = min(d.Min, x), max(d.Max, x)
			}
			if d.SD > 0 { // a column that never changes has no density
				info.Independent -= known * math.Log(2*math.Pi*math.E*d.SD*d.SD) / 2
			}
		case c.Kind == rbm.Categorical:
			d.Shares = means[span.From:span.To]
			for _, p := range d.Shares {
				info.Independent += known * plogp(p)
			}
		default:
			p := means[span.From]
			d.Shares = []float64{1 - p, p}
			info.Independent += known * (plogp(p) + plogp(1-p))
		}
		info.Columns = append(info.Columns, d)
	}
}

// plogp returns p·log p, 0 for p = 0.
func plogp(p float64) float64 {
	if !(p > 0) { // or unknown
		return 0
	}
	return p * math.Log(p)
}

// constants returns the first ten units, from 1, that never change, and how many there are. A unit of grey values
// changes if its probability is anywhere other than in the first row, or neither 0 nor 1.
func (s *Set) constants() (first []int, n int) {
	first = []int{}
	for i, constant := range s.unchanging() {
		if !constant {
			continue
		}
		if n++; n <= 10 {
			first = append(first, i+1)
		}
	}
	return first, n
}

func (s *Set) unchanging() []bool {
	same := make([]bool, s.Units())
	if s.grey != nil {
		for i := range same {
			p := s.grey.probability(i)
			same[i] = p == 0 || p == 1
			for r := 1; r < s.Rows() && same[i]; r++ {
				same[i] = s.grey.probability(r*s.Units()+i) == p
			}
		}
		return same
	}
	for i, variance := range s.Variances() {
		same[i] = variance == 0
	}
	if s.Known.Rows() > 0 {
		for i, p := range s.Means()[:s.States.Bits()] {
			same[i] = p == 0 || p == 1
		}
		return same
	}
	for i, n := range s.States.Counts() {
		same[i] = n == 0 || n == s.Rows()
	}
	return same
}

// empirical returns the number of distinct configurations and the entropy of their empirical distribution.
func (s *Set) empirical() (distinct int, entropy float64) {
	total := s.TotalWeight()
	for w := range groups(s) {
		distinct++
		entropy -= plogp(w / total)
	}
	return distinct, max(entropy, 0)
}

// groups yields the weight of every distinct configuration, in the order of their bits.
func groups(s *Set) func(yield func(weight float64) bool) {
	order := make([]int, s.Rows())
	for r := range order {
		order[r] = r
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(s.compare(a, b), a-b) })
	return func(yield func(float64) bool) {
		for k := 0; k < len(order); {
			w, first := 0.0, order[k]
			for ; k < len(order) && s.compare(order[k], first) == 0; k++ {
				w += s.Weight(order[k])
			}
			if !yield(w) {
				return
			}
		}
	}
}
