package ising_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strings"
	"sync"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/ising"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

func draw(t testing.TB, L int, T float64, count int, seed uint64) (rbm.Batch, *ising.Report) {
	t.Helper()
	states, report, err := ising.Sample(t.Context(), L, T, count, rng.Seed(seed), ising.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return states, report
}

// chiSquare compares counts with probabilities, classes with an expectation below 5 together as one.
func chiSquare(t *testing.T, name string, counts map[int]float64, p map[int]float64) {
	t.Helper()
	n := 0.0
	for _, c := range counts {
		n += c
	}
	var chi, freedom, restCount, restWant float64
	for class, p := range p {
		want := n * p
		if want < 5 {
			restCount, restWant = restCount+counts[class], restWant+want
			continue
		}
		chi += (counts[class] - want) * (counts[class] - want) / want
		freedom++
	}
	if restWant >= 5 {
		chi += (restCount - restWant) * (restCount - restWant) / restWant
		freedom++
	}
	freedom--
	if limit := freedom + 5*math.Sqrt(2*freedom); chi > limit {
		t.Errorf("%s: chi-square %.1f with %.0f degrees of freedom, want at most %.1f", name, chi, freedom, limit)
	}
}

// The Wolff chains against the exact distribution, by chi-square: every configuration of the 3×3 torus, and
// energies and magnetisations of the 4×4 torus. Rows of a chain are slightly correlated, so every fourth is taken.
func TestSamplesHaveTheExactDistribution(t *testing.T) {
	const count = 20000
	for _, T := range []float64{1, 1.5, ising.Tc, 5} {
		small, _ := draw(t, 3, T, count, 1)
		large, _ := draw(t, 4, T, count, 2)
		energies, magnetisations := ising.Energies(large, 4), ising.Magnetisations(large, 4)
		rows, pairs := map[int]float64{}, map[int]float64{}
		pair := func(e, m float64) int { return 1000*int(math.Round(16*e)) + int(math.Round(16*m)) }
		for r := 0; r < count; r += 4 {
			rows[int(small.Index(r))]++
			pairs[pair(energies[r], magnetisations[r])]++
		}
		pRows, pPairs := map[int]float64{}, map[int]float64{}
		for a, p := range enumerate(t, 3).Distribution(T) {
			pRows[a] = p
		}
		lattice := enumerate(t, 4)
		for a, p := range lattice.Distribution(T) {
			pPairs[pair(lattice.Energies[a]/16, float64(2*bits.OnesCount(uint(a)))/16-1)] += p
		}
		chiSquare(t, fmt.Sprintf("3×3 configurations at T = %.2f", T), rows, pRows)
		chiSquare(t, fmt.Sprintf("4×4 energy and magnetisation at T = %.2f", T), pairs, pPairs)
	}
}

// Rows that follow each other have independent signs, also on a cold lattice, where a cluster flips nearly everything.
func TestSignsOfNeighbouringRowsAreIndependent(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long under the race detector")
	}
	const count = 16000
	for _, T := range []float64{0.1, 1, ising.Tc} {
		states, _ := draw(t, 8, T, count, 3)
		m, sum, product := ising.Magnetisations(states, 8), 0.0, 0.0
		for r := range count - 1 {
			sum += math.Copysign(1, m[r])
			product += math.Copysign(1, m[r]) * math.Copysign(1, m[r+1])
		}
		if limit := 4 * math.Sqrt(count); math.Abs(sum) > limit || math.Abs(product) > limit {
			t.Errorf("T = %.2f: signs add up to %.0f, products of neighbours to %.0f, want 0 ± %.0f",
				T, sum, product, limit)
		}
	}
}

// The energies of larger lattices against Kaufman, within four standard errors: no finding.
func TestEnergyOfLargerLattices(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long under the race detector")
	}
	for _, L := range []int{5, 16, 32} {
		for _, T := range []float64{1.5, ising.Tc, 4} {
			_, report := draw(t, L, T, 2000, 4)
			if math.Abs(report.Deviation) > 4 || len(report.Findings) > 0 {
				t.Errorf("L = %d, T = %.2f: %+v", L, T, report)
			}
			if report.Energy.Tau > 1.5 || report.Chains != 16 || report.Clusters < 1 {
				t.Errorf("L = %d, T = %.2f: %+v, want an autocorrelation time below 1.5 over 16 chains", L, T, report)
			}
		}
	}
}

// Over 60 seeds the deviations in standard errors have mean 0 and variance 1, within four errors of each: 1/√60
// and √(2/60).
func TestErrorBarsAreCalibrated(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long under the race detector")
	}
	const seeds = 60
	for _, T := range []float64{1.5, ising.Tc, 4} {
		sum, square := 0.0, 0.0
		for seed := range uint64(seeds) {
			_, report := draw(t, 6, T, 800, seed)
			sum += report.Deviation / seeds
			square += report.Deviation * report.Deviation / seeds
		}
		if math.Abs(sum) > 4/math.Sqrt(seeds) {
			t.Errorf("T = %.2f: mean deviation %.2f standard errors, want 0 ± %.2f", T, sum, 4/math.Sqrt(seeds))
		}
		if tol := 4 * math.Sqrt(2./seeds); math.Abs(square-1) > tol {
			t.Errorf("T = %.2f: mean squared deviation %.2f, want 1 ± %.2f", T, square, tol)
		}
	}
}

