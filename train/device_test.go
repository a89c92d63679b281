package train_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/internal/enginetest"
	"github.com/harmonium-rbm/harmonium/internal/safetensors"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// A trace is all that comes out of a training, but for the times.
type trace struct {
	progress []train.Progress
	states   map[string]any // of the checkpoint
	model    []rbm.Named
}

// traced runs a training in the contexts of a list of legs, one after the other, with a number of updates each. The next
// leg goes on from a checkpoint.
func traced(t *testing.T, c train.Config, set *data.Set, kind rbm.Kind, legs []*compute.Context, each int) trace {
	t.Helper()
	var all trace
	var checkpoint []byte
	for k, on := range legs {
		c := c.Fresh()
		c.Compute = on
		model := rbm.NewModel(rbm.NewLayer(kind, set.Units()), rbm.NewLayer(kind, set.Units()-2), rng.Seed(1))
		training, err := train.Start(model, set, c)
		if err != nil {
			t.Fatal(err)
		}
		if checkpoint != nil {
			if err := training.Resume(checkpoint); err != nil {
				t.Fatal(err)
			}
		}
		for p := range training.Steps(t.Context()) {
			p.Seconds = 0
			if p.Average != nil {
				p.Average.Seconds = 0
			}
			if p.Evaluation != nil {
				p.Evaluation.Seconds = 0
				if !training.Model.Finite() {
					t.Fatalf("update %d is scored, and the model is not here", p.Update)
				}
			}
			all.progress = append(all.progress, p)
			if k+1 < len(legs) && p.Update%each == 0 {
				break
			}
		}
		if err := training.Err(); err != nil {
			t.Fatal(err)
		}
		all.model = training.Model.Clone().Parameters()
		var b bytes.Buffer
		if err := training.Checkpoint(&b); err != nil {
			t.Fatal(err)
		}
		checkpoint = b.Bytes()
	}
	f, err := safetensors.Read(bytes.NewReader(checkpoint), int64(len(checkpoint)))
	if err != nil {
		t.Fatal(err)
	}
	all.states = map[string]any{}
	for _, x := range f.Tensors {
		all.states[x.Name] = x.Data
	}
	return all
}

func sameTrace(t *testing.T, name string, got, want trace) {
	t.Helper()
	for k := range want.progress {
		if k >= len(got.progress) || fmt.Sprintf("%+v", deref(got.progress[k])) != fmt.Sprintf("%+v", deref(want.progress[k])) {
			t.Errorf("%s: turn %d: %+v, want %+v", name, k, deref(got.progress[k]), deref(want.progress[k]))
			break
		}
	}
	for what, x := range want.states {
		if !reflect.DeepEqual(got.states[what], x) {
			t.Errorf("%s: the checkpoint has another %s", name, what)
		}
	}
	if len(got.states) != len(want.states) || !reflect.DeepEqual(got.model, want.model) {
		t.Errorf("%s: another model", name)
	}
}

// deref lists the values that a progress points to.
func deref(p train.Progress) []any {
	evaluations := []*train.Evaluation{p.Evaluation, p.Average}
	p.Evaluation, p.Average = nil, nil
	list := []any{p}
	for _, e := range evaluations {
		if e == nil {
			continue
		}
		train, valid, pseudo, average := e.Train, e.Valid, e.Pseudo, e.Average
		e := *e
		e.Train, e.Valid, e.Pseudo, e.Average = nil, nil, nil, nil
		if list = append(list, e); average != nil {
			list = append(list, average.Parameters())
		}
		for _, s := range []any{train, valid, pseudo} {
			list = append(list, reflect.Indirect(reflect.ValueOf(s)))
		}
	}
	return list
}

// A way to train is settings, and what they are for.
type way struct {
	train.Config
	set  *data.Set
	kind rbm.Kind
}

