package data

import (
	"fmt"
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// sequences are rows of categorical sites, some of them near copies of others.
func sequences(rows, sites, states int) *Set {
	s, source := &Set{Values: rbm.Categorical}, rng.NewSource(rng.Seed(1), 0)
	categories := make([]string, states)
	for k := range categories {
		categories[k] = fmt.Sprint(k)
	}
	for range sites {
		s.Columns = append(s.Columns, rbm.Column{Kind: rbm.Categorical, Categories: categories})
	}
	s.States = rbm.NewBatch(rows, sites*states)
	for r := range rows {
		for i := range sites {
			state := int(source.Float64() * float64(states))
			if r%3 > 0 && source.Float64() < 0.85 {
				state = s.state(r-1, rbm.Span{From: i * states, To: (i + 1) * states})
			}
			s.States.SetBit(r, i*states+state, true)
		}
	}
	return s
}

// Weights by bit planes are those by comparing all sites, at identities on and between multiples of a site.
func TestReweight(t *testing.T) {
	for _, size := range []struct{ rows, sites, states int }{{60, 10, 21}, {50, 64, 2}, {40, 65, 40}, {30, 130, 5}} {
		for _, identity := range []float64{0.5, 0.8, 0.801, 1} {
			s := sequences(size.rows, size.sites, size.states)
			s.Weights = make([]float64, size.rows)
			for r := range s.Weights {
				s.Weights[r] = float64(r)
			}
			if err := s.Reweight(identity, compute.New(2)); err != nil {
				t.Fatal(err)
			}
			spans := rbm.Spans(s.Columns)
			for r := range size.rows {
				n := 0
				for other := range size.rows {
					equal := 0
					for _, span := range spans {
						if s.state(r, span) == s.state(other, span) {
							equal++
						}
					}
					if float64(equal) >= identity*float64(size.sites)-1e-9 {
						n++
					}
				}
				if want := float64(r) / float64(n); math.Abs(s.Weights[r]-want) > 1e-12 {
					t.Errorf("%v, identity %v: row %d weighs %v, want %v", size, identity, r, s.Weights[r], want)
				}
			}
		}
	}
	bits := &Set{States: rbm.NewBatch(3, 4), Values: rbm.Bernoulli}
	if err := bits.Reweight(0.8, nil); err == nil {
		t.Error("bits were weighed by identity")
	}
}

func BenchmarkReweight(b *testing.B) {
	s := sequences(4000, 100, 21)
	for b.Loop() {
		s.Weights = nil
		if err := s.Reweight(0.8, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(4000*4000/2), "ns/pair")
}
