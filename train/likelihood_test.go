package train_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/quantum"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// measured returns outcomes of a state in all bases of X, Y and Z, as many in each.
func measured(t *testing.T, state quantum.Known, rows int) *data.Set {
	t.Helper()
	var bases []quantum.Basis
	for r := range rows {
		b := make([]byte, state.Sites())
		for i, k := 0, r; i < len(b); i++ {
			b[i] = "XYZ"[k%3]
			k /= 3
		}
		bases = append(bases, quantum.Basis(b))
	}
	m, err := quantum.Measure(state, bases, quantum.Pauli(), rng.Seed(5))
	if err != nil {
		t.Fatal(err)
	}
	set := &data.Set{States: m.Outcomes, Values: rbm.Bernoulli}
	for _, b := range bases {
		set.Bases = append(set.Bases, string(b))
	}
	return set
}

// reconstruct starts a training of a state.
func reconstruct(t *testing.T, kind rbm.StateKind, set, valid *data.Set, config train.Config) *train.Training {
	t.Helper()
	auxiliary := 0
	if kind == rbm.StateDensity {
		auxiliary = 2
	}
	model := rbm.New(set.Units(), 3+auxiliary, rng.Seed(config.Seed))
	var err error
	if model.State, err = rbm.NewState(kind, model, 3, auxiliary, rng.Seed(config.Seed)); err != nil {
		t.Fatal(err)
	}
	config.Valid, config.Likelihood = valid, quantum.NewLikelihood(quantum.Pauli(), config.Compute)
	training, err := train.Start(model, set, config)
	if err != nil {
		t.Fatal(err)
	}
	return training
}

// twisted is (|00⟩ + i|01⟩ − |11⟩)/√3, which measurements of σ^z can't tell from its moduli.
func twisted() quantum.State {
	r := math.Sqrt(1. / 3)
	return quantum.State{complex(r, 0), complex(0, r), 0, complex(-r, 0)}
}

// The loop learns amplitudes, phases and mixing from measurements in many bases, with the exact negative phase, with
// chains that go on, and with chains that begin at the rows of one basis.
func TestReconstruction(t *testing.T) {
	mixed := twisted().Density().Depolarise(0.4)
	for _, c := range []struct {
		kind     rbm.StateKind
		known    quantum.Known
		negative train.Negative
		least    float64 // fidelity: the errors of 4,500 outcomes are less, of a mixed state larger ones
	}{
		{rbm.StateComplex, twisted(), &train.Exact{}, 0.99},
		{rbm.StateComplex, twisted(), &train.PCD{Replicas: 2, Trust: 0.3}, 0.98},
		{rbm.StateComplex, twisted(), &train.CD{}, 0.98},
		{rbm.StateDensity, mixed, &train.Exact{}, 0.95},
	} {
		set := measured(t, c.known, 4500)
		training := reconstruct(t, c.kind, set, nil, train.Config{Epochs: 12, Seed: 3, Every: 540, Negative: c.negative})
		var last *train.Evaluation
		for p := range training.Steps(t.Context()) {
			if p.Evaluation != nil {
				last = p.Evaluation
			}
		}
		if err := training.Err(); err != nil {
			t.Fatal(err)
		}
		state, err := quantum.Reconstruct(training.Best())
		if err != nil {
			t.Fatal(err)
		}
		whole, err := quantum.Whole(state, nil)
		if err != nil {
			t.Fatal(err)
		}
		if f := quantum.Fidelity(whole, c.known); f < c.least {
			t.Errorf("%s, %s: fidelity %.4f, want %g or more", c.kind, c.negative.Kind(), f, c.least)
		}
		rows := 0
		for _, b := range last.Bases {
			rows += b.Rows
		}
		if len(last.Bases) != 9 || rows != 2000 {
			t.Errorf("%s: %d bases of %d rows are scored, want 9 of 2000", c.kind, len(last.Bases), rows)
		}
	}
}