func waysToTrain(t *testing.T, updates int) map[string]way {
	t.Helper()
	set := drawnBars(t, 120)
	weighted := *set
	weighted.Weights = make([]float64, set.Rows())
	for r := range weighted.Weights {
		weighted.Weights[r] = float64(1 + r%3)
	}
	pcd := &train.PCD{Steps: 2, Chains: 20}
	full := func() *train.PCD { return &train.PCD{Steps: 2, Chains: 30, Replicas: 4, Trust: 0.05} }
	ways := map[string]way{
		"default":         {Config: train.Config{}},
		"trust and jumps": {Config: train.Config{Negative: full(), Rate: 0.05}},
		"trust, plain":    {Config: train.Config{Negative: full(), Rate: 0.05, Plain: true}},
		"pcd":             {Config: train.Config{Negative: pcd}},
		"pcd, plain":      {Config: train.Config{Negative: pcd, Plain: true, L1: 1e-3, L2: 1e-3, Clip: 0.1}},
		"adapt":           {Config: train.Config{Negative: &train.PCD{Adapt: true, Chains: 20}}},
		"cd":              {Config: train.Config{Negative: &train.CD{Steps: 1}, Optimizer: &train.SGD{}, L2: 1e-2}},
		"exact":           {Config: train.Config{Negative: &train.Exact{}, Optimizer: &train.Momentum{}, L1: 1e-2}},
		"adam's momentum": {Config: train.Config{Negative: pcd, Optimizer: &train.Adam{Beta1: 0.5}, Clip: 0.05}},
		"weights":         {Config: train.Config{Negative: full(), Rate: 0.05, Valid: &weighted}, set: &weighted},
		"gaps":            {Config: train.Config{Negative: pcd}, set: withGaps(set, 0.2, 1)},
		"average":         {Config: train.Config{Negative: full(), Rate: 0.05, Average: true, Valid: drawnValid(t)}},
		"trained":         {Config: train.Config{Negative: full(), Rate: 0.01, Trained: true}},
		"spins":           {Config: train.Config{Negative: full(), Rate: 0.01}, kind: rbm.Spin},
	}
	wide := &data.Set{States: rbm.NewBatch(120, 90)} // whose weights are moved in two blocks
	rbm.NewLayer(rbm.Bernoulli, 90).Sample(wide.States, nil, rng.Seed(4), 0, 0)
	ways["blocks"] = way{Config: train.Config{Negative: full(), Rate: 0.01}, set: wide}
	for name, w := range ways {
		w.Batch, w.Updates, w.Every = 40, updates, 13
		if w.set == nil {
			w.set = set
		}
		if w.kind == "" {
			w.kind = rbm.Bernoulli
		}
		ways[name] = w
	}
	return ways
}

// A training whose parameters stay on an engine gives the bytes of one that the workers compute, in every way to train, wherever it is
// stopped and goes on.
func TestEngineTrainsToTheSameBytes(t *testing.T) {
	updates, leg := 60, 17
	if testing.Short() {
		updates, leg = 16, 5
	}
	for name, w := range waysToTrain(t, updates) {
		workers, on, other := compute.New(1), enginetest.Context(2), enginetest.Context(1)
		want := traced(t, w.Config, w.set, w.kind, []*compute.Context{workers}, updates)
		got := traced(t, w.Config, w.set, w.kind, []*compute.Context{on}, updates)
		sameTrace(t, name, got, want)
		if ascents := on.Engine().(*enginetest.Engine).Calls("Ascend"); ascents < updates && w.kind == rbm.Bernoulli {
			t.Errorf("%s: the engine made %d updates", name, ascents)
		}
		got = traced(t, w.Config, w.set, w.kind, []*compute.Context{other, workers, other, enginetest.Context(2)}, leg)
		sameTrace(t, name+", from place to place", got, want)
	}
}

// The same on a GPU, where there is one.
func TestGPUTrainsToTheSameBytes(t *testing.T) {
	isa, err := compute.EnvironmentISA()
	if err != nil {
		t.Fatal(err)
	}
	on, err := compute.Open(compute.CUDA, 1, isa)
	if err != nil {
		if os.Getenv("HARMONIUM_CUDA") != "" {
			t.Fatal(err)
		}
		t.Skip("no GPU to test on: ", err)
	}
	updates := 60
	if testing.Short() {
		updates = 16
	}
	for name, w := range waysToTrain(t, updates) {
		workers := compute.New(1)
		want := traced(t, w.Config, w.set, w.kind, []*compute.Context{workers}, updates)
		got := traced(t, w.Config, w.set, w.kind, []*compute.Context{on, workers, on}, updates/3)
		sameTrace(t, name, got, want)
	}
}

// What an engine keeps to itself comes with a turn that has an evaluation, with Current, and after the loop.
func TestModelOfAnEngineIsCurrent(t *testing.T) {
	c := train.Config{Updates: 20, Every: 7}
	here := start(t, 5, drawnBars(t, 100), c.Fresh())
	c.Compute = enginetest.Context(1)
	there := start(t, 5, drawnBars(t, 100), c.Fresh())
	for _, training := range []*train.Training{here, there} {
		training.Model.W[3], training.Model.C()[0] = 0.5, -1 // by the caller
	}
	var models []*rbm.Model
	for range here.Steps(t.Context()) {
		models = append(models, here.Model.Clone())
	}
	for p := range there.Steps(t.Context()) {
		want := models[p.Update-1]
		if p.Evaluation == nil {
			if slices.Equal(there.Model.W, want.W) {
				t.Fatalf("update %d: the weights are here before anybody asks for them", p.Update)
			}
			if p.Update%2 == 0 {
				there.Current()
			}
		}
		if p.Evaluation != nil || p.Update%2 == 0 {
			if !slices.Equal(there.Model.W, want.W) {
				t.Errorf("update %d: other weights", p.Update)
			}
		}
		if p.Update == 17 {
			break
		}
	}
	if !slices.Equal(there.Model.W, models[16].W) || !slices.Equal(there.Model.C(), models[16].C()) {
		t.Error("after the loop: other parameters")
	}
	finish(t, there)
	if best := there.Best(); !slices.Equal(best.W, models[19].W) {
		t.Error("at the end: other weights")
	}
}

