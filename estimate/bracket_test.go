package estimate

import (
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/sample"
)

// Reverse AIS from data and from random restarts counts where it is higher than AIS and its chains cover the modes, and
// not where it is lower. That from the end points of AIS always counts. None counts where AIS from the modes knows all
// of them well.
func TestReverseAISCounts(t *testing.T) {
	for _, reverse := range []struct {
		name    string
		side    func(*Bracket) *sample.LogZ
		covered func(*Bracket) *float64
	}{
		{"from data", func(b *Bracket) *sample.LogZ { return &b.ReverseData }, func(b *Bracket) *float64 { return &b.coveredByData }},
		{"from random restarts", func(b *Bracket) *sample.LogZ { return &b.ReverseRandom },
			func(b *Bracket) *float64 { return &b.coveredByRandom }},
	} {
		for _, c := range []struct {
			value, covered float64
			settled, open  bool
			lower, upper   float64
		}{
			{10, 1, false, false, 9.8, 10.2},
			{5, 1, false, false, 9.8, 10.2},
			{15, 1, false, true, 4.99, 15.2},
			{15, 0.8, false, false, 9.8, 10.2},
			{15, 1, true, false, 9.8, 10.2},
		} {
			b := agreed()
			*reverse.side(b), *reverse.covered(b), b.settledModes = sample.LogZ{Value: c.value, Stderr: 0.1, ESS: 100}, c.covered, c.settled
			b.combine()
			if open, all := b.open(); open != c.open {
				t.Errorf("%s, %+v: open is %v: %s", reverse.name, c, open, all)
			}
			if b.Value != 10 || b.Lower < c.lower-0.02 || b.Lower > c.lower+0.02 || b.Upper < c.upper-0.02 {
				t.Errorf("%s, %+v: %v, between %v and %v", reverse.name, c, b.Value, b.Lower, b.Upper)
			}
		}
	}
	b := agreed()
	b.ReverseEnds.Value = 5
	b.combine()
	if open, all := b.open(); !open || b.Lower > 4.8 {
		t.Errorf("reverse AIS from the end points is 5, and the bracket from %v is not open: %s", b.Lower, all)
	}
}

// A second tempering takes the part of a judge where reverse AIS alone is too high, from whatever starts: it doesn't
// count where that agrees with AIS and with tempering from the base, and nothing is settled by it otherwise.
func TestSecondTemperingJudges(t *testing.T) {
	high, travelling := sample.LogZ{Value: 11, Stderr: 0.1, ESS: 100}, sample.LogZ{Value: 10.1, Stderr: 0.1, ESS: travelled}
	for name, c := range map[string]struct {
		change          func(*Bracket)
		undecided, open bool // before a second tempering, and with it
	}{
		"nothing disagrees":         {func(*Bracket) {}, false, false},
		"from data":                 {func(b *Bracket) { b.ReverseData = high }, true, false},
		"from end points as well":   {func(b *Bracket) { b.ReverseData, b.ReverseEnds = high, high }, true, false},
		"from random restarts":      {func(b *Bracket) { b.ReverseRandom = high }, true, false},
		"from all":                  {func(b *Bracket) { b.ReverseEnds, b.ReverseData, b.ReverseRandom = high, high, high }, true, false},
		"tempering from the base":   {func(b *Bracket) { b.Tempered.Value, b.ReverseData = 9, high }, false, true},
		"end points are lower":      {func(b *Bracket) { b.ReverseEnds.Value = 9 }, true, true},
		"few round trips":           {func(b *Bracket) { b.ReverseData, b.Tempered.ESS = high, travelled-1 }, false, false},
		"it has found another mode": {func(b *Bracket) { b.ReverseData, b.TemperedAgain = high, high }, true, true},
		"it may have found one": {func(b *Bracket) {
			b.ReverseData, b.TemperedAgain = high, sample.LogZ{Value: 10.5, Stderr: 0.3, ESS: travelled}
		}, true, true},
	} {
		b := agreed()
		b.Tempered.ESS = travelled
		b.Least = sample.Least{Configuration: 5, Rows: 5, Modes: 5}
		c.change(b)
		again := b.TemperedAgain
		b.TemperedAgain = sample.LogZ{}
		if got := b.undecided(); got != c.undecided {
			t.Errorf("%s: undecided is %v", name, got)
		}
		if b.TemperedAgain = travelling; again.ESS > 0 {
			b.TemperedAgain = again
		}
		b.combine()
		open, all := b.open()
		if open != c.open {
			t.Errorf("%s: open is %v: %s", name, open, all)
		}
		if name != "tempering from the base" && math.Abs(b.Value-10) > 1e-9 || !(b.Upper > b.TemperedAgain.Value) {
			t.Errorf("%s: %v up to %v", name, b.Value, b.Upper)
		}
	}
}

// agreed is a bracket of five estimates that are 10 ± 0.1.
func agreed() *Bracket {
	side := sample.LogZ{Value: 10, Stderr: 0.1, ESS: 100}
	return &Bracket{
		AIS: side, ReverseEnds: side, ReverseData: side, ReverseRandom: side, Tempered: side,
		coveredByData: 1, coveredByRandom: 1,
	}
}

// Each bound that holds for certain proves estimates wrong if it is above them and their errors, and says so.
func TestLeastRefutes(t *testing.T) {
	none := math.Inf(-1)
	for _, c := range []struct {
		least sample.Least
		code  string // "": no finding
	}{
		{sample.Least{Configuration: 10.25, Rows: 10.25, Modes: 10.25}, ""}, // within three errors
		{sample.Least{Configuration: 10.4, Rows: none, Modes: none}, "hidden-mode"},
		{sample.Least{Configuration: none, Rows: 10.4, Modes: 10.35}, "mass"},
		{sample.Least{Configuration: 10.35, Rows: 10.35, Modes: 10.4}, "hidden-mode"},
	} {
		b := agreed()
		b.Least = c.least
		b.combine()
		b.judge(agreed())
		if c.code == "" {
			if math.Abs(b.Value-10) > 1e-9 || math.IsInf(b.Upper, 1) {
				t.Errorf("%+v: log Z is %v, up to %v, want that of the estimates", c.least, b.Value, b.Upper)
			}
			continue
		}
		if len(b.Findings) != 1 || b.Findings[0].Code != c.code || b.Value != 10.4 || b.Lower != 10.4 || !math.IsInf(b.Upper, 1) {
			t.Errorf("%+v: log Z is %v, from %v to %v: %+v, want the bound 10.4 and %q", c.least, b.Value, b.Lower, b.Upper, b.Findings, c.code)
		}
	}
}
