package diag_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/rng"
)

// congruential is y_t = a·y_{t−1} + u_t with u from one linear congruential generator, chain k shifted by k·shift:
// series that any language gives to the bit.
func congruential(chains, length int, a, shift float64) [][]float64 {
	state, out := uint64(12345), make([][]float64, chains)
	for k := range out {
		y := 0.0
		for range length {
			state = (1103515245*state + 12345) % (1 << 31)
			y = float64(a*y) + float64(state)/(1<<31)
			out[k] = append(out[k], y+shift*float64(k))
		}
	}
	return out
}

// The values of ArviZ 0.21.0: rhat(method="rank") and ess(method="bulk") of the same series.
func TestRhatAndESSAgreeWithArviZ(t *testing.T) {
	rounded := congruential(4, 250, 0.5, 0)
	for _, chain := range rounded {
		for t := range chain {
			chain[t] = math.RoundToEven(chain[t] * 4)
		}
	}
	nan := math.NaN()
	for _, c := range []struct {
		name      string
		chains    [][]float64
		rhat, ess float64
	}{
		{"independent", congruential(4, 250, 0, 0), 0.9993483482446702, 1072.4067279238404},
		{"odd length", congruential(4, 251, 0.5, 0), 1.007835636914456, 337.08123911853073},
		{"slow", congruential(2, 1000, 0.9, 0), 1.021676281300759, 129.52251191004098},
		{"anticorrelated", congruential(3, 200, -0.5, 0), 0.9991678163647864, 1666.890750230186},
		{"disagreeing", congruential(4, 100, 0.3, 0.5), 2.004847418948944, 5.870355324208817},
		{"one chain", congruential(1, 400, 0.7, 0), nan, 64.3313700354927},
		{"ties", rounded, 1.007449375814781, 339.0393793384054},
	} {
		if got := diag.ESS(c.chains); math.Abs(got/c.ess-1) > 1e-9 {
			t.Errorf("%s: ESS %.12g, want %.12g", c.name, got, c.ess)
		}
		// ArviZ gives no R̂ of one chain.
		if got := diag.Rhat(c.chains); !math.IsNaN(c.rhat) && math.Abs(got/c.rhat-1) > 1e-9 {
			t.Errorf("%s: R̂ %.12g, want %.12g", c.name, got, c.rhat)
		}
	}
}

// The effective size of an autoregressive series is n(1−ρ)/(1+ρ), whatever monotone function of it is taken, and R̂
// is near 1.
func TestESSOfAutoregressiveChains(t *testing.T) {
	const chains, length = 4, 20000
	for _, rho := range []float64{0, 0.5, 0.9} {
		var x [][]float64
		for k := range uint64(chains) {
			x = append(x, ar1(rng.NewSource(rng.Seed(5), k), length, rho))
		}
		want := chains * length * (1 - rho) / (1 + rho)
		plain := diag.ESS(x)
		if math.Abs(plain/want-1) > 0.1 {
			t.Errorf("ρ = %v: ESS %.0f, want %.0f ± 10 %%", rho, plain, want)
		}
		if r := diag.Rhat(x); !(r > 0.999 && r < 1.01) {
			t.Errorf("ρ = %v: R̂ = %.4f, want nearly 1", rho, r)
		}
		for _, chain := range x {
			for t := range chain {
				chain[t] = math.Exp(3 * chain[t])
			}
		}
		if curved := diag.ESS(x); curved != plain {
			t.Errorf("ρ = %v: ESS %v of the exponentials, want %v: only ranks count", rho, curved, plain)
		}
	}
}

// Chains that agree in mean but not in spread are caught by the folded part.
func TestRhatSeesDifferentSpreads(t *testing.T) {
	var x [][]float64
	for k := range uint64(4) {
		x = append(x, ar1(rng.NewSource(rng.Seed(6), k), 1000, 0))
	}
	for t := range x[0] {
		x[0][t] *= 4
	}
	if r := diag.Rhat(x); r < 1.1 {
		t.Errorf("R̂ = %.3f where one chain is four times as wide, want above 1.1", r)
	}
}

// The tail ESS of four chains of AR(1) with ρ = 0.5, by ArviZ 0.21's ess(method="tail") of the same numbers.
func TestTailESS(t *testing.T) {
	var chains [][]float64
	for k := range uint64(4) {
		chains = append(chains, ar1(rng.NewSource(rng.Seed(1), k), 1000, 0.5))
	}
	if got := diag.TailESS(chains); math.Abs(got-2343.014134205965) > 1e-6 {
		t.Errorf("tail ESS is %v, ArviZ says 2343.0141342", got)
	}
	for _, chains := range [][][]float64{nil, {{1, 2, 3}}, {stuck(1), stuck(1)}} {
		if got := diag.TailESS(chains); !math.IsNaN(got) {
			t.Errorf("tail ESS is %v, want NaN", got)
		}
	}
}

// stuck is a chain of one number, a hundred times.
func stuck(x float64) []float64 { return slices.Repeat([]float64{x}, 100) }

func TestRhatAndESSAtTheEdges(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		name      string
		chains    [][]float64
		rhat, ess float64
	}{
		{"none", nil, nan, nan},
		{"three numbers", [][]float64{{1, 2, 3}, {1, 2, 3}}, nan, nan},
		{"ragged", [][]float64{{1, 2, 3, 4}, {1, 2, 3, 4, 5}}, nan, nan},
		{"NaN", [][]float64{{1, 2, 3, nan}, {1, 2, 3, 4}}, nan, nan},
		{"all equal", [][]float64{{7, 7, 7, 7}, {7, 7, 7, 7}}, 1, nan},
		{"stuck apart, four numbers", [][]float64{{1, 1, 1, 1}, {2, 2, 2, 2}, {4, 4, 4, 4}}, inf, nan},
		{"stuck apart", [][]float64{stuck(1), stuck(2), stuck(4)}, inf, 6},
		{"stuck symmetrically", [][]float64{stuck(1), stuck(2)}, inf, 4},
	} {
		got := diag.Rhat(c.chains)
		if got > 1e12 { // the variance within is zero up to rounding
			got = inf
		}
		if got != c.rhat && !(math.IsNaN(got) && math.IsNaN(c.rhat)) {
			t.Errorf("%s: R̂ %v, want %v", c.name, got, c.rhat)
		}
		// Chains that never move are worth about one number each half, at most.
		if got := diag.ESS(c.chains); got > c.ess || math.IsNaN(got) != math.IsNaN(c.ess) {
			t.Errorf("%s: ESS %v, want %v or less", c.name, got, c.ess)
		}
	}
}

func ExampleRhat() {
	var chains [][]float64
	for k := range uint64(4) {
		chains = append(chains, ar1(rng.NewSource(rng.Seed(1), k), 1000, 0.5))
	}
	fmt.Printf("R̂ = %.2f, %d numbers worth about %.0f\n", diag.Rhat(chains), 4000, diag.ESS(chains))
	for t := range chains[3] {
		chains[3][t] += 5 // one chain elsewhere
	}
	fmt.Printf("R̂ = %.2f\n", diag.Rhat(chains))
	// Output:
	// R̂ = 1.00, 4000 numbers worth about 1392
	// R̂ = 1.53
}
