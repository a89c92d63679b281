package main

import (
	"testing"

	"harmonium/diag"
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
