package train_test

import (
	"bytes"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/internal/safetensors"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// A checkpoint whose replicas or modes can't be is refused, although its digest is right.
func TestResumeRefusesImpossibleReplicas(t *testing.T) {
	begin := func() *train.Training {
		return start(t, 10, drawnBars(t, 100), train.Config{Batch: 20, Updates: 60, Negative: &train.PCD{Chains: 20, Replicas: 4}})
	}
	training := begin()
	for p := range training.Steps(t.Context()) {
		if p.Update == 30 {
			break
		}
	}
	var whole bytes.Buffer
	if err := training.Checkpoint(&whole); err != nil {
		t.Fatal(err)
	}
	changed := func(name string, change func(data any) any) []byte {
		f, err := safetensors.Read(bytes.NewReader(whole.Bytes()), int64(whole.Len()))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for k := range f.Tensors {
			if f.Tensors[k].Name != name {
				continue
			}
			found = true
			to := change(f.Tensors[k].Data)
			f.Tensors[k].Data = to
			switch x := to.(type) {
			case []float64:
				f.Tensors[k].Shape = []int{len(x)}
			case []float32:
				f.Tensors[k].Shape = []int{len(x)}
			}
		}
		if !found {
			t.Fatalf("there is no %q", name)
		}
		f.Seal()
		var b bytes.Buffer
		if err := safetensors.Write(&b, f); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	set := func(k int, x float64) func(any) any {
		return func(data any) any {
			switch to := data.(type) {
			case []float64:
				if k < 0 {
					k += len(to)
				}
				to[k] = x
			case []float32:
				to[k] = float32(x)
			}
			return data
		}
	}
	cut := func(n int) func(any) any {
		return func(data any) any {
			switch from := data.(type) {
			case []float64:
				return append(from, make([]float64, n)...)[:max(0, min(n, len(from)+n))]
			case []float32:
				return from[:n]
			}
			return data
		}
	}
	const betas, means, bounds, sums = "negative.replicas.betas", "negative.jumps.means", "negative.jumps.bounds", "negative.jumps.sums"
	for _, c := range []struct {
		name   string
		change func(any) any
		want   string
	}{
		{betas, set(1, 1.5), "damaged: temperatures at [0 1.5 "},
		{betas, set(1, -0.5), "damaged: temperatures at [0 -0.5 "},
		{betas, set(0, 0.1), "damaged: temperatures at [0.1 "},
		{betas, set(-1, 0.99), "want them to rise from 0 to 1"},
		{betas, set(1, 0.9), "damaged: temperatures at [0 0.9 "},
		{betas, set(1, math.NaN()), `"negative.replicas.betas" is not what these settings expect`},
		{betas, cut(0), "is not what these settings expect"},
		{betas, cut(1), "is not what these settings expect"},
		{betas, cut(3), "is not what these settings expect"},
		{betas, cut(100000), "is not what these settings expect"},
		{"negative.replicas.rejected", set(0, -1), "damaged: -1 of "},
		{"negative.replicas.tried", set(0, 0), "want a part of a finite number"},
		{"negative.replicas.tried", set(0, math.Inf(1)), "is not what these settings expect"},
		{means, set(3, math.NaN()), "damaged: a mode with a mean of NaN"},
		{means, set(3, 2), "damaged: a mode with a mean of 2"},
		{means, cut(5), "is not what these settings expect"},
		{bounds, set(0, math.Inf(1)), "is not what these settings expect"},
		{bounds, set(0, math.NaN()), "is not what these settings expect"},
		{sums, set(0, math.NaN()), "is not what these settings expect"},
		{sums, cut(1000), "is not what these settings expect"},
		{bounds, cut(1000), "is not what these settings expect"},
	} {
		if err := begin().Resume(changed(c.name, c.change)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want %q", c.name, err, c.want)
		}
	}
	again := begin()
	if err := again.Resume(changed(betas, set(0, 0))); err != nil {
		t.Fatal(err)
	}
	finish(t, again)
	if finish(t, training); again.Model.W[5] != training.Model.W[5] {
		t.Error("the checkpoint as it was gives another training")
	}
}

// A checkpoint is read into the places of the training, and is not in memory beside it.
func TestResumeTakesNoMemory(t *testing.T) {
	set := &data.Set{States: rbm.NewBatch(20, 1000)}
	rbm.NewLayer(rbm.Bernoulli, 1000).Sample(set.States, nil, rng.Seed(1), 0, 0)
	training, err := train.Start(rbm.New(1000, 800, rng.Seed(1)), set, train.Config{Updates: 1, Negative: &train.PCD{Chains: 20}})
	if err != nil {
		t.Fatal(err)
	}
	var checkpoint bytes.Buffer
	if err := training.Checkpoint(&checkpoint); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := training.ResumeFrom(bytes.NewReader(checkpoint.Bytes()), int64(checkpoint.Len())); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > uint64(checkpoint.Len())/5 {
		t.Errorf("reading a checkpoint of %d bytes took %d", checkpoint.Len(), took)
	}
}
