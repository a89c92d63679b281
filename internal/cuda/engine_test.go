package cuda

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/enginetest"
	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
	"github.com/harmonium-rbm/harmonium/rng"
)

// loadBoth loads a random operand on both sides.
func (p pair) loadBoth(rows, cols int, seed uint64) (f, g *kernel.Fixed) {
	f, g = new(kernel.Fixed), new(kernel.Fixed)
	w, offset := kerneltest.RandomFloats(rows*cols, seed), kerneltest.RandomFloats(cols, seed+1)
	p.cpu.Load(f, w, rows, cols, offset)
	p.gpu.Load(g, w, rows, cols, offset)
	return f, g
}

// Bits are what they were after a way there and back, and views are rows of the same matrix.
func TestViews(t *testing.T) {
	forEachForm(t, func(t *testing.T, p pair) {
		const inner, cols = 70, 130
		f, g := p.loadBoth(inner, cols, 1)
		x, want := randomBits(40, inner, 128, 2), randomBits(37, cols, 128, 3)
		got := kernel.NewBits(37, cols)
		copy(got.EditAll(), want.All())
		for step, view := range []struct{ from, to, at int }{{1, 2, 5}, {3, 20, 19}, {7, 7, 3}, {2, 39, 0}, {5, 11, 31}} {
			rows := x.Slice(view.from, view.to)
			dst := func(b kernel.Bits) kernel.Bits { return b.Slice(view.at, view.at+view.to-view.from) }
			for _, wide := range []int{0, 1} {
				p.engine.wideFrom = min(p.engine.wideFrom, wide)
				p.cpu.Sample(dst(want), nil, rows, f, rng.Seed(1), uint64(step), 0)
				p.gpu.Sample(dst(got), nil, rows, g, rng.Seed(1), uint64(step), 0)
			}
			if step%2 == 0 {
				p.sameBits(fmt.Sprintf("step %d", step), got, want)
			}
		}
		p.sameBits("at the end", got, want)
		y, z := kernel.Bits{}, kernel.Bits{}
		y.Reshape(9, cols)
		z.Reshape(9, cols)
		p.cpu.Sample(y, nil, x.Slice(1, 10), f, rng.Seed(1), 9, 0)
		p.gpu.Sample(z, nil, x.Slice(1, 10), g, rng.Seed(1), 9, 0)
		p.sameBits("memory of its own", z, y)
	})
}

// A matrix that is larger than the memory on its way goes in pieces.
func TestLargeTransfers(t *testing.T) {
	e := openOrSkip(t, "")
	p := pair{t, e, kernel.New(0), kernel.NewEngine(0, kernel.New(0).ISA(), e)}
	const rows, cols = 40000, 3000
	x := randomBits(rows, 64, 128, 1)
	big := kernel.NewBits(rows, cols)
	for r := range rows {
		for k := range big.Stride - 1 {
			big.EditAll()[r*big.Stride+k] = x.Words[r] * uint64(2*k+1)
		}
	}
	b := e.newBits(rows, cols)
	b.Upload(big)
	back := kernel.NewBits(rows, cols)
	b.Download(back)
	p.sameBits("bits", back, big)
	numbers := kerneltest.RandomFloats(inputsSize/4+1000, 1)
	got := make([]float32, len(numbers))
	e.Bind(numbers)
	e.Push(numbers)
	want := slices.Clone(numbers)
	e.download(bytesOf(got), e.find(numbers).address)
	p.sameFloats("numbers", got, want)
}

