package ising

import (
	"fmt"
	"math"

	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// Values are the observables of a lattice of N sites, with e = E/N and m = Σ s/N.
type Values struct {
	Energy         float64 // ⟨e⟩
	Magnetisation  float64 // ⟨|m|⟩; ⟨m⟩ is zero by symmetry
	SpecificHeat   float64 // per site: N(⟨e²⟩ − ⟨e⟩²)/T²
	Susceptibility float64 // per site, of |m| as is usual for finite lattices: N(⟨m²⟩ − ⟨|m|⟩²)/T
	Binder         float64 // cumulant 1 − ⟨m⁴⟩/(3⟨m²⟩²): 2/3 in the ordered phase, 0 far above T_c
}

// Observed are the observables of [Values], estimated from configurations.
type Observed struct{ Energy, Magnetisation, SpecificHeat, Susceptibility, Binder diag.Estimate }

// moments is the number of powers whose means give all observables.
const moments = 5

func powers(e, m float64) [moments]float64 {
	return [moments]float64{e, math.Abs(m), e * e, m * m, m * m * m * m}
}

// values computes the observables from the means of powers.
func values(means []float64, n, T float64) Values {
	e, m, ee, mm, mmmm := means[0], means[1], means[2], means[3], means[4]
	return Values{
		Energy: e, Magnetisation: m,
		SpecificHeat: n * (ee - e*e) / (T * T), Susceptibility: n * (mm - m*m) / T,
		Binder: 1 - mmmm/(3*mm*mm),
	}
}

// Energies returns the energy per site of every row of s, configurations of an L×L torus.
func Energies(s rbm.Batch, L int) []float64 {
	checkRows(s, L)
	spins, out := make([]int8, L*L), make([]float64, s.Rows())
	for r := range out {
		for x := range spins {
			spins[x] = -1
		}
		for x := range s.On(r) {
			spins[x] = 1
		}
		out[r] = float64(bonds(spins, L)) / float64(L*L)
	}
	return out
}

// Magnetisations returns m = Σ s/N, −1 to 1, of every row of s, configurations of an L×L torus.
func Magnetisations(s rbm.Batch, L int) []float64 {
	checkRows(s, L)
	out := make([]float64, s.Rows())
	for r := range out {
		out[r] = float64(2*s.Ones(r)-L*L) / float64(L*L)
	}
	return out
}

func checkRows(s rbm.Batch, L int) {
	if s.Units() != L*L || L < 2 {
		panic(fmt.Sprintf("ising: rows of %d sites, want %d×%d", s.Units(), L, L))
	}
}

// bonds is −Σ s_x (s_right + s_below).
func bonds(spins []int8, L int) int {
	sum := 0
	for row := 0; row < len(spins); row += L {
		here, below := spins[row:row+L], spins[(row+L)%len(spins):][:L]
		left := here[L-1]
		for c, s := range here {
			sum -= int(s) * (int(left) + int(below[c]))
			left = s
		}
	}
	return sum
}

// observeBins is the number of bins of the jackknife: their scatter gives an error bar good to 1/√(2·99), seven
// percent.
const observeBins = 100

// Observe estimates the observables at temperature T of the distribution that the rows of s, configurations of an L×L
// torus, were drawn from. The errors are those of a jackknife over 100 bins of rows that follow each other; so rows may
// be correlated over less than a hundredth of all rows, if rows of one chain follow each other. It panics unless s
// has at least two rows.
func Observe(s rbm.Batch, L int, T float64) Observed {
	if s.Rows() < 2 {
		panic(fmt.Sprintf("ising: Observe of %d rows, want 2 or more", s.Rows()))
	}
	rows := make([][]float64, moments)
	magnetisations := Magnetisations(s, L)
	for r, e := range Energies(s, L) {
		for k, x := range powers(e, magnetisations[r]) {
			rows[k] = append(rows[k], x)
		}
	}
	estimate := func(pick func(Values) float64) diag.Estimate {
		return diag.Jackknife(rows, observeBins, func(means []float64) float64 {
			return pick(values(means, float64(L*L), T))
		})
	}
	return Observed{
		Energy:         estimate(func(v Values) float64 { return v.Energy }),
		Magnetisation:  estimate(func(v Values) float64 { return v.Magnetisation }),
		SpecificHeat:   estimate(func(v Values) float64 { return v.SpecificHeat }),
		Susceptibility: estimate(func(v Values) float64 { return v.Susceptibility }),
		Binder:         estimate(func(v Values) float64 { return v.Binder }),
	}
}
