package kernel

import "math/bits"

// Mul writes the product of the bits x with f, plus f's offset row, to dst (x.Rows×f.Cols, row-major):
//
//	dst[r,j] = 2^−s·(q_j + Σ_k x[r,k]·q[k,j]).
//
// It panics unless x.Cols is f.Rows and dst has x.Rows·f.Cols elements.
func Mul(workers int, dst []float32, x Bits, f *Fixed) {
	if x.Cols != f.Rows {
		panicf("Mul of %d×%d bits with a %d×%d matrix", x.Rows, x.Cols, f.Rows, f.Cols)
	}
	if len(dst) != x.Rows*f.Cols {
		panicf("Mul of %d rows and %d columns into %d numbers", x.Rows, f.Cols, len(dst))
	}
	scale := float32(f.Resolution())
	Parallel(workersFor(workers, x.Rows*x.Cols*f.Cols/32), f.panels(), func(p int) {
		panel := f.panel(p)
		for r := range x.Rows {
			sum := *(*[panelWords]uint64)(f.offset[p*panelWords:])
			for i, w := range x.Row(r) {
				for ; w != 0; w &= w - 1 {
					row := (*[panelWords]uint64)(panel[(i*64+bits.TrailingZeros64(w))*panelWords:])
					for c := range sum {
						sum[c] += row[c]
					}
				}
			}
			for c, out := range dst[r*f.Cols+p*panelCols : r*f.Cols+min((p+1)*panelCols, f.Cols)] {
				_ = out
				lo, hi := unpack(sum[c/2])
				if c%2 == 1 {
					lo = hi
				}
				dst[r*f.Cols+p*panelCols+c] = float32(lo) * scale
			}
		}
	})
}
