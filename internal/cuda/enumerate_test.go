package cuda_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/internal/cuda"
	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// plain is a [kernel.Enumerator] in a page of Go: what the kernel does, in the operations of package kernel.
type plain struct{ kernel.Engine }

func (plain) Pays(*kernel.Enumeration) bool { return true }

func (plain) Enumerate(ctx context.Context, c *kernel.Context, e *kernel.Enumeration, visit func(int, []kernel.Weight)) error {
	c.Parallel(e.Parts, func(part int) { visit(part, plainWeights(c, e, part)) })
	return ctx.Err()
}

// plainWeights are those of the states of a part.
func plainWeights(c *kernel.Context, e *kernel.Enumeration, part int) []kernel.Weight {
	a, r, ar := make([]float64, e.Units), make([]float64, e.Units), make([]float64, e.Units)
	weights := make([]kernel.Weight, 1<<len(e.High)/e.Parts)
	for n := range weights {
		index := part*len(weights) + n
		state := index ^ index>>1
		if n%e.Stretch == 0 {
			e.Start(a, uint64(index))
		} else {
			j, factors := bits.TrailingZeros(uint(index)), e.Unflip
			if state>>j&1 == 1 {
				factors = e.Flip
			}
			c.Multiply(a, a, factors[j*e.Units:(j+1)*e.Units])
		}
		power := int64(c.Factors(r, ar, a, e.Most))
		var p, other kernel.Product
		p.Reset()
		other.Reset()
		from := 0
		for _, to := range e.Cuts {
			f := kernel.Factored{R: r[from:to], AR: ar[from:to]}
			c.Products(&p, &other, e.Table[64*from:64*to], f, f)
			from = to
		}
		largest := int64(math.MinInt64)
		for k := range p.Exponent {
			p.Mantissa[k] *= e.BiasMantissa[k]
			p.Exponent[k] += e.BiasExponent[k]
			largest = max(largest, p.Exponent[k])
		}
		sum := 0.0
		for k, x := range p.Mantissa {
			sum += float64(x * math.Float64frombits(uint64(max(0, 1023+p.Exponent[k]-largest))<<52))
		}
		scale := float64(float64(power+largest)*math.Ln2) - e.Constant
		for j, x := range e.High {
			if state>>j&1 == 1 {
				scale += x
			}
		}
		weights[n] = kernel.Weight{Scale: scale, Sum: sum}
	}
	return weights
}

// checked is a device that compares every weight with the plain one.
type checked struct {
	kernel.Engine
	t    *testing.T
	name string
	ran  *bool
}

func (checked) Pays(*kernel.Enumeration) bool { return true }

func (c checked) Enumerate(ctx context.Context, workers *kernel.Context, e *kernel.Enumeration, visit func(int, []kernel.Weight)) error {
	*c.ran = true
	want := make([][]kernel.Weight, e.Parts)
	workers.Parallel(e.Parts, func(part int) { want[part] = plainWeights(workers, e, part) })
	done := make([]int, e.Parts)
	err := c.Engine.(kernel.Enumerator).Enumerate(ctx, workers, e, func(part int, weights []kernel.Weight) {
		for k, w := range weights {
			if n := done[part] + k; n >= len(want[part]) || w != want[part][n] {
				c.t.Errorf("%s: state %d of part %d has weight %v, not that of the CPU", c.name, n, part, w)
				break
			}
		}
		done[part] += len(weights)
		visit(part, weights)
	})
	for part, n := range done {
		if n != len(want[part]) && err == nil {
			c.t.Errorf("%s: %d states of part %d, want %d", c.name, n, part, len(want[part]))
		}
	}
	return err
}

// logZ is that of exact.LogZ with an engine, or none.
func logZ(t testing.TB, model *rbm.Model, e kernel.Engine) float64 {
	t.Helper()
	on := kernel.New(0)
	if e != nil {
		on = kernel.NewEngine(0, on.ISA(), e)
	}
	z, err := exact.LogZ(t.Context(), model, exact.Options{Compute: on})
	if err != nil {
		t.Fatal(err)
	}
	return z
}

type enumerated struct {
	name  string
	model *rbm.Model
}

// enumeratedModels have small and large layers on either side, parts of one state, stretches shorter and longer than a
// tile, units that fill no chunk, and powers of two that are taken out in many places.
func enumeratedModels() []enumerated {
	var list []enumerated
	for _, s := range []struct {
		m, n   int
		spread float32
	}{
		{7, 7, 1}, {31, 8, 0.5}, {9, 32, 0.5}, {33, 10, 0.5}, {64, 12, 2},
		{784, 8, 0.1}, {300, 9, 15}, {20, 13, 1}, {70, 14, 0.5}, {17, 33, 1},
		{20, 20, 1},
	} {
		list = append(list, enumerated{fmt.Sprintf("%d×%d, spread %v", s.m, s.n, s.spread), randomModel(s.m, s.n, s.spread, uint64(s.m))})
	}
	spins := rbm.NewModel(rbm.NewLayer(rbm.Spin, 40), rbm.NewLayer(rbm.Spin, 11), rng.Seed(3))
	mixed := rbm.NewModel(rbm.NewLayer(rbm.Bernoulli, 10), rbm.NewLayer(rbm.Spin, 37), rng.Seed(4))
	for _, model := range []*rbm.Model{spins, mixed} {
		for k := range model.W {
			model.W[k] *= 50
		}
	}
	return append(list, enumerated{"spins", spins}, enumerated{"bits and spins", mixed})
}

