package ising_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"harmonium/ising"
	"harmonium/rng"
)

// Kaufman's formula against the sum over all configurations.
func TestExactAgreesWithEnumeration(t *testing.T) {
	for _, L := range []int{2, 3, 4} {
		lattice, err := ising.Enumerate(L)
		if err != nil {
			t.Fatal(err)
		}
		for _, T := range []float64{0.5, 1, 2, ising.Tc, 2.5, 4, 100} {
			z := 0.0
			for _, e := range lattice.Energies {
				z += math.Exp(-(e + 2*float64(L*L)) / T)
			}
			want := lattice.Observables(T)
			got := ising.Exact(L, T)
			for _, c := range []struct {
				name      string
				got, want float64
			}{
				{"log Z", got.LogZ, math.Log(z)/float64(L*L) + 2/T},
				{"energy", got.Energy, want.Energy},
				{"specific heat", got.SpecificHeat, want.SpecificHeat},
			} {
				if math.Abs(c.got-c.want) > 1e-11*(1+math.Abs(c.want)) {
					t.Errorf("L = %d, T = %.3f: %s is %.15g, want %.15g", L, T, c.name, c.got, c.want)
				}
			}
		}
	}
}

// The smallest lattice by hand: 16 configurations with E = −8 (2), 0 (12) and 8 (2), each pair of sites sharing two bonds.
func TestEnumerateByHand(t *testing.T) {
	lattice, err := ising.Enumerate(2)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[float64]int{}
	for _, e := range lattice.Energies {
		counts[e]++
	}
	if counts[-8] != 2 || counts[0] != 12 || counts[8] != 2 {
		t.Errorf("energies %v, want 2 of -8, 12 of 0, 2 of 8", counts)
	}
}

// At T_c a large lattice has nearly Onsager's energy, −√2, the difference falling as 1/L (Ferdinand & Fisher 1969).
func TestExactOfLargeLattices(t *testing.T) {
	last := math.Inf(1)
	for _, L := range []int{16, 64, 256, 1024} {
		d := math.Abs(ising.Exact(L, ising.Tc).Energy + math.Sqrt2)
		if d > last/3.9 || d*float64(L) > 0.7 {
			t.Errorf("L = %d: energy differs from −√2 by %g, before %g", L, d, last)
		}
		last = d
	}
	for _, T := range []float64{1e-3, 0.05, 1} {
		if e := ising.Exact(256, T).Energy; !(e >= -2-1e-12 && e < -1.99) {
			t.Errorf("T = %v: energy %v, want nearly -2", T, e)
		}
	}
}

// The Wolff chains against the exact distribution: every configuration of the 3×3 torus, by chi-square.
func TestSamplesHaveTheExactDistribution(t *testing.T) {
	const count = 40000
	for _, T := range []float64{1.5, ising.Tc, 5} {
		states, _, err := ising.Sample(t.Context(), 3, T, count, rng.Seed(1), ising.Options{})
		if err != nil {
			t.Fatal(err)
		}
		lattice, err := ising.Enumerate(3)
		if err != nil {
			t.Fatal(err)
		}
		// Rows of a chain are slightly correlated: take every fourth.
		p, counts, n := lattice.Distribution(T), make([]float64, 512), 0.0
		for r := 0; r < count; r += 4 {
			counts[states.Row(r)[0]]++
			n++
		}
		chi, freedom := 0.0, -1.0
		for a, p := range p {
			if expected := n * p; expected > 5 {
				chi += (counts[a] - expected) * (counts[a] - expected) / expected
				freedom++
			}
		}
		if limit := freedom + 5*math.Sqrt(2*freedom); chi > limit {
			t.Errorf("T = %.2f: chi-square %.1f with %.0f degrees of freedom, want at most %.1f", T, chi, freedom, limit)
		}
	}
}

