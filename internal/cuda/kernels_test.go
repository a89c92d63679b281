package cuda

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"harmonium/internal/kernel"
	"harmonium/internal/kerneltest"
	"harmonium/rng"
)

func sprintWords(row int, got, want []uint64) string {
	return fmt.Sprintf("row %d: %016x, want %016x", row, got, want)
}

// checkProducts compares everything that is made of a product with internal/kernel by ==, for an operand that is loaded as it is and one
// that is loaded transposed.
func checkProducts(t *testing.T, d *Device, x kernel.Bits, w []float32, cols int, offset []float32) {
	t.Helper()
	inner := x.Cols
	transposed := make([]float32, len(w))
	for k := range inner {
		for j := range cols {
			transposed[j*inner+k] = w[k*cols+j]
		}
	}
	var f kernel.Fixed
	cpu := kernel.New(0)
	cpu.Load(&f, w, inner, cols, offset)
	numbers, scaled, probs := make([]float32, x.Rows*cols), make([]float32, x.Rows*cols), make([]float32, x.Rows*cols)
	sums, drawn := make([]float64, x.Rows), kernel.NewBits(x.Rows, cols)
	key, step, firstChain := rng.Seed(11).Stream(rng.StreamHidden), uint64(1)<<40+3, uint32(math.MaxUint32-50)
	cpu.Mul(numbers, x, &f)
	cpu.MulScaled(scaled, x, &f, 1.0/300)
	cpu.Probabilities(probs, sums, x, &f)
	cpu.Sample(drawn, nil, x, &f, key, step, firstChain)

	var offsets *Floats
	if offset != nil {
		offsets = floats(d, offset)
		defer offsets.Free()
	}
	bits := d.UploadBits(x)
	defer bits.Free()
	for _, load := range []string{"Load", "LoadTransposed"} {
		var g Fixed
		src, name := floats(d, w), fmt.Sprintf("%d×%d·%d, %s", x.Rows, inner, cols, load)
		if load == "Load" {
			g.Load(src, inner, cols, offsets)
		} else {
			src.Upload(transposed)
			g.LoadTransposed(src, cols, inner, offsets)
		}
		if _, err := g.Check(); err != nil {
			t.Fatal(err)
		}
		dst, sumsThere, drawnThere := d.NewFloats(x.Rows*cols), new(memory), d.NewBits(x.Rows, cols)
		sumsThere.grow(d, 8*x.Rows)
		MulScaled(dst, bits, &g, 1)
		sameFloats(t, name+": Mul", dst, numbers)
		MulScaled(dst, bits, &g, 1.0/300)
		sameFloats(t, name+": MulScaled", dst, scaled)
		Probabilities(dst, bits, &g)
		sameFloats(t, name+": Probabilities", dst, probs)
		sumSoftplus(sumsThere, dst, bits, &g)
		got := make([]float64, x.Rows)
		if err := download(got, sumsThere); err != nil {
			t.Fatal(err)
		}
		for r, want := range sums {
			if math.Float64bits(got[r]) != math.Float64bits(want) {
				t.Fatalf("%s: sum of log(1+e^x) of row %d is %v, want %v", name, r, got[r], want)
			}
		}
		Sample(drawnThere, bits, &g, nil, key, step, firstChain)
		sameBits(t, name+": Sample", drawnThere, drawn)
		src.Free()
		g.Free()
		dst.Free()
		sumsThere.free()
		drawnThere.Free()
	}
}

func TestProductShapes(t *testing.T) {
	forEachForm(t, func(t *testing.T, d *Device) {
		sizes := []int{0, 1, 2, 5, 6, 7, 8, 9, 16, 17, 31, 32, 33, 63, 64, 65, 100, 128, 130, 257}
		for i, rows := range sizes {
			for k, inner := range sizes {
				if testing.Short() && (i+k)%4 != 0 {
					continue
				}
				cols := sizes[(i*5+k*3+1)%len(sizes)] // every pair of rows and inner sizes, all sizes of columns
				seed := uint64(i*100 + k)
				var offset []float32
				if (i+k)%3 != 0 {
					offset = kerneltest.RandomFloats(cols, seed+1)
				}
				checkProducts(t, d, randomBits(rows, inner, 128, seed), kerneltest.RandomFloats(inner*cols, seed), cols, offset)
			}
		}
	})
}

func TestProductLarge(t *testing.T) {
	forEachForm(t, func(t *testing.T, d *Device) {
		for _, s := range []struct{ rows, inner, cols int }{{700, 784, 130}, {300, 1000, 70}, {3, 2500, 513}, {2049, 65, 21}} {
			if testing.Short() {
				s.rows = min(s.rows, 300)
			}
			w, offset := kerneltest.RandomFloats(s.inner*s.cols, 2), kerneltest.RandomFloats(s.cols, 3)
			checkProducts(t, d, randomBits(s.rows, s.inner, 128, 1), w, s.cols, offset)
		}
	})
}

func TestProductExtremeStates(t *testing.T) {
	forEachForm(t, func(t *testing.T, d *Device) {
		for _, ones := range []int{0, 1, 255, 256} {
			x := randomBits(300, 333, ones, 5)
			checkProducts(t, d, x, kerneltest.RandomFloats(333*19, 6), 19, kerneltest.RandomFloats(19, 7))
			// All of one sign: the sums come as near to 32 bits as the scale allows.
			positive := kerneltest.RandomFloats(333*19, 8)
			for i := range positive {
				positive[i] = 1 - positive[i]*0x1p-20
			}
			checkProducts(t, d, x, positive, 19, nil)
		}
	})
}

