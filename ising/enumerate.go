package ising

import (
	"fmt"
	"math"
	"math/bits"

	"harmonium/diag"
	"harmonium/rbm"
)

// maxEnumerated is the number of sites up to which all configurations are listed.
const maxEnumerated = 25

// Lattice is a small L×L torus with the energy of every configuration. Bit x of a configuration's number is site x.
type Lattice struct {
	L        int
	Energies []float64 // E of all 2^(L²) configurations
}

// Enumerate lists the energies of an L×L torus, L = 2 to 5.
func Enumerate(L int) (*Lattice, error) {
	if L < 2 || L*L > maxEnumerated {
		return nil, fmt.Errorf("ising: enumeration of an edge of %d, want 2 to 5", L)
	}
	l := &Lattice{L: L, Energies: make([]float64, 1<<(L*L))}
	for a := range l.Energies {
		l.Energies[a] = energy(uint64(a), L)
	}
	return l, nil
}

// energy counts the unequal bonds of a configuration: E = 2·unequal − 2N.
func energy(a uint64, L int) float64 {
	rows, n := uint64(1)<<L-1, L*L
	unequal := 0
	for r := range L {
		row := a >> (r * L) & rows
		right := row>>1 | row&1<<(L-1)
		unequal += bits.OnesCount64(row ^ right)
	}
	below := a>>L | a&rows<<(n-L)
	unequal += bits.OnesCount64(a ^ below)
	return float64(2*unequal - 2*n)
}

// Distribution returns P(s) = e^(−E/T)/Z of all configurations.
func (l *Lattice) Distribution(T float64) []float64 {
	p, z := make([]float64, len(l.Energies)), 0.0
	ground := -2 * float64(l.L*l.L)
	for a, e := range l.Energies {
		p[a] = math.Exp((ground - e) / T)
		z += p[a]
	}
	for a := range p {
		p[a] /= z
	}
	return p
}

// Values are the observables of a lattice, per site.
type Values struct {
	Energy         float64 // ⟨E⟩/N
	Magnetisation  float64 // ⟨|m|⟩, m = Σ s/N
	SpecificHeat   float64 // (⟨E²⟩ − ⟨E⟩²)/(N T²)
	Susceptibility float64 // N(⟨m²⟩ − ⟨|m|⟩²)/T
}

// Observables returns the exact values at temperature T.
func (l *Lattice) Observables(T float64) Values {
	n := float64(l.L * l.L)
	means := make([]float64, 4)
	for a, p := range l.Distribution(T) {
		e := l.Energies[a] / n
		m := math.Abs(float64(2*bits.OnesCount64(uint64(a)))/n - 1)
		for k, x := range [4]float64{e, m, e * e, m * m} {
			means[k] += p * x
		}
	}
	return values(means, n, T)
}

// values computes the observables from the means of e, |m|, e² and m².
func values(means []float64, n, T float64) Values {
	e, m, ee, mm := means[0], means[1], means[2], means[3]
	return Values{e, m, n * (ee - e*e) / (T * T), n * (mm - m*m) / T}
}

// Observed are observables estimated from configurations.
type Observed struct{ Energy, Magnetisation, SpecificHeat, Susceptibility diag.Estimate }

// Observe estimates the observables at temperature T of the distribution that the rows of s, configurations of an L×L torus,
// were drawn from. The errors are those of a jackknife over 100 bins of rows; rows of one chain must follow each other.
func Observe(s rbm.States, L int, T float64) Observed {
	if s.Units() != L*L || s.Rows() == 0 {
		panic(fmt.Sprintf("ising: Observe of %d rows of %d sites, want rows of %d", s.Rows(), s.Units(), L*L))
	}
	n := float64(L * L)
	var rows [4][]float64
	lattice := &lattice{size: L, spins: make([]int8, L*L)}
	for r, spins := range s.Spins() {
		lattice.spins = spins
		e := lattice.energy() / n
		m := math.Abs(float64(2*s.Ones(r))/n - 1)
		for k, x := range [4]float64{e, m, e * e, m * m} {
			rows[k] = append(rows[k], x)
		}
	}
	estimate := func(pick func(Values) float64) diag.Estimate {
		return diag.Jackknife(rows[:], 100, func(means []float64) float64 { return pick(values(means, n, T)) })
	}
	return Observed{
		Energy:         estimate(func(v Values) float64 { return v.Energy }),
		Magnetisation:  estimate(func(v Values) float64 { return v.Magnetisation }),
		SpecificHeat:   estimate(func(v Values) float64 { return v.SpecificHeat }),
		Susceptibility: estimate(func(v Values) float64 { return v.Susceptibility }),
	}
}
