package kernel

import "math"

// The inner loops of enumeration (package exact), in float64 with every operation rounded by itself. They run in the
// caller's goroutine.

// Multiply multiplies a[i] by f[i].
func Multiply(a, f []float64) { multiply(a, f[:len(a)]) }

// Factors prepares the factors 1 + a[i]·t of products, where t is at most most[i] and both are ≥ 0: with 2^k the power of two
// that brings 1 + a[i]·most[i] into [½, 1), it writes 2^−k and a[i]·2^−k to r[i] and ar[i], and returns the sum of the k.
func Factors(r, ar, a, most []float64) int {
	n := len(a)
	return factors(r[:n], ar[:n], a, most[:n])
}

// Products multiplies every prod[e] by Π_i (r[i] + ar[i]·table[64i+e]), in the order of i.
func Products(prod *[64]float64, table, r, ar []float64) {
	if len(r) > 0 {
		products64(prod, table[:64*len(r)], r, ar[:len(r)])
	}
}

func multiplyGeneric(a, f []float64) {
	for i, x := range f {
		a[i] *= x
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

func products64Generic(prod *[64]float64, table, r, ar []float64) {
	for i, x := range r {
		t, y := (*[64]float64)(table[64*i:]), ar[i]
		for e := range prod {
			prod[e] *= x + float64(y*t[e])
		}
	}
}

// LogProduct returns log Π_j (off[j] + on[j]·e[j]) for factors within e^(±30). Part j%8 of the product has the factors
// of the j, in order; after every eighth its power of two is taken out.
func LogProduct(on, off, e []float64) float64 {
	n := len(on)
	parts := [8]float64{1, 1, 1, 1, 1, 1, 1, 1}
	exponents := logProduct(&parts, on, off[:n], e[:n])
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
		b := math.Float64bits(x)
		exponents += int(b>>52) - 1023
		parts[k] = math.Float64frombits(b&(1<<52-1) | 1023<<52)
	}
	return exponents
}
