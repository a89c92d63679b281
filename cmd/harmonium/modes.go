package main

import (
	"fmt"
	"math"
	"strings"
)

// shareList tells parts of a model, the largest first, as "4: 61 %, 30 %, 9 %, < 0.1 %": how many there are, and the
// largest.
func shareList(shares []float64) string { return fmt.Sprintf("%d: %s", len(shares), percents(shares)) }

// percents tells the first of some parts.
func percents(parts []float64) string {
	const shown = 8
	var list []string
	for _, part := range parts[:min(shown, len(parts))] {
		list = append(list, percent(100*part))
	}
	text := strings.Join(list, ", ")
	if more := len(parts) - shown; more > 0 {
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

// percentWithError prints a share and its standard error as percentages, with as many digits as the error leaves.
func percentWithError(share, stderr float64) string {
	const leastError = 0.01 // per cent; smaller ones need no telling
	share, stderr = 100*share, 100*stderr
	if share < 0.1 || !(stderr >= leastError) {
		return percent(share)
	}
	decimals := max(0, -int(math.Floor(math.Log10(stderr))))
	return fmt.Sprintf("%.*f ± %.*f %%", decimals, share, decimals, stderr)
}
