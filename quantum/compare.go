package quantum

import (
	"fmt"
	"math"
	"math/bits"
	"math/cmplx"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// Fidelity is F = (Tr √(√ρ σ √ρ))² (A. Uhlmann 1976; R. Jozsa, J. Mod. Opt. 41 (1994) 2315), which for a pure state is
// ⟨ψ|σ|ψ⟩ and for two of them |⟨ψ|φ⟩|². It is 1 if and only if the states are equal, up to a phase. It panics if they
// differ in their number of sites.
func Fidelity(a, b Known) float64 {
	checkPair(a, b)
	psi, pure := a.(State)
	phi, other := b.(State)
	switch {
	case pure && other:
		return probability(psi.Overlap(phi))
	case pure:
		return psi.within(density(b))
	case other:
		return phi.within(density(a))
	}
	root := density(a).mapEigenvalues(rootOf)
	sum := 0.0
	for _, x := range root.times(density(b)).times(root).eigenvalues() {
		sum += rootOf(x)
	}
	return sum * sum
}

// rootOf is √x of an eigenvalue; one that is a rounding error counts as 0, as the root would make it larger.
func rootOf(x float64) float64 {
	if x < 1e-14 {
		return 0
	}
	return math.Sqrt(x)
}

// TraceDistance is ½ Tr |ρ − σ| (M. A. Nielsen and I. L. Chuang, Quantum Computation and Quantum Information, section
// 9.2.1): the largest difference that the two states make to the probability of any outcome of any measurement. For
// two pure states it is √(1−F). It panics if they differ in their number of sites, or if one of more than 10 sites is
// not pure.
func TraceDistance(a, b Known) float64 {
	checkPair(a, b)
	psi, pure := a.(State)
	if phi, both := b.(State); pure && both {
		// 1 − |⟨ψ|φ⟩|² would cancel where they are close: the norm of what φ has across ψ doesn't.
		across, o := 0.0, psi.Overlap(phi)
		for k, x := range phi {
			across += probability(x - o*psi[k])
		}
		return math.Sqrt(across)
	}
	d, e := slices.Clone(density(a)), density(b)
	for k := range d {
		d[k] -= e[k]
	}
	sum := 0.0
	for _, x := range d.eigenvalues() {
		sum += math.Abs(x) / 2
	}
	return sum
}

func checkPair(a, b Known) {
	if a.Sites() != b.Sites() {
		panic(fmt.Sprintf("quantum: states of %d and %d sites", a.Sites(), b.Sites()))
	}
}

// density is a known state as a matrix.
func density(k Known) Density {
	if d, ok := k.(Density); ok {
		return d
	}
	return k.(State).Density()
}

// within is ⟨ψ|ρ|ψ⟩.
func (s State) within(d Density) float64 {
	sum := complex128(0)
	for a := range s {
		row := State(d[a*len(s) : (a+1)*len(s)])
		product := complex128(0)
		for b, x := range row {
			product += x * s[b]
		}
		sum += cmplx.Conj(s[a]) * product
	}
	return real(sum)
}

// KL is D_KL(P‖Q) = Σ P log(P/Q) in nats; +Inf where Q is 0 and P is not.
func KL(p, q []float64) float64 {
	sum := 0.0
	for k, p := range p {
		if p > 0 {
			sum += p * math.Log(p/q[k])
		}
	}
	return sum
}

// eigen factorises the matrix A + iB as the symmetric one ((A, −B), (B, A)), which has every eigenvalue twice.
func (d Density) eigen(vectors bool) *mat.EigenSym {
	dim := 1 << d.Sites()
	s := mat.NewSymDense(2*dim, nil)
	for a := range dim {
		for b := range dim {
			x := d[a*dim+b]
			if b >= a {
				s.SetSym(a, b, real(x))
				s.SetSym(dim+a, dim+b, real(x))
			}
			s.SetSym(a, dim+b, -imag(x))
		}
	}
	var e mat.EigenSym
	if !e.Factorize(s, vectors) {
		panic("quantum: the eigenvalues of a hermitian matrix did not converge")
	}
	return &e
}

// eigenvalues are those of a hermitian matrix, in rising order.
func (d Density) eigenvalues() (values []float64) {
	for k, x := range d.eigen(false).Values(nil) {
		if k%2 == 0 {
			values = append(values, x)
		}
	}
	return values
}

// mapEigenvalues is f(ρ).
func (d Density) mapEigenvalues(f func(float64) float64) Density {
	dim := 1 << d.Sites()
	e := d.eigen(true)
	values := e.Values(nil)
	var vectors, scaled, product mat.Dense
	e.VectorsTo(&vectors)
	scaled.Apply(func(_, j int, x float64) float64 { return x * f(values[j]) }, &vectors)
	product.Mul(&scaled, vectors.T())
	out := make(Density, len(d))
	for a := range dim {
		for b := range dim {
			out[a*dim+b] = complex(product.At(a, b), product.At(dim+a, b))
		}
	}
	return out
}

func (d Density) times(e Density) Density {
	dim, out := 1<<d.Sites(), make(Density, len(d))
	for a := range dim {
		row := out[a*dim : (a+1)*dim]
		for k, x := range d[a*dim : (a+1)*dim] {
			for b, y := range e[k*dim : (k+1)*dim] {
				row[b] += x * y
			}
		}
	}
	return out
}

// Purity is Tr ρ² = 1.
func (s State) Purity() float64 { return 1 }

// Renyi2 is the second Rényi entropy S_2 = −log Tr ρ_A² in nats of the sites A, where ρ_A is ρ traced over all others.
// Of a pure state A and the rest have the same. It panics where [CheckSites] has an error.
func (s State) Renyi2(sites []int) float64 {
	n := s.Sites()
	mask := siteMask(sites, n)
	if bits.OnesCount(uint(mask)) > n/2 {
		mask = 1<<n - 1 - mask
	}
	part, rest := spread(mask), spread(1<<n-1-mask)
	sum := 0.0
	rows := make([]State, len(part))
	for a, x := range part {
		rows[a] = make(State, len(rest))
		for b, y := range rest {
			rows[a][b] = s[x|y]
		}
		for b := range a {
			sum += 2 * probability(rows[a].Overlap(rows[b]))
		}
		norm := rows[a].norm()
		sum += norm * norm
	}
	return -math.Log(sum)
}

// Renyi2 is as of [State]. The sites A and the rest differ where ρ is not pure.
func (d Density) Renyi2(sites []int) float64 {
	n := d.Sites()
	mask := siteMask(sites, n)
	part, rest := spread(mask), spread(1<<n-1-mask)
	sum := 0.0
	for _, a := range part {
		for _, b := range part {
			x := complex128(0)
			for _, y := range rest {
				x += d[(a|y)<<n+(b|y)]
			}
			sum += probability(x)
		}
	}
	return -math.Log(sum)
}

// CheckSites returns nil if the list names one site or more below sites, each once.
func CheckSites(list []int, sites int) error {
	seen := map[int]bool{}
	for _, i := range list {
		if i < 0 || i >= sites {
			return fmt.Errorf("site %d of a state of %d sites, 0 to %d", i, sites, sites-1)
		}
		if seen[i] {
			return fmt.Errorf("site %d comes twice", i)
		}
		seen[i] = true
	}
	if len(list) == 0 {
		return fmt.Errorf("no sites, want one or more of 0 to %d", sites-1)
	}
	return nil
}

func siteMask(list []int, sites int) (mask int) {
	if err := CheckSites(list, sites); err != nil {
		panic("quantum: " + err.Error())
	}
	for _, i := range list {
		mask |= 1 << (sites - 1 - i)
	}
	return mask
}

// spread lists all indices that have bits of the mask alone, in rising order.
func spread(mask int) (all []int) {
	for x := 0; ; x = (x - mask) & mask {
		all = append(all, x)
		if x == mask {
			return all
		}
	}
}
