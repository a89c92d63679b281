package kernel

import (
	"fmt"
	"slices"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
	"github.com/harmonium-rbm/harmonium/rng"
)

// A shape is that of a product: rows×inner bits times inner×cols numbers; a multiply-add counts as in the dense product.
type shape struct {
	name              string
	rows, inner, cols int
}

var shapes = []shape{
	{"hidden-1024", 1024, 784, 512},
	{"hidden-128", 128, 784, 512},
	{"hidden-100", 100, 784, 512},
	{"hidden-20", 20, 784, 512},
	{"visible-1024", 1024, 512, 784},
	{"visible-100", 100, 512, 784},
	{"statistics-1024", 784, 1024, 512},
	{"statistics-100", 784, 100, 512},
	{"small-hidden-100", 100, 16, 30},
	{"small-visible-100", 100, 30, 16},
}

func (p shape) report(b *testing.B) {
	b.ReportMetric(float64(p.rows*p.inner*p.cols)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GMAC/s")
}

func BenchmarkMul(b *testing.B) {
	for _, p := range shapes {
		b.Run(p.name, func(b *testing.B) {
			x := randomBits(p.rows, p.inner, 128, 1)
			var f Fixed
			one.Load(&f, kerneltest.RandomFloats(p.inner*p.cols, 2), p.inner, p.cols, kerneltest.RandomFloats(p.cols, 3))
			dst := make([]float32, p.rows*p.cols)
			for b.Loop() {
				one.Mul(dst, x, &f)
			}
			p.report(b)
		})
	}
}

func BenchmarkMulReals(b *testing.B) {
	for _, p := range []shape{
		{"hidden-1024", 1024, 784, 500}, {"hidden-100", 100, 784, 500}, {"hidden-20", 20, 784, 500},
		{"statistics-100", 784, 100, 500}, {"statistics-500", 784, 500, 500},
	} {
		src := kerneltest.RandomFloats(p.inner*p.cols, 2)
		x, dst := Reals{p.rows, p.inner, kerneltest.RandomFloats(p.rows*p.inner, 1)}, make([]float32, p.rows*p.cols)
		var f FixedReals
		one.LoadReals(&f, src, p.inner, p.cols)
		b.Run(p.name, func(b *testing.B) {
			for b.Loop() {
				one.MulReals(dst, x, &f, 1)
			}
			p.report(b)
		})
		one.LoadShortReals(&f, src, p.inner, p.cols)
		b.Run("short-"+p.name, func(b *testing.B) {
			for b.Loop() {
				one.MulReals(dst, x, &f, 1)
			}
			p.report(b)
		})
		one.LoadBalancedReals(&f, src, p.inner, p.cols)
		b.Run("balanced-"+p.name, func(b *testing.B) {
			for b.Loop() {
				one.MulReals(dst, x, &f, 1)
			}
			p.report(b)
		})
	}
	const rows, cols = 784, 500
	src := kerneltest.RandomFloats(rows*cols, 1)
	var f FixedReals
	for name, load := range map[string]func(){
		"load":       func() { one.LoadReals(&f, src, rows, cols) },
		"balanced":   func() { one.LoadBalancedReals(&f, src, rows, cols) },
		"transposed": func() { one.LoadRealsTransposed(&f, src, rows, cols) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				load()
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N*rows*cols), "ns/number")
		})
	}
}

