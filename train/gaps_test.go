package train_test

import (
	"math"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// withGaps returns a copy of a set in which a part of all cells is missing, whose bits are fair coins.
func withGaps(set *data.Set, part float64, seed uint64) *data.Set {
	gaps, source := *set, rng.NewSource(rng.Seed(seed), 5)
	gaps.States, gaps.Known = set.States.Clone(), rbm.NewBatch(set.Rows(), set.Units())
	for r := range set.Rows() {
		for i := range set.Units() {
			if known := source.Float64() >= part; known {
				gaps.Known.SetBit(r, i, true)
			} else {
				gaps.States.SetBit(r, i, source.Float64() < 0.5)
			}
		}
	}
	return &gaps
}

// From rows with a third of their cells missing a model learns about as much as from whole rows, and far more than from
// ones that were filled in by the mean of each unit.
func TestGapsAreSummedOver(t *testing.T) {
	if testing.Short() {
		t.Skip("trains three models")
	}
	set, truth := drawnBars(t, 3000), bars(t)
	learn := func(set *data.Set) float64 {
		training := start(t, 10, set, train.Config{
			Epochs: 60, Batch: 100, Every: 1800, Rate: 0.02, Negative: &train.Exact{}, Optimizer: &train.Adam{}, Seed: 3,
		})
		finish(t, training)
		return logLikelihood(t, training.Model, truth)
	}
	gaps := withGaps(set, 1./3, 1)
	means := *gaps
	means.States, means.Known = gaps.States.Clone(), rbm.Batch{}
	for r := range means.Rows() {
		for i, p := range gaps.Means() {
			if !gaps.Known.Bit(r, i) {
				means.States.SetBit(r, i, p > 0.5)
			}
		}
	}
	whole, missing, imputed := learn(set), learn(gaps), learn(&means)
	if missing < whole-0.15 || imputed > missing-0.5 {
		t.Errorf("log-likelihood of whole rows %.3f, with gaps %.3f, filled in %.3f", whole, missing, imputed)
	}
}

// Where all cells are known nothing changes, to the byte.
func TestKnownCellsAreNoGaps(t *testing.T) {
	run := func(set *data.Set) string {
		_, c := everything(t, 1)
		training := start(t, 10, set, c)
		return fingerprint(training, finish(t, training))
	}
	set := drawnBars(t, 330)
	if run(withGaps(set, 0, 1)) != run(set) {
		t.Error("a set that says that all is known gives another training")
	}
}

// Scores of rows with gaps are those of what is known, and the training data is left as it was.
func TestScoresOfGaps(t *testing.T) {
	set := withGaps(drawnBars(t, 18), 0.4, 2) // few enough to be scored all
	before := set.States.Clone()
	training := start(t, 4, set, train.Config{Epochs: 9, Batch: 18, Every: 9, Negative: &train.PCD{Steps: 1, Chains: 20}})
	all := finish(t, training)
	if !set.States.Equal(before) {
		t.Error("the caller's rows have changed")
	}
	last := all[len(all)-1].Evaluation
	p, sum := distributionOf(training.Model), 0.0
	for r := range set.Rows() {
		known := 0.0
		for v := range p {
			fits := true
			for i := range set.Units() {
				fits = fits && (!set.Known.Bit(r, i) || set.States.Bit(r, i) == (v>>i&1 == 1))
			}
			if fits {
				known += p[v]
			}
		}
		sum += math.Log(known) / float64(set.Rows())
	}
	logZ, err := exact.LogZ(t.Context(), training.Model, exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := float64(last.Train.Value) + last.LogZ.Value - logZ; math.Abs(got-sum) > 1e-4 {
		t.Errorf("score %v, want %v", got, sum)
	}
	if last.Pseudo != nil {
		t.Errorf("a pseudo-log-likelihood of rows with gaps: %+v", last.Pseudo)
	}
}

func TestStartRefusesUnitsThatAreNeverKnown(t *testing.T) {
	set := withGaps(drawnBars(t, 40), 0, 1)
	for r := range set.Rows() {
		set.Known.SetBit(r, 3, false)
	}
	_, err := train.Start(rbm.New(9, 4, rng.Seed(1)), set, train.Config{})
	if err == nil || !strings.Contains(err.Error(), "unit 4 is missing in all rows of the data: leave it out") {
		t.Errorf("error %v", err)
	}
}
