package main

import (
	"fmt"
	"strings"
)

// shareList tells parts of a model, the largest first, as "4: 61 %, 30 %, 9 %, < 0.1 %": how many there are, and the largest.
func shareList(shares []float64) string {
	const shown = 8
	var list []string
	for _, share := range shares[:min(shown, len(shares))] {
		list = append(list, percent(100*share))
	}
	text := fmt.Sprintf("%d: %s", len(shares), strings.Join(list, ", "))
	if more := len(shares) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// percent prints a percentage with two digits or more, up to its ends.
func percent(x float64) string {
	switch {
	case x < 0.1:
		return "< 0.1 %"
	case x > 99.9 && x < 100:
		return "> 99.9 %"
	case x < 9.95 || x > 99 && x < 100:
		return fmt.Sprintf("%.1f %%", x)
	}
	return fmt.Sprintf("%.0f %%", x)
}
