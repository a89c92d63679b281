package search

import (
	"math"
	"slices"
	"testing"
)

func TestRungs(t *testing.T) {
	for _, c := range []struct {
		all    Rung
		trials int
		want   []Rung
	}{
		{Rung{300, 0}, 1, []Rung{{300, 0}}},
		{Rung{300, 0}, 2, []Rung{{300, 0}}},
		{Rung{300, 0}, 3, []Rung{{100, 0}, {300, 0}}},
		{Rung{300, 0}, 8, []Rung{{100, 0}, {300, 0}}},
		{Rung{300, 0}, 27, []Rung{{11, 0}, {33, 0}, {100, 0}, {300, 0}}},
		{Rung{10, 0}, 27, []Rung{{1, 0}, {3, 0}, {10, 0}}},     // no less than a pass
		{Rung{2, 0}, 27, []Rung{{2, 0}}},                       //
		{Rung{0, 500}, 9, []Rung{{0, 56}, {0, 167}, {0, 500}}}, // rounded
		{Rung{90, 5}, 9, []Rung{{30, 2}, {90, 5}}},             // both bounds count
	} {
		if got := Rungs(c.all, c.trials); !slices.Equal(got, c.want) {
			t.Errorf("%d trials to %v: rungs %v, want %v", c.trials, c.all, got, c.want)
		}
	}
}

// standings have rows of which each trial's are those of the first one and a difference, which alternates by ± spread
// from row to row.
func standings(spread float64, means ...float64) []Standing {
	const rows = 100
	list := make([]Standing, len(means))
	for k, mean := range means {
		list[k].Value, list[k].Rows = mean, make([]float64, rows)
		for r := range rows {
			noise := 0.0
			if k > 0 {
				noise = spread * float64(1-r%2*2)
			}
			list[k].Rows[r] = mean + 10*math.Sin(float64(r)) + noise // rows differ by far more than models do
		}
	}
	return list
}

var nan = math.NaN()

func TestJudge(t *testing.T) {
	// With spread 1 the error of a mean difference to the first trial is 1/√99 ≈ 0.1.
	for _, c := range []struct {
		name   string
		list   []Standing
		change func([]Standing)
		top    int
		on     []bool
	}{
		{"clear", standings(1, -6, -7, -8), nil, 0, []bool{true, false, false}},
		{"the better third, though it is clearly worse", standings(1, -6, -7, -8, -9), nil, 0, []bool{true, true, false, false}},
		{"within the errors", standings(1, -6, -6.19, -6.21), nil, 0, []bool{true, true, false}},
		{"equal", standings(0, -6, -6, -6), nil, 0, []bool{true, true, true}},
		{"the best is not the first", standings(1, -8, -6, -7.5), nil, 1, []bool{false, true, false}},
		{"errors of log Z count", standings(1, -6, -6.5, -8), func(s []Standing) { s[1].LogZStderr = 0.3 }, 0, []bool{true, true, false}},
		{"and those of the best", standings(1, -6, -6.5, -8), func(s []Standing) { s[0].LogZStderr = 0.3 }, 0, []bool{true, true, false}},
		{"diverged", standings(1, -6, -7, -8), func(s []Standing) { s[0] = Standing{Value: nan} }, 1, []bool{false, true, false}},
		{"all diverged", []Standing{{Value: nan}, {Value: nan}}, nil, -1, []bool{false, false}},
		{"in doubt, which is not what others are held against", standings(1, -3, -6, -6, -8),
			func(s []Standing) { s[0].Doubtful = true }, 1, []bool{true, true, true, false}},
		{"all in doubt", standings(1, -6, -7, -8),
			func(s []Standing) { s[0].Doubtful, s[1].Doubtful, s[2].Doubtful = true, true, true }, 0, []bool{true, false, false}},
		{"one row has no error", []Standing{{Value: -1, Rows: []float64{-1}}, {Value: -9, Rows: []float64{-9}}}, nil, 0, []bool{true, true}},
		{"alone", standings(1, -6), nil, 0, []bool{true}},
	} {
		if c.change != nil {
			c.change(c.list)
		}
		top, differences, on := judge(c.list)
		if top != c.top || !slices.Equal(on, c.on) {
			t.Errorf("%s: the best is %d and %v go on, want %d and %v", c.name, top, on, c.top, c.on)
		}
		for k, d := range differences {
			if none := math.IsNaN(c.list[k].Value); none != (d == nil) {
				t.Errorf("%s: difference %d is %v", c.name, k, d)
			}
		}
	}
}

// Differences are of the same rows: they know more than the errors of the means, which would tell nothing here. Rows
// that one trial alone has don't count, nor do rows of weight 0.
func TestDifferencesArePaired(t *testing.T) {
	list := standings(1, -6, -7)
	d := list[1].minus(&list[0])
	if want := 1 / math.Sqrt(99); math.Abs(float64(d.Value)+1) > 1e-12 || math.Abs(float64(d.Stderr)-want) > 1e-12 || !worse(&d) {
		t.Errorf("difference %v, want -1 with an error of %v", d, want)
	}
	list[1].LogZStderr, list[0].LogZStderr = 3, 4
	if d = list[1].minus(&list[0]); d.LogZStderr != 5 || worse(&d) {
		t.Errorf("difference %v, want an error of 5 of both log Z", d)
	}
	list[0].Rows, list[0].LogZStderr, list[1].LogZStderr = list[0].Rows[:50], 0, 0
	if d = list[1].minus(&list[0]); math.Abs(float64(d.Stderr)-1/math.Sqrt(49)) > 1e-12 {
		t.Errorf("difference %v, want that of 50 rows", d)
	}
	weights := make([]float64, 100)
	weights[0], weights[2] = 1, 1 // both of noise +1
	list[1].Weights = weights
	if d = list[1].minus(&list[0]); math.Abs(float64(d.Value)) > 1e-12 || float64(d.Stderr) > 1e-12 {
		t.Errorf("difference %v, want 0 of two rows that are alike", d)
	}
}
