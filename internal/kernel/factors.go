package kernel

import "math"

// The inner loops of enumeration (package exact), in float64 with every operation rounded by itself. They run in the
// caller's goroutine.

// Multiply writes a[i]·f[i] to dst[i]; dst may be a.
func (c *Context) Multiply(dst, a, f []float64) { c.ISA().multiply(dst, a[:len(dst)], f[:len(dst)]) }

// Factors prepares the factors 1 + a[i]·t of products, where t is at most most[i] and both are ≥ 0: with 2^k the power of two
// that brings 1 + a[i]·most[i] into [½, 1), it writes 2^−k and a[i]·2^−k to r[i] and ar[i], and returns the sum of the k.
func (c *Context) Factors(r, ar, a, most []float64) int {
	n := len(a)
	return c.ISA().factors(r[:n], ar[:n], a, most[:n])
}

// A Product holds the products of 64 states as mantissas in [1, 2) and powers of two.
type Product struct {
	Mantissa [64]float64
	Exponent [64]int64
}

// Reset makes all products 1.
func (p *Product) Reset() {
	for e := range p.Mantissa {
		p.Mantissa[e], p.Exponent[e] = 1, 0
	}
}

// Factored are the factors that [Context.Factors] prepared.
type Factored struct{ R, AR []float64 }

// Products multiplies every state e of p by Π_i (r_i + ar_i·table[64i+e]) with the r and ar of f, in the order of i, and
// those of q with g's. The products of one call must stay within the normal numbers. Two go together because the table is
// what takes time to read.
func (c *Context) Products(p, q *Product, table []float64, f, g Factored) {
	if n := len(f.R); n > 0 {
		c.ISA().products(p, q, table[:64*n], Factored{f.R, f.AR[:n]}, Factored{g.R[:n], g.AR[:n]})
	}
}

func multiplyGeneric(dst, a, f []float64) {
	for i, x := range f {
		dst[i] = a[i] * x
	}
}

func factorsGeneric(r, ar, a, most []float64) int {
	sum := 0
	for i, x := range a {
		_, exponent := math.Frexp(1 + float64(x*most[i]))
		sum += exponent
		r[i] = math.Float64frombits(uint64(1023-exponent) << 52)
		ar[i] = x * r[i]
	}
	return sum
}

func productsGeneric(p, q *Product, table []float64, f, g Factored) {
	p.multiply(table, f)
	q.multiply(table, g)
}

func (p *Product) multiply(table []float64, f Factored) {
	for i, r := range f.R {
		t, ar := (*[64]float64)(table[64*i:]), f.AR[i]
		for e := range p.Mantissa {
			p.Mantissa[e] *= r + float64(ar*t[e])
		}
	}
	for e, x := range p.Mantissa {
		var exponent int
		p.Mantissa[e], exponent = normal(x)
		p.Exponent[e] += int64(exponent)
	}
}

// LogProduct returns log Π_j (off[j] + on[j]·e[j]) for factors within e^(±30). Part j%8 of the product has the factors
// of the j, in order; after every eighth its power of two is taken out.
func (c *Context) LogProduct(on, off, e []float64) float64 {
	n := len(on)
	parts := [8]float64{1, 1, 1, 1, 1, 1, 1, 1}
	exponents := c.ISA().logProduct(&parts, on, off[:n], e[:n])
	product := ((parts[0] * parts[4]) * (parts[2] * parts[6])) * ((parts[1] * parts[5]) * (parts[3] * parts[7]))
	return float64(float64(exponents)*math.Ln2) + math.Log(product)
}

// logProductGeneric leaves numbers of [1, 2) in parts and returns the sum of the exponents.
func logProductGeneric(parts *[8]float64, on, off, e []float64) int {
	exponents := 0
	for j := range on {
		parts[j%8] *= off[j] + float64(on[j]*e[j])
		if j%64 == 63 {
			exponents += normalise(parts)
		}
	}
	return exponents + normalise(parts)
}

// normalise takes the powers of two out of normal numbers.
func normalise(parts *[8]float64) int {
	exponents := 0
	for k, x := range parts {
		var exponent int
		parts[k], exponent = normal(x)
		exponents += exponent
	}
	return exponents
}

// normal returns the mantissa in [1, 2) and the exponent of a positive normal number.
func normal(x float64) (mantissa float64, exponent int) {
	b := math.Float64bits(x)
	return math.Float64frombits(b&(1<<52-1) | 1023<<52), int(b>>52) - 1023
}