// All four observables of samples within four of their own errors.
func TestObservedAgreesWithEnumeration(t *testing.T) {
	lattice, err := ising.Enumerate(4)
	if err != nil {
		t.Fatal(err)
	}
	for _, T := range []float64{1.8, ising.Tc, 4} {
		states, report, err := ising.Sample(t.Context(), 4, T, 20000, rng.Seed(2), ising.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if len(report.Findings) > 0 {
			t.Errorf("T = %.2f: %v", T, report.Findings)
		}
		want, got := lattice.Observables(T), ising.Observe(states, 4, T)
		check := func(name string, value, stderr, want float64) {
			if math.Abs(value-want) > 4*stderr {
				t.Errorf("T = %.2f: %s is %v ± %v, want %v", T, name, value, stderr, want)
			}
		}
		check("energy", float64(got.Energy.Value), float64(got.Energy.Stderr), want.Energy)
		check("magnetisation", float64(got.Magnetisation.Value), float64(got.Magnetisation.Stderr), want.Magnetisation)
		check("specific heat", float64(got.SpecificHeat.Value), float64(got.SpecificHeat.Stderr), want.SpecificHeat)
		check("susceptibility", float64(got.Susceptibility.Value), float64(got.Susceptibility.Stderr), want.Susceptibility)
	}
}

// The energies of larger lattices against Kaufman, and their error bars: over 60 seeds the deviations in
// standard errors have variance one, within four times its own error √(2/60).
func TestErrorBarsAreCalibrated(t *testing.T) {
	const seeds = 60
	for _, T := range []float64{1.5, ising.Tc, 4} {
		square := 0.0
		for seed := range uint64(seeds) {
			_, report, err := ising.Sample(t.Context(), 8, T, 800, rng.Seed(seed), ising.Options{})
			if err != nil {
				t.Fatal(err)
			}
			square += report.Deviation * report.Deviation / seeds
		}
		if math.Abs(square-1) > 4*math.Sqrt(2./seeds) {
			t.Errorf("T = %.2f: mean squared deviation %.2f standard errors, want 1 ± %.2f", T, square, 4*math.Sqrt(2./seeds))
		}
	}
	_, report, err := ising.Sample(t.Context(), 16, ising.Tc, 4000, rng.Seed(3), ising.Options{})
	if err != nil || math.Abs(report.Deviation) > 4 {
		t.Errorf("L = 16 at T_c: %+v, error %v", report, err)
	}
}

func TestSampleRepeats(t *testing.T) {
	draw := func(workers int) []uint64 {
		s, _, err := ising.Sample(t.Context(), 6, 2, 333, rng.Seed(4), ising.Options{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		return s.Words()
	}
	want := draw(1)
	for _, workers := range []int{2, 7} {
		if !slices.Equal(draw(workers), want) {
			t.Errorf("%d workers draw other configurations than one", workers)
		}
	}
}

func TestSampleRefusesAndStops(t *testing.T) {
	for _, c := range []struct {
		L, count int
		T        float64
	}{{1, 1, 1}, {2000, 1, 1}, {4, 0, 1}, {4, 1, 0}, {4, 1, -2}, {4, 1, math.NaN()}, {4, 1, math.Inf(1)}} {
		if _, _, err := ising.Sample(t.Context(), c.L, c.T, c.count, rng.Seed(1), ising.Options{}); err == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := ising.Sample(ctx, 64, 2, 1000000, rng.Seed(1), ising.Options{}); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
}

func BenchmarkSample(b *testing.B) {
	for _, L := range []int{4, 16, 32} {
		b.Run(fmt.Sprint("L=", L), func(b *testing.B) {
			if _, _, err := ising.Sample(b.Context(), L, ising.Tc, b.N, rng.Seed(1), ising.Options{Workers: 1}); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func ExampleExact() {
	fmt.Printf("energy per site of the 4×4 torus at T_c: %.6f\n", ising.Exact(4, ising.Tc).Energy)
	fmt.Printf("of the infinite lattice: %.6f\n", -math.Sqrt2)
	// Output:
	// energy per site of the 4×4 torus at T_c: -1.565624
	// of the infinite lattice: -1.414214
}
