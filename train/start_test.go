package train_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
	"github.com/harmonium-rbm/harmonium/train"
)

func TestStartRefuses(t *testing.T) {
	set := drawnBars(t, 50)
	for want, c := range map[string]train.Config{
		"batch is 51, but the data has 50 rows":                      {Batch: 51},
		"rate is -1, want a finite number, not negative":             {Rate: -1},
		"rate is NaN, want a finite number, not negative":            {Rate: math.NaN()},
		"epochs is -3, want a number above 0":                        {Epochs: -3},
		`schedule is "wavy", want constant, linear, cosine or power`: {Schedule: "wavy"},
		"there is no validation data":                                {Patience: 3},
		"cd: steps is -1, want 1 or more":                            {Negative: &train.CD{Steps: -1}},
		"pcd has 1 replica set, want 2 or more, or 0":                {Negative: &train.PCD{Replicas: 1}},
		"pcd: replicas is -2, want a finite number, not negative":    {Negative: &train.PCD{Replicas: -2}},
		"pcd: chains is -5, want 1 or more":                          {Negative: &train.PCD{Chains: -5}},
		"pcd with 1000000000 chains and 2 replica sets of 9×4":       {Negative: &train.PCD{Chains: 1_000_000_000, Replicas: 2}},
		"pcd with 100000000 chains and 90000000 replica sets of 9×4": {Negative: &train.PCD{Chains: 1e8, Replicas: 9e7}},
		"adam: beta1 is 1, want a number from 0 to below 1":          {Optimizer: &train.Adam{Beta1: 1}},
		"momentum: decay is -0.5, want a number from 0 to below 1":   {Optimizer: &train.Momentum{Decay: -0.5}},
		"adam: epsilon is +Inf, want a number above 0":               {Optimizer: &train.Adam{Epsilon: math.Inf(1)}},
		"the validation data has 2 units, the model 9 visible ones":  {Valid: &data.Set{States: rbm.NewBatch(1, 2)}},
	} {
		_, err := train.Start(rbm.New(9, 4, rng.Seed(1)), set, c)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q", err, want)
		}
	}
}

// Weights that give no mean, and data with nothing to learn, are refused.
func TestStartRefusesData(t *testing.T) {
	weighted := func(weights ...float64) *data.Set {
		set := drawnBars(t, 3)
		set.Weights = weights
		return set
	}
	constant := drawnBars(t, 40).Subset([]int{7, 7, 7})
	for _, c := range []struct {
		set, valid *data.Set
		want       string
	}{
		{weighted(0, 0, 0), nil, "all 3 rows of the data have weight zero"},
		{weighted(1, 1, 1), weighted(0, 0, 0), "all 3 rows of the validation data have weight zero"},
		{weighted(1, 1, 1), weighted(1, math.NaN(), 0), "row 2 of the validation data has the weight NaN"},
		{weighted(1, 1, -1), nil, "row 3 of the data has the weight -1"},
		{weighted(1e308, 1e308, 1), nil, "the weights of the data add up to +Inf"},
		{weighted(1e-320, 0, 0), nil, "the weights of the data add up to 1e-320"},
		{constant, nil, "the data is constant: none of its 9 units changes from row to row"},
		{weighted(0, 5, 0), nil, "the data is constant: none of its 9 units changes from row to row"},
	} {
		_, err := train.Start(rbm.New(9, 4, rng.Seed(1)), c.set, train.Config{Valid: c.valid})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error is %v, want %q", err, c.want)
		}
	}
}

// Scores of rows whose weights are large are those of the same rows with small ones.
func TestScoresOfLargeWeights(t *testing.T) {
	score := func(unit float64) *monitor.Score {
		set, valid := drawnBars(t, 50), drawnValid(t)
		for r := range valid.Rows() {
			valid.Weights = append(valid.Weights, float64(r%3)*unit)
		}
		all := finish(t, start(t, 4, set, train.Config{Updates: 3, Valid: valid}))
		return all[len(all)-1].Evaluation.Valid
	}
	if want, got := score(1), score(0x1p1000); *got != *want || !(got.Stderr > 0) {
		t.Errorf("with weights of 2^1000 the score is %v ± %v, want %v ± %v", got.Value, got.Stderr, want.Value, want.Stderr)
	}
}

// A bound given alone lifts the default one. Where Time is the only bound, the learning rate falls over it.
func TestBounds(t *testing.T) {
	set := drawnBars(t, 40) // two minibatches an epoch
	for _, c := range []struct {
		config train.Config
		want   int
	}{
		{train.Config{}, 2 * train.DefaultEpochs},
		{train.Config{Valid: drawnValid(t)}, 12000}, // which end where they overfit
		{train.Config{Valid: drawnValid(t), Epochs: 300}, 600},
		{train.Config{Updates: 1000}, 1000},
		{train.Config{Updates: 1000, Epochs: 3}, 6},
		{train.Config{Updates: 5, Epochs: 3}, 5},
		{train.Config{Time: time.Hour}, 0},
		{train.Config{Time: time.Hour, Epochs: 3}, 6},
		{train.Config{Time: time.Hour, Updates: 7}, 7},
		{train.Config{Epochs: math.MaxInt}, math.MaxInt - 1},
	} {
		c.config.Batch = 20
		if got := start(t, 4, set, c.config).Planned(); got != c.want {
			t.Errorf("epochs %d, updates %d, time %v: %d updates are planned, want %d",
				c.config.Epochs, c.config.Updates, c.config.Time, got, c.want)
		}
	}
	const limit = 300 * time.Millisecond
	training := start(t, 4, set, train.Config{Time: limit, Rate: 0.01})
	all := finish(t, training)
	last := all[len(all)-1]
	if training.Finished() != "time" || last.Evaluation == nil || last.Planned != 0 {
		t.Errorf("%d updates, finished by %q, %d planned, evaluation %v: want the time to end it",
			len(all), training.Finished(), last.Planned, last.Evaluation)
	}
	before := 0.0 // seconds after the update before, from which to those after this one the rate of this one is
	for _, p := range all {
		least, most := 0.01*(1-p.Seconds/limit.Seconds()), 0.01*(1-before/limit.Seconds())
		if p.Rate < least-1e-9 || p.Rate > most+1e-9 {
			t.Fatalf("update %d: the rate is %v, want %v to %v", p.Update, p.Rate, least, most)
		}
		before = p.Seconds
	}
}