func TestProductExtremeValues(t *testing.T) {
	forEachForm(t, func(t *testing.T, d *Device) {
		x := randomBits(70, 65, 128, 9)
		for name, values := range kerneltest.Extremes() {
			t.Run(name, func(t *testing.T) {
				for _, cols := range []int{1, 8, 13} {
					src, offset := kerneltest.Operand(values, x.Cols, cols)
					checkProducts(t, d, x, src, cols, offset)
				}
			})
		}
	})
}

// An element needs as many digits as it is large in fixed point, from one to four.
func TestDigits(t *testing.T) {
	forEachForm(t, func(t *testing.T, d *Device) {
		seen := map[int]bool{}
		for _, largest := range []float32{
			1, 127, 128, 255, 256, 257, 1 << 14, 1<<16 - 1, 1 << 16, 1<<16 + 257, 1 << 20, 1 << 23, 1 << 24, 1<<30 - 1<<7, 1 << 30,
		} {
			for _, sign := range []float32{1, -1} {
				// The column sum 2^30 makes the scale 1.
				w, offset := make([]float32, 70*3), []float32{1 << 30, 0, -5}
				for k := range 70 {
					w[3*k+1] = sign * min(largest, float32(1<<30)/70)
				}
				w[2], w[3*5+2] = sign*largest, -sign*largest/3
				offset[0] = 1 << 29
				x := randomBits(40, 70, 128, 3)
				checkProducts(t, d, x, w, 3, offset)
				var g Fixed
				src := floats(d, w)
				g.Load(src, 70, 3, nil)
				digits, err := g.Check()
				if err != nil {
					t.Fatal(err)
				}
				seen[digits] = true
				src.Free()
				g.Free()
			}
		}
		// A column of many small numbers beside one of few needs fewer.
		for _, rows := range []int{1, 300, 70000} {
			var g Fixed
			w := make([]float32, rows)
			for k := range w {
				w[k] = 1
			}
			src := floats(d, w)
			g.Load(src, rows, 1, nil)
			digits, err := g.Check()
			if err != nil {
				t.Fatal(err)
			}
			seen[digits] = true
			src.Free()
			g.Free()
		}
		for _, want := range []int{2, 3, 4} {
			if !seen[want] {
				t.Errorf("no matrix of the test needs %d digits", want)
			}
		}
	})
}

func TestTranspose(t *testing.T) {
	forEachForm(t, func(t *testing.T, d *Device) {
		for _, rows := range []int{0, 1, 31, 32, 33, 64, 100, 257} {
			for _, cols := range []int{0, 1, 17, 63, 64, 65, 130, 784} {
				x, want := randomBits(rows, cols, 100, uint64(rows)), kernel.NewBits(cols, rows)
				kernel.New(0).Transpose(want, x)
				src, dst := d.UploadBits(x), d.NewBits(cols, rows)
				Transpose(dst, src)
				sameBits(t, fmt.Sprintf("%d×%d", rows, cols), dst, want)
				src.Free()
				dst.Free()
			}
		}
	})
}

func TestNotFinite(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	forEachForm(t, func(t *testing.T, d *Device) {
		for name, values := range map[string][3][]float32{
			"NaN":        {{1, nan}, {0, 0}, nil},
			"−Inf":       {{1, inf}, {0, 0}, nil},
			"NaN offset": {{1, 2}, {0, nan}, nil},
		} {
			var f Fixed
			f.Load(floats(d, values[0]), 1, 2, floats(d, values[1]))
			if _, err := f.Check(); err == nil || !strings.Contains(err.Error(), "not finite") {
				t.Errorf("%s: error %v, want one that says not finite", name, err)
			}
		}
	})
}

func TestMisusePanics(t *testing.T) {
	forEachForm(t, func(t *testing.T, d *Device) {
		var f Fixed
		f.Load(d.NewFloats(6), 2, 3, nil)
		for name, call := range map[string]func(){
			"length":          func() { new(Fixed).Load(d.NewFloats(5), 2, 3, nil) },
			"offset length":   func() { new(Fixed).LoadTransposed(d.NewFloats(6), 2, 3, d.NewFloats(3)) },
			"inner dimension": func() { MulScaled(d.NewFloats(0), d.NewBits(0, 3), &f, 1) },
			"dst length":      func() { Probabilities(d.NewFloats(2), d.NewBits(1, 2), &f) },
			"dst bits":        func() { Sample(d.NewBits(1, 2), d.NewBits(1, 2), &f, nil, rng.Key{}, 0, 0) },
			"Transpose":       func() { Transpose(d.NewBits(2, 3), d.NewBits(2, 3)) },
			"Upload":          func() { d.NewFloats(2).Upload(nil) },
		} {
			t.Run(name, func(t *testing.T) {
				defer func() {
					if message, _ := recover().(string); !strings.HasPrefix(message, "cuda: ") {
						t.Errorf("panic %q, want one with the prefix cuda:", message)
					}
				}()
				call()
			})
		}
	})
}