// Parts have scales and offsets of their own, and so have the parts of sums.
func TestParts(t *testing.T) {
	forEachForm(t, func(t *testing.T, p pair) {
		for _, s := range []struct {
			inner, cols int
			rows        []int
		}{
			{70, 33, []int{5}}, {130, 500, []int{300}}, {64, 64, []int{0, 3, 0, 0, 7, 1, 0}}, {784, 64, slices.Repeat([]int{20}, 13)},
			{5, 700, slices.Repeat([]int{1, 2}, 20)}, {10, 10, []int{0}}, {3, 0, []int{4}}, {0, 65, []int{4, 5}},
		} {
			rows, parts := 0, []kernel.Part(nil)
			common := kerneltest.RandomFloats(s.cols, 5)
			p.gpu.Bind(common)
			for k, n := range s.rows {
				part := kernel.Part{Rows: n, Scale: float32(k%4) / 3, Offset: kerneltest.RandomFloats(s.cols, uint64(k))}
				switch k % 5 {
				case 1:
					part.Offset = nil
					part.Scale = -1
				case 2, 4:
					part.Offset = common
				}
				parts, rows = append(parts, part), rows+n
			}
			name := fmt.Sprintf("%d×%d·%d in %d parts", rows, s.inner, s.cols, len(parts))
			f, g := p.loadBoth(s.inner, s.cols, 7)
			x := randomBits(rows+1, s.inner, 100, 3).Slice(1, rows+1)
			other := slices.Clone(parts)
			slices.Reverse(other)
			for k := range other {
				other[k].Scale -= 0.25
			}
			whole := []kernel.Part{{Rows: rows, Scale: 3, Offset: common}}
			var got, want [3][]float64
			for k := range got {
				got[k], want[k] = make([]float64, rows), make([]float64, rows)
				for r := range rows {
					got[k][r], want[k][r] = -1, -2
				}
			}
			lists := func(to [3][]float64) []kernel.Sums {
				return []kernel.Sums{{To: to[0], Parts: parts}, {}, {To: to[1], Parts: other}, {To: to[2], Parts: whole}}
			}
			drawn, wanted := kernel.NewBits(rows, s.cols), kernel.NewBits(rows, s.cols)
			p.cpu.SampleParts(wanted, x, f, parts, rng.Seed(3), 9)
			p.gpu.SampleParts(drawn, x, g, parts, rng.Seed(3), 9)
			p.sameBits(name+": SampleParts", drawn, wanted)
			p.cpu.SampleParts(wanted, x, f, whole, rng.Seed(3), 10, lists(want)...)
			p.gpu.SampleParts(drawn, x, g, whole, rng.Seed(3), 10, lists(got)...)
			p.sameBits(name+": SampleParts with sums", drawn, wanted)
			for k := range got {
				p.sameSums(fmt.Sprintf("%s: list %d of sums", name, k), got[k], want[k])
				clear(got[k])
			}
			p.gpu.SumSoftplusParts(x, g, lists(got)...)
			for k := range got {
				p.sameSums(fmt.Sprintf("%s: list %d of sums alone", name, k), got[k], want[k])
			}
		}
	})
}

// Offsets may be anything: what is drawn from infinities and NaN is what SampleBit says.
func TestPartsOfExtremes(t *testing.T) {
	forEachForm(t, func(t *testing.T, p pair) {
		for name, values := range kerneltest.Extremes() {
			_, offset := kerneltest.Operand(values, 1, 40)
			f, g := p.loadBoth(30, 40, 7)
			x, parts := randomBits(50, 30, 100, 3), []kernel.Part{{Rows: 20, Scale: 40, Offset: offset}, {Rows: 30, Scale: 1e30, Offset: offset}}
			drawn, wanted := kernel.NewBits(50, 40), kernel.NewBits(50, 40)
			p.cpu.SampleParts(wanted, x, f, parts, rng.Seed(3), 9)
			p.gpu.SampleParts(drawn, x, g, parts, rng.Seed(3), 9)
			p.sameBits(name, drawn, wanted)
		}
	})
}