// log Z from weights by plain Go is that of package exact's own walk.
func TestEnumerationDescribesTheSum(t *testing.T) {
	for _, s := range enumeratedModels() {
		if got, want := logZ(t, s.model, plain{}), logZ(t, s.model, nil); got != want {
			t.Errorf("%s: log Z is %v, want %v", s.name, got, want)
		}
	}
}

func TestEnumerationIsThatOfTheCPU(t *testing.T) {
	models := enumeratedModels()
	if !testing.Short() {
		models = append(models,
			enumerated{"40×27, four pieces", randomModel(40, 27, 0.5, 1)},
			enumerated{"784×20", randomModel(784, 20, 0.1, 2)},
			enumerated{"500×22, weights of all sizes", randomModel(500, 22, 3, 3)})
	}
	cuda.ForEachEngine(t, func(t *testing.T, e kernel.Engine) {
		for _, s := range models {
			ran := false
			if got, want := logZ(t, s.model, checked{e, t, s.name, &ran}), logZ(t, s.model, nil); got != want || !ran {
				t.Errorf("%s: log Z is %v, want %v; enumerated by the device: %t", s.name, got, want, ran)
			}
		}
	})
}

// pieces is a device that enumerates in many pieces, as A_i begin afresh every other state.
type pieces struct {
	kernel.Engine
	t *testing.T
}

func (pieces) Pays(*kernel.Enumeration) bool { return true }

func (p pieces) Enumerate(ctx context.Context, c *kernel.Context, e *kernel.Enumeration, visit func(int, []kernel.Weight)) error {
	short := *e
	short.Stretch = 2
	want, done := plainWeights(c, &short, 5), 0
	return cuda.EnumeratePieces(ctx, p.Engine, c, &short, func(part int, weights []kernel.Weight) {
		if part == 5 {
			if n := len(weights); n != 4 || !slices.Equal(weights, want[done:done+n]) {
				p.t.Errorf("%d states after %d have weights %v, not those of the CPU", n, done, weights)
			}
			done += len(weights)
		}
		visit(part, weights)
	}, 4*e.Parts)
}

func TestEnumerationInPieces(t *testing.T) {
	cuda.ForEachEngine(t, func(t *testing.T, e kernel.Engine) {
		model := randomModel(20, 17, 1, 1)
		on := kernel.NewEngine(0, kernel.New(0).ISA(), pieces{e, t})
		var last uint64
		z, err := exact.LogZ(t.Context(), model, exact.Options{Compute: on, Progress: func(done, total uint64) {
			if done != last+4*64 || total != 1<<17 {
				t.Errorf("%d of %d states after %d", done, total, last)
			}
			last = done
		}})
		if want := logZ(t, model, nil); err != nil || last != 1<<17 || math.Abs(z-want) > 1e-12*want {
			t.Errorf("log Z is %v, %v, after %d states; want %v but for other roundings", z, err, last, want)
		}
		ctx, cancel := context.WithCancel(t.Context())
		_, err = exact.LogZ(ctx, model, exact.Options{Compute: on, Progress: func(done, _ uint64) {
			last = done
			cancel()
		}})
		if !errors.Is(err, context.Canceled) || last != 1<<15 {
			t.Errorf("cancelled: %v, after %d states, want those of a piece", err, last)
		}
	})
}

// Small sums stay on the CPU, and those whose exponents would not fit.
func TestWhatPays(t *testing.T) {
	var e cuda.Engine
	for _, s := range []struct {
		m, n int
		want bool
	}{{784, 16, false}, {784, 18, true}, {7, 30, true}, {1 << 20, 20, true}, {1<<20 + 1, 20, false}} {
		if got := e.Pays(&kernel.Enumeration{Units: s.m, High: make([]float64, s.n-6)}); got != s.want {
			t.Errorf("%d×%d pays: %t", s.m, s.n, got)
		}
	}
}

func BenchmarkExact(b *testing.B) {
	for _, form := range []string{"90a", "80"} {
		for _, s := range []struct{ m, n int }{{784, 20}, {784, 24}, {784, 30}, {64, 30}} {
			b.Run(fmt.Sprintf("%s/%d×%d", form, s.m, s.n), func(b *testing.B) {
				e := cuda.EngineOrSkip(b, form)
				model := randomModel(s.m, s.n, 0.1, 1)
				for b.Loop() {
					logZ(b, model, e)
				}
				seconds := b.Elapsed().Seconds() / float64(b.N)
				b.ReportMetric(seconds, "s")
				b.ReportMetric(math.Exp2(float64(s.n))/seconds, "states/s")
				b.ReportMetric(3*exact.Cost(model)/seconds/1e12, "TFLOP/s")
			})
		}
	}
}
