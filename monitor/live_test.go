package monitor_test

import (
	"bytes"
	"context"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"harmonium/data"
	"harmonium/diag"
	"harmonium/exact"
	"harmonium/internal/lecturetest"
	"harmonium/ising"
	"harmonium/monitor"
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
	"harmonium/train"
)

// trainLive trains on a 6×6 Ising model with 20 hidden units and scores live, although enumeration would be cheap, with a number of
// chains of reverse AIS. It calls check with each evaluation and the exact log Z.
func trainLive(t *testing.T, c train.Config, reverse int, check func(e *train.Evaluation, logZ float64)) {
	t.Helper()
	states, _, err := ising.Sample(t.Context(), 6, 2.5, 3000, rng.Seed(1), ising.Options{})
	if err != nil {
		t.Fatal(err)
	}
	model := rbm.New(36, 20, rng.Seed(1))
	training, err := train.Start(model, &data.Set{States: states}, c)
	if err != nil {
		t.Fatal(err)
	}
	if training.Monitor.Method() == monitor.MethodExact {
		training.Monitor.ScoreLive(training.Every(), 0, reverse)
	}
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

// Live estimates keep within three of their errors of the exact log Z all along the training, or say that they can't be trusted, as most of
// them must at a learning rate at which no chain can follow: not that after the first update, to which the way is short.
func TestLiveLogLikelihood(t *testing.T) {
	const absurd = 1
	for _, rate := range []float64{0.001, 0.003, 0.01, 0.03, absurd} {
		for name, c := range map[string]struct {
			negative train.Negative
			reverse  int
		}{"pcd": {&train.PCD{}, monitor.FewestReverse}, "cd": {&train.CD{}, monitor.MostReverse}} {
			trusted, doubted := 0, 0
			config := train.Config{Rate: rate, Batch: 100, Epochs: 10, Every: 15, Negative: c.negative}
			trainLive(t, config, c.reverse, func(e *train.Evaluation, logZ float64) {
				z := (e.LogZ.Value - logZ) / e.LogZ.Stderr
				if slices.ContainsFunc(e.Findings, func(f diag.Finding) bool { return !strings.HasPrefix(f.Code, "chains-") }) {
					doubted++
					return
				}
				trusted++
				if !(math.Abs(z) < 3) {
					t.Errorf("%s, rate %v, update %d: log Z is %v ± %v, exactly %v", name, rate, e.Update, e.LogZ.Value, e.LogZ.Stderr, logZ)
				}
				if e.LogZ.ESS < 5 || e.LogZ.ESS > monitor.AISChains || e.Train.Method != monitor.MethodLive {
					t.Errorf("%s, rate %v, update %d: ESS %v, method %s", name, rate, e.Update, e.LogZ.ESS, e.Train.Method)
				}
			})
			if rate == absurd && doubted <= trusted || rate <= 0.003 && name == "pcd" && doubted > 0 {
				t.Errorf("%s, rate %v: %d estimates are trusted, %d doubted", name, rate, trusted, doubted)
			}
		}
	}
}

// offButOne is data with all units off, but for the first one in the last row.
func offButOne(rows, units int) *data.Set {
	set := &data.Set{States: rbm.NewBatch(rows, units)}
	set.States.SetBit(rows-1, 0, true)
	return set
}

// logZNow is the live estimate of the model as it is, as after the first update.
func logZNow(t *testing.T, training *train.Training, known rbm.Batch) (sample.LogZ, []diag.Finding) {
	t.Helper()
	training.Monitor.ScoreLive(10, 0, 0)
	model := training.Model
	scores, err := training.Monitor.Score(t.Context(), monitor.Snapshot{
		Update: 1, Model: model, Conditionals: rbm.NewConditionals(model, nil), Known: known,
	})
	if err != nil {
		t.Fatal(err)
	}
	return scores.LogZ, scores.Findings
}

// A model with a second mode, all units on, that outweighs the data's by 140 nats. Neither annealing nor the persistent chains reach it.
func TestLiveHiddenMode(t *testing.T) {
	const m, n = 60, 4
	model := rbm.New(m, n, rng.Seed(1))
	training, err := train.Start(model, offButOne(50, m), train.Config{Negative: &train.CD{}})
	if err != nil {
		t.Fatal(err)
	}
	*model = *lecturetest.TwoModes(m, n)
	truth, err := exact.LogZ(t.Context(), model, exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	z, findings := logZNow(t, training, rbm.Batch{})
	if len(findings) != 1 || findings[0].Code != "hidden-mode" {
		t.Errorf("findings %v, want hidden-mode", findings)
	}
	if !(z.Value <= truth && z.Value > truth-10) || !(z.Stderr > 100) {
		t.Errorf("log Z %v ± %v, exactly %v: want just below it, and an error that covers the data's mode alone", z.Value, z.Stderr, truth)
	}
}

// A mode that the data know of, that outweighs all else, and that neither annealing nor the persistent chains nor random restarts come to.
func TestLiveModeOfTheData(t *testing.T) {
	const m, n = 60, 4
	model := rbm.New(m, n, rng.Seed(1))
	set := offButOne(50, m)
	training, err := train.Start(model, set, train.Config{})
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
	z, findings := logZNow(t, training, known)
	if len(findings) != 1 || findings[0].Code != "hidden-mode" || !(z.Value <= truth && z.Value > truth-5) {
		t.Errorf("log Z %v ± %v, exactly %v, findings %v: want it just below, and hidden-mode", z.Value, z.Stderr, truth, findings)
	}
}

// A training with checks that is stopped and resumed gives the same scores, also where new AIS chains have come since.
func TestChecksRepeat(t *testing.T) {
	set, err := data.BarsSample(3, 4, 300, rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	begin := func() *train.Training {
		training, err := train.Start(rbm.New(12, 8, rng.Seed(1)), set, train.Config{
			Batch: 30, Rate: 0.03, Updates: 200, Every: 10, Negative: &train.PCD{Chains: 50},
		})
		if err != nil {
			t.Fatal(err)
		}
		training.Monitor.ScoreLive(10, 0, 0)
		training.Monitor.CheapChecks() // and often
		return training
	}
	type scored struct {
		logZ  sample.LogZ
		saved float64 // for searches
	}
	renewed := 0
	run := func(training *train.Training, until int, scores map[int]scored) {
		known := training.Monitor.Chains()
		for p := range training.Steps(t.Context()) {
			if p.Evaluation != nil {
				saved, _ := training.Monitor.SavedForModes()
				scores[p.Update] = scored{p.Evaluation.LogZ, saved}
			}
			if training.Monitor.Chains() != known {
				known = training.Monitor.Chains()
				renewed++
			}
			if p.Update == until {
				return
			}
		}
	}
	want := map[int]scored{}
	run(begin(), 0, want)
	if renewed == 0 {
		t.Fatal("no check has sent new AIS chains")
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
		if !maps.Equal(got, want) {
			t.Errorf("stopped after update %d: scores %v, want %v", stop, got, want)
		}
	}
}

// The default number of evaluations and chains costs what its account allows, but for the first and the last evaluation: few chains where
// the training doesn't pay for more, all where it does.
func TestScoresWithinBudget(t *testing.T) {
	seen := map[int]bool{}
	for _, shape := range [][2]int{{30, 30}, {100, 50}, {300, 40}} {
		for _, updates := range []int{50, 1000, 100000} {
			for name, negative := range map[string]train.Negative{"pcd": &train.PCD{}, "cd": &train.CD{}, "pt": &train.PT{Steps: 1}} {
				set := offButOne(400, shape[0])
				training, err := train.Start(rbm.New(shape[0], shape[1], rng.Seed(1)), set, train.Config{Updates: updates, Negative: negative})
				if err != nil {
					t.Fatal(err)
				}
				m, every := training.Monitor, training.Every()
				if m.Method() != monitor.MethodLive {
					t.Fatalf("%v: scores are exact", shape)
				}
				seen[m.Reverse()] = true
				update := monitor.GibbsCost(training.Model, training.Config().Batch, 0) + negative.Cost() + 4*float64(len(training.Model.W))
				cost, all := m.LiveCost(float64(set.Rows())), float64(updates)*update
				if spent := float64(updates/every) * cost; spent > m.ScorePart()*all {
					t.Errorf("%v, %s, %d updates: evaluations after every %d updates by %d chains cost %.2g of the training",
						shape, name, updates, every, m.Reverse(), spent/all)
				}
				if spent := m.CheckBalance(); spent > m.CheckPart()/2*all*(1+1e-9) {
					t.Errorf("%v, %s, %d updates: the account of checks begins with %.2g of the training", shape, name, updates, spent/all)
				}
				if n := updates / every; updates == 100000 && n < monitor.LiveScores {
					t.Errorf("%v, %s: %d evaluations", shape, name, n)
				}
			}
		}
	}
	if !seen[monitor.MostReverse] || !seen[monitor.FewestReverse] {
		t.Errorf("reverse AIS of %v chains, want %d and %d among them", seen, monitor.FewestReverse, monitor.MostReverse)
	}
}
