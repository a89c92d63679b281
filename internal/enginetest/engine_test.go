package enginetest

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// sweeps is what two contexts should agree on: chains, and all that is computed of them.
type sweeps struct {
	v, h       []uint64
	free       []float64
	probs      []float32
	statistics *rbm.Statistics
}

func sweep(on *compute.Context, visible, hidden rbm.Kind) sweeps {
	const m, n, rows = 70, 19, 33
	model := rbm.NewModel(rbm.NewLayer(visible, m), rbm.NewLayer(hidden, n), rng.Seed(1))
	for k := range model.W {
		model.W[k] *= 50
	}
	copy(model.B(), kerneltest.RandomFloats(m, 2))
	copy(model.C(), kerneltest.RandomFloats(n, 3))
	base := rbm.NewModel(rbm.NewLayer(visible, m), rbm.NewLayer(hidden, n), rng.Seed(1))
	clear(base.W)
	copy(base.B(), kerneltest.RandomFloats(m, 4))

	c := rbm.NewConditionals(model, on)
	v, h := model.Visible.NewBatch(rows), model.Hidden.NewBatch(rows)
	for k := range uint64(3) {
		c.SampleHidden(h, v, rng.Seed(5), k)
		c.SampleVisible(v.Slice(3, 30), h.Slice(3, 30), rng.Seed(6), k)
		v.SetBit(4, 5, k%2 == 0)
	}
	s := sweeps{free: make([]float64, 3*rows), probs: make([]float32, rows*n), statistics: rbm.NewStatistics(model)}
	places := rbm.NewLine(base, model, c).At(rbm.Stretch{Rows: 20, Place: 0.25}, rbm.Stretch{Rows: 13, Place: 1})
	places.SampleHiddenFree(h, v, rng.Seed(7), 0, rbm.Free{To: s.free[:rows], At: places})
	c.SampleHiddenFree(h, s.free[rows:2*rows], v, rng.Seed(7), 1)
	c.FreeEnergy(s.free[2*rows:], v)
	c.HiddenProbs(s.probs, v)
	weights := kerneltest.RandomFloats(rows, 8)
	for r, w := range weights {
		weights[r] = float32(math.Abs(float64(w)))
	}
	c.Statistics(s.statistics, v.Slice(1, rows), weights[1:])
	s.v, s.h = v.EncodeBits(), h.EncodeBits()
	return s
}

func TestComputesWhatTheWorkersDo(t *testing.T) {
	for _, kind := range []rbm.Kind{rbm.Bernoulli, rbm.Spin} {
		got, want := sweep(Context(2), kind, rbm.Bernoulli), sweep(compute.New(1), kind, rbm.Bernoulli)
		for what, same := range map[string]bool{
			"v": slices.Equal(got.v, want.v), "h": slices.Equal(got.h, want.h),
			"free energies": slices.Equal(got.free, want.free), "P(h|v)": slices.Equal(got.probs, want.probs),
			"statistics": slices.EqualFunc(got.statistics.Averages(), want.statistics.Averages(), slices.Equal[[]float32]),
		} {
			if !same {
				t.Errorf("%s: other %s", kind, what)
			}
		}
	}
}

func TestStaleMemoryIsOfNoUse(t *testing.T) {
	on := Context(1)
	e := on.Engine().(*Engine)
	model := rbm.New(5, 3, rng.Seed(1))
	c, s := rbm.NewConditionals(model, on), rbm.NewStatistics(model)
	v := model.Visible.NewBatch(4)
	on.Bind(s.Averages()...)
	c.Statistics(s, v, nil)
	if !math.IsNaN(float64(s.H[0])) || !math.IsNaN(float64(s.VH[14])) {
		t.Error("statistics are here before anybody fetched them")
	}
	on.Fetch(s.Averages()...)
	if s.H[0] < 0.4 || s.VH[14] != 0 {
		t.Errorf("fetched ⟨h⟩ = %v and ⟨vh⟩ = %v of zeros", s.H, s.VH)
	}

	x := kernel.NewBits(4, 5)
	f := new(kernel.Fixed)
	on.Load(f, make([]float32, 5*5), 5, 5, []float32{-99, 99, -99, 99, -99})
	on.Sample(kernel.NewBits(4, 5), nil, x, f, rng.Seed(1), 0, 0) // x is known there
	on.Sample(x, nil, kernel.NewBits(4, 5), f, rng.Seed(1), 0, 0)
	if word := x.Words[0]; word < 1<<5 {
		t.Errorf("drawn bits %#x are here before anybody asked for them", word)
	}
	if word := x.Row(0)[0]; word != 0b01010 {
		t.Errorf("drew %#x", word)
	}

	w := []float32{1}
	on.Bind(w)
	w[0] = 2
	on.Load(f, w, 1, 1, nil)
	y, product := kernel.NewBits(1, 1), []float32{0}
	y.Edit(0)[0] = 1
	on.Mul(product, y, f)
	if product[0] != 1 {
		t.Errorf("numbers that nobody pushed are there: %v", product)
	}
	on.Push(w)
	on.Load(f, w, 1, 1, nil)
	on.Mul(product, y, f)
	if product[0] != 2 {
		t.Errorf("pushed 2, and the engine has %v", product)
	}

	e.Fail(errors.New("gone"))
	if c.HiddenProbs(make([]float32, 12), v); on.Err() == nil {
		t.Error("no error")
	}
}

func TestNumbersThatAreNotFiniteAreAFailure(t *testing.T) {
	on := Context(1)
	on.Load(new(kernel.Fixed), []float32{1, float32(math.NaN())}, 1, 2, nil)
	if !errors.Is(on.Err(), errNotFinite) {
		t.Error(on.Err())
	}
}
