package diag

import (
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/rng"
)

func TestOutliers(t *testing.T) {
	for name, c := range map[string]struct {
		x, weights []float64
		want       []int
	}{
		"none":                {nil, nil, nil},
		"one":                 {[]float64{-1e30}, nil, nil},
		"two":                 {[]float64{-1e30, -3}, nil, nil},
		"three":               {[]float64{-3, -1e30, -3.5}, nil, []int{1}},
		"huge":                {[]float64{-3, -2, -1e57, -4, -2.5}, nil, []int{2}},
		"above":               {[]float64{-3, -2, 1e57, -4, -2.5}, nil, nil},
		"near":                {[]float64{-3, -2, -9, -4, -2.5}, nil, nil},
		"a small part":        {[]float64{-3, -3, -3, -3.5, -3}, nil, nil}, // of a nat
		"of no weight":        {[]float64{-3, -2, -1e57, -4, -2.5}, []float64{1, 1, 0, 1, 1}, nil},
		"of little weight":    {[]float64{-3, -2, -500, -4, -2.5}, []float64{1, 1, 1e-4, 1, 1}, nil},
		"more than a few":     {[]float64{-3, -2, -1e57, -4, -2.5, -1e58, -3}, nil, nil},
		"most without weight": {[]float64{-3, -9e9, -9e8}, []float64{0, 0, 1}, nil},
	} {
		if got := Outliers(c.x, c.weights, 1); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// Samples of distributions with a tail have none: their far numbers are no riddle.
func TestNoOutliers(t *testing.T) {
	s := rng.NewSource(rng.Seed(1), 0)
	for _, n := range []int{5, 10, 100, 1000} {
		for range 200 {
			x, y := make([]float64, n), make([]float64, n)
			for k := range x {
				u, v := s.Float64(), s.Float64()
				x[k] = math.Log(1 - u)                                                  // exponential, downwards
				y[k] = math.Sqrt(-2*math.Log(1-u)) * math.Cos(2*math.Pi*v) * float64(n) // normal
			}
			if Outliers(x, nil, 1) != nil || Outliers(y, nil, 1) != nil {
				t.Errorf("%d numbers have outliers", n)
			}
		}
	}
}
