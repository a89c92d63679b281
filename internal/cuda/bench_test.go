package cuda

import (
	"fmt"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
	"github.com/harmonium-rbm/harmonium/rng"
)

// The benchmarks are of a model of 784×500 units.
const benchM, benchN = 784, 500

// A bench is a model on a device: W, b and c are bound.
type bench struct {
	c                   *kernel.Context
	w, visible, hidden  []float32 // W, b and c
	toHidden, toVisible kernel.Fixed
}

func newBench(b *testing.B) *bench {
	e := openOrSkip(b, "")
	m := &bench{
		c: kernel.NewEngine(0, kernel.New(0).ISA(), e), w: kerneltest.RandomFloats(benchM*benchN, 1),
		visible: kerneltest.RandomFloats(benchM, 2), hidden: kerneltest.RandomFloats(benchN, 3),
	}
	for k := range m.w {
		m.w[k] *= 0.1
	}
	m.c.Bind(m.w, m.visible, m.hidden)
	m.load()
	return m
}

func (m *bench) load() {
	m.c.Load(&m.toHidden, m.w, benchM, benchN, m.hidden)
	m.c.LoadTransposed(&m.toVisible, m.w, benchM, benchN, m.visible)
}

// measure reports the microseconds of a call, many of which are queued.
func (m *bench) measure(b *testing.B, call func(step int)) {
	b.Helper()
	for step := range 10 {
		call(step)
	}
	wait := func() {
		if err := m.c.Err(); err != nil {
			b.Fatal(err)
		}
	}
	wait()
	b.ResetTimer()
	for step := range b.N {
		call(step)
	}
	wait()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "µs")
}

func BenchmarkSweep(b *testing.B) {
	for _, rows := range []int{100, 500, 2000, 5000, 16384, 131072} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			m := newBench(b)
			v, h := randomBits(rows, benchM, 60, 1), kernel.NewBits(rows, benchN)
			m.measure(b, func(step int) {
				m.c.Sample(h, nil, v, &m.toHidden, rng.Seed(1), uint64(step), 0)
				m.c.Sample(v, nil, h, &m.toVisible, rng.Seed(2), uint64(step), 0)
			})
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "chain-steps/s")
		})
	}
}

// Both operands of the conditionals, from bound parameters.
func BenchmarkLoad(b *testing.B) {
	m := newBench(b)
	m.measure(b, func(int) { m.load() })
}

// Averages of rows of bits into bound numbers.
func BenchmarkAverages(b *testing.B) {
	for _, rows := range []int{100, 500, 2000} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			m := newBench(b)
			x := randomBits(rows, benchM, 60, 1)
			v, h, vh := make([]float32, benchM), make([]float32, benchN), make([]float32, benchM*benchN)
			m.c.Bind(v, h, vh)
			m.measure(b, func(int) { m.c.Averages(vh, &m.toHidden, kernel.Rows{V: v, H: h, X: x}) })
		})
	}
}

// A step of annealed importance sampling, or of replica exchange with one part for each temperature: all rows, with sums at two places.
func BenchmarkAISStep(b *testing.B) {
	for _, s := range []struct{ parts, rows int }{{1, 5000}, {12, 20}, {64, 20}} {
		b.Run(fmt.Sprintf("%d×%d", s.parts, s.rows), func(b *testing.B) {
			m := newBench(b)
			rows := s.parts * s.rows
			v, h := randomBits(rows, benchM, 60, 1), kernel.NewBits(rows, benchN)
			var here, next, visible []kernel.Part
			for k := range s.parts {
				offset := kerneltest.RandomFloats(benchN, uint64(k))
				here = append(here, kernel.Part{Rows: s.rows, Scale: float32(k+1) / 64, Offset: offset})
				next = append(next, kernel.Part{Rows: s.rows, Scale: float32(k+2) / 64, Offset: offset})
				visible = append(visible, kernel.Part{Rows: s.rows, Scale: float32(k+1) / 64, Offset: m.visible})
			}
			up, down, linear := make([]float64, rows), make([]float64, rows), make([]float64, rows)
			m.measure(b, func(step int) {
				m.c.SampleParts(h, v, &m.toHidden, here, rng.Seed(1), uint64(step), kernel.Sums{To: up, Parts: here},
					kernel.Sums{To: down, Parts: next})
				m.c.SampleParts(v, h, &m.toVisible, visible, rng.Seed(2), uint64(step))
				m.c.Linear(v, kernel.Linear{To: linear, Weights: m.visible})
			})
		})
	}
}

// Rows of bits on their way there, and back.
func BenchmarkTransfer(b *testing.B) {
	for _, rows := range []int{100, 100_000} {
		x := randomBits(rows, benchM, 60, 1)
		for name, move := range map[string]func(r kernel.RemoteBits){
			"upload":   func(r kernel.RemoteBits) { r.Upload(x) },
			"download": func(r kernel.RemoteBits) { r.Download(x) },
		} {
			b.Run(fmt.Sprintf("%s/%d", name, rows), func(b *testing.B) {
				m := newBench(b)
				r := m.c.Engine().NewBits(rows, benchM)
				m.measure(b, func(int) { move(r) })
			})
		}
	}
}
