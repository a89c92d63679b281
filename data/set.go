package data

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Set is a data set: configurations of equal length, one a row, and where they came from.
type Set struct {
	States  rbm.Batch    // rows × units
	Known   rbm.Batch    // as many bits: which numbers of States are known; without rows all are
	Weights []float64    // one number ≥ 0 a row, or nil: every row counts 1
	Values  rbm.Kind     // what the file held: Bernoulli for 0 and 1, Spin for −1 and 1; needed to write or describe the set
	Columns []rbm.Column // of the file, where they have names or are of other kinds than bits; else nil
	Names   []string     // of the rows, where the file has some; else nil
	Index   string       // what Names are called in the file; "" where nothing says it
	Groups  []int        // rows of equal numbers belong together, as copies of a genome do: Split doesn't part them; nil: none do
	Bases   []string     // a letter a unit, of rows that are outcomes of measurements of qubits in many bases; else nil
	Reasons []string     // why each of Columns was taken for its kind; nil: no choice
	Notes   []string     // what was left out of the file
	Shape   []int        // layout of a row where the file says one, as 28×28 pixels; its product is Units()

	Path   string // the file
	Format string // its format, as "csv, gzip"
	SHA256 string // of the file's bytes, in hex

	grey  *grey
	first int // number of the first row among those that were read, of a block of them
}

// Rows is the number of configurations.
func (s *Set) Rows() int { return s.States.Rows() }

// Units is the number of units in a configuration.
func (s *Set) Units() int { return s.States.Units() }

// Weight returns the weight of row r.
func (s *Set) Weight(r int) float64 {
	if s.Weights == nil {
		return 1
	}
	return s.Weights[r]
}

// TotalWeight is the sum of the weights: the number of rows if there are none.
func (s *Set) TotalWeight() float64 {
	if s.Weights == nil {
		return float64(s.Rows())
	}
	total := 0.0
	for _, w := range s.Weights {
		total += w
	}
	return total
}

// Gaps reports whether numbers of row r are missing.
func (s *Set) Gaps(r int) bool { return s.Known.Rows() > 0 && s.Known.Ones(r) < s.Units() }

// Missing is the number of numbers that are missing: of a categorical column as many as it has states.
func (s *Set) Missing() int {
	n := s.Known.Rows() * s.Units()
	for r := range s.Known.Rows() {
		n -= s.Known.Ones(r)
	}
	return n
}

// Means returns the weighted mean of the bits of every unit, Σ_r w_r·bit_ri / Σ_r w_r, over the rows where it is known:
// for spins (1+⟨s_i⟩)/2. It is NaN where no row is. For grey values read with [Bernoulli] it is the mean of the
// probabilities, free of the noise of a draw. It panics if the set has no rows or no weight.
func (s *Set) Means() []float64 {
	total := s.TotalWeight()
	if !(total > 0) {
		panic(fmt.Sprintf("data: Means of %d rows with total weight %v", s.Rows(), total))
	}
	if s.Known.Rows() > 0 {
		return s.meansOfKnown()
	}
	means := make([]float64, s.Units())
	if s.Weights == nil && s.grey == nil && s.States.Bits() == len(means) {
		for i, n := range s.States.Counts() { // of rows that may be on other processes
			means[i] = float64(n) / total
		}
		return means
	}
	for r := range s.Rows() {
		w := s.Weight(r)
		if s.grey != nil {
			for i := range means {
				means[i] += float64(w * float64(s.grey.probability(r*len(means)+i)))
			}
			continue
		}
		for i := range s.States.On(r) {
			means[i] += w
		}
		to := means[s.States.Bits():]
		for k, x := range s.States.Reals(r) {
			to[k] += float64(w * float64(x))
		}
	}
	for i := range means {
		means[i] /= total
	}
	return means
}

// Subset returns a copy of the rows that index names, in that order, with their weights and grey values. Path, Format
// and SHA256 still name the file. It panics if an index is out of range.
func (s *Set) Subset(index []int) *Set {
	sub := *s
	sub.States = s.States.Pick(index)
	if s.Weights != nil {
		sub.Weights = make([]float64, len(index))
		for k, r := range index {
			sub.Weights[k] = s.Weights[r]
		}
	}
	if s.Known.Rows() > 0 {
		sub.Known = s.Known.Like(len(index))
		sub.Known.Gather(s.Known, index)
	}
	if s.Names != nil {
		sub.Names = make([]string, len(index))
		for k, r := range index {
			sub.Names[k] = s.Names[r]
		}
	}
	if s.Groups != nil {
		sub.Groups = make([]int, len(index))
		for k, r := range index {
			sub.Groups[k] = s.Groups[r]
		}
	}
	if s.Bases != nil {
		sub.Bases = make([]string, len(index))
		for k, r := range index {
			sub.Bases[k] = s.Bases[r]
		}
	}
	if s.grey != nil {
		sub.grey = s.grey.subset(index, s.Units())
	}
	return &sub
}

// Split deals the rows out at random into one part a fraction. Part k gets the rows between round(F_{k−1}·rows) and
// round(F_k·rows) of a random permutation, F the running sum of the fractions. The parts depend on the number of rows,
// the fractions and the key alone. Of rows in Groups the groups are permuted, and a part ends with the group whose end
// is nearest.
//
// The error says which fraction is not in (0,1], that they don't add up to 1, or which part would be empty.
func Split(s *Set, fractions []float64, key rng.Key) ([]*Set, error) {
	order, ends := s.permuted(key)
	sum := 0.0
	parts := make([]*Set, len(fractions))
	from := 0
	for k, f := range fractions {
		if !(f > 0 && f <= 1) {
			return nil, fmt.Errorf("fraction %d is %v, want a number in (0,1]", k+1, f)
		}
		sum += f
		to := min(int(math.Round(sum*float64(s.Rows()))), s.Rows())
		if ends != nil {
			to = nearestEnd(ends, from, to, k == len(fractions)-1)
		}
		if to == from {
			groups := ""
			if ends != nil {
				groups = ", of which some belong together, as the copies of a sample do, and stay so"
			}
			return nil, fmt.Errorf("fraction %d of %v leaves none of the %d rows%s", k+1, f, s.Rows(), groups)
		}
		parts[k] = s.Subset(order[from:to])
		from = to
	}
	if math.Abs(sum-1) > 1e-9 {
		return nil, fmt.Errorf("the fractions add up to %v, want 1", sum)
	}
	return parts, nil
}

