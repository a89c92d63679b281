package main

import "testing"

func TestModesInWords(t *testing.T) {
	changes := 212
	for _, c := range []struct {
		want    string
		changes *int
		shares  []float64
	}{
		{"1: 100 % of Z", &changes, []float64{1}},
		{"2: > 99.9 %, < 0.1 % of Z", &changes, []float64{0.9995, 0.0005}},
		{"2: 50 %, 50 % of Z", nil, []float64{0.5, 0.5}},
		{"4: 61 %, 30 %, 9.0 %, < 0.1 % of Z; chains changed 212 times", &changes, []float64{0.61, 0.3, 0.09, 0}},
	} {
		if got := modesInWords(c.shares, c.changes); got != c.want {
			t.Errorf("shares %v: %q, want %q", c.shares, got, c.want)
		}
	}
}

func TestPercentWithError(t *testing.T) {
	for _, c := range []struct {
		share, stderr float64
		want          string
	}{
		{1, 0, "100 %"}, {0.61, 0.0034, "61.0 ± 0.3 %"}, {0.612, 0.034, "61 ± 3 %"}, {0.57, 0.2, "57 ± 20 %"},
		{0.61, 1e-9, "61 %"}, {0.5, 0.0002, "50.00 ± 0.02 %"}, {1e-7, 1e-7, "< 0.1 %"}, {0, 0, "< 0.1 %"},
	} {
		if got := percentWithError(c.share, c.stderr); got != c.want {
			t.Errorf("%v ± %v: %q, want %q", c.share, c.stderr, got, c.want)
		}
	}
}
