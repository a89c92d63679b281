package monitor

import (
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Chains of which each unit is drawn again with a known probability an update forget in a known time; chains that don't
// move never do.
func TestOverlapTime(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long under the race detector, and is one goroutine")
	}
	const rows, units, renewed = 200, 500, 0.02
	source := rng.NewSource(rng.Seed(1), 0)
	v := rbm.NewBatch(rows, units)
	draw := func(part float64) {
		for r := range rows {
			for i := range units {
				if source.Float64() < part {
					v.SetBit(r, i, source.Float64() < 0.3)
				}
			}
		}
	}
	draw(1)
	o := NewOverlap(v)
	for update := uint64(1); update <= 200; update++ {
		draw(renewed)
		o.See(v, update)
	}
	if want := -1 / math.Log(1-renewed); math.Abs(float64(o.last)-want) > 2 { // (1−p)^t = 1/e
		t.Errorf("the chains remember %d updates, should be %.1f", o.last, want)
	}
	for update := uint64(201); update <= 1200; update++ {
		o.See(v, update)
	}
	if got := o.Time(1200); got < 1000 {
		t.Errorf("chains that have not moved for 1000 updates remember %d", got)
	}
}

// Chains that forget within the sweeps of an update are fine, chains that take longer are slow, and those that take
// longer than from one evaluation to the next are caught.
func TestMixingFindings(t *testing.T) {
	for _, c := range []struct {
		updates, fair uint64
		want          string
		threshold     float64
	}{
		{1, 1, "", 0}, {2, 1, "chains-slow", 10}, {50, 1, "chains-slow", 10}, {51, 1, "chains-caught", 50},
		{6, 6, "", 0}, {7, 6, "chains-slow", 60}, {51, 60, "chains-caught", 50},
	} {
		found := Mixing{Time: c.updates, Sweeps: 10, Fair: c.fair}.Findings(50)
		switch {
		case c.want == "" && found == nil:
		case c.want == "" || len(found) != 1 || found[0].Code != c.want || float64(found[0].Threshold) != c.threshold:
			t.Errorf("overlap time of %d updates where %d are fair: %v, want %q", c.updates, c.fair, found, c.want)
		}
	}
}