// nearestEnd is the end of a group that is nearest to a place. It is after from, and leaves rows for a part that is not
// the last, if any end does.
func nearestEnd(ends []bool, from, to int, last bool) int {
	before, after := to, to
	for before > from && !ends[before] {
		before--
	}
	for after < len(ends)-1 && !ends[after] {
		after++
	}
	if before == from || to-before > after-to && (last || after < len(ends)-1) {
		return after
	}
	return before
}

// permuted is a random order of the rows. In groups, ends says after how many of them one ends; else it is nil.
func (s *Set) permuted(key rng.Key) (order []int, ends []bool) {
	permute := func(n int) []int {
		permutation := make([]int, n)
		if n > 0 {
			rng.NewSource(key.Stream(rng.StreamSplit), 0).Perm(permutation)
		}
		return permutation
	}
	if s.Groups == nil {
		return permute(s.Rows()), nil
	}
	of, groups := map[int][]int{}, []int(nil) // in the order of their first rows
	for r, g := range s.Groups {
		if of[g] == nil {
			groups = append(groups, g)
		}
		of[g] = append(of[g], r)
	}
	ends = make([]bool, s.Rows()+1)
	for _, k := range permute(len(groups)) {
		order = append(order, of[groups[k]]...)
		ends[len(order)] = true
	}
	return order, ends
}

// Merge joins sets of equal units one after the other. Weights are kept (1 where a set has none); the Shape
// is kept if all agree. Of several sets, Path names all files, and SHA256 is the hash of their hashes. The error says
// which set does not fit.
func Merge(sets ...*Set) (*Set, error) {
	if len(sets) == 0 {
		return nil, fmt.Errorf("no data sets to merge")
	}
	first := sets[0]
	if len(sets) == 1 {
		return first, nil
	}
	rows, gaps := 0, false
	paths, hash, weighted := make([]string, 0, len(sets)), sha256.New(), false
	merged := &Set{
		Values: first.Values, Columns: first.Columns, Names: []string{}, Index: first.Index, Reasons: first.Reasons, Notes: first.Notes,
		Shape: first.Shape, Format: first.Format,
	}
	for k, s := range sets {
		for _, before := range sets[:k] {
			if err := fits(before, s); err != nil {
				return nil, err
			}
		}
		rows += s.Rows()
		paths = append(paths, s.Path)
		fmt.Fprintln(hash, s.SHA256)
		weighted = weighted || s.Weights != nil
		gaps = gaps || s.Known.Rows() > 0
		if merged.Columns == nil { // bits without names beside bits with names
			merged.Columns = s.Columns
		}
		if s.Names == nil {
			merged.Names = nil
		} else if merged.Names != nil {
			merged.Names = append(merged.Names, s.Names...)
		}
		if fmt.Sprint(s.Shape) != fmt.Sprint(merged.Shape) {
			merged.Shape = nil
		}
		if s.Format != merged.Format {
			merged.Format = "several"
		}
	}
	merged.Path, merged.SHA256 = strings.Join(paths, ", "), hex.EncodeToString(hash.Sum(nil))
	merged.Groups = mergeGroups(sets)
	merged.States = first.States.Like(rows)
	if gaps {
		merged.Known = rbm.NewBatch(rows, first.Units())
	}
	at := 0
	for _, s := range sets {
		merged.States.Slice(at, at+s.Rows()).Copy(s.States)
		if gaps {
			merged.Known.Slice(at, at+s.Rows()).Copy(s.known())
		}
		at += s.Rows()
		if weighted {
			for r := range s.Rows() {
				merged.Weights = append(merged.Weights, s.Weight(r))
			}
		}
	}
	if first.grey != nil {
		merged.grey = mergeGrey(sets)
		merged.Redraw(0, nil)
	}
	return merged, nil
}

// mergeGroups tells the groups of all sets apart.
func mergeGroups(sets []*Set) (groups []int) {
	if !slices.ContainsFunc(sets, func(s *Set) bool { return s.Groups != nil }) {
		return nil
	}
	next := 0
	for _, s := range sets {
		first := next
		for r := range s.Rows() {
			g := r
			if s.Groups != nil {
				g = s.Groups[r]
			}
			groups, next = append(groups, first+g), max(next, first+g+1)
		}
	}
	return groups
}

func fits(first, s *Set) error {
	switch {
	case s.Units() != first.Units():
		return fmt.Errorf("%s has %d units, %s has %d", s.Path, s.Units(), first.Path, first.Units())
	case s.Values != first.Values:
		return fmt.Errorf("%s holds %s units, %s %s units", s.Path, s.Values, first.Path, first.Values)
	case (s.Columns == nil || first.Columns == nil) && s.plain():
	case !sameColumns(s.Columns, first.Columns):
		return fmt.Errorf("%s and %s have columns of different names, kinds or categories", first.Path, s.Path)
	case (s.grey == nil) != (first.grey == nil):
		return fmt.Errorf("%s and %s: one holds grey values, the other only 0 and 1", first.Path, s.Path)
	}
	return nil
}
