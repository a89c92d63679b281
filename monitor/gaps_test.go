package monitor

import (
	"testing"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Rows with few gaps cost little, so that more of them are scored than of rows that miss most; without gaps all are.
func TestRowsWithGapsArePriced(t *testing.T) {
	const rows, units = 1000, 40
	planned := func(missing int) (gapRows, scored int) {
		set := &data.Set{States: rbm.NewBatch(rows, units)}
		if missing > 0 {
			set.Known = rbm.NewBatch(rows, units)
			for r := range rows {
				set.Known.SetRow(r, func(i int) bool { return (i+r)%units >= missing })
			}
		}
		model := rbm.New(units, units, rng.Seed(1))
		c := Config{
			Model: model, Data: set, Updates: 600, Epoch: 10,
			Cost: func() float64 { return GibbsCost(model, 100, 10) },
		}
		a := newAccounts(c)
		_, gapRows = planGaps(c, a, 30)
		return gapRows, newPlan(c, a).train.Rows()
	}
	if gapRows, scored := planned(0); gapRows != 0 || scored != rows {
		t.Errorf("without gaps %d of %d rows are scored", scored, rows)
	}
	few, scored := planned(1)
	most, fewer := planned(30)
	if few != mostGapRows || scored != few || most != fewestGapRows || fewer != most {
		t.Errorf("%d rows with one gap are scored (%d), and %d with 30 (%d), want %d and %d",
			scored, few, fewer, most, mostGapRows, fewestGapRows)
	}
}
