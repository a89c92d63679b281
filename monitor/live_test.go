package monitor_test

import (
	"bytes"
	"context"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/internal/lecturetest"
	"github.com/harmonium-rbm/harmonium/ising"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
	"github.com/harmonium-rbm/harmonium/train"
)

// trainLive trains on a 6×6 Ising model with 14 hidden units and scores live, although enumeration would be cheap. It
// calls check with each evaluation and the exact log Z.
func trainLive(t *testing.T, c train.Config, check func(e *train.Evaluation, logZ float64)) {
	t.Helper()
	states, _, err := ising.Sample(t.Context(), 6, 2.5, 3000, rng.Seed(1), ising.Options{})
	if err != nil {
		t.Fatal(err)
	}
	model := rbm.New(36, 14, rng.Seed(1))
	training, err := train.Start(model, &data.Set{States: states}, c)
	if err != nil {
		t.Fatal(err)
	}
	training.Monitor.ScoreLive(monitor.MostRounds)
	for p := range training.Steps(context.Background()) {
		if p.Evaluation != nil {
			logZ, err := exact.LogZ(t.Context(), model, exact.Options{})
			if err != nil {
				t.Fatal(err)
			}
			check(p.Evaluation, logZ)
		}
	}
	if training.Err() != nil {
		t.Fatal(training.Err())
	}
}

// Live estimates keep within 3.5 of their errors of the exact log Z all along the training, whatever the rate, by the
// replicas of the training and by those of the monitor. Errors are small where the model moves slowly, and no bound
// contradicts them.
func TestLiveLogLikelihood(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long, and minutes under the race detector")
	}
	const slow = 0.01
	for _, rate := range []float64{0.001, slow, 0.03, 1} {
		for name, negative := range map[string]train.Negative{
			"replicas": &train.PCD{Replicas: 20}, "chains alone": &train.PCD{}, "cd": &train.CD{},
		} {
			config := train.Config{Rate: rate, Batch: 100, Epochs: 8, Every: 15, Negative: negative}
			trainLive(t, config, func(e *train.Evaluation, logZ float64) {
				z := (e.LogZ.Value - logZ) / e.LogZ.Stderr
				if !(math.Abs(z) < 3.5) {
					t.Errorf("%s, rate %v, update %d: log Z is %v ± %v, exactly %v", name, rate, e.Update, e.LogZ.Value, e.LogZ.Stderr, logZ)
				}
				doubted := e.UpperBounds() || has(e.Findings, monitor.CodeRelaxation) || has(e.Findings, monitor.CodeRenewal)
				if rate <= slow && (e.LogZ.Stderr > 0.3 || doubted) || e.Train.Method != monitor.MethodLive {
					t.Errorf("%s, rate %v, update %d: %+v", name, rate, e.Update, e.Scores)
				}
			})
		}
	}
}

// offButOne is data with all units off, but for the first one in the last row.
func offButOne(rows, units int) *data.Set {
	set := &data.Set{States: rbm.NewBatch(rows, units)}
	set.States.SetBit(rows-1, 0, true)
	return set
}

// logZNow is the live estimate of the model as it is, by a training that has paid for a search or has not.
func logZNow(t *testing.T, training *train.Training, update uint64, known rbm.Batch) (sample.LogZ, []diag.Finding) {
	t.Helper()
	training.Monitor.ScoreLive(monitor.MostRounds)
	scores, err := training.Monitor.Score(t.Context(), monitor.Snapshot{Update: update, Known: known})
	if err != nil {
		t.Fatal(err)
	}
	return scores.LogZ, scores.Findings
}

