package compute_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"sync"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/internal/enginetest"
	"github.com/harmonium-rbm/harmonium/internal/group"
	"github.com/harmonium-rbm/harmonium/internal/kindtest"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
	"github.com/harmonium-rbm/harmonium/train"
)

// results are what the users of a context make in it.
type results struct {
	Parameters      []rbm.Named // of a model trained in it
	LogZ            float64
	Pseudo          []float64
	Moments, Means  *rbm.Statistics // exact, and of the data
	Drawn, Tempered []uint64
}

func (r *results) compute(t *testing.T, on *compute.Context) {
	t.Helper()
	set, err := data.BarsSample(7, 5, 300, rng.Seed(1))
	check(t, err)
	model := rbm.New(set.Units(), 9, rng.Seed(2))
	training, err := train.Start(model, set, train.Config{
		Compute: on, Updates: 60, Batch: 60, Negative: &train.PCD{Steps: 2, Chains: 70, Replicas: 5},
	})
	check(t, err)
	for range training.Steps(t.Context()) {
	}
	check(t, training.Err())
	r.Parameters = model.Parameters()
	r.LogZ, err = exact.LogZ(t.Context(), model, exact.Options{Compute: on})
	check(t, err)
	r.Moments, r.Means = rbm.NewStatistics(model), rbm.NewStatistics(model)
	check(t, exact.Moments(t.Context(), r.Moments, model, exact.Options{Compute: on}))
	v, _, err := exact.Sample(t.Context(), model, 100, rng.Seed(3), exact.Options{Compute: on})
	check(t, err)
	r.Drawn = v.EncodeBits()
	r.Pseudo, err = model.PseudoLogLikelihood(v, on)
	check(t, err)
	rbm.NewConditionals(model, on).Statistics(r.Means, set.States, nil)
	line := rbm.NewLine(sample.IndependentModel(model), model, rbm.NewConditionals(model, on))
	replicas := sample.NewTempering(line, v, 3, rng.Seed(4))
	for range 5 {
		replicas.Round()
	}
	r.Tempered = replicas.Visible().EncodeBits()
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What is computed doesn't depend on the context, in any bit: all forms, several numbers of workers, an engine, and the
// default, side by side.
func TestContextsAgree(t *testing.T) {
	var want results
	want.compute(t, compute.NewISA(1, compute.ISAs()[0]))
	if !(want.LogZ > 0) || math.IsInf(want.LogZ, 0) {
		t.Fatalf("log Z is %v", want.LogZ)
	}
	agree := func(t *testing.T, on *compute.Context) {
		var got results
		got.compute(t, on)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%v with %d workers computes something else than plain Go with one", on.ISA(), on.Workers())
		}
	}
	agrees := func(t *testing.T, on *compute.Context) {
		t.Parallel()
		agree(t, on)
	}
	for _, isa := range compute.ISAs() {
		for _, workers := range []int{1, 2, 7} {
			t.Run(isa.String(), func(t *testing.T) { agrees(t, compute.NewISA(workers, isa)) })
		}
	}
	t.Run("engine", func(t *testing.T) { agrees(t, enginetest.Context(2)) })
	for _, size := range []int{2, 3} {
		t.Run("ranks", func(t *testing.T) {
			var running sync.WaitGroup
			for _, g := range group.Local(size) {
				running.Go(func() { agree(t, compute.InGroup(2, compute.ISAs()[0], g)) })
			}
			running.Wait()
		})
	}
	t.Run("default", func(t *testing.T) { agrees(t, nil) })
}

// Models, samples and chains have the same bits on every type of processor, of all kinds of units. amd64 and arm64 agree on these digests.
func TestBitsOfProcessors(t *testing.T) {
	on := compute.New(2)
	var r results
	r.compute(t, on)
	var trained, averages, chains []any
	for _, p := range r.Parameters {
		trained = append(trained, p.Values)
	}
	for _, x := range r.Means.Averages() {
		averages = append(averages, x)
	}
	for _, pair := range kindtest.Pairs(0.6) {
		c := sample.NewChains(sample.RandomStarts(pair.Model, 50, rng.Seed(1)), pair.Model.Hidden, rng.Seed(2))
		c.Sweep(rbm.NewConditionals(pair.Model, on), 20)
		for _, b := range []rbm.Batch{c.Visible, c.Hidden} {
			chains = append(chains, b.EncodeBits(), b.EncodeReals())
		}
	}
	for _, c := range []struct {
		name, want string
		numbers    []any
	}{
		{"parameters by PCD", "41b651235002cabaed3be19ef75c4b54", trained},
		{"averages of the data", "da615438efd089488e4c1e5f4e8259d7", averages},
		{"samples by enumeration", "34ec34bf4de5235827ae4acd48e611da", []any{r.Drawn}},
		{"states of tempering", "c1954280809a7f29b7d9fd08512dbd56", []any{r.Tempered}},
		{"chains of all kinds", "5a584e7bd7ada7a1247e85a82669fed6", chains},
	} {
		h := sha256.New()
		for _, x := range c.numbers {
			check(t, binary.Write(h, binary.LittleEndian, x))
		}
		if got := fmt.Sprintf("%.16x", h.Sum(nil)); got != c.want {
			t.Errorf("%s: digest %s, want %s", c.name, got, c.want)
		}
	}
}
