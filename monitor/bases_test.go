package monitor

import (
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// Rows are scored basis by basis, with weights, or by the number of rotated sites where there are many bases.
func TestScoreBases(t *testing.T) {
	set := &data.Set{Bases: []string{"ZX", "ZZ", "ZX", "XZ"}, Weights: []float64{1, 2, 3, 1}}
	logs := []float64{-1, -2, -5, -3}
	for _, c := range []struct {
		most int
		want []BasisScore
	}{
		{3, []BasisScore{{Basis: "XZ", Rows: 1, Value: -3}, {Basis: "ZX", Rows: 2, Value: -4}, {Basis: "ZZ", Rows: 1, Value: -2}}},
		{2, []BasisScore{{Basis: "*Z", Rows: 3, Value: -19. / 5}, {Basis: "ZZ", Rows: 1, Value: -2}}},
	} {
		got := ScoreBases(logs, set, c.most)
		if len(got) != len(c.want) {
			t.Fatalf("%d scores, want %d", len(got), len(c.want))
		}
		for k, w := range c.want {
			if g := got[k]; g.Basis != w.Basis || g.Rows != w.Rows || math.Abs(float64(g.Value-w.Value)) > 1e-12 {
				t.Errorf("at most %d: %+v, want %+v", c.most, g, w)
			}
		}
	}
	if got := ScoreBases(logs, &data.Set{}, 3); got != nil {
		t.Errorf("rows without bases have the scores %v", got)
	}
}

// Independent sites have the means of each basis by itself, of the other rows where the score is of these rows.
func TestIndependentInBases(t *testing.T) {
	rows := func(text ...string) (s *data.Set) {
		s = &data.Set{States: rbm.NewBatch(len(text), 2)}
		for r, x := range text {
			s.Bases = append(s.Bases, x[3:])
			for i := range 2 {
				s.States.SetBit(r, i, x[i] == '1')
			}
		}
		return s
	}
	train := rows("00 ZZ", "01 ZZ", "01 ZZ", "11 XX", "11 XX", "10 YY")
	// ZZ: the first bit of the two other rows is 0, the second 1 and 1, or 0 and 1. XX: one other row. YY: none.
	want := 3*math.Log(2.5/3) + math.Log(0.5/3) + 2*math.Log(1.5/3) + 4*math.Log(1.5/2) + 2*math.Log(0.5)
	if got := 6 * independentInBases(train, train); math.Abs(got-want) > 1e-12 {
		t.Errorf("the rows score %v, want %v", got, want)
	}
	valid := rows("01 ZZ", "11 XX", "01 YX")
	want = math.Log(3.5/4) + math.Log(2.5/4) + 2*math.Log(2.5/3) + 2*math.Log(0.5)
	if got := 3 * independentInBases(valid, train); math.Abs(got-want) > 1e-12 {
		t.Errorf("other rows score %v, want %v", got, want)
	}
	double := rows("01 ZZ", "01 ZZ", "11 XX", "11 XX", "01 YX", "01 YX")
	once, weighted := rows("01 ZZ", "11 XX", "01 YX"), []float64{2e9, 2e9, 2e9}
	once.Weights = weighted
	if a, b := independentInBases(valid, double), independentInBases(valid, once); !(b < a) { // six rows say more than three
		t.Errorf("%v of rows that come twice, %v of rows of twice the weight", a, b)
	}
}
