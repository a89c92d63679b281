package estimate

import (
	"testing"

	"harmonium/sample"
)

// Reverse AIS from data and from random restarts counts where it is higher than AIS, and not where it is lower. Reverse AIS from the end
// points of AIS always counts.
func TestWaysBackCountUpward(t *testing.T) {
	for _, reverse := range []struct {
		name string
		side func(*Bracket) *sample.LogZ
	}{
		{"from the data", func(b *Bracket) *sample.LogZ { return &b.ReverseData }},
		{"from random restarts", func(b *Bracket) *sample.LogZ { return &b.ReverseRandom }},
	} {
		for _, c := range []struct {
			value        float64
			open         bool
			lower, upper float64
		}{
			{10, false, 9.8, 10.2}, {5, false, 9.8, 10.2}, {15, true, 4.99, 15.2},
		} {
			side := sample.LogZ{Value: 10, Stderr: 0.1, ESS: 100}
			b := &Bracket{AIS: side, ReverseEnds: side, ReverseData: side, ReverseRandom: side, Tempered: side}
			reverse.side(b).Value = c.value
			b.combine()
			if open, all := b.open(); open != c.open {
				t.Errorf("%s %v: open is %v: %s", reverse.name, c.value, open, all)
			}
			if b.Value != 10 || b.Lower < c.lower-0.02 || b.Lower > c.lower+0.02 || b.Upper < c.upper-0.02 {
				t.Errorf("%s %v: %v, between %v and %v", reverse.name, c.value, b.Value, b.Lower, b.Upper)
			}
		}
	}
	side := sample.LogZ{Value: 10, Stderr: 0.1, ESS: 100}
	low := sample.LogZ{Value: 5, Stderr: 0.1, ESS: 100}
	b := &Bracket{AIS: side, ReverseEnds: low, ReverseData: side, ReverseRandom: side, Tempered: side}
	b.combine()
	if open, all := b.open(); !open || b.Lower > 4.8 {
		t.Errorf("reverse AIS from the end points is 5, and the bracket from %v is not open: %s", b.Lower, all)
	}
}