// Between scores nothing crosses but the minibatch, the chains for their overlap, and biases.
func TestUpdatesStayOnTheEngine(t *testing.T) {
	const updates = 20
	for _, negative := range []train.Negative{&train.PCD{Chains: 10}, &train.CD{}} {
		on := enginetest.Context(1)
		e, before := on.Engine().(*enginetest.Engine), map[string]int{}
		training := start(t, 5, drawnBars(t, 100), train.Config{Updates: updates, Every: 100, Batch: 50, Compute: on, Negative: negative})
		methods := []string{"Bind", "Push", "Fetch", "copy", "Upload", "Download", "Multiply", "Probabilities", "Ascend", "Err"}
		for p := range training.Steps(t.Context()) {
			for _, method := range methods {
				calls := e.Calls(method) - before[method]
				before[method] = e.Calls(method)
				most := map[string]int{"Upload": 1, "Download": 1, "Ascend": 1, "Err": 1}[method]
				if negative.Kind() == "cd" && method == "Upload" {
					most = 2 // the minibatch, and the chains that begin there
				}
				if p.Evaluation == nil && calls > most {
					t.Errorf("%s, update %d: %d calls of %s", negative.Kind(), p.Update, calls, method)
				}
			}
		}
	}
}

// After a failure of the engine the training ends in its error, and writes nothing.
func TestFailureOfAnEngineEndsTheTraining(t *testing.T) {
	lost := errors.New("the GPU has fallen off the bus")
	for _, at := range []int{0, 1, 7, 8} {
		on := enginetest.Context(1)
		training := start(t, 5, drawnBars(t, 100), train.Config{Updates: 20, Every: 7, Compute: on})
		if at == 0 {
			on.Engine().(*enginetest.Engine).Fail(lost)
		}
		last := 0
		for p := range training.Steps(t.Context()) {
			if last = p.Update; last == at {
				on.Engine().(*enginetest.Engine).Fail(lost)
			}
		}
		if last != at || !errors.Is(training.Err(), lost) {
			t.Errorf("failed after update %d: ended after %d with error %v", at, last, training.Err())
		}
		var b bytes.Buffer
		if err := training.Checkpoint(&b); !errors.Is(err, lost) || b.Len() > 0 {
			t.Errorf("failed after update %d: a checkpoint of %d bytes, error %v", at, b.Len(), err)
		}
	}
	on := enginetest.Context(1)
	e, last := on.Engine().(*enginetest.Engine), 0
	training := start(t, 5, drawnBars(t, 100), train.Config{Updates: 20, Every: 7, Compute: on, Negative: &train.PCD{Chains: 10}})
	for p := range training.Steps(t.Context()) {
		if last = p.Update; last == 1 {
			e.FailAt("Fetch", e.Calls("Fetch")+1, lost) // of the next score
		}
	}
	if last != 6 || !errors.Is(training.Err(), lost) {
		t.Errorf("failed in the score of update 7: the last turn is %d, with error %v", last, training.Err())
	}
}

// Whatever the engine is doing when it fails, the training ends in its error.
func TestFailureOfAnEngineAnywhere(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long under the race detector, and is one goroutine")
	}
	lost := errors.New("the GPU has fallen off the bus")
	set := &data.Set{States: rbm.NewBatch(200, 36)}
	rbm.NewLayer(rbm.Bernoulli, 36).Sample(set.States, nil, rng.Seed(3), 0, 0)
	begin := func() (*train.Training, *enginetest.Engine) {
		on := enginetest.Context(1)
		training := start(t, 36, set, train.Config{Updates: 27, Every: 26, Valid: set, Rate: 0.1, Compute: on})
		return training, on.Engine().(*enginetest.Engine)
	}
	training, whole := begin()
	finish(t, training)
	for _, method := range []string{"Sample", "SumSoftplus", "Linear", "Load", "Averages", "Ascend", "Upload", "Download", "Fetch"} {
		calls := whole.Calls(method)
		if calls == 0 {
			t.Errorf("no call of %s", method)
		}
		for part := range 2 {
			training, e := begin()
			e.FailAt(method, e.Calls(method)+1+(calls-e.Calls(method)-1)*(1+part)/2, lost)
			for range training.Steps(t.Context()) {
			}
			var b bytes.Buffer
			if err := training.Checkpoint(&b); !errors.Is(training.Err(), lost) || !errors.Is(err, lost) || b.Len() > 0 {
				t.Errorf("%s fails: error %v, a checkpoint of %d bytes with error %v", method, training.Err(), b.Len(), err)
			}
		}
	}
}

// A training that goes back to its best model does so on the engine as well.
func TestEngineGoesBackToTheBestModel(t *testing.T) {
	here, there := overfitting(t, train.Config{}), overfitting(t, train.Config{Compute: enginetest.Context(2)})
	finish(t, here)
	finish(t, there)
	same := reflect.DeepEqual(here.Best().Parameters(), there.Best().Parameters()) &&
		reflect.DeepEqual(here.Model.Parameters(), there.Model.Parameters())
	if here.Done() == here.Config().Epochs || there.Done() != here.Done() || !same {
		t.Errorf("%d updates on the engine, %d without, or another model", there.Done(), here.Done())
	}
}
