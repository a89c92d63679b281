package train_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/internal/lecturetest"
	"github.com/harmonium-rbm/harmonium/internal/safetensors"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// bars is the 3×3 bars-and-stripes distribution, its exact probabilities as weights.
func bars(t *testing.T) *data.Set {
	t.Helper()
	set, err := data.Bars(3, 3)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func drawnBars(t *testing.T, rows int) *data.Set {
	t.Helper()
	set, err := data.BarsSample(3, 3, rows, rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func start(t *testing.T, n int, set *data.Set, c train.Config) *train.Training {
	t.Helper()
	training, err := train.Start(rbm.New(set.Units(), n, rng.Seed(1)), set, c)
	if err != nil {
		t.Fatal(err)
	}
	return training
}

func finish(t *testing.T, training *train.Training) []train.Progress {
	t.Helper()
	var all []train.Progress
	for p := range training.Steps(t.Context()) {
		all = append(all, p)
	}
	if training.Err() != nil {
		t.Fatal(training.Err())
	}
	return all
}

// logLikelihood is the mean of log P(v) over the rows, by the lecture's P(v).
func logLikelihood(t *testing.T, model *rbm.Model, set *data.Set) float64 {
	t.Helper()
	p, sum := distributionOf(model), 0.0
	for r := range set.Rows() {
		sum += set.Weight(r) * math.Log(p[set.States.Index(r)])
	}
	return sum / set.TotalWeight()
}

func distributionOf(model *rbm.Model) []float64 {
	bits, _ := lecturetest.Bits(model)
	return bits.Distribution()
}

// Gradient descent on the true cost: with the whole data as minibatch and a small rate, every step raises the
// likelihood by η‖g‖².
func TestExactGradientDescentClimbs(t *testing.T) {
	set := bars(t)
	for _, plain := range []bool{true, false} {
		training := start(t, 6, set, train.Config{
			Negative: &train.Exact{}, Optimizer: &train.SGD{}, Batch: set.Rows(), Updates: 200, Rate: 0.05, Schedule: train.Constant, Plain: plain,
		})
		last := logLikelihood(t, training.Model, set)
		for p := range training.Steps(t.Context()) {
			now := logLikelihood(t, training.Model, set)
			if now <= last {
				t.Fatalf("plain %v: update %d lowers the log-likelihood from %v to %v", plain, p.Update, last, now)
			}
			if gain, want := now-last, 0.05*p.GradientNorm*p.GradientNorm; plain && math.Abs(gain-want) > 0.1*want+2e-6 {
				t.Fatalf("update %d gains %v, want η‖g‖² = %v", p.Update, gain, want)
			}
			last = now
		}
	}
}

// Every negative phase and optimiser learns bars and stripes. Independent units are 3.6 nats away from them: they have
// 9 log ½ = −6.24 nats where the entropy is 2.60. The bounds are 1.15 to 1.8 times what four seeds gave.
func TestEveryMethodLearns(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds, and a minute under the race detector")
	}
	set := drawnBars(t, 2000)
	entropy := data.Describe(set).Entropy
	for name, c := range map[string]struct {
		train.Config
		least, most float64 // KL divergence
	}{
		"default": {train.Config{}, 0, 0.1},
		"exact":   {train.Config{Negative: &train.Exact{}, Rate: 0.01}, 0, 0.06},
		// CD is biased where modes are far apart (Fischer & Igel, ICANN 2010).
		"cd":       {train.Config{Negative: &train.CD{Steps: 5}, Rate: 0.003}, 0.5, 0.95},
		"pcd":      {train.Config{Negative: &train.PCD{Steps: 5, Chains: 200}, Rate: 0.01}, 0, 0.1},
		"replicas": {train.Config{Negative: &train.PCD{Steps: 5, Chains: 200, Replicas: 20}, Rate: 0.01}, 0, 0.1},
		"sgd":      {train.Config{Optimizer: &train.SGD{}, Rate: 1}, 0, 0.3},
		"momentum": {train.Config{Optimizer: &train.Momentum{}, Rate: 0.1}, 0, 0.25},
		"plain":    {train.Config{Plain: true, Rate: 0.01, Negative: &train.PCD{}}, 0.1, 0.24}, // slower, as most bits are not off
	} {
		if name != "default" {
			c.Epochs, c.Batch = 100, 100
		}
		training := start(t, 12, set, c.Config)
		all := finish(t, training)
		e := all[len(all)-1].Evaluation
		if e == nil || e.Train.Method != monitor.MethodExact {
			t.Fatalf("%s: last evaluation is %+v, want an exact one", name, e)
		}
		if want := logLikelihood(t, training.Model, set); math.Abs(float64(e.Train.Value)-want) > 1e-9 {
			t.Errorf("%s: evaluation says %v, the oracle %v", name, e.Train.Value, want)
		}
		if kl := -entropy - float64(e.Train.Value); !(kl >= c.least && kl <= c.most) {
			t.Errorf("%s: KL divergence from the data is %.3f nats after %d updates, want %v to %v",
				name, kl, training.Done(), c.least, c.most)
		}
	}
}

// Every negative phase of a model that doesn't change gives the exact moments within five standard errors, also where
// chains exchange states with replica sets and jump between modes.
func TestNegativePhasesAgree(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds, and a minute under the race detector")
	}
	const chains, updates, every = 20, 40000, 20
	model := rbm.New(8, 5, rng.Seed(3))
	source := rng.NewSource(rng.Seed(3), 5)
	for _, p := range model.Parameters() {
		for k := range p.Values {
			p.Values[k] = float32(2*source.Float64() - 1)
		}
	}
	flat := func(s *rbm.Statistics) []float32 { return slices.Concat(s.V, s.H, s.VH) }
	moments := rbm.NewStatistics(model)
	if err := exact.Moments(t.Context(), moments, model, exact.Options{}); err != nil {
		t.Fatal(err)
	}
	want := flat(moments)
	conditionals := rbm.NewConditionals(model, compute.New(1))
	setup := train.Setup{
		Model: model, Conditionals: conditionals, Data: rbm.NewBatch(chains, 8), Batch: chains, Key: rng.Seed(4), Compute: compute.New(1),
	}
	update := train.Update{Model: model, Conditionals: conditionals, Rows: rbm.NewBatch(chains, 8)}
	for name, n := range map[string]train.Negative{
		"pcd": &train.PCD{Steps: 2, Chains: chains}, "cd": &train.CD{Steps: 40},
		"pcd with replicas": &train.PCD{Steps: 2, Chains: chains, Replicas: chains + 5},
	} {
		if err := n.Start(setup); err != nil {
			t.Fatal(err)
		}
		series, got := make([][]float64, len(want)), rbm.NewStatistics(model)
		for update.Number = range updates {
			_, cd := n.(*train.CD) // which forgets its chains
			if recorded := (update.Number+1)%every == 0; cd && !recorded {
				continue
			}
			if err := n.Phase(t.Context(), got, update); err != nil {
				t.Fatal(err)
			}
			if (update.Number+1)%every == 0 {
				for k, x := range flat(got) {
					series[k] = append(series[k], float64(x))
				}
			}
		}
		for k, x := range series {
			mean, stderr := diag.WeightedMean(x, nil) // of numbers 40 sweeps apart
			if !(math.Abs(mean-float64(want[k])) <= 5*stderr) || !(stderr < 0.003) {
				t.Errorf("%s: average %d is %.4f ± %.4f, exactly %.4f", name, k, mean, stderr, want[k])
			}
		}
	}
}

// everything gives a configuration that uses each part of a training that a checkpoint must hold.
func everything(t *testing.T, workers int) (*data.Set, train.Config) {
	set := drawnBars(t, 330)
	valid := set.Subset([]int{1, 5, 9, 13, 200, 300})
	return set, train.Config{
		Compute: compute.New(workers), Seed: 7, Batch: 50, Epochs: 6, Optimizer: &train.Adam{}, Negative: &train.PCD{Steps: 3, Chains: 70},
		Valid: valid, Every: 4, L1: 1e-4, L2: 1e-3, Clip: 0.5, Average: true,
	}
}

func fingerprint(training *train.Training, all []train.Progress) string {
	var b bytes.Buffer
	training.Model.Write(&b)
	training.Best().Write(&b)
	for _, p := range all {
		for _, e := range []*train.Evaluation{p.Evaluation, p.Average} {
			if e != nil {
				fmt.Fprintln(&b, p.Update, p.GradientNorm, e.Train.Value, e.Valid.Value, e.Best, e.SingularValues, e.Sweeps)
			}
		}
	}
	return b.String()
}

// Workers, instruction sets, and being stopped and resumed anywhere, change nothing.
func TestTrainingRepeats(t *testing.T) {
	for name, settings := range map[string]func(workers int) (*data.Set, train.Config){
		"pcd": func(workers int) (*data.Set, train.Config) { return everything(t, workers) },
		"cd": func(workers int) (*data.Set, train.Config) {
			set, c := everything(t, workers)
			c.Negative = &train.CD{}
			return set, c
		},
		"exact": func(workers int) (*data.Set, train.Config) {
			set, c := everything(t, workers)
			c.Negative = &train.Exact{}
			return set, c
		},
		// whose temperatures are spaced again after updates 50 and 100, with searches for modes before these
		"pcd with replicas": func(workers int) (*data.Set, train.Config) {
			set, c := everything(t, workers)
			c.Epochs, c.Rate, c.Clip, c.Negative = 18, 0.1, 0, &train.PCD{Steps: 2, Chains: 30, Replicas: 7, Trust: 0.5}
			return set, c
		},
		"pcd with gaps": func(workers int) (*data.Set, train.Config) {
			set, c := everything(t, workers)
			c.Valid = withGaps(c.Valid, 0.2, 2)
			return withGaps(set, 0.2, 1), c
		},
		"pcd that adapts": func(workers int) (*data.Set, train.Config) {
			set, c := everything(t, workers)
			c.Rate, c.Clip, c.Negative = 0.1, 0, &train.PCD{Chains: 30, Adapt: true} // fast enough to need more sweeps
			return set, c
		},
	} {
		t.Run(name, func(t *testing.T) { checkRepeats(t, settings) })
	}
}

func checkRepeats(t *testing.T, settings func(workers int) (*data.Set, train.Config)) {
	run := func(workers int) *train.Training {
		set, c := settings(workers)
		return start(t, 10, set, c)
	}
	training := run(1)
	want := fingerprint(training, finish(t, training))
	workers, isas, stops := []int{2, 7}, compute.ISAs(), []int{1, 4, 17, 41, 65, 121}
	if testing.Short() { // what can race: the forms are run by one worker, and a training that is resumed is one like others
		workers, isas, stops = workers[1:], nil, []int{65}
	}
	for _, workers := range workers {
		training := run(workers)
		if got := fingerprint(training, finish(t, training)); got != want {
			t.Errorf("%d workers give another run than one", workers)
		}
	}
	for _, isa := range isas {
		set, c := settings(1)
		c.Compute = compute.NewISA(1, isa)
		training := start(t, 10, set, c)
		if got := fingerprint(training, finish(t, training)); got != want {
			t.Errorf("%v gives another run", isa)
		}
	}
	for _, stop := range stops {
		first := run(1)
		var all []train.Progress
		for p := range first.Steps(t.Context()) {
			if all = append(all, p); p.Update == stop {
				break
			}
		}
		if first.Finished() != "" {
			continue
		}
		var checkpoint bytes.Buffer
		if err := first.Checkpoint(&checkpoint); err != nil {
			t.Fatal(err)
		}
		second := run(2)
		if err := second.Resume(checkpoint.Bytes()); err != nil {
			t.Fatal(err)
		}
		all = append(all, finish(t, second)...)
		if got := fingerprint(second, all); got != want {
			t.Errorf("resumed after update %d it is another run", stop)
		}
	}
}

func TestResumeRefusesOtherSettings(t *testing.T) {
	set, c := everything(t, 1)
	var checkpoint bytes.Buffer
	if err := start(t, 10, set, c).Checkpoint(&checkpoint); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*train.Config){
		"other chains":    func(c *train.Config) { c.Negative = &train.PCD{Chains: 71} },
		"other optimizer": func(c *train.Config) { c.Optimizer = &train.Momentum{} },
		"other phase":     func(c *train.Config) { c.Negative = &train.CD{} },
		"replicas":        func(c *train.Config) { c.Negative = &train.PCD{Steps: 3, Chains: 70, Replicas: 2} },
	} {
		set, c := everything(t, 1)
		change(&c)
		if err := start(t, 10, set, c).Resume(checkpoint.Bytes()); err == nil {
			t.Errorf("%s: resumed", name)
		}
	}
	if err := start(t, 10, set, c).Resume(checkpoint.Bytes()[:100]); err == nil {
		t.Error("a truncated checkpoint was resumed")
	}
}

