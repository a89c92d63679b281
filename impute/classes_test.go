package impute

import (
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/internal/kindtest"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// labelOf returns the units of a label: the last site of a model, or its first bit.
func labelOf(model *rbm.Model) []int {
	sites := rbm.SitesOf(model.Visible)
	if len(sites) == 0 {
		return []int{0}
	}
	var units []int
	for i := range sites[len(sites)-1].States {
		units = append(units, sites[len(sites)-1].First+i)
	}
	return units
}

// classRows returns all rows.
func classRows(t *testing.T, model *rbm.Model, units []int, v, known rbm.Batch, o Options) []*ClassRow {
	t.Helper()
	var rows []*ClassRow
	err := Classes(t.Context(), model, rbm.NewClassifier(model, units, nil), v, known, o, func(r int, row *ClassRow) error {
		if r != len(rows) {
			t.Fatalf("row %d after %d", r, len(rows)-1)
		}
		rows = append(rows, row)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// For all pairs of kinds with a finite layer and a label: P(y|k) against sums over completed rows, whether the row has
// a label or not. The sums are those of byDefinition, with each label in turn.
func TestClassesAreTheDefinition(t *testing.T) {
	for _, pair := range kindtest.Pairs(1) {
		model := pair.Model
		if exact.Feasible(model) != nil || model.Visible.NewBatch(0).Bits() == 0 {
			continue
		}
		units := labelOf(model)
		v := model.Visible.NewBatch(4)
		model.Visible.Sample(v, nil, rng.Seed(5), 0, 0)
		known := cells(model, 4, 0.5, 1)
		c := rbm.NewClassifier(model, units, nil)
		for r, row := range classRows(t, model, units, v, known, Options{Seed: 1}) {
			state, with := v.Slice(r, r+1).Clone(), known.Slice(r, r+1).Clone()
			for _, i := range units {
				with.SetBit(0, i, true)
			}
			want := make([]float64, c.Classes())
			for y := range want {
				c.SetClass(state, 0, y)
				want[y], _ = byDefinition(model, state, with, 0)
			}
			rbm.Normalize(want)
			for y, log := range want {
				if math.Abs(row.LogProbs[y]-log) > 2e-5 || row.Stderrs[y] != 0 || !row.Exact {
					t.Errorf("%s: row %d: log P(%d|k) is %v ± %v, want %v", pair.Name, r, y, row.LogProbs[y], row.Stderrs[y], log)
				}
			}
		}
	}
}

// The errors of annealed rows are honest: 95 % of log P(y|k) are within 2.13 of them, by Student's distribution with 15
// degrees of freedom.
func TestAnnealedClasses(t *testing.T) {
	const count = 20
	model, units := random(24, 12, 1, 1), []int{3, 5, 8}
	v, _, err := exact.Sample(t.Context(), model, count, rng.Seed(9), exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	known := cells(model, count, 0.3, 2)
	truth := classRows(t, model, units, v, known, Options{})
	inside, total := 0, 0
	c := rbm.NewClassifier(model, units, nil)
	for r, want := range truth {
		if !want.Exact {
			t.Fatalf("row %d is not exact", r)
		}
		logs, errs := make([]float64, c.Classes()), make([]float64, c.Classes())
		for y := range logs {
			v, known := v.Slice(r, r+1).Clone(), known.Slice(r, r+1).Clone()
			c.SetClass(v, 0, y)
			for _, i := range units {
				known.SetBit(0, i, true)
			}
			given, err := model.Given(v, 0, func(i int) bool { return known.Bit(0, i) })
			if err != nil {
				t.Fatal(err)
			}
			row := &Row{}
			if _, err := row.anneal(t.Context(), nil, given.Model, Options{LogOnly: true}, rng.Seed(uint64(100*r+y))); err != nil {
				t.Fatal(err)
			}
			logs[y], errs[y] = row.LogKnown-given.Energy, row.Stderr
		}
		rbm.Normalize(logs)
		for y, stderr := range propagate(logs, errs) {
			total++
			if stderr > 0.5 || stderr == 0 {
				t.Errorf("row %d, class %d: the standard error is %v", r, y, stderr)
			}
			if math.Abs(logs[y]-want.LogProbs[y]) < 2.13*stderr {
				inside++
			}
		}
	}
	if part := float64(inside) / float64(total); part < 0.88 || part > 0.995 {
		t.Errorf("%.1f %% of %d are within 2.13 errors, want about 95 %%", 100*part, total)
	}
}
