package cuda

import (
	"context"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
)

// required is the variable that makes tests fail where they would be skipped for want of a GPU.
const required = "HARMONIUM_CUDA"

// A pair are the contexts that are compared: one of workers alone, and one with an engine.
type pair struct {
	t      testing.TB
	engine *Engine
	cpu    *kernel.Context
	gpu    *kernel.Context
}

// forEachForm calls f with a device for every form of the kernels that the GPU can run, and skips the test where there is no GPU.
func forEachForm(t *testing.T, f func(t *testing.T, p pair)) {
	t.Helper()
	ForEachEngine(t, func(t *testing.T, e kernel.Engine) {
		p := pair{t, e.(*Engine), kernel.New(0), kernel.NewEngine(0, kernel.New(0).ISA(), e)}
		f(t, p)
		if err := p.gpu.Err(); err != nil {
			t.Error(err)
		}
	})
}

// ForEachEngine calls f with an engine for every form of the kernels that the GPU can run, and skips the test where there is no GPU.
func ForEachEngine(t *testing.T, f func(t *testing.T, e kernel.Engine)) {
	t.Helper()
	forms := openOrSkip(t, "").forms()
	for _, form := range forms {
		t.Run(form, func(t *testing.T) { f(t, openOrSkip(t, form)) })
	}
}

// EngineOrSkip returns an engine with one form of the kernels.
func EngineOrSkip(t testing.TB, form string) kernel.Engine { return openOrSkip(t, form) }

// EnumeratePieces is [Engine.Enumerate] with pieces of at most that number of states.
func EnumeratePieces(ctx context.Context, e kernel.Engine, c *kernel.Context, of *kernel.Enumeration,
	visit func(part int, weights []kernel.Weight), most int,
) error {
	defer e.(*Engine).begin()()
	return e.(*Engine).enumerate(ctx, c, of, visit, most)
}

func openOrSkip(t testing.TB, form string) *Engine {
	t.Helper()
	d, err := open(form)
	if err != nil {
		if os.Getenv(required) != "" {
			t.Fatal(err)
		}
		t.Skip("no GPU to test on: ", err)
	}
	e := newEngine(d)
	t.Cleanup(func() { _ = e.Close() }) // a test that cares about errors asks for Err
	return e
}

// randomBits returns bits that are 1 with probability ones/256; the bits after the last column stay zero.
func randomBits(rows, cols, ones int, seed uint64) kernel.Bits {
	x := kernel.NewBits(rows, cols)
	kerneltest.RandomWords(x.EditAll(), cols, x.Stride, ones, seed)
	return x
}

// sameFloats fails unless the numbers are those wanted, to the bit.
func (p pair) sameFloats(name string, got, want []float32) {
	p.t.Helper()
	p.same(name, len(got), len(want), func(i int) (uint64, uint64) {
		return uint64(math.Float32bits(got[i])), uint64(math.Float32bits(want[i]))
	})
}

func (p pair) sameSums(name string, got, want []float64) {
	p.t.Helper()
	p.same(name, len(got), len(want), func(i int) (uint64, uint64) { return math.Float64bits(got[i]), math.Float64bits(want[i]) })
}

func (p pair) sameBits(name string, got, want kernel.Bits) {
	p.t.Helper()
	g, w := slices.Clone(got.All()), want.All()
	p.same(name, len(g), len(w), func(i int) (uint64, uint64) { return g[i], w[i] })
}

func (p pair) same(name string, got, want int, at func(i int) (got, want uint64)) {
	p.t.Helper()
	if err := p.gpu.Err(); err != nil {
		p.t.Fatalf("%s: %v", name, err)
	}
	if got != want {
		p.t.Fatalf("%s: %d numbers, want %d", name, got, want)
	}
	different, first := 0, -1
	for i := range want {
		if g, w := at(i); g != w {
			if different++; first < 0 {
				first = i
			}
		}
	}
	if different > 0 {
		g, w := at(first)
		p.t.Fatalf("%s: %d of %d numbers differ, first number %d: %#x, want %#x", name, different, want, first, g, w)
	}
}