// A checkpoint of an older version is refused by its number, with the way out.
func TestResumeNamesVersions(t *testing.T) {
	set, c := everything(t, 1)
	var checkpoint bytes.Buffer
	if err := start(t, 10, set, c).Checkpoint(&checkpoint); err != nil {
		t.Fatal(err)
	}
	f, err := safetensors.Read(bytes.NewReader(checkpoint.Bytes()), int64(checkpoint.Len()))
	if err != nil {
		t.Fatal(err)
	}
	f.Metadata["version"] = "6"
	f.Seal()
	checkpoint.Reset()
	if err := safetensors.Write(&checkpoint, f); err != nil {
		t.Fatal(err)
	}
	err = start(t, 10, set, c).Resume(checkpoint.Bytes())
	const want = `version of the checkpoint is "6", this program reads 9: go on with the program that began the run, or train again`
	if err == nil || err.Error() != want {
		t.Errorf("error is %v, want %s", err, want)
	}
}

// A row of weight 2 counts as two rows, one of weight 0 as none.
func TestWeightsCountRows(t *testing.T) {
	rows := rbm.NewBatch(3, 4)
	for r, x := range []uint64{3, 5, 8} {
		rows.SetIndex(r, x)
	}
	twice := rbm.NewBatch(3, 4)
	for r, x := range []uint64{3, 3, 5} {
		twice.SetIndex(r, x)
	}
	weighted := &data.Set{States: rows, Weights: []float64{2e30, 1e30, 0}}
	trained := func(set *data.Set, batch int) *rbm.Model {
		training := start(t, 3, set, train.Config{Negative: &train.Exact{}, Batch: batch, Updates: 1, Plain: true})
		finish(t, training)
		return training.Model
	}
	a, b := trained(weighted, 2), trained(&data.Set{States: twice}, 3)
	for k := range a.W {
		if math.Abs(float64(a.W[k]-b.W[k])) > 1e-6 {
			t.Errorf("W[%d] = %v with weights, %v with the row twice", k, a.W[k], b.W[k])
		}
	}
}

