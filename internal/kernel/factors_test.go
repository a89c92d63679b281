package kernel

import (
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
)

// doubles returns numbers of [0, e^8).
func doubles(n int, seed uint64) []float64 {
	x := make([]float64, n)
	for i, y := range kerneltest.RandomFloats(n, seed) {
		x[i] = math.Exp(8*float64(y)) - math.Exp(-8)
		x[i] = max(x[i], 0)
	}
	return x
}

// Every function of factors.go in every form gives the bits of its plain loop.
func TestFactors(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 9, 31, 784} {
		a, most, table := doubles(n, 1), doubles(n, 2), doubles(64*n, 3)
		r, ar, product := make([]float64, n), make([]float64, n), slices.Clone(a)
		multiplyGeneric(product, a, most)
		exponents := factorsGeneric(r, ar, a, most)
		units := min(n, 40) // not too many to stay in range
		start := func() (p, q Product) {
			p.Reset()
			q.Reset()
			for e := range p.Mantissa {
				p.Mantissa[e], q.Exponent[e] = 1+float64(e)/64, int64(e)-32
			}
			return p, q
		}
		backwards := slices.Clone(ar)
		slices.Reverse(backwards)
		prod, second := start()
		if units > 0 {
			productsGeneric(&prod, &second, table[:64*units], Factored{r[:units], ar[:units]}, Factored{r[:units], backwards[:units]})
		}
		on, off, e := make([]float64, n), make([]float64, n), make([]float64, n)
		for i, x := range kerneltest.RandomFloats(n, 4) {
			on[i] = 0.5 + float64(x)/2
			off[i], e[i] = 1-on[i], math.Exp(30*math.Sin(float64(i)))
		}
		parts := [8]float64{1, 1, 1, 1, 1, 1, 1, 1}
		log, sum := 0.0, logProductGeneric(&parts, on, off, e)
		for i := range on {
			log += math.Log(off[i] + on[i]*e[i])
		}
		forEachForm(func(c *Context) {
			formParts := [8]float64{1, 1, 1, 1, 1, 1, 1, 1}
			if formSum := c.ISA().logProduct(&formParts, on, off, e); formSum != sum || formParts != parts {
				t.Fatalf("product of %d factors: %v differs from the plain loop", n, c.ISA())
			}
			if got := c.LogProduct(on, off, e); math.Abs(got-log) > 1e-12*(1+math.Abs(log)) {
				t.Fatalf("log of the product of %d factors is %g, want %g", n, got, log)
			}
			got := slices.Clone(a)
			c.Multiply(got, got, most)
			gotR, gotAR := make([]float64, n), make([]float64, n)
			if k := c.Factors(gotR, gotAR, a, most); k != exponents {
				t.Fatalf("%d factors, %v: exponents sum to %d, want %d", n, c.ISA(), k, exponents)
			}
			p, q := start()
			c.Products(&p, &q, table, Factored{gotR[:units], gotAR}, Factored{gotR, backwards})
			if !slices.Equal(got, product) || !slices.Equal(gotR, r) || !slices.Equal(gotAR, ar) || p != prod || q != second {
				t.Fatalf("%d factors: %v differs from the plain loop", n, c.ISA())
			}
		})
	}
}
