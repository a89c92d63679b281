package diag_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/rng"
)

// ar1 is x_{t+1} = ρ·x_t + √(1−ρ²)·z_t, a stationary series of mean 0, variance 1 and τ_int = (1+ρ)/(2(1−ρ)).
func ar1(source *rng.Source, n int, rho float64) []float64 {
	normal := func() float64 { return math.Sqrt2 * math.Erfinv(2*source.Float64()-1) }
	x, y := make([]float64, n), normal()
	for t := range x {
		x[t] = y
		y = rho*y + math.Sqrt(1-rho*rho)*normal()
	}
	return x
}

// tally gathers deviations in standard errors.
type tally struct{ n, sum, square, within1, within2 float64 }

func (t *tally) add(z float64) {
	t.n++
	t.sum += z
	t.square += z * z
	if math.Abs(z) < 1 {
		t.within1++
	}
	if math.Abs(z) < 2 {
		t.within2++
	}
}

// check demands the normal law's mean 0, variance 1 and shares of 68.3 and 95.4 percent, within four standard
// errors of each plus slack, the relative error that the error bars are allowed.
func (t *tally) check(tt *testing.T, name string, slack float64) {
	tt.Helper()
	for _, c := range []struct {
		name                string
		got, want, variance float64
	}{
		{"mean", t.sum / t.n, 0, 1},
		{"variance", t.square / t.n, 1, 2},
		{"share within 1σ", t.within1 / t.n, 0.6827, 0.6827 * 0.3173},
		{"share within 2σ", t.within2 / t.n, 0.9545, 0.9545 * 0.0455},
	} {
		if tol := 4*math.Sqrt(c.variance/t.n) + slack; math.Abs(c.got-c.want) > tol {
			tt.Errorf("%s: %s of the deviations is %.4f, want %.4f ± %.4f", name, c.name, c.got, c.want, tol)
		}
	}
}

// Over many seeds the true mean is inside the error bar as often as it should be, and τ and its error are right.
func TestMeanOfCorrelatedChains(t *testing.T) {
	const seeds = 600
	for _, c := range []struct {
		rho            float64
		chains, length int
	}{{0, 1, 2000}, {0.5, 1, 4000}, {0.9, 1, 10000}, {0.5, 8, 500}, {-0.3, 1, 1000}} {
		name := fmt.Sprintf("ρ = %v, %d × %d", c.rho, c.chains, c.length)
		var means tally
		taus, errs := tally{}, 0.0
		// The Γ-method counts anticorrelated numbers as independent: its error is then too large, on purpose.
		want := max((1+c.rho)/(2*(1-c.rho)), 0.5)
		for seed := range uint64(seeds) {
			var chains [][]float64
			for k := range c.chains {
				chains = append(chains, ar1(rng.NewSource(rng.Seed(seed), uint64(k)), c.length, c.rho))
			}
			e := diag.Mean(chains...)
			means.add(float64(e.Value / e.Stderr))
			taus.add(float64(e.Tau))
			errs += float64(e.TauErr) / seeds
		}
		if c.rho >= 0 {
			means.check(t, name, 0.05)
		} else if means.square/seeds > 1 {
			t.Errorf("%s: variance of the deviations %.3f, want less than 1", name, means.square/seeds)
		}
		tau := taus.sum / seeds
		scatter := math.Sqrt(taus.square/seeds - tau*tau)
		if math.Abs(tau/want-1) > 0.05 {
			t.Errorf("%s: τ = %.4f on average, want %.4f", name, tau, want)
		}
		if c.rho > 0 && math.Abs(errs/scatter-1) > 0.3 {
			t.Errorf("%s: errors of τ are %.4f on average, but τ scatters by %.4f", name, errs, scatter)
		}
	}
}

func TestMeanOfFewNumbers(t *testing.T) {
	if e := diag.Mean([]float64{1, 2, 3}); e.Value != 2 || !math.IsNaN(float64(e.Stderr)) {
		t.Errorf("three numbers: %+v, want 2 with an unknown error", e)
	}
	if e := diag.Mean(); !math.IsNaN(float64(e.Value)) {
		t.Errorf("no numbers: %+v, want NaN", e)
	}
	if e := diag.Mean([]float64{5, 5, 5, 5, 5}); e.Value != 5 || e.Stderr != 0 || e.Tau != 0.5 {
		t.Errorf("equal numbers: %+v, want 5 ± 0 with τ = 1/2", e)
	}
	// Numbers of one each from many chains are independent: the textbook error of the mean, √(Σ(x−mean)²/(n(n−1))),
	// which 1/(n−1) ≈ (1 + 1/n)/n approximates.
	e := diag.Mean([]float64{1}, []float64{2}, []float64{3}, []float64{4}, []float64{5})
	if want := math.Sqrt(2 * 1.2 / 5); math.Abs(float64(e.Stderr)-want) > 1e-15 || !math.IsInf(float64(e.TauErr), 1) {
		t.Errorf("single numbers: %+v, want an error of %v and an unknown error of τ", e, want)
	}
}

