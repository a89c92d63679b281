package impute

import (
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// judged completes rows by annealing, as many as are drawn exactly from a model, of which each cell is known with
// probability p. off tells how much more than five errors the worst mean of a row is from the exact one.
func judged(t *testing.T, model *rbm.Model, count int, p float64) (rows []*Row, off []float64) {
	t.Helper()
	v, _, err := exact.Sample(t.Context(), model, count, rng.Seed(9), exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	known := cells(model, count, p, 2)
	for r, want := range complete(t, model, v, known, Options{Seed: 1}) {
		given, err := model.Given(v, r, func(i int) bool { return known.Bit(r, i) })
		if err != nil {
			t.Fatal(err)
		}
		row := &Row{Missing: given.Free}
		if _, err := row.anneal(t.Context(), compute.New(1), given.Model, Options{Rhat: true}, rng.Seed(uint64(r+300))); err != nil {
			t.Fatal(err)
		}
		worst := 0.0
		for k, mean := range row.Means {
			worst = max(worst, math.Abs(mean-want.Means[k])-5*row.Errors[k])
		}
		rows, off = append(rows, row), append(off, worst)
	}
	return rows, off
}

// Where annealing misses modes, as their basins are narrow until β is near 1, its errors say nothing of that: R̂ and
// the missed share do. They don't where annealing is right, of one mode or of several.
func TestRhatFindsMissedModes(t *testing.T) {
	count := 10
	if testing.Short() {
		count = 2
	}
	for name, c := range map[string]struct {
		model *rbm.Model
		known float64
		far   bool // modes that are far from each other, and narrow
	}{
		"weak":         {random(24, 12, 0.3, 1), 0.3, false},
		"strong":       {random(24, 12, 1.5, 2), 0.3, false},
		"patterns":     {patterns(30, 8, 2, 4), 0.05, false},
		"spins":        {spins(20, 8, 0.3), 0.3, false},
		"far patterns": {patterns(40, 10, 5, 4), 0.05, true},
	} {
		rows, off := judged(t, c.model, count, c.known)
		for r, row := range rows {
			worst := slices.Max(row.Rhat)
			if c.far {
				if off[r] < 0.05 || row.Stderr > 0.2 {
					t.Errorf("%s: row %d: means are off by %.2f more than five errors, and the error of log P is %.2f: the test is of no use",
						name, r, off[r], row.Stderr)
				}
				if worst < 1.1 || row.Missed < 0.1 {
					t.Errorf("%s: row %d: means are off by %.2f more than five errors, R-hat is %.3f, missed %.2f", name, r, off[r], worst, row.Missed)
				}
			} else if off[r] > 0.05 || worst > 1.05 || row.Missed > 0 || row.ESS < 40 || row.ESS > batches*perBatch {
				t.Errorf("%s: row %d: means are off by %.2f more than five errors, R-hat is %.3f, missed %.2f, ESS %.1f",
					name, r, off[r], worst, row.Missed, row.ESS)
			}
		}
	}
}

// R̂ of two groups that agree is that of their errors; of groups that don't it is √(V/W) of the mixture.
func TestRhatByHand(t *testing.T) {
	row := &Row{Means: []float64{0.5, 0.5, 1}, Deviations: []float64{0.5, 0.5, 0}, Errors: []float64{0, 0.05, 0}}
	row.setRhat(missed{})
	for k, want := range []float64{1, math.Sqrt(1.01), 1} {
		if math.Abs(row.Rhat[k]-want) > 1e-12 {
			t.Errorf("unit %d: R-hat %v, want %v", k, row.Rhat[k], want)
		}
	}
	row.setRhat(missed{0.2, []float32{0.5, 0.5, 0.5}})
	for k, want := range []float64{1, math.Sqrt(1.01), math.Sqrt(1 + 0.2*0.8*0.25/(0.2*0.25))} {
		if math.Abs(row.Rhat[k]-want) > 1e-6 {
			t.Errorf("unit %d: R-hat %v, want %v", k, row.Rhat[k], want)
		}
	}
}

// Draws and errors are those without a judgement.
func TestJudgingChangesNothing(t *testing.T) {
	model := random(60, 50, 0.5, 3) // too large to enumerate
	v, known := rbm.NewBatch(1, 60), cells(model, 1, 0.3, 1)
	a := complete(t, model, v, known, Options{Draws: 20, Seed: 4})[0]
	b := complete(t, model, v, known, Options{Draws: 20, Seed: 4, Rhat: true, LogOnly: true})[0]
	c := complete(t, model, v, known, Options{Draws: 20, Seed: 4, Judge: true, LogOnly: true})[0]
	if !a.Draws.Equal(b.Draws) || !a.Draws.Equal(c.Draws) || !slices.Equal(a.Means, b.Means) || a.LogKnown != c.LogKnown {
		t.Error("other draws or means where R-hat is wanted")
	}
	if len(b.Rhat) != len(b.Missing) || c.Rhat != nil || c.Means != nil || c.ESS != b.ESS || a.ESS != 0 {
		t.Errorf("R-hat of %d of %d units, without means %d; ESS %v, %v and %v", len(b.Rhat), len(b.Missing), len(c.Rhat), a.ESS, b.ESS, c.ESS)
	}
}
