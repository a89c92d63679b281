package rbm

import (
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rng"
)

// What kernels make of a mixed layer is what the layer's own methods say, on every form and number of workers the same.
func TestMixedByKernels(t *testing.T) {
	const rows, first = 37, 5
	gauss := NewLayer(Gaussian, 33)
	for _, p := range gauss.Parameters() {
		for i := range p.Values {
			p.Values[i] = 0.5 + float32(i%5)/4
		}
	}
	layer, err := NewMixed(WithBiases(Bernoulli, make([]float32, 70)...), NewCategorical(3, 2, 62, 5), gauss)
	if err != nil {
		t.Fatal(err)
	}
	for i := range layer.Biases() {
		layer.Biases()[i] += float32(i%7)/3 - 1
	}
	l, n, key := layer.(*mixed), layer.Units(), rng.Seed(4)
	inputs, weights := make([]float32, rows*n), make([]float32, rows)
	for k := range inputs {
		inputs[k] = float32(k%13)/4 - 1.5
	}
	for r := range weights {
		weights[r] = float32(r%3) / 2
	}
	want := numbersOf(l, inputs, weights)
	drawn := layer.NewBatch(rows)
	layer.Sample(drawn, inputs, key, 9, 0)
	for _, isa := range compute.ISAs() {
		for _, workers := range []int{1, 3} {
			on := compute.NewISA(workers, isa)
			x, s := append([]float32(nil), inputs...), layer.NewBatch(rows)
			drawAt(on, layer, 1, s, x, key, 9, 0)
			drawFields(on, layer, s, x, key, 9)
			other := 0
			for r := range rows {
				other += s.Distance(r, drawn, r)
				for i, y := range s.Reals(r) {
					if math.Abs(float64(y-drawn.Reals(r)[i])) > 1e-5 {
						t.Fatalf("%v: real number %d of row %d is %g, want %g", isa, i, r, y, drawn.Reals(r)[i])
					}
				}
			}
			if other > 2 { // a uniform number next to a probability
				t.Errorf("%v: %d bits differ from those of the layer's own draws", isa, other)
			}
			tail := drawn.Slice(first, rows)
			drawAt(on, layer, 1, tail, append([]float32(nil), inputs[first*n:]...), key, 9, first)
			for r := range tail.Rows() {
				if tail.Reals(r)[2] != s.Reals(first + r)[2] {
					t.Fatalf("%v: row %d drawn alone differs", isa, r)
				}
			}

			var got []float64
			sums := make([]float64, rows)
			cgf(on, layer, sums, append([]float32(nil), inputs...))
			got = append(got, sums...)
			energy(on, layer, sums, drawnOf(l))
			got = append(got, sums...)
			dst := zeros(layer)
			means := append([]float32(nil), inputs...)
			inputMoments(on, layer, dst, means, weights)
			got = appendNumbers(got, append(dst, means)...)
			for _, w := range [][]float32{nil, weights} {
				moments(on, layer, dst, drawnOf(l), w)
				got = appendNumbers(got, dst...)
			}
			for k, x := range got {
				if !(math.Abs(x-want[k]) <= 2e-6*max(1, math.Abs(want[k]))) {
					t.Fatalf("%v, %d workers: number %d is %g, want %g", isa, workers, k, x, want[k])
				}
			}
		}
	}
}

// drawnOf are rows of the layer without inputs.
func drawnOf(l Layer) Batch {
	s := l.NewBatch(37)
	l.Sample(s, nil, rng.Seed(7), 1, 0)
	return s
}

// numbersOf are what the layer's methods say, in the order of the test.
func numbersOf(l Layer, inputs, weights []float32) []float64 {
	var all []float64
	sums := make([]float64, len(weights))
	l.CGF(sums, inputs)
	all = append(all, sums...)
	l.Energy(sums, drawnOf(l))
	all = append(all, sums...)
	dst, means := zeros(l), make([]float32, len(inputs))
	l.InputMoments(dst, inputs, weights)
	l.Mean(means, inputs)
	all = appendNumbers(all, append(dst, means)...)
	for _, w := range [][]float32{nil, weights} {
		l.Moments(dst, drawnOf(l), w)
		all = appendNumbers(all, dst...)
	}
	return all
}

func appendNumbers(all []float64, lists ...[]float32) []float64 {
	for _, list := range lists {
		for _, x := range list {
			all = append(all, float64(x))
		}
	}
	return all
}

// Moments and means of rectified units, made at the same time on any number of workers, are those of the layer.
func TestMomentsAndMeans(t *testing.T) {
	const rows, units = 101, 9
	inputs, weights := make([]float32, rows*units), make([]float32, rows)
	for k := range inputs {
		inputs[k] = float32(k%41)/4 - 6
	}
	for r := range weights {
		weights[r] = float32(r % 3)
	}
	for _, kind := range []Kind{ReLU, DReLU} {
		l := NewLayer(kind, units)
		for _, w := range [][]float32{nil, weights} {
			want, means := zeros(l), make([]float32, len(inputs))
			l.InputMoments(want, inputs, w)
			l.Mean(means, inputs)
			var first []float64
			for _, workers := range []int{1, 2, 7} {
				got, x := zeros(l), append([]float32(nil), inputs...)
				inputMoments(compute.New(workers), l, got, x, w)
				numbers := appendNumbers(nil, append(got, x)...)
				for k, y := range appendNumbers(nil, append(want[:len(want):len(want)], means)...) {
					if math.Abs(numbers[k]-y) > 1e-6*max(1, math.Abs(y)) {
						t.Fatalf("%s: number %d is %g, want %g", kind, k, numbers[k], y)
					}
					if first != nil && first[k] != numbers[k] {
						t.Fatalf("%s: number %d depends on the workers", kind, k)
					}
				}
				first = numbers
			}
		}
	}
}
