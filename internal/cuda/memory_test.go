package cuda

import (
	"errors"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
	"github.com/harmonium-rbm/harmonium/rng"
)

// collecting is an engine before whose products the garbage collector runs, and what it sets off.
type collecting struct{ *Engine }

func (c collecting) Multiply(dst []float32, x kernel.Span, f kernel.RemoteFixed, scale float32) {
	runtime.GC()
	time.Sleep(time.Millisecond)
	c.Engine.Multiply(dst, x, f, scale)
}

// Memory is in use until the call is done that has it for the last time, and then it serves others.
func TestCallsKeepTheirOperands(t *testing.T) {
	forEachForm(t, func(t *testing.T, p pair) {
		p.t, p.gpu = t, kernel.NewEngine(1, p.cpu.ISA(), collecting{p.engine})
		const rows, cols, n = 5, 70, 3
		w := kerneltest.RandomFloats(cols*n, 1)
		x := randomBits(rows, cols, 128, 2)
		want, got := make([]float32, rows*n), make([]float32, rows*n)
		load := func(on *kernel.Context) *kernel.Fixed {
			f := new(kernel.Fixed)
			on.Load(f, w, cols, n, nil)
			return f
		}
		p.cpu.Mul(want, x, load(p.cpu))
		for range 8 {
			p.gpu.Mul(got, kernel.Bits{Rows: rows, Cols: cols, Stride: x.Stride, Words: x.Words}, load(p.gpu)) // both are nobody's now
			p.sameFloats("product", got, want)
		}
		p.engine.mu.Lock()
		defer p.engine.mu.Unlock()
		for size, list := range p.engine.free {
			if len(list) > 5 {
				t.Errorf("%d pieces of %d bytes are nobody's after 8 products", len(list), size)
			}
		}
	})
}

// After a failure the host gets zeros: other words would have bits behind the last column, which nobody expects.
func TestVoidIsZero(t *testing.T) {
	ForEachEngine(t, func(t *testing.T, engine kernel.Engine) {
		const rows, cols, n = 5, 70, 3
		on, e := kernel.NewEngine(1, kernel.New(1).ISA(), engine), engine.(*Engine)
		var f kernel.Fixed
		on.Load(&f, kerneltest.RandomFloats(cols*n, 1), cols, n, nil)
		h, x := kernel.NewBits(rows, n), randomBits(rows, cols, 200, 2)
		bound, numbers, sums := []float32{1, 2}, kerneltest.RandomFloats(rows*n, 3), []float64{1, 2, 3, 4, 5}
		on.Bind(bound)
		e.find(bound).newer = true
		on.Sample(h, nil, x, &f, rng.Seed(1), 0, 0)
		gone := errors.New("gone")
		e.err = gone
		on.Probabilities(numbers, sums, x, &f)
		on.Fetch(bound)
		if !slices.Equal(h.All(), make([]uint64, rows)) || !slices.Equal(numbers, make([]float32, rows*n)) ||
			!slices.Equal(sums, make([]float64, rows)) || !slices.Equal(bound, []float32{0, 0}) {
			t.Errorf("the host gets %x, %v, %v and %v", h.All(), numbers, sums, bound)
		}
		if !errors.Is(on.Err(), gone) {
			t.Error(on.Err())
		}
	})
}

// More rows than a launch has blocks of.
func TestAffineOfManyRows(t *testing.T) {
	forEachForm(t, func(t *testing.T, p pair) {
		const rows = 4*mostGridY + 3
		p.t = t
		x, w, bias := kerneltest.RandomFloats(rows, 1), []float32{0.7}, []float32{-0.3}
		got, want := make([]float32, rows), make([]float32, rows)
		p.cpu.Affine(want, bias, w, x, rows)
		p.gpu.Affine(got, bias, w, x, rows)
		p.sameFloats("affine", got, want)
	})
}
