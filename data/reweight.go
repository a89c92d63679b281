package data

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"math/bits"
	"slices"
	"sync/atomic"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// Reweight gives each row the weight 1/n, with n the number of rows, itself among them, that are equal to it in at
// least the given part of their sites, times the weight that it had: sequences of one family are no independent samples
// (F. Morcos et al., PNAS 108 (2011) E1293). All columns must be sites. It compares every pair of rows, 64 sites at a
// time.
func (s *Set) Reweight(identity float64, on *compute.Context) error {
	if !(identity > 0 && identity <= 1) {
		return fmt.Errorf("an identity of %v, want a part above 0 and up to 1", identity)
	}
	if s.Columns == nil || slices.ContainsFunc(s.Columns, func(c rbm.Column) bool { return c.Kind != rbm.Categorical }) {
		return errors.New("weights by identity are for sequences: want data of categorical sites alone")
	}
	if s.Missing() > 0 {
		return errors.New("weights by identity are for whole rows: want none with missing cells")
	}
	p := newPlanes(s)
	// The least number of equal sites; a part such as 0.8 of 10 must not become 9 by rounding.
	least := int(math.Ceil(identity*float64(len(s.Columns)) - 1e-9))
	most := len(s.Columns) - least // that may differ
	alike := make([]atomic.Int32, s.Rows())
	on.Parallel(s.Rows(), func(r int) {
		n := int32(1)
		for other := range p.alike(r, most) {
			alike[other].Add(1)
			n++
		}
		alike[r].Add(n)
	})
	weights := make([]float64, s.Rows())
	for r := range weights {
		weights[r] = s.Weight(r) / float64(alike[r].Load())
	}
	s.Weights = weights
	return nil
}

// planes are the states of all sites as numbers, bit by bit: word k·count + b of a row has bit b of sites 64k to
// 64k+63.
type planes struct {
	count, words int // planes, and words a plane
	rows         int
	bits         []uint64
}

// fewPlanes are enough for up to 32 states, such as amino acids; with fewer states the last ones are empty.
const fewPlanes = 5

func newPlanes(s *Set) *planes {
	most := 0
	for _, c := range s.Columns {
		most = max(most, len(c.Categories))
	}
	p := &planes{count: max(fewPlanes, bits.Len(uint(most-1))), words: (len(s.Columns) + 63) / 64, rows: s.Rows()}
	p.bits = make([]uint64, p.rows*p.count*p.words)
	site, state := make([]int, s.Units()), make([]int, s.Units()) // of each unit
	for k, span := range rbm.Spans(s.Columns) {
		for i := span.From; i < span.To; i++ {
			site[i], state[i] = k, i-span.From
		}
	}
	for r := range p.rows {
		row := p.row(r)
		for i := range s.States.On(r) {
			for b := range p.count {
				row[site[i]/64*p.count+b] |= uint64(state[i]>>b&1) << (site[i] % 64)
			}
		}
	}
	return p
}

func (p *planes) row(r int) []uint64 { return p.bits[r*p.count*p.words:][:p.count*p.words] }

// alike yields the rows after row r that differ from it in at most most sites.
func (p *planes) alike(r, most int) iter.Seq[int] {
	x, stride := p.row(r), p.count*p.words
	x0, x1, x2, x3, x4 := x[0], x[1], x[2], x[3], x[4]
	return func(yield func(other int) bool) {
		rest := p.bits[(r+1)*stride:]
		for other := r + 1; len(rest) >= stride && len(rest) >= fewPlanes; other, rest = other+1, rest[stride:] {
			different := (x0 ^ rest[0]) | (x1 ^ rest[1]) | (x2 ^ rest[2]) | (x3 ^ rest[3]) | (x4 ^ rest[4])
			if p.count == fewPlanes && bits.OnesCount64(different) > most { // as most pairs are
				continue
			}
			if differ(x, rest[:stride], p.count) <= most && !yield(other) {
				return
			}
		}
	}
}

// differ is the number of sites in which two rows of planes differ.
func differ(x, y []uint64, planes int) int {
	n := 0
	for k := 0; k < len(x); k += planes {
		different := uint64(0)
		for b := k; b < k+planes; b++ {
			different |= x[b] ^ y[b]
		}
		n += bits.OnesCount64(different)
	}
	return n
}
