package main

import (
	"testing"

	"harmonium/diag"
)

func TestModesOfASample(t *testing.T) {
	for want, shares := range map[string][]diag.Number{
		"1": {1},
		"4: 61 %, 30 %, 9.0 %, < 0.1 %; chains changed 212 times":                                {0.61, 0.3, 0.09, 0},
		"9: 12 %, 11 %, 11 %, 11 %, 11 %, 11 %, 11 %, 11 % and 1 more; chains changed 212 times": {0.12, .11, .11, .11, .11, .11, .11, .11, .11},
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
