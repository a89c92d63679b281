package kernel

import "harmonium/rng"

type FixedReals struct {
	Rows, Cols int
	w          []float32
}

func (c *Context) LoadReals(f *FixedReals, src []float32, rows, cols int) {
	*f = FixedReals{rows, cols, append([]float32(nil), src...)}
}

func (c *Context) LoadRealsTransposed(f *FixedReals, src []float32, rows, cols int) {
	w := make([]float32, len(src))
	for i := range rows {
		for j := range cols {
			w[j*rows+i] = src[i*cols+j]
		}
	}
	*f = FixedReals{cols, rows, w}
}

func (c *Context) mulReals(dst []float32, x Reals, f *FixedReals, scale float32, add bool) {
	c.Parallel(x.Rows, func(r int) {
		for j := range f.Cols {
			sum := 0.0
			for k, v := range x.Row(r) {
				sum += float64(float64(v) * float64(f.w[k*f.Cols+j]))
			}
			if !add {
				dst[r*f.Cols+j] = 0
			}
			dst[r*f.Cols+j] += float32(sum) * scale
		}
	})
}
func (c *Context) MulReals(dst []float32, x Reals, f *FixedReals, scale float32) {
	c.mulReals(dst, x, f, scale, false)
}
func (c *Context) AddMulReals(dst []float32, x Reals, f *FixedReals, scale float32) {
	c.mulReals(dst, x, f, scale, true)
}

func (c *Context) Draw(dst Bits, x []float32, key rng.Key, step uint64) {
	for r := range dst.Rows {
		clear(dst.Row(r))
		for j := range dst.Cols {
			if SampleBit(rng.Uniform(key.Block(rng.At(step, uint32(r), uint32(j)))[j%4]), x[r*dst.Cols+j]) {
				dst.Row(r)[j/64] |= 1 << (j % 64)
			}
		}
	}
}

func (c *Context) AddRow(x []float32, scale float32, row []float32) {
	for k := range x {
		x[k] = float32(scale*x[k]) + row[k%len(row)]
	}
}
