package monitor_test

import (
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rng"
)

// The error of a difference is that of repetitions: rows of which most is common to both models, and errors of log Z.
func TestDifferencesAgainstRepetitions(t *testing.T) {
	const repetitions, rows, spread, doubt = 400, 50, 0.5, 0.05
	source := rng.NewSource(rng.Seed(1), 0)
	normal := func() float64 { // Box and Muller
		return math.Sqrt(-2*math.Log(source.Float64())) * math.Cos(2*math.Pi*source.Float64())
	}
	a, b := make([]float64, rows), make([]float64, rows)
	clear, square, stderr := 0, 0.0, 0.0
	for range repetitions {
		shift := doubt * normal()
		for r := range rows {
			hard := 20 * normal()
			a[r], b[r] = hard+spread*normal()+shift, hard
		}
		d := monitor.NewDifference(a, b, nil, doubt, 0)
		if d.LogZStderr != doubt {
			t.Fatalf("error of log Z %v, want %v", d.LogZStderr, doubt)
		}
		square += float64(d.Value * d.Value)
		stderr += math.Hypot(float64(d.Stderr), float64(d.LogZStderr))
		if d.Clear() {
			clear++
		}
	}
	// √(0.5²/50 + 0.05²) = 0.0866, which 400 repetitions tell to 3.5 %; 4.6 % of differences that are none are beyond
	// two errors, 18 ± 4 of 400.
	want := math.Sqrt(spread*spread/rows + doubt*doubt)
	if got := math.Sqrt(square / repetitions); math.Abs(got/want-1) > 3*0.035 {
		t.Errorf("differences scatter by %.4f, want %.4f", got, want)
	}
	if got := stderr / repetitions; math.Abs(got/want-1) > 0.02 {
		t.Errorf("their error is %.4f, want %.4f", got, want)
	}
	if clear < 6 || clear > 31 {
		t.Errorf("%d of %d differences that are none are taken for some, want 18", clear, repetitions)
	}
}

func TestDifferencesInWords(t *testing.T) {
	for _, c := range []struct {
		d           monitor.Difference
		both, total string
	}{
		{monitor.Difference{Value: -1, Stderr: 0.03, LogZStderr: 0.04}, "-1.0000 ± 0.0300 (rows) ± 0.0400 (log Z)", "-1.000 ± 0.050"},
		{monitor.Difference{Value: -1, Stderr: 0.03}, "-1.0000 ± 0.0300 (rows)", "-1.000 ± 0.030"},
	} {
		if c.d.String() != c.both || c.d.Total() != c.total {
			t.Errorf("%q and %q, want %q and %q", c.d.String(), c.d.Total(), c.both, c.total)
		}
	}
}