// A training that ends worse than independent units has a finding; ordinary ones have none, however short, on data with
// or without structure.
func TestJudge(t *testing.T) {
	noise := rbm.NewBatch(200, 12)
	source := rng.NewSource(rng.Seed(5), 0)
	for r := range noise.Rows() {
		for i := range 12 {
			noise.SetBit(r, i, source.Float64() < 0.3)
		}
	}
	for name, c := range map[string]struct {
		set    *data.Set
		hidden int
		config train.Config
		want   string // code of the finding
	}{
		"one update":               {drawnBars(t, 100), 12, train.Config{Updates: 1}, ""},
		"one epoch":                {drawnBars(t, 100), 12, train.Config{Epochs: 1}, ""},
		"defaults":                 {drawnBars(t, 100), 12, train.Config{}, ""},
		"noise, one epoch":         {&data.Set{States: noise}, 20, train.Config{Epochs: 1}, ""},
		"noise":                    {&data.Set{States: noise}, 20, train.Config{}, ""},
		"noise, validated":         {&data.Set{States: noise}, 20, train.Config{Valid: &data.Set{States: noise.Slice(0, 64)}}, ""},
		"rate 1e9":                 {drawnBars(t, 100), 12, train.Config{Rate: 1e9, Epochs: 2}, "below-independent"},
		"rate 1e9, validated":      {drawnBars(t, 100), 12, train.Config{Rate: 1e9, Epochs: 2, Valid: drawnValid(t)}, "below-independent"},
		"rate 1e9, scored live":    {wide(t), 60, train.Config{Rate: 1e9, Epochs: 2}, "below-independent"},
		"rate 10, scored live":     {wide(t), 60, train.Config{Rate: 10, Epochs: 2}, "below-independent"},
		"rate 1e9, cd":             {drawnBars(t, 100), 12, train.Config{Rate: 1e9, Epochs: 2, Negative: &train.CD{}}, "below-independent"},
		"defaults, scored live":    {wide(t), 60, train.Config{}, ""},
		"one update, scored live":  {wide(t), 60, train.Config{Updates: 1}, ""},
		"five epochs, scored live": {wide(t), 60, train.Config{Epochs: 5}, ""},
	} {
		if testing.Short() && c.config.Epochs == 0 && c.config.Updates == 0 {
			continue // whole trainings
		}
		training := start(t, c.hidden, c.set, c.config)
		var kept *train.Evaluation
		for _, p := range finish(t, training) {
			if e := p.Evaluation; e != nil && (kept == nil || e.Valid == nil || e.Best) {
				kept = e
			}
		}
		findings := training.Monitor.Judge(training.Best(), &kept.Scores)
		if c.want == "" && len(findings) > 0 || c.want != "" && (len(findings) != 1 || findings[0].Code != c.want) {
			t.Errorf("%s: scores %v, findings %+v, want %q", name, kept.Train.Value, findings, c.want)
		}
	}
}

// Scores that can't be, and what only looks bad within the error of log Z. Where a mode was found that log Z leaves
// out, the score is an upper bound.
func TestJudgeOfErrors(t *testing.T) {
	training := start(t, 4, drawnBars(t, 100), train.Config{Updates: 1}) // independent units score −6.2
	hidden := []diag.Finding{{Code: "hidden-mode"}}
	for _, c := range []struct {
		score, stderr float64
		findings      []diag.Finding
		want          string
	}{
		{500, 1000, nil, "above-zero"}, {0.5, 1, nil, ""}, {-6, 0, nil, ""}, {-6.2, 0, nil, ""}, {-6.5, 0, nil, "below-independent"},
		{-9, 1, nil, ""}, {-9, 1, hidden, "below-independent"}, {-10, 1, nil, "below-independent"},
		{math.NaN(), 0, nil, "below-independent"},
	} {
		findings := training.Monitor.Judge(training.Model, &monitor.Scores{
			Train: &monitor.Score{Value: diag.Number(c.score)}, LogZ: sample.LogZ{Stderr: c.stderr}, Findings: c.findings,
		})
		got := ""
		for _, f := range findings {
			got += f.Code
		}
		if got != c.want {
			t.Errorf("%v ± %v, %d findings: %q, want %q", c.score, c.stderr, len(c.findings), got, c.want)
		}
	}
	if findings := training.Monitor.Judge(training.Model, &monitor.Scores{}); len(findings) > 0 {
		t.Errorf("no scores: %v", findings)
	}
}

// wide is bars and stripes of 64 units.
func wide(t *testing.T) *data.Set {
	set, err := data.BarsSample(8, 8, 200, rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	return set
}