// Any number of auxiliary units leaves the coherence of a GHZ state to be learnt: with biases of 0 eight of them end at
// the mixture of |0000⟩ and |1111⟩, whose fidelity is 0.5.
func TestAuxiliaryUnitsLeaveCoherence(t *testing.T) {
	const sites, rows = 4, 3000
	state, bases := quantum.GHZ(sites), make([]quantum.Basis, rows)
	for r := range bases {
		bases[r] = quantum.Uniform("XYZ"[r%3], sites)
	}
	m, err := quantum.Measure(state, bases, quantum.Pauli(), rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	set := &data.Set{States: m.Outcomes, Values: rbm.Bernoulli}
	for _, b := range bases {
		set.Bases = append(set.Bases, string(b))
	}
	for _, auxiliary := range []int{1, 8, 24} {
		model := rbm.New(sites, sites+auxiliary, rng.Seed(1))
		if model.State, err = rbm.NewState(rbm.StateDensity, model, sites, auxiliary, rng.Seed(1)); err != nil {
			t.Fatal(err)
		}
		training, err := train.Start(model, set, train.Config{
			Updates: 300, Every: 300, Seed: 1, Negative: &train.Exact{}, Likelihood: quantum.NewLikelihood(quantum.Pauli(), nil),
		})
		if err != nil {
			t.Fatal(err)
		}
		for range training.Steps(t.Context()) {
		}
		reconstructed, err := quantum.Reconstruct(model)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := quantum.Whole(reconstructed, nil)
		if err != nil {
			t.Fatal(err)
		}
		if f := quantum.Fidelity(whole, state); f < 0.9 {
			t.Errorf("%d auxiliary units: fidelity %.4f, want 0.9 or more", auxiliary, f)
		}
	}
}

// Trainings on bases repeat to the byte with any number of workers, and go on from a checkpoint to the same bytes: the
// parameters of the phases and what the optimiser keeps of them are in it, and the best model has its own.
func TestReconstructionRepeats(t *testing.T) {
	for _, kind := range []rbm.StateKind{rbm.StateComplex, rbm.StateDensity} {
		set := measured(t, twisted(), 300)
		index := make([]int, 300)
		for k := range index {
			index[k] = k
		}
		trained, valid := set.Subset(index[:200]), set.Subset(index[200:])
		begin := func(workers int) *train.Training {
			return reconstruct(t, kind, trained, valid, train.Config{
				Updates: 40, Batch: 50, Every: 10, Compute: compute.New(workers), Negative: &train.PCD{Chains: 20, Replicas: 2},
			})
		}
		finish := func(training *train.Training) []byte {
			for range training.Steps(t.Context()) {
			}
			if err := training.Err(); err != nil {
				t.Fatal(err)
			}
			return contents(t, training)
		}
		want := finish(begin(1))
		if !bytes.Equal(finish(begin(3)), want) {
			t.Errorf("%s: three workers train another model", kind)
		}
		first := begin(2)
		for p := range first.Steps(t.Context()) {
			if p.Update == 17 {
				break
			}
		}
		var checkpoint bytes.Buffer
		if err := first.Checkpoint(&checkpoint); err != nil {
			t.Fatal(err)
		}
		second := begin(2)
		if err := second.Resume(checkpoint.Bytes()); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(finish(second), want) {
			t.Errorf("%s: the training that went on from update 17 differs", kind)
		}
	}
}

// contents are the bytes of the model and of the best one.
func contents(t *testing.T, training *train.Training) []byte {
	t.Helper()
	var text bytes.Buffer
	for _, model := range []*rbm.Model{training.Model, training.Best()} {
		if err := model.Write(&text); err != nil {
			t.Fatal(err)
		}
	}
	return text.Bytes()
}

// What can't be trained on is refused.
func TestReconstructionRefuses(t *testing.T) {
	set := measured(t, twisted(), 20)
	plain := *set
	plain.Bases = nil
	rotated := set.Subset([]int{0, 1, 3}) // XX, YX and XY
	likelihood := quantum.NewLikelihood(quantum.Pauli(), nil)
	for _, c := range []struct {
		set    *data.Set
		config train.Config
		want   string
	}{
		{set, train.Config{}, "need a likelihood"},
		{&plain, train.Config{Likelihood: likelihood}, "need a likelihood"},
		{set, train.Config{Likelihood: likelihood, Valid: &plain}, "the validation data has no bases"},
		{rotated, train.Config{Likelihood: likelihood, Negative: &train.CD{}}, "all rows were measured in other bases: want pcd or exact"},
	} {
		model := rbm.New(2, 2, rng.Seed(1))
		if _, err := train.Start(model, c.set, c.config); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one with %q", err, c.want)
		}
	}
}
