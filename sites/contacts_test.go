package sites

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// With two states a pair, J = ±j in the zero-sum gauge, the norm is 2j; with the gap left out it is j.
func TestContactsByHand(t *testing.T) {
	s, err := Of(rbm.NewCategorical(2, 2, 2, 2))
	if err != nil {
		t.Fatal(err)
	}
	c := &Couplings{Sites: s}
	strengths := []float64{1, 2, 4, 3, 2, 1} // of (0,1) (0,2) (0,3) (1,2) (1,3) (2,3)
	for _, j := range strengths {
		c.pairs = append(c.pairs, []float64{j, -j, -j, j})
	}
	contacts := c.Contacts(nil, 1)
	if len(contacts) != 6 || contacts[0].I != 0 || contacts[0].K != 3 || contacts[0].Norm != 8 {
		t.Fatalf("contacts %v, want sites 0 and 3 first, with the norm 8", contacts)
	}
	// Means over three pairs: 14/3, 12/3, 12/3, 14/3; of all: 26/6.
	want := 8 - (14./3)*(14./3)/(26./6)
	if got := contacts[0].Score; math.Abs(got-want) > 1e-12 {
		t.Errorf("score %v, want %v", got, want)
	}
	gaps := c.Contacts([]int{0, 0, -1, 1}, 2)
	if len(gaps) != 3 || gaps[0].I != 0 || gaps[0].K != 3 || gaps[0].Norm != 4 {
		t.Errorf("without gaps, two sites apart: %v, want three pairs, 0 and 3 first with the norm 4", gaps)
	}
	for _, pair := range gaps {
		if pair.K-pair.I < 2 {
			t.Errorf("pair %v is nearer than 2", pair)
		}
	}
	// Shares ½ + ½·2·f are ½ and 3/2 at site 0. They sum to 2, so that the norm of couplings of one size stays.
	c.background = [][]float64{{0, 1}, {0.5, 0.5}, {0.5, 0.5}, {0.25, 0.75}}
	if got := c.Contacts(nil, 1)[0].Norm; math.Abs(got-8) > 1e-12 {
		t.Errorf("norm with frequencies %v, want 8", got)
	}
	if got, want := c.norm(0, 3, []int{0, 0, -1, 1}), math.Sqrt(1.5*0.75)*4; math.Abs(got-want) > 1e-12 {
		t.Errorf("norm with frequencies, without gaps: %v, want %v", got, want)
	}
	known := Known{{0, 3}: true, {1, 2}: true}
	order := []Contact{{I: 0, K: 3}, {I: 0, K: 2}, {I: 1, K: 2}}
	if got := Precision(order, known.Has); !reflect.DeepEqual(got, []float64{1, 0.5, 2. / 3}) {
		t.Errorf("precision %v", got)
	}
}

func TestReadKnown(t *testing.T) {
	known, err := ReadKnown(strings.NewReader("# of a structure\n1 3\n4,2 8.1\n\n2\t4\n"), 4)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Known{{0, 2}: true, {1, 3}: true}); !reflect.DeepEqual(known, want) || !known.Has(3, 1) || known.Has(0, 1) {
		t.Errorf("read %v, want %v", known, want)
	}
	for text, want := range map[string]string{
		"1 2\n1": "line 2", "0 1": "from 1 to 4", "1 5": "from 1 to 4", "a b": "line 1", "2 2": "two different",
	} {
		if _, err := ReadKnown(strings.NewReader(text), 4); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
