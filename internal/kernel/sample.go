package kernel

import "harmonium/rng"

// sampleClamp bounds the argument of SampleSigmoid: at ±32 the bit is already certain, and e^32 and e^−32 are
// far from overflow and from slow subnormal numbers.
const sampleClamp = 32

// SampleBit returns u < σ(x) for a number u of [rng.Uniform], decided without a division as
//
//	u·e^(−x) < 1 − u,   x clamped to ±32.
//
// 1 − u is exact, so that only e^(−x) and one product are rounded. The bit is never set where σ(x) ≤ 2^−24, always
// where σ(x) rounds to 1, and not set for NaN.
func SampleBit(u, x float32) bool {
	if x > sampleClamp {
		x = sampleClamp
	}
	if x < -sampleClamp {
		x = -sampleClamp
	}
	r, k := reduce(-x)
	e := expNear0(r) * pow2(k)
	return float32(u*e) < 1-u
}

// SampleSigmoid draws a bit with probability σ(x[r·Cols+j]) for every row r and column j of dst: [SampleBit] with
// u = rng.Uniform of word j%4 of key.Block(rng.At(step, firstChain+r, j)). Row r is thus chain firstChain+r.
// It panics unless x has dst.Rows·dst.Cols numbers.
func SampleSigmoid(workers int, dst Bits, x []float32, key rng.Key, step uint64, firstChain uint32) {
	if len(x) != dst.Rows*dst.Cols {
		panicf("SampleSigmoid of %d numbers into %d×%d bits", len(x), dst.Rows, dst.Cols)
	}
	rows := max(1, 1<<12/max(1, dst.Cols)) // a task is some 4096 bits: tens of microseconds
	Parallel(workers, (dst.Rows+rows-1)/rows, func(task int) {
		for r := task * rows; r < min((task+1)*rows, dst.Rows); r++ {
			sampleRow(dst.Row(r), x[r*dst.Cols:(r+1)*dst.Cols], key, rng.At(step, firstChain+uint32(r), 0))
		}
	})
}

func sampleRow(dst []uint64, x []float32, key rng.Key, at rng.Counter) {
	for k := range dst {
		word, chunk := uint64(0), x[k*64:min((k+1)*64, len(x))]
		for j := 0; j < len(chunk); j += 4 {
			block := key.Block(at)
			at[0]++
			for i, v := range chunk[j:min(j+4, len(chunk))] {
				on := uint64(0) // without a branch: nobody can predict this bit
				if SampleBit(rng.Uniform(block[i]), v) {
					on = 1
				}
				word |= on << ((j + i) & 63)
			}
		}
		dst[k] = word
	}
}
