package cuda

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
	"github.com/harmonium-rbm/harmonium/rng"
)

// check compares everything that is made of a product, for an operand that is loaded as it is and one that is loaded transposed.
func (p pair) check(x kernel.Bits, w []float32, cols int, offset []float32) {
	p.t.Helper()
	inner := x.Cols
	transposed := make([]float32, len(w))
	for k := range inner {
		for j := range cols {
			transposed[j*inner+k] = w[k*cols+j]
		}
	}
	for _, load := range []string{"Load", "LoadTransposed"} {
		var f, g kernel.Fixed
		if load == "Load" {
			p.cpu.Load(&f, w, inner, cols, offset)
			p.gpu.Load(&g, w, inner, cols, offset)
		} else {
			p.cpu.LoadTransposed(&f, transposed, cols, inner, offset)
			p.gpu.LoadTransposed(&g, transposed, cols, inner, offset)
		}
		p.products(fmt.Sprintf("%d×%d·%d, %s", x.Rows, inner, cols, load), x, &f, &g)
	}
}

// products compares everything that is made of x·f and of x·g, which is f on the engine.
func (p pair) products(name string, x kernel.Bits, f, g *kernel.Fixed) {
	p.t.Helper()
	if got, want := g.Resolution(), f.Resolution(); got != want {
		p.t.Fatalf("%s: resolution %g, want %g", name, got, want)
	}
	numbers := func(of string, call func(c *kernel.Context, dst []float32, f *kernel.Fixed)) {
		p.t.Helper()
		got, want := make([]float32, x.Rows*f.Cols), make([]float32, x.Rows*f.Cols)
		call(p.cpu, want, f)
		call(p.gpu, got, g)
		p.sameFloats(name+": "+of, got, want)
	}
	sums := [2][]float64{make([]float64, x.Rows), make([]float64, x.Rows)}
	numbers("Mul", func(c *kernel.Context, dst []float32, f *kernel.Fixed) { c.Mul(dst, x, f) })
	numbers("MulScaled", func(c *kernel.Context, dst []float32, f *kernel.Fixed) { c.MulScaled(dst, x, f, -1.0/300) })
	numbers("Probabilities", func(c *kernel.Context, dst []float32, f *kernel.Fixed) {
		at := sums[0]
		if c == p.gpu {
			at = sums[1]
		}
		c.Probabilities(dst, at, x, f)
	})
	p.sameSums(name+": sums of Probabilities", sums[1], sums[0])
	clear(sums[1])
	p.gpu.SumSoftplus(sums[1], x, g)
	p.sameSums(name+": SumSoftplus", sums[1], sums[0])

	key, step, firstChain := rng.Seed(11).Stream(rng.StreamHidden), uint64(1)<<40+3, uint32(math.MaxUint32-50)
	got, want := kernel.NewBits(x.Rows, f.Cols), kernel.NewBits(x.Rows, f.Cols)
	p.cpu.Sample(want, nil, x, f, key, step, firstChain)
	for _, wide := range []int{p.engine.wideFrom, min(p.engine.wideFrom, 1), 1 << 30} {
		before := p.engine.wideFrom
		p.engine.wideFrom = wide
		p.gpu.Sample(got, nil, x, g, key, step, firstChain)
		p.engine.wideFrom = before
		p.sameBits(fmt.Sprintf("%s: Sample, wide from %d tiles", name, wide), got, want)
		clear(got.EditAll())
	}
	clear(sums[1])
	p.gpu.Sample(got, sums[1], x, g, key, step, firstChain)
	p.sameBits(name+": Sample with sums", got, want)
	p.sameSums(name+": sums of Sample", sums[1], sums[0])
}

func TestProductShapes(t *testing.T) {
	forEachForm(t, func(t *testing.T, p pair) {
		p.t = t
		sizes := []int{0, 1, 2, 5, 6, 7, 8, 9, 16, 17, 31, 32, 33, 63, 64, 65, 100, 128, 130, 257}
		for i, rows := range sizes {
			for k, inner := range sizes {
				if testing.Short() && (i+k)%4 != 0 {
					continue
				}
				cols := sizes[(i*5+k*3+1)%len(sizes)] // every pair of rows and inner sizes, all sizes of columns
				seed := uint64(i*100 + k)
				var offset []float32
				if (i+k)%3 != 0 {
					offset = kerneltest.RandomFloats(cols, seed+1)
				}
				p.check(randomBits(rows, inner, 128, seed), kerneltest.RandomFloats(inner*cols, seed), cols, offset)
			}
		}
	})
}

