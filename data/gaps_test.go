package data

import (
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// gappy is a set of two bits and a real number, of which every row misses one, and the last two.
func gappy() *Set {
	s := &Set{States: rbm.NewReals(4, 2, 1), Known: rbm.NewBatch(4, 3), Weights: []float64{1, 2, 1, 1}}
	for r, row := range [][3]float64{{1, 0, math.NaN()}, {1, math.NaN(), 3}, {math.NaN(), 1, 5}, {0, math.NaN(), math.NaN()}} {
		for i, x := range row {
			known := x == x
			s.Known.SetBit(r, i, known)
			switch {
			case i < 2:
				s.States.SetBit(r, i, x == 1 || !known)
			case known:
				s.States.Reals(r)[0] = float32(x)
			default:
				s.States.Reals(r)[0] = 100
			}
		}
	}
	return s
}

func TestMomentsOfKnownCells(t *testing.T) {
	s := gappy()
	means, variances := s.Means(), s.Variances()
	for i, want := range []float64{3. / 4, 1. / 2, 11. / 3} {
		if !near(means[i], want, 1e-12) {
			t.Errorf("mean of unit %d is %v, want %v", i, means[i], want)
		}
	}
	for i, want := range []float64{3. / 16, 1. / 4, (2*4./9 + 16./9) / 3} {
		if !near(variances[i], want, 1e-12) {
			t.Errorf("variance of unit %d is %v, want %v", i, variances[i], want)
		}
	}
	if s.Missing() != 5 || !s.Gaps(3) || s.ConstantReals() != nil {
		t.Errorf("%d cells missing, gaps in the last row: %v, constant: %v", s.Missing(), s.Gaps(3), s.ConstantReals())
	}
	s.States.Reals(2)[0] = 3
	if f := s.ConstantReals(); f == nil {
		t.Error("a column whose known numbers are the same is not constant")
	}
	for r := range 4 {
		s.Known.SetBit(r, 1, false)
	}
	if m := s.Means()[1]; m == m {
		t.Errorf("the mean of a unit that is never known is %v", m)
	}
}

// Gaps go where their rows go.
func TestGapsOfParts(t *testing.T) {
	s := gappy()
	sub := s.Subset([]int{2, 0})
	whole := &Set{States: rbm.NewReals(1, 2, 1)}
	merged, err := Merge(sub, whole)
	if err != nil {
		t.Fatal(err)
	}
	for r, of := range []int{2, 0} {
		for i := range 3 {
			if sub.Known.Bit(r, i) != s.Known.Bit(of, i) || merged.Known.Bit(r, i) != s.Known.Bit(of, i) {
				t.Errorf("row %d has other gaps than row %d", r, of)
			}
		}
	}
	if merged.Gaps(2) || whole.Missing() != 0 || merged.Missing() != 2 {
		t.Errorf("%d cells missing of the merged rows, %d of the whole one", merged.Missing(), whole.Missing())
	}
}
