package main

import (
	"math"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// mostStarts is the number of rows that AIS is given at most: their means have errors of 0.002 at most, and it begins
// some hundred chains at them.
const mostStarts = 1 << 16

// starts gathers rows for AIS, of any number: all of them up to mostStarts, else one drawn from each of mostStarts parts
// of equal length, and the one of lowest F. So −F(v) ≤ log Z holds for all rows.
type starts struct {
	set          *data.Set
	index        []int // the rows to gather; nil: all
	at           int   // how many have been
	conditionals *rbm.Conditionals
	free         []float64
	lowest       float64
	best         rbm.Batch // the row of lowest F; without rows where it isn't sought
}

func newStarts(model *rbm.Model, rows int, weighted bool, seed uint64, on *compute.Context) *starts {
	s := &starts{set: &data.Set{States: model.Visible.NewBatch(min(rows, mostStarts)), Columns: model.Columns}, lowest: math.Inf(1)}
	if weighted {
		s.set.Weights = make([]float64, s.set.Rows())
	}
	if rows <= mostStarts {
		return s
	}
	random := rng.NewSource(rng.Seed(seed).Stream(rng.StreamEstimate).Stream(rng.StreamStart), 0)
	for k := range s.set.Rows() {
		from, to := part(k, rows), part(k+1, rows)
		s.index = append(s.index, from+random.IntN(to-from))
	}
	if model.Discrete() {
		s.conditionals = rbm.NewConditionals(model, on)
	}
	return s
}

// part is where part k of the rows begins.
func part(k, rows int) int { return int(int64(k) * int64(rows) / mostStarts) }

// see takes a block of rows without gaps, from row from on, and their weights, of which nil is 1 each.
func (s *starts) see(v rbm.Batch, from int, weights []float64) {
	for r := range v.Rows() {
		if s.index == nil || s.at < len(s.index) && s.index[s.at] == from+r {
			s.set.States.Slice(s.at, s.at+1).Copy(v.Slice(r, r+1))
			if s.set.Weights != nil {
				s.set.Weights[s.at] = weights[r]
			}
			s.at++
		}
	}
	if s.conditionals == nil {
		return
	}
	s.free = append(s.free[:0], make([]float64, v.Rows())...)
	s.conditionals.FreeEnergy(s.free, v)
	for r, f := range s.free {
		if f < s.lowest {
			s.lowest, s.best = f, v.Slice(r, r+1).Clone()
		}
	}
}

// rows are those that were gathered.
func (s *starts) rows() *data.Set {
	if s.set.TotalWeight() == 0 {
		s.set.Weights = nil
	}
	if s.best.Rows() == 0 {
		return s.set
	}
	all, n := *s.set, s.set.Rows()
	all.States = s.set.States.Like(n + 1)
	all.States.Slice(0, n).Copy(s.set.States)
	all.States.Slice(n, n+1).Copy(s.best)
	if s.set.Weights != nil {
		all.Weights = append(s.set.Weights, 0)
	}
	return &all
}

// startsOf are the rows of a set for AIS.
func startsOf(set *data.Set, model *rbm.Model, seed uint64, on *compute.Context) *data.Set {
	if set.Rows() <= mostStarts {
		return set
	}
	s := newStarts(model, set.Rows(), set.Weights != nil, seed, on)
	from := 0
	for b := range set.Stream().Blocks(mostRows) {
		s.see(b.States, from, b.Weights)
		from += b.Rows()
	}
	return s.rows()
}
