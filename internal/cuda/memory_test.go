package cuda

import (
	"runtime"
	"testing"
	"time"

	"harmonium/internal/kernel"
	"harmonium/internal/kerneltest"
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
