package diag_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Of a mean, the jackknife with one row a bin is the textbook error, √(Σ(x−mean)²/(n(n−1))).
func TestJackknifeOfAMean(t *testing.T) {
	first := func(means []float64) float64 { return means[0] }
	e := diag.Jackknife([][]float64{{1, 2, 3, 6}}, 100, first)
	if want := math.Sqrt(14. / 12); e.Value != 3 || math.Abs(float64(e.Stderr)-want) > 1e-15 {
		t.Errorf("mean of 1, 2, 3, 6: %+v, want 3 ± %v", e, want)
	}
}

// Of a variance, ⟨x²⟩ − ⟨x⟩², it removes the bias exactly: Σ(x−mean)²/(n−1).
func TestJackknifeOfAVariance(t *testing.T) {
	e := diag.Jackknife([][]float64{{1, 2, 3, 6}, {1, 4, 9, 36}}, 4, variance)
	if math.Abs(float64(e.Value)-14./3) > 1e-14 {
		t.Errorf("variance of 1, 2, 3, 6: %v, want 14/3", e.Value)
	}
}

func variance(means []float64) float64 { return means[1] - means[0]*means[0] }

// Over many seeds: the variance of correlated numbers is inside its error bar as often as it should be, also where the
// bins are of different sizes.
func TestJackknifeCoverage(t *testing.T) {
	for _, c := range []struct {
		rows, bins int
		rho        float64
	}{{5000, 100, 0.5}, {1500, 1000, 0}, {1500, 4000, 0}} {
		var z tally
		for seed := range uint64(1000) {
			x := ar1(rng.NewSource(rng.Seed(seed), 0), c.rows, c.rho)
			squares := make([]float64, len(x))
			for k, x := range x {
				squares[k] = x * x
			}
			e := diag.Jackknife([][]float64{x, squares}, c.bins, variance)
			z.add(float64(e.Value-1) / float64(e.Stderr))
		}
		// The slack is for Student's law of 100 bins (variance 1.02) and for the skewness of a variance.
		z.check(t, fmt.Sprintf("%+v", c), 0.03)
	}
}

func TestJackknifeMisuse(t *testing.T) {
	first := func(means []float64) float64 { return means[0] }
	for name, f := range map[string]func(){
		"no observable": func() { diag.Jackknife(nil, 10, first) },
		"one row":       func() { diag.Jackknife([][]float64{{1}}, 10, first) },
		"one bin":       func() { diag.Jackknife([][]float64{{1, 2}}, 1, first) },
		"ragged":        func() { diag.Jackknife([][]float64{{1, 2}, {1}}, 2, first) },
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

func TestWeightedMean(t *testing.T) {
	mean, stderr := diag.WeightedMean([]float64{1, 2, 3, 6}, nil)
	if want := math.Sqrt(14. / 12); mean != 3 || math.Abs(stderr-want) > 1e-15 {
		t.Errorf("mean of 1, 2, 3, 6: %v ± %v, want 3 ± %v", mean, stderr, want)
	}
	scaled, scaledErr := diag.WeightedMean([]float64{1, 2, 3, 6}, []float64{7, 7, 7, 7})
	if scaled != mean || math.Abs(scaledErr-stderr) > 1e-15 {
		t.Errorf("equal weights: %v ± %v, want %v ± %v", scaled, scaledErr, mean, stderr)
	}
	if mean, _ := diag.WeightedMean([]float64{1, 5}, []float64{3, 1}); mean != 2 {
		t.Errorf("weights 3 and 1: %v, want 2", mean)
	}
	for _, weights := range [][]float64{{1, 0, 0, 0}, {0, 1e300, 0, 0}, {1, 1e300, 1, 1}} {
		if mean, stderr := diag.WeightedMean([]float64{2, 2, 3, 6}, weights); mean != 2 || !math.IsInf(stderr, 1) {
			t.Errorf("weights %v: %v ± %v, want 2 ± +Inf, as one number has no error", weights, mean, stderr)
		}
	}
	// The unit of the weights changes nothing, to the bit, and numbers of weight 0 are none.
	for _, unit := range []float64{0x1p1000, 0x1p-1000} {
		m, s := diag.WeightedMean([]float64{1, 9, 2, 6}, []float64{3 * unit, 0, 1 * unit, 7 * unit})
		want, wantErr := diag.WeightedMean([]float64{1, 2, 6}, []float64{3, 1, 7})
		if m != want || s != wantErr {
			t.Errorf("weights in units of %v: %v ± %v, want %v ± %v", unit, m, s, want, wantErr)
		}
	}
	if _, stderr := diag.WeightedMean([]float64{1}, nil); !math.IsInf(stderr, 1) {
		t.Errorf("error of one number %v, want +Inf", stderr)
	}
}

func TestWeightedMeanMisuse(t *testing.T) {
	for _, weights := range [][]float64{{}, {1}, {1, 1, 1}} {
		func() {
			defer func() {
				want := fmt.Sprintf("diag: %d weights for 2 numbers", len(weights))
				if got := recover(); got != want {
					t.Errorf("%d weights: panic %v, want %q", len(weights), got, want)
				}
			}()
			diag.WeightedMean([]float64{1, 2}, weights)
		}()
	}
}

// Of the mean of numbers, a number a group, the error is that of Jackknife, and that of the textbook, s/√B.
func TestJackknifeErrorOfMeans(t *testing.T) {
	x := []float64{3, -1, 4, 1, -5, 9, 2, -6}
	sum, without := 0.0, make([]float64, len(x))
	for _, x := range x {
		sum += x
	}
	mean := sum / float64(len(x))
	squares := 0.0
	for b, x := range x {
		without[b] = (sum - x) / 7
		squares += (x - mean) * (x - mean)
	}
	got := diag.JackknifeError(mean, without)
	if want := math.Sqrt(squares / 7 / 8); math.Abs(got-want) > 1e-14*want {
		t.Errorf("the error of a mean is %v, want %v", got, want)
	}
	e := diag.Jackknife([][]float64{x}, len(x), func(means []float64) float64 { return means[0] })
	if want := float64(e.Stderr); math.Abs(got-want) > 1e-12*want {
		t.Errorf("the error of a mean is %v, by Jackknife %v", got, want)
	}
	if got := diag.JackknifeError(1, []float64{1}); !math.IsInf(got, 1) {
		t.Errorf("the error by one group is %v, want infinite", got)
	}
}
