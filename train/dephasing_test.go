package train_test

import (
	"context"
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/quantum"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// randomState has normal amplitudes.
func randomState(t *testing.T, sites int, seed uint64) quantum.State {
	t.Helper()
	psi, source, norm := make([]complex128, 1<<sites), rng.NewSource(rng.Seed(seed), 0), 0.0
	for k := range psi {
		re, im := 0.0, 0.0
		for range 12 {
			re, im = re+source.Float64()-0.5, im+source.Float64()-0.5
		}
		psi[k] = complex(re, im)
		norm += re*re + im*im
	}
	for k := range psi {
		psi[k] /= complex(math.Sqrt(norm), 0)
	}
	state, err := quantum.NewState(psi)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// Random phases are learned from any start, as trainings begin at the likelihood of a dephased state. By the likelihood
// itself they end in many optima.
func TestDephasingFindsPhases(t *testing.T) {
	if testing.Short() {
		t.Skip("six trainings")
	}
	const sites = 5
	mean := func(noDephasing bool) (fidelity, score float64) {
		for seed := range uint64(3) {
			psi := randomState(t, sites, seed)
			set := measured(t, psi, 1000)
			likelihood := quantum.NewLikelihood(quantum.Pauli(), nil)
			likelihood.NoDephasing = noDephasing
			f, s := trainedOn(t, set, psi, likelihood, seed)
			fidelity, score = fidelity+f/3, score+s/3
		}
		return fidelity, score
	}
	fidelity, score := mean(false)
	plainFidelity, plainScore := mean(true)
	if !(fidelity > 0.7 && fidelity > plainFidelity+0.1 && score > plainScore+0.1) {
		t.Errorf("fidelity %.3f and score %.3f, by the likelihood itself %.3f and %.3f: want better by 0.1 or more",
			fidelity, score, plainFidelity, plainScore)
	}
}

// What a model of rows in many bases has to be better than are independent sites with the means of each basis: of a state
// all of whose sites point somewhere, it isn't where it has learned a mixture of everything.
func TestJudgeInBases(t *testing.T) {
	psi := quantum.State{0.5, 0.5i, 0.5i, -0.5} // both along y
	set := measured(t, psi, 900)
	for _, c := range []struct {
		config train.Config
		want   int
	}{
		{train.Config{Updates: 400, Negative: &train.Exact{}}, 0},
		{train.Config{Updates: 40, Negative: &train.Exact{}, Rate: 1e-6}, 1},
		{train.Config{Updates: 20, Negative: &train.Exact{}, Rate: 1e9}, 1},
	} {
		training := reconstruct(t, rbm.StateComplex, set, nil, c.config)
		var last *train.Evaluation
		for p := range training.Steps(t.Context()) {
			if p.Evaluation != nil {
				last = p.Evaluation
			}
		}
		findings := training.Monitor.Judge(training.Model, &last.Scores)
		if len(findings) != c.want || c.want > 0 && findings[0].Code != "below-independent" {
			t.Errorf("rate %g: the score is %v, findings %v, want %d", c.config.Rate, last.Train.Value, findings, c.want)
		}
	}
}

// Few sites are enumerated unless something else is said, and few rows make enough updates.
func TestDefaultsInBases(t *testing.T) {
	for _, c := range []struct {
		kind     rbm.StateKind
		sites    int
		config   train.Config
		negative string
		epochs   int
	}{
		{rbm.StateComplex, 10, train.Config{}, "exact", 20000},
		{rbm.StateComplex, 11, train.Config{}, "pcd", 20000},
		{rbm.StateComplex, 2, train.Config{Negative: &train.PCD{}, Batch: 1}, "pcd", 334},
		{rbm.StateComplex, 2, train.Config{Updates: 5}, "exact", 0},
		{rbm.StateDensity, 2, train.Config{}, "exact", 10000},
		{rbm.StateDensity, 2, train.Config{Batch: 1}, "exact", 300},
	} {
		set := measured(t, quantum.W(c.sites), 60)
		got := reconstruct(t, c.kind, set, nil, c.config).Config()
		if got.Negative.Kind() != c.negative || got.Epochs != c.epochs {
			t.Errorf("%s of %d sites: %s and %d epochs, want %s and %d", c.kind, c.sites, got.Negative.Kind(), got.Epochs, c.negative, c.epochs)
		}
	}
}

func trainedOn(t *testing.T, set *data.Set, psi quantum.State, likelihood train.Likelihood, seed uint64) (fidelity, score float64) {
	t.Helper()
	const hidden = 16
	model := rbm.New(set.Units(), hidden, rng.Seed(seed))
	var err error
	if model.State, err = rbm.NewState(rbm.StateComplex, model, hidden, 0, rng.Seed(seed)); err != nil {
		t.Fatal(err)
	}
	training, err := train.Start(model, set, train.Config{
		Updates: 1000, Every: 1000, Seed: seed, Negative: &train.Exact{}, Likelihood: likelihood,
	})
	if err != nil {
		t.Fatal(err)
	}
	for p := range training.Steps(context.Background()) {
		if p.Evaluation != nil {
			score = float64(p.Evaluation.Train.Value)
		}
	}
	state, err := quantum.Reconstruct(training.Model)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := quantum.Whole(state, nil)
	if err != nil {
		t.Fatal(err)
	}
	return quantum.Fidelity(whole, psi), score
}
