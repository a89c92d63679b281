package plot

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot"
)

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		ticker    plot.Ticker
		low, high float64
		want      string
	}{
		{logTicks{}, 0.02, 3, "0.02 0.05 0.1 0.2 0.5 1 2"},
		{logTicks{}, 0.1, 0.3, "0.10 0.15 0.20 0.25 0.30"}, // too short for powers: linear
		{logTicks{}, 1e-6, 1e2, "1e−6 1e−5 0.0001 0.001 0.01 0.1 1 10 100"},
		{logTicks{}, 1e-28, 1e4, "1e−28 1e−24 1e−20 1e−16 1e−12 1e−8 0.0001 1 10000"},
		{linearTicks{}, 0, 12, "0 2 4 6 8 10 12"},
		{linearTicks{}, 0, 0.8, "0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8"},
		{linearTicks{}, -201, -139, "−200 −190 −180 −170 −160 −150 −140"},
		{linearTicks{}, 0, 1.3e6, "0 2.0e5 4.0e5 6.0e5 8.0e5 1.0e6 1.2e6"},
		{linearTicks{}, 1e6, 1e6 + 6, "1.000000e6 1.000001e6 1.000002e6 1.000003e6 1.000004e6 1.000005e6 1.000006e6"},
		{linearTicks{}, -1e-5, 1e-5, "−1.0e−5 −5.0e−6 0 5.0e−6 1.0e−5"},
	} {
		var labels []string
		for _, tick := range c.ticker.Ticks(c.low, c.high) {
			if tick.Label != "" {
				labels = append(labels, tick.Label)
			}
		}
		if got := strings.Join(labels, " "); got != c.want {
			t.Errorf("[%v, %v]: labels %s, want %s", c.low, c.high, got, c.want)
		}
	}
}

func TestNumber(t *testing.T) {
	for want, x := range map[string]float64{
		"−0.614": -0.6144, "1000": 1000, "1230": 1234, "0.5": 0.5,
		"1e−5": 1e-5, "−1e6": -1e6, "0": 0, "1.8e308": math.MaxFloat64,
	} {
		if got := number(x, 3); got != want {
			t.Errorf("number(%v) = %s, want %s", x, got, want)
		}
	}
}

// Whatever the numbers are, a picture is drawn: single points, equal points, neighbouring floats, extremes.
func TestCurveOfAnyNumbers(t *testing.T) {
	for k, values := range [][]float64{
		{0.5}, {0}, {-3, -3}, {1, math.Nextafter(1, 2)}, {0, 5e-324}, {1e-300, 1e300, 1}, {1e100, 1e-100},
		{-1e100, 1e100}, {math.Inf(1), 1, math.NaN(), 2}, {1e15, 1e15 + 1}, {0.3, 0.1},
	} {
		for _, log := range []bool{false, true} {
			errs := constant(len(values), 1e-3)
			errs[0] = math.NaN()
			s := Series{Name: "s", X: values, Y: values, Err: errs, Dots: k%2 == 0}
			chart := Chart{LogX: log, LogY: log, Series: []Series{s}, Levels: []Level{{"zero", 0}, {"NaN", math.NaN()}}}
			err := Curve(filepath.Join(t.TempDir(), "x.png"), chart)
			positive := slices.ContainsFunc(values, func(x float64) bool { return drawable(x, true) })
			if want := !log || positive; (err == nil) != want {
				t.Errorf("%v, logarithmic %v: error %v", values, log, err)
			}
		}
	}
}

// Text that is too long becomes smaller, then shorter, and never wider than its place.
func TestFit(t *testing.T) {
	long := strings.Repeat("harmonium ", 20)
	for _, width := range []int{2000, 1200, 100, 20, 1, 0} {
		style, words := fit(light.textStyle(titleSize), width, long)
		if style.Width(words) > pixels(width) {
			t.Errorf("%q is wider than %d pixels", words, width)
		}
		if words != long && style.Font.Size != leastSize {
			t.Errorf("%q was cut at %v points", words, style.Font.Size)
		}
	}
	if style, words := fit(light.textStyle(titleSize), 500, "short"); words != "short" || style.Font.Size != titleSize {
		t.Errorf("short text became %q of %v points", words, style.Font.Size)
	}
}
