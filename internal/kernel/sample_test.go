package kernel

import (
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
	"github.com/harmonium-rbm/harmonium/rng"
)

func TestSampleBitAtItsEnds(t *testing.T) {
	lowest, highest := rng.Uniform(0), rng.Uniform(math.MaxUint32)
	inf := float32(math.Inf(1))
	for _, x := range []float32{-inf, -math.MaxFloat32, -1e10, -100, -88, -32, -17, -16.7} { // σ(−16.7) < 2^−24
		if SampleBit(lowest, x) {
			t.Errorf("the smallest u sets a bit with x = %g, σ = %g", x, Sigmoid(x))
		}
	}
	for _, x := range []float32{inf, math.MaxFloat32, 1e10, 100, 88, 32, 17.4} { // σ(17.4) is 1 in float32
		if !SampleBit(highest, x) {
			t.Errorf("the largest u clears a bit with x = %g, σ = %g", x, Sigmoid(x))
		}
	}
	// Wherever σ rounds to 1 or is at most 2^−24, in steps of the last place around the thresholds.
	for _, start := range []float32{-17, 16} {
		for x := start; x < start+1.5; x = math.Nextafter32(x, inf) {
			if sigma := 1 / (1 + math.Exp(-float64(x))); float32(sigma) == 1 && !SampleBit(highest, x) {
				t.Fatalf("the largest u clears a bit with x = %g", x)
			} else if sigma <= 0x1p-24*(1-0x1p-23) && SampleBit(lowest, x) {
				t.Fatalf("the smallest u sets a bit with x = %g", x)
			}
		}
	}
	if nan := float32(math.NaN()); SampleBit(lowest, nan) {
		t.Error("NaN sets a bit")
	}
}

// Except within rounding errors of u = σ(x), the decision is that of float64.
func TestSampleBitAgainstFloat64(t *testing.T) {
	s := rng.NewSource(rng.Seed(4), 0)
	for range 1 << 18 {
		u, x := rng.Uniform(s.Uint32()), 20*(2*rng.Uniform(s.Uint32())-1)
		left, right := float64(u)*math.Exp(-float64(x)), 1-float64(u)
		if math.Abs(left-right) > 2*0x1p-23*right && SampleBit(u, x) != (left < right) {
			t.Fatalf("u = %g, x = %g: %v, but σ = %g", u, x, SampleBit(u, x), 1/(1+math.Exp(-float64(x))))
		}
	}
}

func TestSampleIsItsDefinition(t *testing.T) {
	key, step, firstChain := rng.Seed(11).Stream(rng.StreamHidden), uint64(1)<<40+3, uint32(math.MaxUint32-50)
	for _, rows := range []int{0, 1, 2, 3, 70} {
		for _, cols := range []int{0, 1, 3, 4, 7, 16, 17, 63, 64, 65, 100, 257, 500} {
			x, w := randomBits(rows, 21, 128, uint64(rows)), kerneltest.RandomFloats(21*cols, uint64(cols))
			for i := range w {
				w[i] *= 6
			}
			var f Fixed
			one.Load(&f, w, 21, cols, nil)
			inputs := make([]float32, rows*cols)
			one.Mul(inputs, x, &f)
			want := NewBits(rows, cols)
			for r := range rows {
				for j := range cols {
					block := key.Block(rng.At(step, firstChain+uint32(r), uint32(j)))
					if SampleBit(rng.Uniform(block[j%4]), inputs[r*cols+j]) {
						want.Row(r)[j/64] |= 1 << (j % 64)
					}
				}
			}
			forEachForm(func(c *Context) {
				got := NewBits(rows, cols)
				for i := range got.Words {
					got.Words[i] = math.MaxUint64 // what was there before must not show
				}
				c.Sample(got, nil, x, &f, key, step, firstChain)
				if !slices.Equal(got.Words, want.Words) {
					t.Fatalf("%d×%d, %v, %d workers: differs from the definition", rows, cols, c.ISA(), c.Workers())
				}
			})
		}
	}
}

// The frequency of ones is σ(x) within five standard errors.
func TestSampleFrequency(t *testing.T) {
	const rows, cols = 1 << 14, 23
	key := rng.Seed(12).Stream(rng.StreamVisible)
	offset := make([]float32, cols)
	for j := range offset {
		offset[j] = float32(j-cols/2) * 0.75 // −8.25 … 8.25
	}
	var f Fixed
	one.Load(&f, nil, 0, cols, offset)
	dst, counts := NewBits(rows, cols), make([]int, cols)
	all.Sample(dst, nil, NewBits(rows, 0), &f, key, 5, 0)
	one.ColumnCounts(counts, dst)
	for j, count := range counts {
		p := 1 / (1 + math.Exp(-float64(offset[j])))
		if sigma := math.Sqrt(rows * p * (1 - p)); math.Abs(float64(count)-rows*p) > 5*sigma {
			t.Errorf("x = %g: %d ones of %d, want %.1f ± %.1f", offset[j], count, rows, rows*p, sigma)
		}
	}
}
