package cuda

import (
	"math"
	"os"
	"slices"
	"testing"

	"harmonium/internal/kernel"
	"harmonium/internal/kerneltest"
	"harmonium/rbm"
	"harmonium/rng"
)

// required is the variable that makes tests fail where they would be skipped for want of a GPU.
const required = "HARMONIUM_CUDA"

// forEachForm calls f with a device for every form of the kernels that the GPU can run, and skips the test where there is no GPU.
func forEachForm(t *testing.T, f func(t *testing.T, d *Device)) {
	t.Helper()
	d := openOrSkip(t, "")
	forms := d.forms()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for _, form := range forms {
		t.Run(form, func(t *testing.T) {
			d := openOrSkip(t, form)
			f(t, d)
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func openOrSkip(t testing.TB, form string) *Device {
	t.Helper()
	d, err := open(form)
	if err != nil {
		if os.Getenv(required) != "" {
			t.Fatal(err)
		}
		t.Skip("no GPU to test on: ", err)
	}
	return d
}

// randomBits returns bits that are 1 with probability ones/256; the bits after the last column stay zero.
func randomBits(rows, cols, ones int, seed uint64) kernel.Bits {
	x := kernel.NewBits(rows, cols)
	kerneltest.RandomWords(x.Words, cols, x.Stride, ones, seed)
	return x
}

// randomModel returns a Bernoulli model with weights from N(0, spread²) and biases in (−1,1).
func randomModel(m, n int, spread float32, seed uint64) *rbm.Model {
	model := rbm.New(m, n, rng.Seed(seed))
	for k := range model.W {
		model.W[k] *= spread / 0.01
	}
	copy(model.B(), kerneltest.RandomFloats(m, seed+1))
	copy(model.C(), kerneltest.RandomFloats(n, seed+2))
	return model
}

// batchOf returns packed bits as a batch.
func batchOf(t *testing.T, x kernel.Bits) rbm.Batch {
	t.Helper()
	batch := rbm.NewBatch(x.Rows, x.Cols)
	if err := batch.DecodeBits(x.Words); err != nil {
		t.Fatal(err)
	}
	return batch
}

// bitsOf returns a batch of bits as packed bits, in the batch's memory.
func bitsOf(s rbm.Batch) kernel.Bits {
	return kernel.Bits{Rows: s.Rows(), Cols: s.Units(), Stride: (s.Units() + 63) / 64, Words: s.EncodeBits()}
}

// floats returns numbers on the device.
func floats(d *Device, x []float32) *Floats {
	f := d.NewFloats(len(x))
	f.Upload(x)
	return f
}

// sameFloats fails unless the numbers on the device are those wanted, to the bit.
func sameFloats(t *testing.T, name string, got *Floats, want []float32) {
	t.Helper()
	x := make([]float32, got.Len)
	if err := got.Download(x); err != nil {
		t.Fatal(err)
	}
	different, first := 0, -1
	for i := range want {
		if math.Float32bits(x[i]) != math.Float32bits(want[i]) {
			if different++; first < 0 {
				first = i
			}
		}
	}
	if different > 0 {
		t.Fatalf("%s: %d of %d numbers differ, first element %d: %g, want %g", name, different, len(want), first, x[first], want[first])
	}
}

// sameBits fails unless the bits on the device are those wanted.
func sameBits(t *testing.T, name string, got *Bits, want kernel.Bits) {
	t.Helper()
	x, err := got.Download()
	if err != nil {
		t.Fatal(err)
	}
	if slices.Equal(x.Words, want.Words) {
		return
	}
	different, first := 0, ""
	for r := range want.Rows {
		if !slices.Equal(x.Row(r), want.Row(r)) {
			if different++; different == 1 {
				first = sprintWords(r, x.Row(r), want.Row(r))
			}
		}
	}
	t.Fatalf("%s: %d of %d rows of %d units differ, first %s", name, different, want.Rows, want.Cols, first)
}
