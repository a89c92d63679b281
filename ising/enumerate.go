package ising

import (
	"fmt"
	"math"
	"math/bits"
)

// maxEnumerated is the edge up to which all configurations are listed.
const maxEnumerated = 5

// Lattice is a small L×L torus with the energy of every configuration. Bit x of a configuration's number is site x.
type Lattice struct {
	L        int
	Energies []float64 // E of all 2^(L²) configurations
}

// Enumerate lists the energies of an L×L torus, L = 2 to 5. That of L = 5 takes 256 MiB.
func Enumerate(L int) (*Lattice, error) {
	if L < 2 || L > maxEnumerated {
		return nil, fmt.Errorf("ising: enumeration of an edge of %d, want 2 to %d", L, maxEnumerated)
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

// Observables returns the exact values at temperature T.
func (l *Lattice) Observables(T float64) Values {
	sites := l.L * l.L
	n := float64(sites)
	magnetisation := func(a int) float64 { return float64(2*bits.OnesCount64(uint64(a))-sites) / n }
	p := l.Distribution(T)
	var e, m float64
	for a, p := range p {
		e += float64(p * l.Energies[a] / n)
		m += float64(p * math.Abs(magnetisation(a)))
	}
	// The variances in a second pass about the means: ⟨e²⟩ − ⟨e⟩² would cancel at low T.
	var ee, mm, square, fourth float64
	for a, p := range p {
		de, s := l.Energies[a]/n-e, magnetisation(a)
		dm := math.Abs(s) - m
		ee, mm = ee+float64(p*de*de), mm+float64(p*dm*dm)
		square, fourth = square+float64(p*s*s), fourth+float64(p*s*s*s*s)
	}
	return Values{
		Energy: e, Magnetisation: m, SpecificHeat: n * ee / (T * T), Susceptibility: n * mm / T,
		Binder: 1 - fourth/(3*square*square),
	}
}