func TestLinear(t *testing.T) {
	forEachForm(t, func(t *testing.T, p pair) {
		for _, s := range []struct{ rows, cols int }{{0, 5}, {1, 1}, {33, 64}, {40, 63}, {5, 130}, {257, 784}, {3, 0}} {
			x := randomBits(s.rows+1, s.cols, 100, 3).Slice(1, s.rows+1)
			a, b, c := kerneltest.RandomFloats(s.cols, 1), kerneltest.RandomFloats(s.cols, 2), kerneltest.RandomFloats(s.cols, 3)
			p.gpu.Bind(b)
			var got, want [3][]float64
			for k := range got {
				got[k], want[k] = make([]float64, s.rows), make([]float64, s.rows)
			}
			list := func(to [3][]float64) []kernel.Linear {
				return []kernel.Linear{{To: to[0], Weights: a}, {To: to[1], Weights: b}, {To: to[2], Weights: c}}
			}
			for n := range 4 {
				p.cpu.Linear(x, list(want)[:n]...)
				p.gpu.Linear(x, list(got)[:n]...)
				for k := range got {
					p.sameSums(fmt.Sprintf("%d×%d, vector %d of %d", s.rows, s.cols, k, n), got[k], want[k])
					clear(got[k])
					clear(want[k])
				}
			}
		}
	})
}

// Bound numbers stay on the engine: from a product to an operand, and home when they are fetched.
func TestBound(t *testing.T) {
	forEachForm(t, func(t *testing.T, p pair) {
		const rows, inner, cols = 30, 20, 10
		x := randomBits(rows, inner, 128, 1)
		run := func(c *kernel.Context, w, offset, y, z []float32) {
			c.Bind(w, offset, y)
			var f, g kernel.Fixed
			c.Load(&f, w, inner, cols, offset)
			c.Mul(y, x, &f)
			c.Load(&g, y, rows, cols, nil)
			offset[0] += 3
			c.Push(offset)
			c.Load(&f, w, inner, cols, offset)
			c.Probabilities(z, nil, x, &f)
			c.Fetch(w, offset, y, z)
		}
		var got, want [4][]float32
		for k, n := range []int{inner * cols, cols, rows * cols, rows * cols} {
			got[k], want[k] = kerneltest.RandomFloats(n, uint64(k)), kerneltest.RandomFloats(n, uint64(k))
		}
		run(p.cpu, want[0], want[1], want[2], want[3])
		run(p.gpu, got[0], got[1], got[2], got[3])
		for k := range got {
			p.sameFloats(fmt.Sprintf("slice %d", k), got[k], want[k])
		}
		before := slices.Clone(got[2])
		clear(got[2])
		var f, g kernel.Fixed
		p.cpu.Load(&f, before, rows, cols, nil)
		p.gpu.Load(&g, got[2], rows, cols, nil)
		if f.Resolution() != g.Resolution() {
			t.Errorf("an operand of bound numbers that were changed on the host without Push has resolution %g, want %g", g.Resolution(),
				f.Resolution())
		}
		p.gpu.Bind(got[2])
		p.cpu.Load(&f, got[2], rows, cols, nil)
		p.gpu.Load(&g, got[2], rows, cols, nil)
		if f.Resolution() != g.Resolution() {
			t.Errorf("an operand of numbers that were bound again has resolution %g, want %g", g.Resolution(), f.Resolution())
		}
		if p.engine.find(got[2]) == nil {
			t.Error("bound numbers are not found")
		}
		if p.engine.find(got[2][:5]) != nil {
			t.Error("a part of bound numbers is found")
		}
		runtime.KeepAlive(got)
	})
}

// A binding and the memory of operands and bits end with their slices.
func TestMemoryIsGivenBack(t *testing.T) {
	e := openOrSkip(t, "")
	c := kernel.NewEngine(0, kernel.New(0).ISA(), e)
	use := func() {
		w := kerneltest.RandomFloats(20*10, 1)
		c.Bind(w)
		var f kernel.Fixed
		c.Load(&f, w, 20, 10, nil)
		dst := kernel.NewBits(30, 10)
		c.Sample(dst, nil, randomBits(30, 20, 128, 1), &f, rng.Seed(1), 0, 0)
	}
	held := func() (n int) {
		e.mu.Lock()
		defer e.mu.Unlock()
		for _, list := range e.free {
			n += len(list)
		}
		return n
	}
	use()
	before := held()
	for range 100 {
		runtime.GC()
		runtime.Gosched()
		e.mu.Lock()
		bindings := len(e.bindings)
		e.mu.Unlock()
		if bindings == 0 && held() >= before+6 { // numbers, bits twice, and three of the operand
			return
		}
	}
	t.Errorf("%d bindings and %d pieces of memory after their slices are gone, want 0 and %d", len(e.bindings), held(), before+6)
}

