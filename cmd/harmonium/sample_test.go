package main

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

func TestModesOfASample(t *testing.T) {
	for want, shares := range map[string][]diag.Number{
		"1: 100 % of the samples":                                                {1},
		"2: 99.8 %, 0.2 % of the samples":                                        {0.998, 0.002},
		"2: > 99.9 %, < 0.1 % of the samples":                                    {0.9995, 0.0005},
		"4: 61 %, 30 %, 9.0 %, < 0.1 % of the samples; chains changed 212 times": {0.61, 0.3, 0.09, 0},
		"9: 60 %, 5.0 %, 5.0 %, 5.0 %, 5.0 %, 5.0 %, 5.0 %, 5.0 % and 1 more of the samples; chains changed 212 times": {
			0.6, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05},
	} {
		r := sampleResult{Changes: 212}
		for _, share := range shares {
			r.Modes = append(r.Modes, modeShare{Share: share})
		}
		if got := r.modes(); got != want {
			t.Errorf("shares %v: %q, want %q", shares, got, want)
		}
	}
}

// What can't be told has no rate.
func TestWorthOfASample(t *testing.T) {
	for want, ess := range map[string]float64{"120 of 500, 60 a second": 120, "unknown of 500": math.NaN()} {
		r := sampleResult{Count: 500, ESS: diag.Number(ess), Seconds: 2}
		if got := r.worth(); got != want {
			t.Errorf("%v: %q, want %q", ess, got, want)
		}
	}
}

// Each phase of Draw is shown, the survey of modes before all chains too. A burn-in that goes on has another bar, and
// tempering says once why it follows.
func TestDrawProgressIsShown(t *testing.T) {
	var shown bytes.Buffer
	bars := drawProgress{t: &terminal{stderr: &shown}}
	failed := &sample.Result{Rhat: 1e14, ESS: 23}
	for _, p := range []sample.Progress{
		{Surveying: true, Total: 1000},
		{Surveying: true, Total: 1000, Done: 500, Modes: 7},
		{Method: sample.Gibbs, Total: 16384, Done: 4096, Chains: 20},
		{Method: sample.Gibbs, Total: 32768, Done: 24576, Chains: 20},
		{Method: sample.Gibbs, Total: 100, Done: 50, Chains: 20, Sampling: true},
		{Method: sample.Tempered, Total: 16384, Done: 8192, Chains: 20, Temperatures: 5, RoundTrips: 3, Gibbs: failed},
		{Method: sample.Tempered, Total: 32768, Done: 24576, Chains: 20, Temperatures: 5, RoundTrips: 4, Gibbs: failed},
	} {
		bars.report(p)
		bars.bar.display.(*lineDisplay).shown = time.Time{} // a line each
		bars.report(p)
	}
	want := `modes   0%  0 modes
modes  50%  7 modes
burn-in  25%  20 chains
burn-in  75%  20 chains
sample  50%  20 chains
Gibbs chains do not mix (R-hat above 1000, 23 effective samples): tempering
burn-in  50%  20 replica sets at 5 temperatures, 3 round trips
burn-in  75%  20 replica sets at 5 temperatures, 4 round trips
`
	if got := shown.String(); got != want {
		t.Errorf("shown:\n%s\nwant:\n%s", got, want)
	}
}

// Enumerating a model with huge weights takes a hundred times as long as its size says: samples of it come from chains.
func TestSampleMethodOfHugeWeights(t *testing.T) {
	model := rbm.New(26, 26, rng.Seed(1))
	for _, c := range []struct {
		scale float32
		want  string
	}{{1, monitor.MethodExact}, {1e6, methodAuto}} {
		for k := range model.W {
			model.W[k] *= c.scale
		}
		if method, err := sampleMethod(model, methodAuto, true); err != nil || method != c.want {
			t.Errorf("weights times %g: %s, %v, want %s", c.scale, method, err, c.want)
		}
	}
}
