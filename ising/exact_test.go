package ising_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/ising"
)

// agree checks averages against others to an absolute error.
func agree(t *testing.T, name string, got, want ising.Averages, tolerance float64) {
	t.Helper()
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"log Z", got.LogZ, want.LogZ}, {"energy", got.Energy, want.Energy},
		{"specific heat", got.SpecificHeat, want.SpecificHeat},
	} {
		if !(math.Abs(c.got-c.want) <= tolerance*(1+math.Abs(c.want))) {
			t.Errorf("%s: %s is %.15g, want %.15g", name, c.name, c.got, c.want)
		}
	}
}

func enumerate(t *testing.T, L int) *ising.Lattice {
	t.Helper()
	lattice, err := ising.Enumerate(L)
	if err != nil {
		t.Fatal(err)
	}
	return lattice
}

// Kaufman's formula against the sum over all configurations.
func TestExactAgreesWithEnumeration(t *testing.T) {
	for _, L := range []int{2, 3, 4} {
		lattice := enumerate(t, L)
		for _, T := range []float64{0.5, 1, 2, ising.Tc - 1e-9, ising.Tc, ising.Tc + 1e-9, 2.5, 4, 100, 1e6} {
			z := 0.0
			for _, e := range lattice.Energies {
				z += math.Exp(-(e + 2*float64(L*L)) / T)
			}
			want := lattice.Observables(T)
			agree(t, fmt.Sprintf("L = %d, T = %.9g", L, T), ising.Exact(L, T), ising.Averages{
				LogZ: math.Log(z)/float64(L*L) + 2/T, Energy: want.Energy, SpecificHeat: want.SpecificHeat,
			}, 1e-12)
		}
	}
}

// The smallest lattice by hand: 16 configurations, E = −8 (2), 0 (12) and 8 (2), each pair of sites sharing two bonds.
func TestEnumerateByHand(t *testing.T) {
	counts := map[float64]int{}
	for _, e := range enumerate(t, 2).Energies {
		counts[e]++
	}
	if counts[-8] != 2 || counts[0] != 12 || counts[8] != 2 {
		t.Errorf("energies %v, want 2 of -8, 12 of 0, 2 of 8", counts)
	}
	for _, L := range []int{-3, 0, 1, 6, 1 << 40} {
		if _, err := ising.Enumerate(L); err == nil {
			t.Errorf("an edge of %d is enumerated", L)
		}
	}
}

// onsager is the infinite lattice (L. Onsager, Phys. Rev. 65 (1944) 117), with the complete elliptic integrals by the
// arithmetic-geometric mean.
func onsager(T float64) (energy, specificHeat float64) {
	k, tanh := 1/T, math.Tanh(2/T)
	modulus := 2 * math.Sinh(2*k) / (math.Cosh(2*k) * math.Cosh(2*k))
	a, b, c, sum, weight := 1.0, math.Sqrt(1-modulus*modulus), modulus, 0.0, 0.5
	for range 12 {
		sum += weight * c * c
		a, b, c, weight = (a+b)/2, math.Sqrt(a*b), (a-b)/2, 2*weight
	}
	first := math.Pi / (2 * a)
	second := first * (1 - sum)
	q := 2*tanh*tanh - 1
	energy = -(1 + 2/math.Pi*q*first) / tanh
	specificHeat = 4 / math.Pi * (k / tanh) * (k / tanh) * (first - second - (1-tanh*tanh)*(math.Pi/2+q*first))
	return energy, specificHeat
}

// Away from T_c a large lattice is the infinite one, up to terms that fall exponentially with L.
func TestExactAgreesWithOnsager(t *testing.T) {
	for _, L := range []int{256, 1024} {
		for _, T := range []float64{0.5, 1, 1.5, 2, 3, 4, 10} {
			e, c := onsager(T)
			got := ising.Exact(L, T)
			want := ising.Averages{LogZ: got.LogZ, Energy: e, SpecificHeat: c}
			agree(t, fmt.Sprintf("L = %d, T = %v", L, T), got, want, 1e-11)
		}
	}
}

