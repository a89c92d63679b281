package main

import "testing"

func TestSparkline(t *testing.T) {
	var s sparkline
	if s.String() != "" {
		t.Errorf("of nothing: %q", s)
	}
	s.add(3)
	if s.String() != "▁" {
		t.Errorf("of one value: %q", s)
	}
	for k := range 20 {
		s.add(float64(-k))
	}
	if s.String() != "█▇▆▅▄▃▂▁" {
		t.Errorf("of a falling line: %q", s)
	}
}
