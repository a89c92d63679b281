package kernel

import (
	"fmt"
	"testing"
	"time"

	"harmonium/internal/kerneltest"
	"harmonium/internal/limit"
	"harmonium/rng"
)

func TestTmpSpeed(t *testing.T) {
	best := func(f func()) float64 {
		f()
		b := time.Hour
		for range 150 {
			s := time.Now()
			f()
			b = min(b, time.Since(s))
		}
		return b.Seconds()
	}
	rows, inner, cols := 100, 784, 500
	x, dst := Reals{rows, inner, kerneltest.RandomFloats(rows*inner, 1)}, make([]float32, rows*cols)
	src := kerneltest.RandomFloats(inner*cols, 2)
	bits := NewBits(rows, cols)
	for _, isa := range ISAs()[1:] {
		c := NewISA(1, isa)
		var f FixedReals
		c.LoadReals(&f, src, inner, cols)
		fma := 0.0
		for range 60 {
			g, _ := limit.FMA(limit.Width(256*int(isa)), time.Millisecond)
			fma = max(fma, g)
		}
		m := best(func() { c.MulReals(dst, x, &f, 1) })
		fmt.Printf("%v: fma %.3g, MulReals %.1f GMAC/s (%.0f µs) load %.0f µs transposed %.0f µs draw %.2f addrow %.2f ns\n", isa, fma/1e9, float64(rows*inner*cols)/m/1e9, m*1e6,
			1e6*best(func() { c.LoadReals(&f, src, inner, cols) }), 1e6*best(func() { c.LoadRealsTransposed(&f, src, cols, inner) }),
			1e9/float64(rows*cols)*best(func() { c.Draw(bits, dst, rng.Seed(1), 1) }),
			1e9/float64(rows*cols)*best(func() { c.AddRow(dst, 0.5, dst[:cols]) }))
	}
}
