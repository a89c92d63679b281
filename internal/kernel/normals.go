package kernel

import (
	"math"

	"github.com/harmonium-rbm/harmonium/rng"
)

// Normals writes mean[r,j] + sd[j]·z to dst, for row r and column j of len(sd), with z = z_(j%2) of [NormalPair] from
// the random words of the columns j−j%2 and j−j%2+1: of key.Block(rng.At(step, first+r, j)), the words that belong to
// these columns. Both operations are rounded. dst may be mean. It panics unless both have the same length, a multiple of
// len(sd).
func (c *Context) Normals(dst, mean, sd []float32, key rng.Key, step uint64, first uint32) {
	if len(dst) != len(mean) {
		panicf("Normals of %d means into %d numbers", len(mean), len(dst))
	}
	w := c.startRows("Normals", mean, len(mean)/max(1, len(sd)), len(sd))
	w.dst, w.row = dst, sd
	w.draw.start(w.c.isa, Bits{}, key, step, first)
	w.perTask = drawRows
	w.run((*rowNormals)(w))
}

// NormalPair turns two random words into two independent standard normal numbers (Box and Muller 1958):
//
//	z_0 = √(−2 log u)·cos 2πv,   z_1 = √(−2 log u)·sin 2πv,   u = (⌊w_0/2⌋ + ½)·2^−31,   v = w_1·2^−32.
//
// u is rounded to float32 once more, which leaves it at 2^−32 or above, so that |z| ≤ √(64 log 2) ≈ 6.66: what lies
// beyond has the probability 3·10^−11. The radius is at most 3 units in the last place off, the cosine and the sine
// 2^−22.
func NormalPair(w0, w1 uint32) (z0, z1 float32) {
	r := radius(w0)
	return r * cosTurn(w1), r * cosTurn(w1-1<<30)
}

// radius returns √(−2 log u).
func radius(w uint32) float32 {
	u := float32((float32(int32(w>>1)) + 0.5) * 0x1p-31)
	return float32(math.Sqrt(float64(-2 * logUnit(u)))) // the root of a float32 is rounded once all the same
}

// sqrtHalf is the bits of √½; oneBits those of 1.
const (
	sqrtHalf = 0x3f3504f3
	oneBits  = 0x3f800000
)

// logUnit returns log u for a normal number u ≤ 1: with u = 2^k·m and m between √½ and √2, it is k·log 2 + log m, where
// log m = 2(s + s³/3 + s⁵/5 + …) with s = (m−1)/(m+1), |s| < 0.172. The first term left out, s^11/11, is below 2^−28 of
// the sum.
func logUnit(u float32) float32 {
	bits := math.Float32bits(u) + (oneBits - sqrtHalf)
	k := float32(int32(bits>>23) - 127)
	m := math.Float32frombits(bits&(1<<23-1) + sqrtHalf)
	s := (m - 1) / (m + 1)
	z := s * s
	p := float32(z*(1.0/9)) + 1.0/7
	p = float32(p*z) + 1.0/5
	p = float32(p*z) + 1.0/3
	p *= z
	log := 2 * (s + float32(s*p))
	return (log + float32(k*ln2Lo)) + float32(k*ln2Hi)
}

// cosTurn returns cos(2π·w/2^32) = sin(½π·y) with y = 1 − |w|/2^30 for w as a signed integer, by the odd polynomial of
// degree 9 with the smallest maximum error on [−1, 1]: 4·10^−9 before rounding.
func cosTurn(w uint32) float32 {
	t := int32(w)
	sign := t >> 31
	y := float32(1<<30-((t^sign)-sign)) * 0x1p-30 // for −2^31 the integers wrap to y = −1
	z := y * y
	p := float32(z*1.5082055803e-4) - 4.6722279102e-3
	p = float32(p*z) + 7.9688480532e-2
	p = float32(p*z) - 6.4596335986e-1
	p = float32(p*z) + 1.5707962900
	return p * y
}

func (n *rowNormals) do(task int) {
	w := (*rowwise)(n)
	from, to := w.stretch(task)
	whole, even := w.cols/panelCols*panelCols, (to-from)&^1
	if w.c.isa == Generic {
		whole = 0
	}
	for j := 0; j < whole && even > 0; j += panelCols {
		at := from*w.cols + j
		w.c.isa.normals(&w.draw, w.dst[at:], w.x[at:], w.cols, even, w.row[j:], uint32(from), j/panelCols)
	}
	for r := from; r < to; r++ {
		first := whole
		if r-from == even {
			first = 0 // the last of an odd number of rows
		}
		normalRowGeneric(&w.draw, w.dst[r*w.cols:(r+1)*w.cols], w.of(r), w.row, uint32(r), first)
	}
}

// normalRowGeneric draws the numbers of a row from column first on.
func normalRowGeneric(d *draw, dst, mean, sd []float32, row uint32, first int) {
	at := rng.At(d.step, d.firstChain+row, uint32(first))
	for from := first; from < len(sd); from += len(rng.Block{}) {
		words := d.key.Block(at)
		at[0]++
		var z [4]float32
		z[0], z[1] = NormalPair(words[0], words[1])
		z[2], z[3] = NormalPair(words[2], words[3])
		for j := from; j < min(from+len(z), len(sd)); j++ {
			dst[j] = mean[j] + float32(sd[j]*z[j-from])
		}
	}
}
