package quantum

import (
	"fmt"
	"sort"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Measurements are outcomes in product bases, one a row.
type Measurements struct {
	Outcomes rbm.Batch // bits, 0 for the first basis state of a site
	Bases    []Basis   // the different ones, in the order of their first rows
	Of       []int     // row r was measured in Bases[Of[r]]
}

// NewMeasurements returns outcomes with the basis of each row. The error names the first row whose basis has another
// number of sites or a letter that is not known.
func NewMeasurements(outcomes rbm.Batch, rows []Basis, u Unitaries) (*Measurements, error) {
	if len(rows) != outcomes.Rows() {
		return nil, fmt.Errorf("%d bases for %d rows of outcomes, want one a row", len(rows), outcomes.Rows())
	}
	m, known := &Measurements{Outcomes: outcomes, Of: make([]int, len(rows))}, map[Basis]int{}
	for r, b := range rows {
		k, seen := known[b]
		if !seen {
			if err := b.Check(outcomes.Units(), u); err != nil {
				return nil, fmt.Errorf("row %d: %w", r+1, err)
			}
			k = len(m.Bases)
			known[b], m.Bases = k, append(m.Bases, b)
		}
		m.Of[r] = k
	}
	return m, nil
}

// Rows is the basis of each row.
func (m *Measurements) Rows() []Basis {
	rows := make([]Basis, len(m.Of))
	for r, k := range m.Of {
		rows[r] = m.Bases[k]
	}
	return rows
}

// Measure draws independent outcomes, row r in the basis rows[r], by inversion of the exact probabilities. Row r
// depends on the state, its basis, the key and r alone. Each different basis costs n·2^n steps. The error is that of
// [NewMeasurements].
func Measure(state Known, rows []Basis, u Unitaries, key rng.Key) (*Measurements, error) {
	m, err := NewMeasurements(rbm.NewBatch(len(rows), state.Sites()), rows, u)
	if err != nil {
		return nil, err
	}
	key = key.Stream(rng.StreamGenerate)
	of := make([][]int, len(m.Bases))
	for r, k := range m.Of {
		of[k] = append(of[k], r)
	}
	for k, b := range m.Bases {
		sums := cumulate(state.Probabilities(b, u))
		for _, r := range of[k] {
			words := key.Block(rng.At(uint64(r), 0, 0))
			SetIndex(m.Outcomes, r, pick(sums, rng.Uniform64(words[0], words[1])))
		}
	}
	return m, nil
}

// cumulate replaces p by its running sums.
func cumulate(p []float64) []float64 {
	sum := 0.0
	for k, x := range p {
		sum += x
		p[k] = sum
	}
	return p
}

// pick returns the first index whose running sum is above u times the whole sum, 0 < u < 1. One of probability 0 is
// never picked.
func pick(sums []float64, u float64) int {
	x := u * sums[len(sums)-1]
	return sort.Search(len(sums)-1, func(k int) bool { return sums[k] > x })
}