// The error of the Γ-method against that of bins, on the chains of one run.
func TestErrorsByBinning(t *testing.T) {
	const count = 16 * 1024
	states, report := draw(t, 8, ising.Tc, count, 5)
	errors := diag.BinnedErrors(ising.Energies(states, 8))
	got := errors[6] // bins of 64 rows, 256 of them: the error is good to 1/√512, 4.4 percent
	if math.Abs(got/float64(report.Energy.Stderr)-1) > 4*0.044 {
		t.Errorf("error %v by bins, %v by the Γ-method", got, report.Energy.Stderr)
	}
}

// All rows alike, or too few to tell: the deviation is then judged by the exact spread of the energy.
func TestReportOfFewOrColdRows(t *testing.T) {
	for _, c := range []struct {
		T     float64
		count int
	}{{0.1, 100}, {0.004, 10}, {1e-300, 4}, {ising.Tc, 1}, {ising.Tc, 3}, {1e300, 20}} {
		_, report := draw(t, 4, c.T, c.count, 6)
		if len(report.Findings) > 0 || math.IsNaN(report.Deviation) || math.Abs(report.Deviation) > 4 {
			t.Errorf("T = %v, %d rows: %+v", c.T, c.count, report)
		}
	}
}

func TestSampleRepeats(t *testing.T) {
	for _, c := range []struct {
		L, count int
		T        float64
	}{{6, 333, 2}, {9, 50, 3}, {3, 5, ising.Tc}} {
		sample := func(workers int) rbm.Batch {
			s, _, err := ising.Sample(t.Context(), c.L, c.T, c.count, rng.Seed(4), ising.Options{Compute: compute.New(workers)})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		want := sample(1)
		for _, workers := range []int{2, 7} {
			if !sample(workers).Equal(want) {
				t.Errorf("%+v: %d workers draw other configurations than one", c, workers)
			}
		}
	}
}

func TestSampleRefuses(t *testing.T) {
	for _, c := range []struct {
		L, count int
		T        float64
		want     string
	}{
		{1, 1, 1, "2 ≤ L"}, {2000, 1, 1, "L ≤ 1024"}, {4, 0, 1, "at least one"},
		{4, 1, 0, "T above 0"}, {4, 1, -2, "T above 0"},
		{4, 1, math.NaN(), "finite T"}, {4, 1, math.Inf(1), "finite T"}, {16, math.MaxInt, 2, "more than 64 GiB"},
		{1024, 1 << 30, 2, "at most 524288 configurations"},
	} {
		_, _, err := ising.Sample(t.Context(), c.L, c.T, c.count, rng.Seed(1), ising.Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v", c, err)
		}
	}
}

func TestSampleStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	stop := func(int, int) { cancel() }
	_, _, err := ising.Sample(ctx, 16, 2, 10_000_000, rng.Seed(1), ising.Options{Progress: stop})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled while sampling: %v", err)
	}
	if _, _, err := ising.Sample(ctx, 1024, 2, 1000, rng.Seed(1), ising.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
}

func TestProgressEndsAtTheTotal(t *testing.T) {
	var mutex sync.Mutex
	most, calls := 0, 0
	_, _, err := ising.Sample(t.Context(), 4, 2, 1000, rng.Seed(1), ising.Options{Progress: func(done, total int) {
		mutex.Lock()
		defer mutex.Unlock()
		most, calls = max(most, done), calls+1
		if total != 1000 {
			t.Errorf("total %d, want 1000", total)
		}
	}})
	if err != nil || most != 1000 || calls != 4 { // 256, 512, 768, 1000
		t.Errorf("%d calls up to %d, error %v; want 4 up to 1000", calls, most, err)
	}
}

func BenchmarkSample(b *testing.B) {
	for _, L := range []int{4, 16, 32} {
		b.Run(fmt.Sprint("L=", L), func(b *testing.B) {
			_, _, err := ising.Sample(b.Context(), L, ising.Tc, b.N, rng.Seed(1), ising.Options{Compute: compute.New(1)})
			if err != nil {
				b.Fatal(err)
			}
		})
	}
}

func ExampleSample() {
	ctx := context.Background()
	states, report, err := ising.Sample(ctx, 8, ising.Tc, 10000, rng.Seed(1), ising.Options{})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%d rows of %d spins\n", states.Rows(), states.Units())
	fmt.Printf("energy per site %v, exactly %.4f\n", report.Energy, report.Exact)
	fmt.Printf("susceptibility per site %v\n", ising.Observe(states, 8, ising.Tc).Susceptibility)
	// Output:
	// 10000 rows of 64 spins
	// energy per site -1.4845 ± 0.0033, exactly -1.4916
	// susceptibility per site 1.239 ± 0.026
}