// Several goroutines may use an engine.
func TestConcurrentCalls(t *testing.T) {
	e := openOrSkip(t, "")
	p := pair{t, e, kernel.New(0), kernel.NewEngine(0, kernel.New(0).ISA(), e)}
	var all sync.WaitGroup
	results := make([][2]kernel.Bits, 4)
	sums := make([][2][]float64, len(results))
	for k := range results {
		all.Go(func() {
			rows := 20 + k
			x, weights := randomBits(rows, 50, 128, uint64(k)), kerneltest.RandomFloats(50, 1)
			for side, c := range []*kernel.Context{p.cpu, p.gpu} {
				results[k][side], sums[k][side] = kernel.NewBits(rows, 30), make([]float64, rows)
				c.Bind(weights)
				for step := range 5 {
					var f kernel.Fixed
					c.Load(&f, kerneltest.RandomFloats(50*30, uint64(k+step)), 50, 30, nil)
					c.Sample(results[k][side], nil, x, &f, rng.Seed(1), uint64(step), 0)
				}
				c.Linear(x, kernel.Linear{To: sums[k][side], Weights: weights})
			}
		})
	}
	all.Wait()
	for k := range results {
		p.sameBits(fmt.Sprintf("goroutine %d", k), results[k][1], results[k][0])
		p.sameSums(fmt.Sprintf("goroutine %d", k), sums[k][1], sums[k][0])
	}
}

// The averages of one set of rows, and of two of which one is drawn on the way, are those of the engine of tests.
func TestAverages(t *testing.T) {
	forEachForm(t, func(t *testing.T, p pair) {
		for k, s := range []struct{ m, n, rows int }{{1, 1, 1}, {5, 3, 2}, {70, 33, 100}, {130, 64, 257}, {784, 500, 100}} {
			if testing.Short() && s.m > 300 {
				continue
			}
			w, c := kerneltest.RandomFloats(s.m*s.n, 3), kerneltest.RandomFloats(s.n, 4)
			x := randomBits(2*s.rows+1, s.m, 90, 4)
			for _, weights := range [][]float32{nil, kerneltest.RandomFloats(s.rows, 8)} {
				for r := range weights {
					weights[r] = max(0, weights[r])
				}
				if weights != nil {
					weights[0] = 2
				}
				for _, sets := range []int{1, 2} {
					name := fmt.Sprintf("%d×%d, %d rows, weights %t, %d sets", s.m, s.n, s.rows, weights != nil, sets)
					var averages [2][][]float32
					var draws [2]kernel.Bits
					for i, on := range []*kernel.Context{enginetest.Context(1), p.gpu} {
						var f kernel.Fixed
						on.Load(&f, w, s.m, s.n, c)
						draws[i] = kernel.NewBits(s.rows, s.n)
						vh, list := make([]float32, s.m*s.n), make([]kernel.Rows, sets)
						averages[i] = [][]float32{vh}
						for k := range list {
							list[k] = kernel.Rows{
								V: make([]float32, s.m), H: make([]float32, s.n), X: x.Slice(k*s.rows+1, (k+1)*s.rows+1), Weights: weights,
							}
							averages[i] = append(averages[i], list[k].V, list[k].H)
						}
						last := &list[sets-1]
						last.Draw, last.Key, last.Step = draws[i], rng.Seed(9), 7
						if k%2 == 0 {
							on.Bind(averages[i]...)
						}
						if on.Averages(vh, &f, list...); k%2 == 0 {
							on.Fetch(averages[i]...)
						}
					}
					for k, want := range averages[0] {
						p.sameFloats(fmt.Sprintf("%s: average %d", name, k), averages[1][k], want)
					}
					p.sameBits(name, draws[1], draws[0])
				}
			}
		}
	})
}
