package kernel

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Every kernel in every form against the plain one, on numbers and shapes of the fuzzer's choice. FuzzMul is beside the test
// of Mul.

// numbersOf reads float32 numbers.
func numbersOf(b []byte) []float32 {
	x := make([]float32, len(b)/4)
	for i := range x {
		x[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return x
}

// sameNumbers compares bits, and takes one NaN for another.
func sameNumbers(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool {
		return math.Float32bits(x) == math.Float32bits(y) || x != x && y != y
	})
}

// eachForm calls f in the plain form first, then in all others, with one worker.
func eachForm(f func(c *Context)) {
	for _, c := range contexts {
		if c.Workers() == 1 {
			f(c)
		}
	}
}

func FuzzElementwise(f *testing.F) {
	seed := make([]byte, 0, 4*40)
	for _, x := range []float64{
		0, math.Copysign(0, -1), 1, -1, 17, -104, 89, 1e-45, -1e-45, 1e-38, math.MaxFloat32, -math.MaxFloat32, math.Inf(1), math.Inf(-1),
		math.NaN(), 0.5, -0.5, 32, -32, 88.72284,
	} {
		seed = binary.LittleEndian.AppendUint32(seed, math.Float32bits(float32(x)))
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, b []byte) {
		x := numbersOf(b)
		for name, function := range map[string]func(*Context, []float32, []float32){
			"Sigmoids": (*Context).Sigmoids, "Softpluses": (*Context).Softpluses,
		} {
			var want []float32
			eachForm(func(c *Context) {
				got := make([]float32, len(x))
				function(c, got, x)
				if c.ISA() == Generic {
					want = got
				} else if !sameNumbers(got, want) {
					t.Fatalf("%s of %v: %v gives %v, plain %v", name, x, c.ISA(), got, want)
				}
			})
		}
	})
}

func FuzzVectors(f *testing.F) {
	f.Add([]byte{0, 0, 128, 63, 0, 0, 0, 64, 1, 0, 0, 0, 255, 255, 127, 127, 0, 0, 128, 127, 0, 0, 192, 255}, uint8(40))
	f.Fuzz(func(t *testing.T, b []byte, n uint8) {
		values := append(numbersOf(b), 1)
		pick := func(step int) []float32 {
			x := make([]float32, n)
			for i := range x {
				x[i] = values[(i*step+step)%len(values)]
			}
			return x
		}
		x, y, z := pick(1), pick(3), pick(7)
		step := &Adam{Decay: values[0], Gain: 0.001, Rate: 0.01, Correction: 3, Epsilon: 1e-8}
		var want []float32
		eachForm(func(c *Context) {
			d, s := slices.Clone(z), slices.Clone(y)
			c.Subtract(d, d, x)
			c.AddScaled(d, values[0], y)
			c.SubtractOuter(d, values[0], x, values[len(values)/2], y)
			c.StepAdam(step, d, x, y, s)
			got := append(append(d, s...), float32(c.Dot(x, y)))
			if c.Finite(x) {
				got = append(got, 1)
			}
			if c.ISA() == Generic {
				want = got
			} else if !sameNumbers(got, want) {
				t.Fatalf("%v and %v: %v gives %v, plain %v", x, y, c.ISA(), got, want)
			}
		})
	})
}

func FuzzSample(f *testing.F) {
	f.Add(uint8(3), uint8(70), uint64(1), uint64(7), uint32(5), []byte{0, 0, 128, 63, 0, 0, 0, 194})
	f.Add(uint8(1), uint8(1), uint64(1<<63), uint64(1<<40), uint32(math.MaxUint32), []byte{0, 0, 128, 127})
	f.Fuzz(func(t *testing.T, rows, cols uint8, seed, step uint64, chain uint32, values []byte) {
		offset := make([]float32, cols)
		numbers := append(numbersOf(values), 0.5)
		for j := range offset {
			offset[j] = numbers[j%len(numbers)]
			if offset[j]-offset[j] != 0 {
				offset[j] = 1
			}
		}
		const inner = 37
		x, w := randomBits(int(rows), inner, 100, seed), kerneltest.RandomFloats(inner*int(cols), seed)
		var want []uint64
		eachForm(func(c *Context) {
			var fixed Fixed
			c.Load(&fixed, w, inner, int(cols), offset)
			dst := NewBits(int(rows), int(cols))
			c.Sample(dst, nil, x, &fixed, rng.Seed(seed), step, chain)
			if c.ISA() == Generic {
				want = dst.Words
			} else if !slices.Equal(dst.Words, want) {
				t.Fatalf("%d×%d, step %d, chain %d: %v differs from the plain form", rows, cols, step, chain, c.ISA())
			}
		})
	})
}

// FuzzLoad compares what Load and LoadTransposed store, to the last word.
func FuzzLoad(f *testing.F) {
	f.Add(uint8(20), uint8(33), []byte{0, 0, 128, 63, 1, 0, 0, 0, 255, 255, 127, 127})
	f.Fuzz(func(t *testing.T, rows, cols uint8, values []byte) {
		src, numbers := make([]float32, int(rows)*int(cols)), append(numbersOf(values), 0.25, -3)
		for i := range src {
			src[i] = numbers[i%len(numbers)]
			if src[i]-src[i] != 0 {
				src[i] = -1
			}
		}
		offset := make([]float32, rows)
		copy(offset, src)
		var want [2]Fixed
		eachForm(func(c *Context) {
			var got [2]Fixed
			c.Load(&got[0], src, int(rows), int(cols), nil)
			c.LoadTransposed(&got[1], src, int(rows), int(cols), offset)
			if c.ISA() == Generic {
				want = got
				return
			}
			for k := range got {
				if got[k].scale != want[k].scale || !slices.Equal(got[k].words, want[k].words) || !slices.Equal(got[k].offset, want[k].offset) {
					t.Fatalf("%d×%d: %v stores other words than the plain form", rows, cols, c.ISA())
				}
			}
		})
	})
}

// FuzzEnumeration compares the inner loops of package exact and of the pseudo-likelihood.
func FuzzEnumeration(f *testing.F) {
	f.Add(uint8(70), uint64(1))
	f.Fuzz(func(t *testing.T, n uint8, seed uint64) {
		a, most, table := doubles(int(n), seed), doubles(int(n), seed+1), doubles(64*int(n), seed+2)
		var want []float64
		eachForm(func(c *Context) {
			product, r, ar := slices.Clone(a), make([]float64, n), make([]float64, n)
			c.Multiply(product, product, most)
			sum := c.Factors(r, ar, a, most)
			var p, q Product
			p.Reset()
			q.Reset()
			c.Products(&p, &q, table, Factored{r, ar}, Factored{ar, r})
			got := slices.Concat(product, r, ar, p.Mantissa[:], q.Mantissa[:], []float64{float64(sum), c.LogProduct(r, ar, most)})
			for e := range p.Exponent {
				got = append(got, float64(p.Exponent[e]), float64(q.Exponent[e]))
			}
			if c.ISA() == Generic {
				want = got
				return
			}
			for i := range got {
				if math.Float64bits(got[i]) != math.Float64bits(want[i]) && got[i] == got[i] {
					t.Fatalf("%d units: number %d is %g in %v, %g in the plain form", n, i, got[i], c.ISA(), want[i])
				}
			}
		})
	})
}