// At T_c the energy differs from Onsager's −√2 by a term that falls as 1/L (Ferdinand & Fisher 1969).
func TestExactAtTc(t *testing.T) {
	last := math.Inf(1)
	for _, L := range []int{16, 64, 256, 1024} {
		d := math.Abs(ising.Exact(L, ising.Tc).Energy + math.Sqrt2)
		if d > last/3.9 || d*float64(L) > 0.7 {
			t.Errorf("L = %d: energy differs from −√2 by %g, before %g", L, d, last)
		}
		last = d
	}
}

// At the ends, leading terms of the expansions: log Z/N = log 2 + K², e = −2K, c = 2K² where K = 1/T is small, and two
// ground states with single spins flipped (ΔE = 8) where K is large. Nothing is NaN in between.
func TestExactAtTheEnds(t *testing.T) {
	for _, L := range []int{4, 17, 256} {
		for _, T := range []float64{1e4, 1e6, 1e8, 1e10, 1e100, 1e200, math.MaxFloat64, math.Inf(1)} {
			k := 1 / T
			want := ising.Averages{LogZ: math.Ln2 + k*k, Energy: -2 * k, SpecificHeat: 2 * k * k}
			got := ising.Exact(L, T)
			agree(t, fmt.Sprintf("L = %d, T = %v", L, T), got, want, 1e-11)
			if T < 1e100 && math.Abs(got.SpecificHeat/want.SpecificHeat-1) > 20*k*k+1e-10 {
				t.Errorf("L = %d, T = %v: specific heat %v, want %v", L, T, got.SpecificHeat, want.SpecificHeat)
			}
		}
		for _, T := range []float64{0.2, 0.1, 0.05, 0.01, 0.0066, 0.005, 0.004, 0.002, 1e-10, 1e-300, 5e-324} {
			k := 1 / T
			n, flip := float64(L*L), math.Exp(-8*k)
			want := ising.Averages{LogZ: 2*k + math.Ln2/n + flip, Energy: -2 + 8*flip}
			if flip > 0 { // where K is infinite, K²·0 is no number
				want.SpecificHeat = 64 * k * k * flip
			}
			got := ising.Exact(L, T)
			if math.IsInf(k, 1) {
				got.LogZ, want.LogZ = 0, 0 // log Z ≈ 2/T is beyond float64
			}
			agree(t, fmt.Sprintf("L = %d, T = %v", L, T), got, want, 1e-14)
			if T == 0.2 && math.Abs(got.SpecificHeat/want.SpecificHeat-1) > 1e-3 {
				t.Errorf("L = %d, T = %v: specific heat %v, want %v", L, T, got.SpecificHeat, want.SpecificHeat)
			}
		}
	}
}

// c = de/dT and e = T² d(log Z/N)/dT, by central differences, on lattices that nobody enumerates.
func TestExactDerivatives(t *testing.T) {
	for _, L := range []int{5, 16, 64} {
		for _, T := range []float64{1, 2, 2.26, ising.Tc, 2.28, 3, 8} {
			// The step balances rounding, 1e−16/h, against the third derivative, of up to h²L³ at T_c.
			const h = 1e-5
			up, down, here := ising.Exact(L, T+h), ising.Exact(L, T-h), ising.Exact(L, T)
			if got := (up.Energy - down.Energy) / (2 * h); math.Abs(got-here.SpecificHeat) > 2e-6 {
				t.Errorf("L = %d, T = %v: de/dT = %v, specific heat %v", L, T, got, here.SpecificHeat)
			}
			if got := T * T * (up.LogZ - down.LogZ) / (2 * h); math.Abs(got-here.Energy) > 1e-9*T*T {
				t.Errorf("L = %d, T = %v: T² d(log Z/N)/dT = %v, energy %v", L, T, got, here.Energy)
			}
		}
	}
}

func TestExactRefusesMisuse(t *testing.T) {
	for _, c := range []struct {
		L int
		T float64
	}{{1, 1}, {-4, 1}, {4, 0}, {4, -1}, {4, math.NaN()}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v: no panic", c)
				}
			}()
			ising.Exact(c.L, c.T)
		}()
	}
}

func ExampleExact() {
	fmt.Printf("energy per site of the 4×4 torus at T_c: %.6f\n", ising.Exact(4, ising.Tc).Energy)
	fmt.Printf("of the infinite lattice: %.6f\n", -math.Sqrt2)
	// Output:
	// energy per site of the 4×4 torus at T_c: -1.565624
	// of the infinite lattice: -1.414214
}
