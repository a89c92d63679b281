package sites_test

import (
	"reflect"
	"testing"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/sites"
)

// Columns name sites and states; what they don't name has numbers.
func TestNames(t *testing.T) {
	letters, words := []string{"-", "A", "C"}, []string{"east", "west"}
	for _, c := range []struct {
		states     []int
		columns    []rbm.Column
		site       []string
		state      [][]string
		gaps       []int
		separation int
		joined     string // of the last state of each site
	}{
		{[]int{3, 2}, nil, []string{"1", "2"}, [][]string{{"0", "1", "2"}, {"0", "1"}}, []int{-1, -1}, 4, "21"},
		{[]int{3, 3}, []rbm.Column{{Categories: letters}, {Categories: letters}},
			[]string{"1", "2"}, [][]string{letters, letters}, []int{0, 0}, 4, "CC"},
		{[]int{2, 3}, []rbm.Column{{Name: "region", Categories: words}, {Name: "base", Categories: letters}},
			[]string{"region", "base"}, [][]string{words, letters}, []int{-1, 0}, 1, "west,C"},
	} {
		s, err := sites.Of(rbm.NewCategorical(c.states...))
		if err != nil {
			t.Fatal(err)
		}
		n, last := s.Names(c.columns), make([]int, s.Len())
		for site := range last {
			last[site] = s.States[site] - 1
		}
		if !reflect.DeepEqual(n, sites.Names{Site: c.site, State: c.state}) || !reflect.DeepEqual(n.Gaps(), c.gaps) ||
			n.Separation() != c.separation || n.Join(last) != c.joined {
			t.Errorf("%v: %+v, gaps %v, separation %d, %q; want %+v", c.states, n, n.Gaps(), n.Separation(), n.Join(last), c)
		}
	}
}

// The numbers of units are split by sites, the largest of each is the consensus, and certain states stand highest in
// logos.
func TestSplit(t *testing.T) {
	s, err := sites.Of(rbm.NewCategorical(2, 4))
	if err != nil {
		t.Fatal(err)
	}
	f := s.Split([]float32{0.5, 0.5, 0, 0, 1, 0})
	if want := [][]float64{{0.5, 0.5}, {0, 0, 1, 0}}; !reflect.DeepEqual(f, want) {
		t.Fatalf("split %v, want %v", f, want)
	}
	if got, want := sites.Consensus(f), []int{0, 2}; !reflect.DeepEqual(got, want) {
		t.Errorf("consensus %v, want %v", got, want)
	}
	if got, want := sites.Stacks(f), [][]float64{{0, 0}, {0, 0, 2, 0}}; !reflect.DeepEqual(got, want) {
		t.Errorf("heights %v, want %v", got, want)
	}
}
