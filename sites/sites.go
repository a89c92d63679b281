package sites

import (
	"fmt"
	"math"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// Sites says where the sites of a layer are: site s is units First[s] to First[s]+States[s]−1, one of which is on.
type Sites struct{ First, States []int }

// Of returns the sites of a layer. The error says what else the layer consists of.
func Of(l rbm.Layer) (Sites, error) {
	s, unit := Sites{}, 0
	for _, part := range rbm.LayoutOf(l) {
		if part.Kind != rbm.Categorical {
			return Sites{}, fmt.Errorf("%d %s units, want categorical sites alone", part.Units, part.Kind)
		}
		for _, states := range part.States {
			s.First, s.States = append(s.First, unit), append(s.States, states)
			unit += states
		}
	}
	if unit == 0 {
		return Sites{}, fmt.Errorf("no categorical sites")
	}
	return s, nil
}

// Len is the number of sites.
func (s Sites) Len() int { return len(s.First) }

// Units is the number of units, which is the number of states of all sites.
func (s Sites) Units() int {
	last := len(s.First) - 1
	return s.First[last] + s.States[last]
}

// Row returns the state of each site in row r of v, from 0. It panics where [Sites.Check] returns an error.
func (s Sites) Row(v rbm.Batch, r int) []int {
	states, err := s.row(v, r)
	if err != nil {
		panic("sites: " + err.Error())
	}
	return states
}

// Check returns nil if exactly one unit of each site is on in each row of v, or else an error that names the first row,
// from 1, and the site.
func (s Sites) Check(v rbm.Batch) error {
	if v.Units() != s.Units() || v.Bits() != v.Units() {
		return fmt.Errorf("%d units, of which %d are bits, want %d bits", v.Units(), v.Bits(), s.Units())
	}
	for r := range v.Rows() {
		if _, err := s.row(v, r); err != nil {
			return err
		}
	}
	return nil
}

func (s Sites) row(v rbm.Batch, r int) ([]int, error) {
	states := make([]int, 0, s.Len())
	for unit := range v.On(r) {
		site := len(states)
		switch {
		case site == s.Len() || unit < s.First[site]:
			return nil, fmt.Errorf("row %d has more than one state at site %d", r+1, site)
		case unit >= s.First[site]+s.States[site]:
			return nil, fmt.Errorf("row %d has no state at site %d", r+1, site+1)
		}
		states = append(states, unit-s.First[site])
	}
	if site := len(states); site < s.Len() {
		return nil, fmt.Errorf("row %d has no state at site %d", r+1, site+1)
	}
	return states, nil
}

// SetRow sets row r of v to these states.
func (s Sites) SetRow(v rbm.Batch, r int, states []int) {
	for site, a := range states {
		for b := range s.States[site] {
			v.SetBit(r, s.First[site]+b, a == b)
		}
	}
}

// Sample is configurations of sites, with a weight of each.
type Sample struct {
	Sites
	states    [][]uint16 // of each site in each row
	weights   []float64  // of the rows; their sum is 1
	effective float64    // the number of rows of equal weight that give means the same errors, 1/Σw²
}

// NewSample returns the rows of v; weights = nil stands for equal ones. It panics if the weights have no positive sum.
func NewSample(s Sites, v rbm.Batch, weights []float64) *Sample {
	sample := &Sample{Sites: s, states: make([][]uint16, s.Len()), weights: make([]float64, v.Rows())}
	for site := range sample.states {
		sample.states[site] = make([]uint16, v.Rows())
	}
	total, squares := 0.0, 0.0
	for r := range v.Rows() {
		w := 1.0
		if weights != nil {
			w = weights[r]
		}
		sample.weights[r] = w
		total, squares = total+w, squares+float64(w*w)
		for site, a := range s.Row(v, r) {
			sample.states[site][r] = uint16(a)
		}
	}
	if !(total > 0) {
		panic(fmt.Sprintf("sites: %d rows of total weight %v", v.Rows(), total))
	}
	for r := range sample.weights {
		sample.weights[r] /= total
	}
	sample.effective = total * total / squares
	return sample
}

// Effective is the effective number of rows, (Σw)²/Σw²: as many of equal weight give means the same errors.
func (s *Sample) Effective() float64 { return s.effective }

// Frequencies returns f(a), the weighted part of the rows in which a site has state a.
func (s *Sample) Frequencies(site int) []float64 {
	f := make([]float64, s.States[site])
	for r, a := range s.states[site] {
		f[a] += s.weights[r]
	}
	return f
}

// Background returns [Sample.Frequencies] of all sites.
func (s *Sample) Background() [][]float64 {
	f := make([][]float64, s.Len())
	for site := range f {
		f[site] = s.Frequencies(site)
	}
	return f
}

// Correlations returns f_ik(a,b) − f_i(a) f_k(b), the connected correlations of the states of two sites, at
// a·States[k]+b.
func (s *Sample) Correlations(i, k int) []float64 {
	c := s.pairs(i, k)
	fi, fk := s.Frequencies(i), s.Frequencies(k)
	for at := range c {
		c[at] -= fi[at/len(fk)] * fk[at%len(fk)]
	}
	return c
}

// pairs returns f_ik(a,b), the weighted part of the rows in which site i has state a and site k state b.
func (s *Sample) pairs(i, k int) []float64 {
	f, across := make([]float64, s.States[i]*s.States[k]), s.States[k]
	other := s.states[k]
	for r, a := range s.states[i] {
		f[int(a)*across+int(other[r])] += s.weights[r]
	}
	return f
}

// Information returns log₂ q − Σ_a f(a) log₂ 1/f(a), how many bits the frequencies f of the q states of a site are away
// from equal ones: the height of a stack of letters in a sequence logo (T. D. Schneider, R. M. Stephens, Nucleic Acids
// Research 18 (1990) 6097).
func Information(f []float64) float64 {
	bits := math.Log2(float64(len(f)))
	for _, p := range f {
		if p > 0 {
			bits += p * math.Log2(p)
		}
	}
	return max(0, bits)
}
