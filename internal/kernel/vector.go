package kernel

import "math"

// The arithmetic of an update of the parameters, on stretches of them. All slices of a call have the same length; a
// function panics, or reads no further than the first, where they don't. The functions run in the caller's goroutine.

// Subtract writes a[i] − b[i] to dst[i].
func (c *Context) Subtract(dst, a, b []float32) { c.ISA().subtract(dst, a[:len(dst)], b[:len(dst)]) }

// AddScaled adds a·x[i] to dst[i].
func (c *Context) AddScaled(dst []float32, a float32, x []float32) {
	c.ISA().addScaled(dst, a, x[:len(dst)])
}

// Interpolate writes (1−β)·a[i] + β·b[i] to dst[i], and b[i] itself for β = 1.
func (c *Context) Interpolate(dst, a, b []float32, β float32) {
	const block = 1 << 14
	n := len(dst)
	a, b = a[:n], b[:n]
	c = c.own()
	c.parallel(c.workersFor(n), (n+block-1)/block, function(func(task int) {
		from, to := task*block, min((task+1)*block, n)
		if β == 1 {
			copy(dst[from:to], b[from:to])
			return
		}
		for i := from; i < to; i++ {
			dst[i] = float32((1-β)*a[i]) + float32(β*b[i])
		}
	}))
}

// SubtractOuter subtracts a·x[i] + b·y[i] from dst[i].
func (c *Context) SubtractOuter(dst []float32, a float32, x []float32, b float32, y []float32) {
	c.ISA().subtractOuter(dst, a, x[:len(dst)], b, y[:len(dst)])
}

// CenterColumns subtracts the mean of each column, which it writes to means, from the rows of x, row after row. A mean is the
// sum in float64, row after row, over the number of rows, rounded to float32.
func (c *Context) CenterColumns(means, x []float32) {
	if n := len(means); n > 0 && len(x) >= n {
		c.ISA().centerColumns(means, x[:len(x)/n*n])
	}
}

// AddNumbers adds x[i] to sums[i].
func (c *Context) AddNumbers(sums []float64, x []float32) { c.ISA().addNumbers(sums, x[:len(sums)]) }

// Dot returns Σ x[i]·y[i]. The products are exact, and the sum is taken in float64 in the order of columnSum.
func (c *Context) Dot(x, y []float32) float64 {
	var parts [sumParts]float64
	c.ISA().dot(&parts, x, y[:len(x)])
	return columnSum(&parts, 0)
}

// Finite reports whether every number is finite.
func (c *Context) Finite(x []float32) bool { return c.ISA().finite(x) }

// Adam holds the numbers of a step of Adam without momentum: the decay of the mean square and 1 minus it, the
// rate, the correction of the mean square for its start at zero, and what is added to its root.
type Adam struct{ Decay, Gain, Rate, Correction, Epsilon float32 }

// StepAdam updates the mean square of g and moves p along a:
//
//	second ← Decay·second + Gain·g²,   p ← p + Rate·a/(√(Correction·second) + Epsilon).
//
// a may be g.
func (c *Context) StepAdam(s *Adam, p, a, g, second []float32) {
	c.ISA().adam(s, p, a[:len(p)], g[:len(p)], second[:len(p)])
}

func addNumbersGeneric(sums []float64, x []float32) {
	for i, y := range x {
		sums[i] += float64(y)
	}
}

// centerColumnsGeneric does the columns from one on.
func centerColumnsGeneric(means, x []float32, from int) {
	const width = 16 // columns at a time
	n := len(means)
	for ; from < n; from += width {
		var sums [width]float64
		means := means[from:min(n, from+width)]
		for k := from; k < len(x); k += n {
			addNumbersGeneric(sums[:], x[k:k+len(means)])
		}
		for j := range means {
			means[j] = float32(sums[j] / float64(len(x)/n))
		}
		for k := from; k < len(x); k += n {
			row := x[k : k+len(means)]
			subtractGeneric(row, row, means)
		}
	}
}

func subtractGeneric(dst, a, b []float32) {
	for i := range dst {
		dst[i] = a[i] - b[i]
	}
}

func addScaledGeneric(dst []float32, a float32, x []float32) {
	for i, y := range x {
		dst[i] += float32(a * y)
	}
}

// affineGeneric writes bias + Σ x·w_i. A term is a number x, in the upper half, and its row i of w.
func affineGeneric(dst, bias, w []float32, terms []uint64) {
	copy(dst, bias)
	for _, term := range terms {
		i := int(uint32(term)) * len(dst)
		addScaledGeneric(dst, math.Float32frombits(uint32(term>>32)), w[i:i+len(dst)])
	}
}

func subtractOuterGeneric(dst []float32, a float32, x []float32, b float32, y []float32) {
	for i := range dst {
		dst[i] -= float32(a*x[i]) + float32(b*y[i])
	}
}

// dotGeneric adds x[i]·y[i] to parts[i%8].
func dotGeneric(parts *[sumParts]float64, x, y []float32) {
	for i, a := range x {
		parts[i%sumParts] += float64(a) * float64(y[i]) // exact, so that fusing changes nothing
	}
}

func finiteGeneric(x []float32) bool {
	for _, y := range x {
		if y-y != 0 { // NaN for NaN and ±Inf
			return false
		}
	}
	return true
}

func adamGeneric(s *Adam, p, a, g, second []float32) {
	for i, x := range g {
		b := float32(s.Decay*second[i]) + float32(s.Gain*float32(x*x))
		second[i] = b
		root := float32(math.Sqrt(float64(s.Correction * b))) // the root of a float32 is rounded once all the same
		p[i] += float32(s.Rate*a[i]) / (root + s.Epsilon)
	}
}
