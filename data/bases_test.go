package data_test

import (
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// Moments are those of the rows in which a unit was measured as it is, and parts of a set keep their bases.
func TestMomentsOfBases(t *testing.T) {
	set := &data.Set{States: rbm.NewBatch(4, 3), Bases: []string{"ZXX", "ZZY", "XZX", "ZXY"}, Weights: []float64{1, 1, 5, 2}}
	for r, row := range []string{"110", "010", "111", "001"} {
		set.States.SetRow(r, func(i int) bool { return row[i] == '1' })
	}
	means, _ := set.Moments()
	if want := []float64{0.25, 1, 0.5}; !slices.Equal(means, want) {
		t.Errorf("means %v, want %v", means, want)
	}
	if got, want := set.Subset([]int{2, 0}).Bases, []string{"XZX", "ZXX"}; !slices.Equal(got, want) {
		t.Errorf("bases of a subset %v, want %v", got, want)
	}
	set.Bases[1] = "ZZZ"
	if whole := set.WholeRows(); whole.Rows() != 1 || whole.States.Bit(0, 0) || !whole.States.Bit(0, 1) || whole.Weights[0] != 1 {
		t.Errorf("the rows in the basis of σ^z are %d, want row 1 alone", whole.Rows())
	}
	set.Bases = nil
	if means, _ := set.Moments(); !slices.Equal(means, set.Means()) {
		t.Errorf("moments without bases are %v, want the means %v", means, set.Means())
	}
}
