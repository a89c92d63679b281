package monitor

import (
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/data"
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
