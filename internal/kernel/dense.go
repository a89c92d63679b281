package kernel

import "math"

// Products of float32 matrices, for mean fields and for kernels between states. Their sums are rounded, so that their
// order is fixed.

// Affine writes dst = bias + x·w, of rows×m numbers x, m×n w, n biases and rows×n results: bias_j + Σ_i x_ri·w_ij in
// float32, in the order of i, without the terms of x_ri = 0. It panics on other lengths.
func (c *Context) Affine(dst, bias, w, x []float32, rows int) {
	if rows < 0 || len(dst) != rows*len(bias) || len(w)*rows != len(x)*len(bias) {
		panicf("Affine of %d rows: %d numbers with %d weights and %d biases into %d", rows, len(x), len(w), len(bias), len(dst))
	}
	if rows == 0 || len(bias) == 0 {
		return
	}
	if e := c.Engine(); e != nil {
		e.Affine(dst, bias, w, x, rows)
		return
	}
	const block = 16 // rows that share w while its columns are in a cache
	from, to := len(x)/rows, len(bias)
	c.Parallel((rows+block-1)/block, func(task int) {
		first, last := task*block, min((task+1)*block, rows)
		terms, ends := make([]uint64, 0, (last-first)*from), [block]int{}
		for r := first; r < last; r++ {
			for i, x := range x[r*from : (r+1)*from] {
				if x != 0 {
					terms = append(terms, uint64(math.Float32bits(x))<<32|uint64(i))
				}
			}
			ends[r-first] = len(terms)
		}
		c.ISA().affine(dst[first*to:last*to], bias, w, terms, ends[:last-first])
	})
}

// Gram writes the Gram matrix x·xᵀ of the rows of x to dst, rows×rows numbers, each a [Context.Dot]. What is above the
// diagonal is unspecified. It panics on other lengths.
func (c *Context) Gram(dst []float64, x []float32, rows int) {
	if rows < 0 || len(dst) != rows*rows || rows > 0 && len(x)%rows != 0 {
		panicf("Gram of %d numbers in %d rows into %d", len(x), rows, len(dst))
	}
	if rows == 0 {
		return
	}
	if e := c.Engine(); e != nil {
		e.Gram(dst, x, rows)
		return
	}
	n := len(x) / rows
	c.Parallel(rows, func(r int) {
		for s := range r + 1 {
			dst[r*rows+s] = c.Dot(x[r*n:(r+1)*n], x[s*n:(s+1)*n])
		}
	})
}
