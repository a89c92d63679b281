package diag_test

import (
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/rng"
)

// lazy are chains of labels that are drawn again from p with probability 1 − ρ and else stay: every function of the label
// has the autocorrelation ρ^t.
func lazy(seed uint64, chains, length int, rho float64, p []float64) diag.Labels {
	l := diag.Labels{Classes: len(p)}
	for c := range uint64(chains) {
		source, chain, label := rng.NewSource(rng.Seed(seed), c), make([]uint8, length), -1
		for t := range chain {
			if label < 0 || source.Float64() >= rho {
				label = 0
				for u := source.Float64() - p[0]; u >= 0 && label+1 < len(p); u -= p[label] {
					label++
				}
			}
			chain[t] = uint8(label)
		}
		l.Chains = append(l.Chains, chain)
	}
	return l
}

func falling(classes int, ratio float64) []float64 {
	p, sum, x := make([]float64, classes), 0.0, 1.0
	for k := range p {
		p[k], sum, x = x, sum+x, x*ratio
	}
	for k := range p {
		p[k] /= sum
	}
	return p
}

func indicators(l diag.Labels, k int) [][]float64 {
	out := make([][]float64, len(l.Chains))
	for c, chain := range l.Chains {
		for _, label := range chain {
			x := 0.0
			if int(label) == k {
				x = 1
			}
			out[c] = append(out[c], x)
		}
	}
	return out
}

// Numbers of an autoregressive chain that are Δ apart have the time (1 + ρ^Δ)/(1 − ρ^Δ), and n of them the sum of the
// textbook. Numbers as far apart as an independent one takes are not independent.
func TestTime(t *testing.T) {
	const rho = 0.9
	var chains [][]float64
	for k := range uint64(8) {
		chains = append(chains, ar1(rng.NewSource(rng.Seed(7), k), 20000, rho))
	}
	a := diag.BulkCorrelation(chains)
	for _, apart := range []float64{0.5, 1, 2, 7.5, 19, 40, 1000} {
		for _, n := range []int{1, 2, 10, math.MaxInt} {
			want := 1.0
			for k := 1; k < min(n, 1000); k++ {
				want += 2 * (1 - float64(k)/float64(n)) * math.Pow(rho, apart*float64(k))
			}
			if got := a.Time(apart, n); math.Abs(got/want-1) > 0.05 {
				t.Errorf("%d numbers %v apart: τ = %.3f, want %.3f", n, apart, got, want)
			}
		}
	}
	if got := a.Time(19, math.MaxInt); math.Abs(got-1/math.Tanh(1)) > 0.05 {
		t.Errorf("τ = %.3f of numbers 2T apart, want coth 1", got)
	}
	if got := diag.Uncorrelated(100); got.Time(1, 1000) != 1 || got.ESS() != 100 {
		t.Errorf("%v of independent numbers, worth %v of 100", got.Time(1, 1000), got.ESS())
	}
	if short := diag.BulkCorrelation(chains[:0]); !math.IsNaN(short.ESS()) || !math.IsNaN(short.Time(1, 1)) {
		t.Errorf("no chains are worth %v", short.ESS())
	}
}

// The autocorrelation and R̂ of each indicator are those of its numbers. Of two classes both are that of the vector.
func TestLabelsAgreeWithIndicators(t *testing.T) {
	for _, l := range []diag.Labels{
		lazy(1, 4, 501, 0.8, falling(5, 0.4)), lazy(2, 3, 40, 0.3, falling(2, 0.5)), lazy(3, 2, 10, 0.5, falling(3, 0.9)),
	} {
		all, each := l.Correlations()
		for k, got := range each {
			x := indicators(l, k)
			want := diag.BulkCorrelation(x) // the ranks of two numbers are a straight line
			if want.ESS() != want.ESS() {
				if got.ESS() == got.ESS() {
					t.Errorf("class %d without a label is worth %v", k, got.ESS())
				}
				continue
			}
			for _, apart := range []float64{1, 2.5, 8} {
				if a, b := got.Time(apart, 100), want.Time(apart, 100); math.Abs(a-b) > 1e-9 {
					t.Errorf("class %d of %d: τ = %v of numbers %v apart, want %v", k, l.Classes, a, apart, b)
				}
			}
			if a, b := got.ESS(), want.ESS(); math.Abs(a/b-1) > 1e-9 {
				t.Errorf("class %d of %d is worth %v, want %v", k, l.Classes, a, b)
			}
			if l.Classes == 2 && math.Abs(all.ESS()/got.ESS()-1) > 1e-9 {
				t.Errorf("two classes are worth %v, each %v", all.ESS(), got.ESS())
			}
		}
		together, rhats := l.Rhat()
		for k, got := range rhats {
			if want := diag.Rhat(indicators(l, k)); !(math.Abs(got/want-1) <= 1e-9) || l.Classes == 2 && math.Abs(together/got-1) > 1e-9 {
				t.Errorf("R̂ of class %d of %d is %v, want %v, of all %v", k, l.Classes, got, want, together)
			}
		}
	}
}

// The labels as one vector tell the autocorrelation of 200 classes, of which single ones have a handful of visits.
func TestLabelsOfManyClasses(t *testing.T) {
	const chains, length, rho = 20, 1000, 0.8
	want := (1 + rho) / (1 - rho)
	for seed := range uint64(10) {
		l := lazy(seed, chains, length, rho, falling(200, 0.99))
		all, _ := l.Correlations()
		if got := chains * length / all.ESS(); math.Abs(got/want-1) > 0.15 {
			t.Errorf("seed %d: τ = %.2f, want %.2f", seed, got, want)
		}
		if r, _ := l.Rhat(); !(r > 1 && r < 1.02) {
			t.Errorf("seed %d: R̂ = %.4f, want nearly 1", seed, r)
		}
	}
}

// Labels that are the same in all chains say nothing; chains that stay apart have no bounds.
func TestLabelsWithoutChange(t *testing.T) {
	for _, c := range []struct {
		name   string
		labels diag.Labels
		rhat   float64
		worth  bool
	}{
		{"one label", lazy(1, 4, 100, 0, []float64{1, 0}), 1, false},
		{"chains that stay", lazy(1, 4, 100, 1, []float64{0.5, 0.5}), math.Inf(1), true},
		{"three labels a chain", lazy(1, 4, 3, 0, []float64{0.5, 0.5}), math.NaN(), false},
		{"different lengths", diag.Labels{Chains: [][]uint8{make([]uint8, 20), make([]uint8, 21)}, Classes: 2}, math.NaN(), false},
		{"none", diag.Labels{Classes: 2}, math.NaN(), false},
	} {
		rhat, rhats := c.labels.Rhat()
		all, each := c.labels.Correlations()
		for k := range each {
			same := rhat == c.rhat && rhats[k] == c.rhat || math.IsNaN(c.rhat) && math.IsNaN(rhat) && math.IsNaN(rhats[k])
			if !same || math.IsNaN(all.ESS()) == c.worth || math.IsNaN(each[k].ESS()) == c.worth || c.worth && !(all.ESS() < 20) {
				t.Errorf("%s: R̂ %v, of class %d %v, worth %v and %v", c.name, rhat, k, rhats[k], all.ESS(), each[k].ESS())
			}
		}
	}
}