// A model with a second mode, all units on, that outweighs the data's by 140 nats. No replica of the training reaches
// it, a search does, and the replicas of the score jump there.
func TestLiveHiddenMode(t *testing.T) {
	const m, n = 60, 4
	model := rbm.New(m, n, rng.Seed(1))
	training, err := train.Start(model, offButOne(50, m), train.Config{Negative: &train.PCD{Replicas: 20}})
	if err != nil {
		t.Fatal(err)
	}
	*model = *lecturetest.TwoModes(m, n)
	truth, err := exact.LogZ(t.Context(), model, exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	z, findings := logZNow(t, training, paid, rbm.Batch{})
	if len(findings) > 0 || !(math.Abs(z.Value-truth) < 3*z.Stderr && z.Stderr < 0.1) {
		t.Errorf("log Z %v ± %v, exactly %v; findings %v", z.Value, z.Stderr, truth, findings)
	}
}

// A mode that the data know of, that outweighs all else, and that neither replicas nor the persistent chains come to:
// the rows alone prove that the estimate is too low.
func TestLiveModeOfTheData(t *testing.T) {
	const m, n = 60, 4
	model := rbm.New(m, n, rng.Seed(1))
	set := offButOne(50, m)
	training, err := train.Start(model, set, train.Config{Negative: &train.PCD{}})
	if err != nil {
		t.Fatal(err)
	}
	known := sample.FromBiases(model, 100, rng.Seed(0)) // as persistent chains begin
	for i := range m {                                  // the first half of the units on, the others off
		on := i < m/2
		for j := range n {
			model.W[i*n+j] = 2
			if !on {
				model.W[i*n+j] = -2
			}
		}
		model.B()[i] = -1
		for r := range set.Rows() / 2 {
			set.States.SetBit(r, i, on)
		}
	}
	for j := range n {
		model.C()[j] = -40
	}
	truth, err := exact.LogZ(t.Context(), model, exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	z, findings := logZNow(t, training, 1, known)
	if len(findings) != 1 || findings[0].Code != "mass" || !(z.Value <= truth && z.Value > truth-5) {
		t.Errorf("log Z %v ± %v, exactly %v, findings %v: want it just below, and mass", z.Value, z.Stderr, truth, findings)
	}
}

// A training gives the same scores when it is stopped and resumed anywhere, by its own replicas and by those that the
// monitor keeps: also where the number of temperatures has changed since, and between two searches for modes.
func TestLiveScoresRepeat(t *testing.T) {
	set, err := data.BarsSample(3, 4, 300, rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	for name, negative := range map[string]train.PCD{
		"replicas": {Steps: 2, Chains: 50, Replicas: 8}, "chains alone": {Steps: 10, Chains: 50},
	} {
		begin := func() *train.Training {
			n := negative
			training, err := train.Start(rbm.New(12, 8, rng.Seed(1)), set, train.Config{
				Batch: 30, Rate: 0.03, Updates: 200, Every: 10, Negative: &n,
			})
			if err != nil {
				t.Fatal(err)
			}
			training.Monitor.ScoreLive(monitor.FewestRounds)
			training.Monitor.FollowMore(20)
			return training
		}
		type scored struct {
			logZ  sample.LogZ
			saved float64 // for searches
		}
		temperatures := map[int]bool{}
		run := func(training *train.Training, until int, scores map[int]scored) {
			for p := range training.Steps(t.Context()) {
				temperatures[training.Monitor.Temperatures()] = true
				if p.Evaluation != nil {
					saved, _ := training.Monitor.SavedForModes()
					scores[p.Update] = scored{p.Evaluation.LogZ, saved}
				}
				if p.Update == until {
					return
				}
			}
		}
		want, whole := map[int]scored{}, begin()
		run(whole, 0, want)
		if len(temperatures) < 2 {
			t.Fatalf("%s: the number of temperatures has not changed", name)
		}
		for _, stop := range []int{25, 95, 140} {
			got := map[int]scored{}
			first, second := begin(), begin()
			run(first, stop, got)
			var checkpoint bytes.Buffer
			if err := first.Checkpoint(&checkpoint); err != nil {
				t.Fatal(err)
			}
			if err := second.Resume(checkpoint.Bytes()); err != nil {
				t.Fatal(err)
			}
			run(second, 0, got)
			if !maps.Equal(got, want) || !slices.Equal(second.Model.W, whole.Model.W) {
				t.Errorf("%s, stopped after update %d: scores %v, want %v", name, stop, got, want)
			}
		}
	}
}

// Scores take nothing from a training: with others in between it comes to the same parameters.
func TestLiveScoresDoNotDisturb(t *testing.T) {
	set, err := data.BarsSample(8, 8, 200, rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	for name, negative := range map[string]train.PCD{
		"replicas": {Steps: 2, Chains: 30, Replicas: 5}, "chains alone": {Steps: 2, Chains: 30}, "adapting": {Chains: 30, Adapt: true},
	} {
		var want []float32
		for _, every := range []int{7, 40, 120} {
			if testing.Short() && every == 7 {
				continue // many scores
			}
			n := negative
			training, err := train.Start(rbm.New(64, 60, rng.Seed(1)), set, train.Config{Updates: 120, Every: every, Negative: &n})
			if err != nil {
				t.Fatal(err)
			}
			if training.Monitor.Method() != monitor.MethodLive {
				t.Fatal("scores are exact")
			}
			for range training.Steps(t.Context()) {
			}
			if want == nil {
				want = training.Model.W
			}
			if !slices.Equal(training.Model.W, want) {
				t.Errorf("%s: with scores every %d updates the parameters are others", name, every)
			}
		}
	}
}

// The default number of evaluations and rounds costs what its account allows, but for the first and the last
// evaluation: few rounds where the training doesn't pay for more, all where it does. The ladder that the monitor keeps
// costs what its own account allows.
func TestScoresWithinBudget(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long under the race detector; what it counts is the same in every form")
	}
	seen := map[int]bool{}
	for _, shape := range [][2]int{{30, 30}, {100, 50}, {300, 40}} {
		for _, updates := range []int{50, 1000, 100000} {
			for name, negative := range map[string]train.Negative{
				"replicas": &train.PCD{Replicas: 30}, "chains alone": &train.PCD{}, "cd": &train.CD{},
			} {
				set := offButOne(400, shape[0])
				training, err := train.Start(rbm.New(shape[0], shape[1], rng.Seed(1)), set, train.Config{Updates: updates, Negative: negative})
				if err != nil {
					t.Fatal(err)
				}
				m, every := training.Monitor, training.Every()
				if m.Method() != monitor.MethodLive {
					t.Fatalf("%v: scores are exact", shape)
				}
				seen[m.Rounds()] = true
				update := monitor.GibbsCost(training.Model, training.Config().Batch, 0) + negative.Cost() + 4*float64(len(training.Model.W))
				cost, all := m.LiveCost(float64(set.Rows())), float64(updates)*update
				if spent := float64(updates/every) * cost; spent > m.ScorePart()*all {
					t.Errorf("%v, %s, %d updates: evaluations after every %d updates by %d rounds cost %.2g of the training",
						shape, name, updates, every, m.Rounds(), spent/all)
				}
				if n := updates / every; updates == 100000 && n < monitor.LiveScores {
					t.Errorf("%v, %s: %d evaluations", shape, name, n)
				}
				if m.Follows() != (name != "replicas") {
					t.Errorf("%v, %s: the monitor keeps a ladder: %v", shape, name, m.Follows())
				}
				if !m.Follows() {
					continue
				}
				const follows = 1000
				spent := 0.0
				for range follows {
					rounds := m.Followed()
					m.Follow()
					spent += (m.Followed() - rounds) * m.RoundCost()
				}
				if part := spent / (follows * update); !(part > 0.9*m.FollowPart() && part < 1.1*m.FollowPart()) {
					t.Errorf("%v, %s: rounds of the ladder cost %.2g of the updates", shape, name, part)
				}
			}
		}
	}
	if !seen[monitor.MostRounds] || !seen[monitor.FewestRounds] {
		t.Errorf("scores of %v rounds, want %d and %d among them", seen, monitor.FewestRounds, monitor.MostRounds)
	}
}

// Due says before an update whether the monitor's ladder moves after it, at the model before.
func TestDue(t *testing.T) {
	visible := rbm.NewLayer(rbm.Gaussian, 20)
	set := &data.Set{States: visible.NewBatch(200)}
	visible.Sample(set.States, nil, rng.Seed(1), 0, 0)
	training, err := train.Start(rbm.NewModel(visible, rbm.NewLayer(rbm.Bernoulli, 30), rng.Seed(2)), set, train.Config{
		Batch: 50, Rate: 0.01, Updates: 150, Every: 200, Negative: &train.PCD{Steps: 1, Chains: 50},
	})
	if err != nil {
		t.Fatal(err)
	}
	m := training.Monitor
	if m.Method() != monitor.MethodLive || !m.Follows() {
		t.Fatalf("scores are %s", m.Method())
	}
	due, rounds, moved := false, 0.0, 0
	for p := range training.Steps(t.Context()) {
		if now := m.Followed(); p.Update > 1 && due != (now > rounds) {
			t.Fatalf("update %d: due is %v, and the ladder has made %v rounds", p.Update, due, now-rounds)
		} else if now > rounds {
			moved++
		}
		due, rounds = m.Due(), m.Followed()
	}
	if moved < 3 || moved > 100 {
		t.Errorf("the ladder has moved after %d updates of 150", moved)
	}
}
