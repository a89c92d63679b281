package monitor_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/internal/lecturetest"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
	"github.com/harmonium-rbm/harmonium/train"
)

// begun is a training with live scores by its own replicas, which know no modes, and whose model is now another one.
// Data are coins.
func begun(t *testing.T, model *rbm.Model) *train.Training {
	t.Helper()
	coins := &data.Set{States: sample.FromBiases(rbm.New(model.M(), 1, rng.Seed(1)), 50, rng.Seed(2))}
	config := train.Config{Updates: paid, Negative: &train.PCD{Replicas: 20}}
	training, err := train.Start(rbm.New(model.M(), model.N(), rng.Seed(1)), coins, config)
	if err != nil {
		t.Fatal(err)
	}
	*training.Model = *model
	training.Monitor.ScoreLive(monitor.MostRounds)
	return training
}

// paid is a number of updates that pay for a search.
const paid = 200_000

// Half of the units must take one pattern, that no replica comes to, and that weighs e⁸
// times as much as all else. The search finds it when the training has paid for one, and the replicas of the score jump
// there; the judge finds it by the score of a training that has not.
func TestLiveNeedle(t *testing.T) {
	model := lecturetest.Needle(60, 30, 8)
	truth, err := exact.LogZ(t.Context(), model, exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	training := begun(t, model)
	score := func(update uint64) *monitor.Scores {
		s, err := training.Monitor.Score(t.Context(), monitor.Snapshot{Update: update})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	before := score(1)
	if len(before.Findings) > 0 || math.Abs(before.LogZ.Value-(truth-8)) > 0.1 {
		t.Fatalf("log Z is %+v without a search, findings %v: want %v, all but the pattern", before.LogZ, before.Findings, truth-8)
	}
	now := score(paid)
	if len(now.Findings) > 0 || !(math.Abs(now.LogZ.Value-truth) < 3*now.LogZ.Stderr && now.LogZ.Stderr < 0.1) {
		t.Errorf("log Z is %+v, exactly %v, findings %v", now.LogZ, truth, now.Findings)
	}
	before.Train.Value = -20 // better than independent units
	verdict := training.Monitor.Judge(model, before)
	if len(verdict) != 1 || verdict[0].Code != "hidden-mode" || math.Abs(float64(verdict[0].Value)-8) > 0.1 {
		t.Errorf("the judge finds %v, want hidden-mode by 8 nats", verdict)
	}
	now.Train.Value = -20
	if verdict := training.Monitor.Judge(model, now); len(verdict) > 0 {
		t.Errorf("the judge finds %v, where the score has it", verdict)
	}
}

// Replicas that the monitor keeps jump to the pattern once it is found, so that log Z counts it.
func TestOwnLadderJumps(t *testing.T) {
	model := lecturetest.Needle(60, 30, 8)
	truth, err := exact.LogZ(t.Context(), model, exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	coins := &data.Set{States: sample.FromBiases(rbm.New(model.M(), 1, rng.Seed(1)), 50, rng.Seed(2))}
	training, err := train.Start(rbm.New(model.M(), model.N(), rng.Seed(1)), coins, train.Config{Updates: paid, Negative: &train.PCD{}})
	if err != nil {
		t.Fatal(err)
	}
	*training.Model = *model
	training.Monitor.ScoreLive(monitor.MostRounds)
	for _, c := range []struct {
		update uint64
		want   float64
	}{{1, truth - 8}, {paid, truth}} {
		s, err := training.Monitor.Score(t.Context(), monitor.Snapshot{Update: c.update})
		if err != nil {
			t.Fatal(err)
		}
		if z := s.LogZ; !(math.Abs(z.Value-c.want) < 3*z.Stderr+0.1 && z.Stderr < 1) || s.UpperBounds() {
			t.Errorf("after update %d log Z is %v ± %v, want %v; findings %v", c.update, z.Value, z.Stderr, c.want, s.Findings)
		}
	}
}

// A round with jumps has the same price before a checkpoint and after it, so that as many rounds follow.
func TestOwnLadderResumes(t *testing.T) {
	model := lecturetest.Needle(60, 30, 8)
	coins := &data.Set{States: sample.FromBiases(rbm.New(model.M(), 1, rng.Seed(1)), 50, rng.Seed(2))}
	begin := func() *train.Training {
		c := train.Config{Updates: paid, Negative: &train.PCD{}}
		training, err := train.Start(rbm.New(model.M(), model.N(), rng.Seed(1)), coins, c)
		if err != nil {
			t.Fatal(err)
		}
		training.Monitor.ScoreLive(monitor.MostRounds)
		return training
	}
	first, second := begin(), begin()
	first.Model.Copy(model)
	if _, err := first.Monitor.Score(t.Context(), monitor.Snapshot{Update: paid}); err != nil {
		t.Fatal(err)
	}
	var checkpoint bytes.Buffer
	if err := first.Checkpoint(&checkpoint); err != nil {
		t.Fatal(err)
	}
	if err := second.Resume(checkpoint.Bytes()); err != nil {
		t.Fatal(err)
	}
	without := second.Monitor.RoundCost()
	first.Monitor.Follow()
	second.Monitor.Follow()
	if got, want := second.Monitor.SavedToFollow(), first.Monitor.SavedToFollow(); got != want || first.Monitor.RoundCost() == without {
		t.Errorf("%v rounds are saved for after a checkpoint, %v without; they cost %v", got, want, first.Monitor.RoundCost())
	}
}

// glass is a model with weights of both signs, most of whose weight is far from any product of independent units: its
// variational bounds lie nats below log Z.
func glass(seed uint64) *rbm.Model {
	model := rbm.New(40, 10, rng.Seed(seed))
	source := rng.NewSource(rng.Seed(seed), 7)
	for k := range model.W {
		model.W[k] = 1.5 * float32(source.Float64()-0.5)
	}
	return model
}

// Where bounds prove nothing the judge knows by AIS from the modes that log Z was too low; it says nothing where it was
// right.
func TestJudgeKnowsModes(t *testing.T) {
	const missed = 2
	seeds := uint64(5)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		model := glass(seed)
		truth, err := exact.LogZ(t.Context(), model, exact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		training := begun(t, model)
		training.Monitor.Scored(paid)
		judge := func(z float64) []diag.Finding {
			return training.Monitor.Judge(model, &monitor.Scores{
				LogZ: sample.LogZ{Value: z, Stderr: 0.05}, Train: &monitor.Score{Value: -20},
			})
		}
		if findings := judge(truth); len(findings) > 0 {
			t.Errorf("seed %d: the judge finds %v where log Z is exact", seed, findings)
		}
		findings := judge(truth - missed)
		if len(findings) != 1 || findings[0].Code != "hidden-mode" || math.Abs(float64(findings[0].Value)-missed) > 0.5 {
			t.Errorf("seed %d: the judge finds %v, want hidden-mode by %d nats", seed, findings, missed)
		}
	}
}

// Trainings that learn have no finding about modes or mass at any score, nor at the end. Their searches cost no more
// than is paid for.
func TestHarmlessTrainingsHaveNoHiddenModes(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	set, err := data.BarsSample(6, 6, 500, rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(4) {
		training, err := train.Start(rbm.New(36, 40, rng.Seed(seed)), set, train.Config{Updates: 1500, Every: 50, Batch: 50, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		if training.Monitor.Method() != monitor.MethodLive {
			t.Fatal("scores are exact")
		}
		var last *train.Evaluation
		for p := range training.Steps(t.Context()) {
			if last = p.Evaluation; last != nil && last.UpperBounds() {
				t.Errorf("seed %d, update %d: %v", seed, p.Update, last.Findings)
			}
		}
		if saved, earned := training.Monitor.SavedForModes(); !(0 <= saved && saved < earned/2) {
			t.Errorf("seed %d: %.3g operations are saved of %.3g, want half of them spent or more", seed, saved, earned)
		}
		if findings := training.Monitor.Judge(training.Best(), &last.Scores); len(findings) > 0 {
			t.Errorf("seed %d: %v", seed, findings)
		}
	}
}