func TestProductLarge(t *testing.T) {
	forEachForm(t, func(t *testing.T, p pair) {
		for _, s := range []struct{ rows, inner, cols int }{{700, 784, 130}, {300, 1000, 70}, {3, 2500, 513}, {2049, 65, 21}} {
			if testing.Short() {
				s.rows = min(s.rows, 300)
			}
			w, offset := kerneltest.RandomFloats(s.inner*s.cols, 2), kerneltest.RandomFloats(s.cols, 3)
			p.check(randomBits(s.rows, s.inner, 128, 1), w, s.cols, offset)
		}
	})
}

// A product whose sums don't fit into their memory is taken in pieces.
func TestProductInPieces(t *testing.T) {
	const rows, inner, cols = 530, 3, 1 << 14
	forEachForm(t, func(t *testing.T, p pair) {
		w, offset := kerneltest.RandomFloats(inner*cols, 2), kerneltest.RandomFloats(cols, 3)
		var f, g kernel.Fixed
		p.cpu.Load(&f, w, inner, cols, offset)
		p.gpu.Load(&g, w, inner, cols, offset)
		p.products("in pieces", randomBits(rows, inner, 128, 1), &f, &g)
	})
}

func TestProductExtremeStates(t *testing.T) {
	forEachForm(t, func(t *testing.T, p pair) {
		for _, ones := range []int{0, 1, 255, 256} {
			x := randomBits(300, 333, ones, 5)
			p.check(x, kerneltest.RandomFloats(333*19, 6), 19, kerneltest.RandomFloats(19, 7))
			// All of one sign: the sums come as near to 32 bits as the scale allows.
			positive := kerneltest.RandomFloats(333*19, 8)
			for i := range positive {
				positive[i] = 1 - positive[i]*0x1p-20
			}
			p.check(x, positive, 19, nil)
		}
	})
}

func TestProductExtremeValues(t *testing.T) {
	forEachForm(t, func(t *testing.T, p pair) {
		x := randomBits(70, 65, 128, 9)
		for name, values := range kerneltest.Extremes() {
			t.Run(name, func(t *testing.T) {
				p.t = t
				for _, cols := range []int{1, 8, 13} {
					src, offset := kerneltest.Operand(values, x.Cols, cols)
					p.check(x, src, cols, offset)
				}
			})
		}
	})
}

// An element needs as many digits as it is large in fixed point, two or three.
func TestDigits(t *testing.T) {
	forEachForm(t, func(t *testing.T, p pair) {
		seen := map[int32]bool{}
		see := func(w []float32, rows, cols int) {
			f := p.engine.newFixed()
			f.Load(w, rows, cols, nil, false)
			seen[f.loaded().digits] = true
		}
		for _, largest := range []float32{
			1, 127, 128, 255, 256, 257, 1 << 14, 1<<16 - 1, 1 << 16, 1<<16 + 257, 1 << 20, 1 << 23, 1 << 24, 1<<30 - 1<<7, 1 << 30,
		} {
			for _, sign := range []float32{1, -1} {
				// The column sum 2^30 makes the scale 1.
				w, offset := make([]float32, 70*3), []float32{1 << 29, 0, -5}
				for k := range 70 {
					w[3*k+1] = sign * min(largest, float32(1<<30)/70)
				}
				w[2], w[3*5+2] = sign*largest, -sign*largest/3
				p.check(randomBits(40, 70, 128, 3), w, 3, offset)
				see(w, 70, 3)
			}
		}
		// A column of many small numbers beside one of few needs fewer.
		for _, rows := range []int{1, 300, 70000} {
			w := make([]float32, rows)
			for k := range w {
				w[k] = 1
			}
			see(w, rows, 1)
		}
		for want := range int32(2) {
			if !seen[want+2] {
				t.Errorf("no matrix of the test needs %d digits", want+2)
			}
		}
	})
}

func TestNotFinite(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	for name, values := range map[string][2][]float32{
		"NaN":        {{1, nan}, {0, 0}},
		"−Inf":       {{1, inf}, {0, 0}},
		"NaN offset": {{1, 2}, {0, nan}},
	} {
		ForEachEngine(t, func(t *testing.T, e kernel.Engine) {
			c := kernel.NewEngine(0, kernel.New(0).ISA(), e)
			var f kernel.Fixed
			c.Load(&f, values[0], 1, 2, values[1])
			for range 2 {
				if err := c.Err(); err == nil || !strings.Contains(err.Error(), "not finite") {
					t.Errorf("%s: error %v, want one that says not finite", name, err)
				}
			}
			// What is asked for after a failure is void, and does no harm.
			x, dst := randomBits(3, 1, 128, 1), kernel.NewBits(3, 2)
			c.Sample(dst, make([]float64, 3), x, &f, rng.Key{}, 0, 0)
			c.Mul(make([]float32, 6), x, &f)
			dst.All()
		})
	}
}
