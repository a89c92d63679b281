package estimate

import "testing"

// The way back from anywhere speaks up where it is higher than the way there, and is silent where it is lower.
func TestAnywhereCountsUpward(t *testing.T) {
	for _, c := range []struct {
		anywhere     float64
		open         bool
		lower, upper float64
	}{
		{10, false, 9.8, 10.2}, {5, false, 9.8, 10.2}, {15, true, 4.99, 15.2},
	} {
		side := Side{10, 0.1, 100}
		b := &Bracket{There: side, Back: side, FromData: side, Tempered: side, FromAnywhere: Side{c.anywhere, 0.1, 100}}
		b.combine()
		if open, all := b.open(); open != c.open {
			t.Errorf("from anywhere %v: open is %v: %s", c.anywhere, open, all)
		}
		if b.Value != 10 || b.Lower < c.lower-0.02 || b.Lower > c.lower+0.02 || b.Upper < c.upper-0.02 {
			t.Errorf("from anywhere %v: %v, between %v and %v", c.anywhere, b.Value, b.Lower, b.Upper)
		}
	}
}