func TestPatienceAndBest(t *testing.T) {
	if testing.Short() {
		t.Skip("thousands of updates")
	}
	set := drawnBars(t, 40) // few rows, many hidden units: soon overfitted
	training := start(t, 40, set, train.Config{
		Batch: 40, Epochs: 5000, Every: 40, Valid: drawnValid(t), Patience: 5, Schedule: train.Constant, Negative: &train.Exact{},
	})
	all := finish(t, training)
	if training.Finished() != "patience" {
		t.Fatalf("finished by %q after %d updates, want patience", training.Finished(), training.Done())
	}
	best := math.Inf(-1)
	for _, p := range all {
		if e := p.Evaluation; e != nil {
			best = max(best, float64(e.Valid.Value))
		}
	}
	if got := logLikelihood(t, training.Best(), drawnValid(t)); math.Abs(got-best) > 1e-9 {
		t.Errorf("best model scores %v, best evaluation was %v", got, best)
	}
}

func drawnValid(t *testing.T) *data.Set {
	set, err := data.BarsSample(3, 3, 200, rng.Seed(2))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// A rate far too large ends in an error that names the update, not in NaN.
func TestDivergenceStops(t *testing.T) {
	for rate, want := range map[float64]string{
		1e39: "no longer a finite number", 1e33: "no longer a finite number within", 1e20: "can't be scored",
	} {
		training := start(t, 5, drawnBars(t, 100), train.Config{Rate: rate, Schedule: train.Constant, Optimizer: &train.Momentum{}})
		for range training.Steps(t.Context()) {
		}
		err := training.Err()
		if err == nil || errors.Is(err, train.ErrDiverged) != (rate > 1e30) {
			t.Fatalf("rate %v: error is %v, want ErrDiverged where a parameter is no number", rate, err)
		}
		if !strings.Contains(err.Error(), "update 1: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("rate %v: error is %v, want %q", rate, err, want)
		}
	}
}

func TestCancelledStepsStop(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	training := start(t, 5, drawnBars(t, 100), train.Config{})
	for p := range training.Steps(ctx) {
		if p.Update == 3 {
			cancel()
		}
	}
	if training.Done() != 3 || training.Err() != nil || training.Finished() != "" {
		t.Errorf("after cancelling: %d updates, error %v, finished %q", training.Done(), training.Err(), training.Finished())
	}
}

func TestSchedules(t *testing.T) {
	for _, c := range []struct {
		s    train.Schedule
		want [3]float64 // at x = 0, ½, 1
	}{
		{train.Constant, [3]float64{1, 1, 1}},
		{train.Linear, [3]float64{1, 0.5, 0}},
		{train.Cosine, [3]float64{1, 0.5, 0}},
		{train.Power, [3]float64{1, 1 / 5.5, 0.1}},
	} {
		for k, x := range []float64{0, 0.5, 1} {
			if got := c.s.Factor(x); math.Abs(got-c.want[k]) > 1e-15 {
				t.Errorf("%s at %v is %v, want %v", c.s, x, got, c.want[k])
			}
		}
	}
}

// One step of each optimiser from zero, and the second with the same gradient, by hand.
func TestOptimizers(t *testing.T) {
	for _, c := range []struct {
		o    train.Optimizer
		want []float64
	}{
		{&train.SGD{}, []float64{0.2, 0.4}},
		{&train.Momentum{Decay: 0.9}, []float64{0.2, 0.2 + 0.1*(0.9*2+2)}},
		{&train.Adam{Beta2: 0.999, Epsilon: 1e-8}, []float64{0.1, 0.2}}, // a constant gradient moves by the rate, whatever its size
	} {
		model := &rbm.Model{Visible: rbm.WithBiases(rbm.Bernoulli, 0), Hidden: rbm.WithBiases(rbm.Bernoulli, 0), W: []float32{0}}
		c.o.Start(model, nil)
		for k, want := range c.want {
			c.o.Begin(0.1)
			c.o.Step(0, 0, model.W, []float32{2})
			c.o.Step(1, 0, model.B(), []float32{0})
			if math.Abs(float64(model.W[0])-want) > 1e-6 || !slices.Equal(model.B(), []float32{0}) {
				t.Errorf("%T: step %d leads to w = %v, b = %v, want %v and 0", c.o, k+1, model.W[0], model.B(), want)
			}
		}
	}
}