// A series shorter than its own memory must not pass for a measurement of τ.
func TestMeanOfASeriesThatIsTooShort(t *testing.T) {
	x := make([]float64, 100)
	for k := range x {
		x[k] = float64(k)
	}
	naive := math.Sqrt(833.25 / 100)
	if e := diag.Mean(x[:]); float64(e.Stderr) < 3*naive {
		t.Errorf("a straight line: %+v, want an error far above %.2f", e, naive)
	}
}

// The binned errors rise from the naive one to the true one, √(2τ/n).
// Chains with x_{t+1} = 0.8·x_t + noise are correlated by 0.8^t.
func TestAutocorrelation(t *testing.T) {
	chains := make([][]float64, 20)
	for k := range chains {
		chains[k] = ar1(rng.NewSource(rng.Seed(3), uint64(k)), 20000, 0.8)
	}
	ρ := diag.Autocorrelation(chains, 10)
	for lag, got := range ρ {
		if want := math.Pow(0.8, float64(lag)); math.Abs(got-want) > 0.02 {
			t.Errorf("ρ(%d) = %.3f, want %.3f", lag, got, want)
		}
	}
	if len(ρ) != 11 || diag.Autocorrelation([][]float64{{1, 1, 1}}, 1) != nil || diag.Autocorrelation([][]float64{{1, 2}}, 2) != nil {
		t.Errorf("%d lags; equal numbers or too few have correlations", len(ρ))
	}
}

func TestBinnedErrors(t *testing.T) {
	const n, seeds, rho = 1 << 14, 100, 0.8
	var first, last float64
	for seed := range uint64(seeds) {
		errors := diag.BinnedErrors(ar1(rng.NewSource(rng.Seed(seed), 0), n, rho))
		if len(errors) != 10 { // bins of 1 … 512 numbers, 32 bins at last
			t.Fatalf("%d levels of %d numbers, want 10", len(errors), n)
		}
		first += errors[0] * errors[0] * n / seeds
		last += errors[8] * errors[8] * n / seeds
	}
	// The variance from b bins scatters by √(2/b), less in the mean over seeds: four of its errors, and 9/256 for the
	// correlation of neighbouring bins.
	if math.Abs(first-1) > 0.05 {
		t.Errorf("naive variance %.3f, want 1", first)
	}
	if want := (1 + rho) / (1 - rho); math.Abs(last/want-1) > 4*math.Sqrt(2./63/seeds)+9./256 {
		t.Errorf("variance from bins %.3f, want 2τ = %.3f", last, want)
	}
	if got := diag.BinnedErrors(make([]float64, 31)); len(got) != 0 {
		t.Errorf("31 numbers give %v, want nothing", got)
	}
}

func TestEstimateString(t *testing.T) {
	nan, inf := diag.Number(math.NaN()), diag.Number(math.Inf(1))
	for _, c := range []struct {
		value, stderr diag.Number
		want          string
	}{
		{-1.74563, 0.00213, "-1.7456 ± 0.0021"}, {-2, 0, "-2.0000 ± 0.0000"}, {1234.5, 17.2, "1234 ± 17"},
		{0.5, 1.44, "0.5 ± 1.4"}, {0.25, nan, "0.2500 ± unknown"}, {0.25, inf, "0.2500 ± unknown"},
	} {
		if got := (diag.Estimate{Value: c.value, Stderr: c.stderr}).String(); got != c.want {
			t.Errorf("%v ± %v prints as %q, want %q", c.value, c.stderr, got, c.want)
		}
	}
}

func ExampleMean() {
	source := rng.NewSource(rng.Seed(1), 0)
	series := ar1(source, 100000, 0.5) // mean 0, τ = 1.5
	e := diag.Mean(series)
	fmt.Printf("%v, τ = %.2f ± %.2f\n", e, e.Tau, e.TauErr)
	// Output: 0.0028 ± 0.0055, τ = 1.51 ± 0.03
}