// The functions of rows, a nanosecond a number.
func BenchmarkRows(b *testing.B) {
	const rows, cols = 100, 504
	x, dst, sums, bits := kerneltest.RandomFloats(rows*cols, 1), make([]float32, rows*cols), make([]float64, rows), NewBits(rows, cols)
	sites := slices.Repeat([]int{21}, cols/21)
	for _, f := range []struct {
		name string
		call func()
	}{
		{"AddRow", func() { one.AddRow(x, 0.5, dst[:cols]) }},
		{"Draw", func() { one.Draw(bits, x, rng.Seed(1), 1) }},
		{"Normals", func() { one.Normals(dst, x, x[:cols], rng.Seed(1), 1, 0) }},
		{"SumSoftpluses", func() { one.SumSoftpluses(sums, x) }},
		{"DrawCategories", func() { one.DrawCategories(bits, x, sites, rng.Seed(1), 1) }},
		{"Softmax", func() { one.Softmax(dst, x, sites) }},
		{"SumLogSumExp", func() { one.SumLogSumExp(sums, x, sites) }},
	} {
		b.Run(f.name, func(b *testing.B) {
			for b.Loop() {
				f.call()
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N*rows*cols), "ns/number")
		})
	}
}

// The dense product of the same shapes by gonum, for the ratio. It skips zeros of the left operand, so the
// operand is ±1 as the issue of a dense product is.
func BenchmarkGonumSgemm(b *testing.B) {
	for _, p := range shapes {
		b.Run(p.name, func(b *testing.B) {
			x, w := kerneltest.RandomFloats(p.rows*p.inner, 1), kerneltest.RandomFloats(p.inner*p.cols, 2)
			dst := make([]float32, p.rows*p.cols)
			for b.Loop() {
				gonum.Implementation{}.Sgemm(blas.NoTrans, blas.NoTrans, p.rows, p.cols, p.inner,
					1, x, p.inner, w, p.cols, 0, dst, p.cols)
			}
			p.report(b)
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	for _, shape := range [][2]int{{784, 512}, {784, 500}, {128, 512}, {16, 30}} {
		rows, cols := shape[0], shape[1]
		src := kerneltest.RandomFloats(rows*cols, 1)
		var f Fixed
		b.Run(fmt.Sprintf("plain-%dx%d", rows, cols), func(b *testing.B) {
			for b.Loop() {
				one.Load(&f, src, rows, cols, nil)
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N*rows*cols), "ns/number")
		})
		b.Run(fmt.Sprintf("transposed-%dx%d", rows, cols), func(b *testing.B) {
			for b.Loop() {
				one.LoadTransposed(&f, src, rows, cols, nil)
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N*rows*cols), "ns/number")
		})
	}
}

func BenchmarkElementwise(b *testing.B) {
	const rows, cols = 128, 512
	x, dst := kerneltest.RandomFloats(rows*cols, 1), make([]float32, rows*cols)
	for i := range x {
		x[i] *= 8
	}
	for name, f := range map[string]func(){
		"Sigmoids":   func() { one.Sigmoids(dst, x) },
		"Softpluses": func() { one.Softpluses(dst, x) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f()
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N*rows*cols), "ns/number")
		})
	}
}

// Drawing without and with a product worth the name.
func BenchmarkSample(b *testing.B) {
	for _, p := range []shape{{"bits-1024", 1024, 1, 512}, {"hidden-1024", 1024, 784, 512}, {"hidden-100", 100, 784, 512}} {
		b.Run(p.name, func(b *testing.B) {
			x, dst := randomBits(p.rows, p.inner, 128, 1), NewBits(p.rows, p.cols)
			var f Fixed
			one.Load(&f, kerneltest.RandomFloats(p.inner*p.cols, 2), p.inner, p.cols, kerneltest.RandomFloats(p.cols, 3))
			for b.Loop() {
				one.Sample(dst, nil, x, &f, rng.Seed(1), 1, 0)
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N*p.rows*p.cols), "ns/bit")
		})
	}
}

func BenchmarkBits(b *testing.B) {
	x := randomBits(1024, 784, 128, 1)
	dst, counts := NewBits(784, 1024), make([]int, 784)
	b.Run("Transpose-1024x784", func(b *testing.B) {
		for b.Loop() {
			one.Transpose(dst, x)
		}
	})
	b.Run("ColumnCounts-1024x784", func(b *testing.B) {
		for b.Loop() {
			one.ColumnCounts(counts, x)
		}
	})
}
