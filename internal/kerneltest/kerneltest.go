// Package kerneltest has the inputs that the kernels of every device are tested with. It knows packed bits as words
// alone, so that the tests within package kernel can import it.
package kerneltest

import (
	"math"

	"github.com/harmonium-rbm/harmonium/rng"
)

// RandomWords fills rows of packed bits, of cols bits in stride words each, with bits that are 1 with probability
// ones/256. The words must be 0; the bits after the last column stay so.
func RandomWords(words []uint64, cols, stride, ones int, seed uint64) {
	s := rng.NewSource(rng.Seed(seed), 0)
	for ; len(words) > 0; words = words[stride:] {
		for c := range cols {
			if s.Uint32()>>24 < uint32(ones) {
				words[c/64] |= 1 << (c % 64)
			}
		}
	}
}

// RandomFloats returns numbers in (−1,1).
func RandomFloats(n int, seed uint64) []float32 {
	s := rng.NewSource(rng.Seed(seed), 1)
	x := make([]float32, n)
	for i := range x {
		x[i] = 2*rng.Uniform(s.Uint32()) - 1
	}
	return x
}

// Extremes are weights at the ends of float32, by name, for operands of products.
func Extremes() map[string][]float32 {
	denormal, huge := float32(math.SmallestNonzeroFloat32), float32(math.MaxFloat32)
	negativeZero := float32(math.Copysign(0, -1))
	return map[string][]float32{
		"zero":      {0},
		"−0":        {negativeZero, 0},
		"denormal":  {denormal, -denormal, 0, 3 * denormal},
		"tiny":      {0x1p-126, -0x1p-100, denormal},
		"huge":      {huge, -huge, 1, denormal},
		"mixed":     {1e38, -1, 1e-38, 0.5, negativeZero, -1e30},
		"powers":    {1, 2, 4, -8, 16},
		"half ties": {1 << 24, 0.5, 1.5, -0.5, -2.5},
	}
}

// Operand returns rows×cols weights and an offset for each column, from a few values in turn.
func Operand(values []float32, rows, cols int) (weights, offset []float32) {
	weights, offset = make([]float32, rows*cols), make([]float32, cols)
	for i := range weights {
		weights[i] = values[(i*7+i/5)%len(values)]
	}
	for j := range offset {
		offset[j] = values[j%len(values)]
	}
	return weights, offset
}
