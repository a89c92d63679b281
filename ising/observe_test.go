package ising_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/ising"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// Energies and magnetisations of every configuration of the 2×2 and 3×3 torus, from the definition.
func TestEnergiesAndMagnetisationsFromTheDefinition(t *testing.T) {
	for _, L := range []int{2, 3} {
		lattice := enumerate(t, L)
		states := rbm.AllStates(L * L)
		energies, magnetisations := ising.Energies(states, L), ising.Magnetisations(states, L)
		for a, spins := range states.Spins() {
			e, m := 0, 0
			for row := range L {
				for col := range L {
					s := int(spins[row*L+col])
					e -= s * (int(spins[row*L+(col+1)%L]) + int(spins[(row+1)%L*L+col]))
					m += s
				}
			}
			size := float64(L * L)
			if energies[a] != float64(e)/size || lattice.Energies[a] != float64(e) ||
				magnetisations[a] != float64(m)/size {
				t.Errorf("L = %d, configuration %b: energy %v and %v/%v, magnetisation %v; want %d/%v and %d/%v",
					L, a, energies[a], lattice.Energies[a], size, magnetisations[a], e, size, m, size)
			}
		}
	}
}

// Rows of more than a word: one turned spin among 81 costs 8.
func TestEnergiesOfLongRows(t *testing.T) {
	states := rbm.NewBatch(3, 81)
	states.SetBit(1, 70, true)
	states.SetBit(2, 0, true)
	states.SetBit(2, 80, true) // opposite corners are no neighbours
	got := ising.Energies(states, 9)
	if got[0] != -2 || got[1] != -2+8./81 || got[2] != -2+16./81 {
		t.Errorf("energies %v, want -2, -2+8/81, -2+16/81", got)
	}
}

// Limits by hand: at T → 0 two ground states, at T → ∞ independent spins, ⟨m²⟩ = 1/N and ⟨m⁴⟩ = (3N−2)/N³.
func TestObservablesInTheLimits(t *testing.T) {
	lattice := enumerate(t, 4)
	cold, hot := lattice.Observables(0.05), lattice.Observables(1e9)
	want := ising.Values{Energy: -2, Magnetisation: 1, Binder: 2. / 3}
	if d := math.Abs(cold.Energy+2) + math.Abs(cold.Magnetisation-1) + math.Abs(cold.Binder-2./3) +
		math.Abs(cold.SpecificHeat) + math.Abs(cold.Susceptibility); d > 1e-12 {
		t.Errorf("cold: %+v, want %+v", cold, want)
	}
	// The mean of |heads − tails| of 16 coins is 16·C(16,8)/2^16.
	m := 12870. / 65536
	if math.Abs(hot.Magnetisation-m) > 1e-8 || math.Abs(hot.Binder-(1-46./48)) > 1e-8 ||
		math.Abs(hot.Susceptibility*1e9-(1-16*m*m)) > 1e-6 {
		t.Errorf("hot: %+v, want magnetisation %v, Binder cumulant %v, susceptibility·T %v", hot, m, 1-46./48, 1-16*m*m)
	}
}

// All observables of samples are within four of their own errors, and over 60 seeds the errors are as large as they
// say.
func TestObservedAgreesWithEnumeration(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long under the race detector")
	}
	const seeds = 60
	lattice := enumerate(t, 4)
	for _, T := range []float64{1.8, ising.Tc, 4} {
		want, square := lattice.Observables(T), map[string]float64{}
		for seed := range uint64(seeds) {
			states, _ := draw(t, 4, T, 2000, seed)
			got := ising.Observe(states, 4, T)
			check := func(name string, e diag.Estimate, want float64) {
				z := (float64(e.Value) - want) / float64(e.Stderr)
				square[name] += z * z / seeds
				// 900 numbers: one beyond 4 by chance in 18 such tests, beyond 5 in 2,000.
				if math.Abs(z) > 5 {
					t.Errorf("T = %.2f, seed %d: %s is %v, want %.4f", T, seed, name, e, want)
				}
			}
			check("energy", got.Energy, want.Energy)
			check("magnetisation", got.Magnetisation, want.Magnetisation)
			check("specific heat", got.SpecificHeat, want.SpecificHeat)
			check("susceptibility", got.Susceptibility, want.Susceptibility)
			check("Binder cumulant", got.Binder, want.Binder)
		}
		for name, square := range square {
			if tol := 4 * math.Sqrt(2./seeds); math.Abs(square-1) > tol {
				t.Errorf("T = %.2f: %s: mean squared deviation %.2f, want 1 ± %.2f", T, name, square, tol)
			}
		}
	}
}

func TestObserveMisuse(t *testing.T) {
	for name, f := range map[string]func(){
		"one row":         func() { ising.Observe(rbm.NewBatch(1, 16), 4, 1) },
		"wrong size":      func() { ising.Observe(rbm.NewBatch(5, 15), 4, 1) },
		"energies":        func() { ising.Energies(rbm.NewBatch(5, 15), 4) },
		"no lattice":      func() { ising.Magnetisations(rbm.NewBatch(5, 1), 1) },
		"a negative edge": func() { ising.Magnetisations(rbm.NewBatch(5, 16), -4) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func ExampleLattice_Observables() {
	lattice, err := ising.Enumerate(4)
	if err != nil {
		panic(err)
	}
	v := lattice.Observables(ising.Tc)
	fmt.Printf("energy %.4f, magnetisation %.4f\n", v.Energy, v.Magnetisation)
	fmt.Printf("specific heat %.4f, susceptibility %.4f\n", v.SpecificHeat, v.Susceptibility)
	fmt.Printf("Binder cumulant %.4f\n", v.Binder)
	// Output:
	// energy -1.5656, magnetisation 0.8439
	// specific heat 0.7833, susceptibility 0.3473
	// Binder cumulant 0.6172
}
