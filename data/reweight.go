package data

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"harmonium/compute"
	"harmonium/rbm"
)

// Reweight gives each row the weight 1/n, with n the number of rows, itself among them, that are equal to it in at least
// the given part of their sites, times the weight that it had: sequences of one family are no independent samples
// (F. Morcos et al., PNAS 108 (2011) E1293). All columns must be sites. It compares every pair of rows, 64 sites at a
// time.
func (s *Set) Reweight(identity float64, on *compute.Context) error {
	if !(identity > 0 && identity <= 1) {
		return fmt.Errorf("an identity of %v, want a part above 0 and up to 1", identity)
	}
	if s.Columns == nil || slices.ContainsFunc(s.Columns, func(c rbm.Column) bool { return c.Kind != rbm.Categorical }) {
		return errors.New("weights by identity are for sequences: want data of categorical sites alone")
	}
	p := newPlanes(s)
	// The least number of equal sites; a part such as 0.8 of 10 must not become 9 by rounding.
	least := int(math.Ceil(identity*float64(len(s.Columns)) - 1e-9))
	most := len(s.Columns) - least // that may differ
	weights := make([]float64, s.Rows())
	on.Parallel(s.Rows(), func(r int) {
		n := 0
		for other := range s.Rows() {
			if p.differ(r, other, most) <= most {
				n++
			}
		}
		weights[r] = s.Weight(r) / float64(n)
	})
	s.Weights = weights
	return nil
}

// planes are the states of all sites as numbers, bit by bit: word k of plane b of a row has bit b of 64 sites.
type planes struct {
	count, words int // planes, and words a plane
	bits         []uint64
}

func newPlanes(s *Set) *planes {
	most := 0
	for _, c := range s.Columns {
		most = max(most, len(c.Categories))
	}
	p := &planes{count: bits.Len(uint(most - 1)), words: (len(s.Columns) + 63) / 64}
	p.bits = make([]uint64, s.Rows()*p.count*p.words)
	site := make([]int, s.Units()) // of each unit
	state := make([]int, s.Units())
	for k, span := range rbm.Spans(s.Columns) {
		for i := span.From; i < span.To; i++ {
			site[i], state[i] = k, i-span.From
		}
	}
	for r := range s.Rows() {
		row := p.row(r)
		for i := range s.States.On(r) {
			for b := range p.count {
				row[b*p.words+site[i]/64] |= uint64(state[i]>>b&1) << (site[i] % 64)
			}
		}
	}
	return p
}

func (p *planes) row(r int) []uint64 { return p.bits[r*p.count*p.words:][:p.count*p.words] }

// differ is the number of sites in which two rows differ; above most any number above it may come.
func (p *planes) differ(r, other, most int) int {
	x, y, n := p.row(r), p.row(other), 0
	for k := range p.words {
		different := uint64(0)
		for b := k; b < len(x); b += p.words {
			different |= x[b] ^ y[b]
		}
		if n += bits.OnesCount64(different); n > most {
			break
		}
	}
	return n
}
