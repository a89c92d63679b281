package main

import (
	"fmt"
	"math"
	"strings"
)

// shareList tells how many modes there are and the largest shares, as "4: 61 %, 30 %, 9.0 %, < 0.1 %". stderrs are the
// standard errors of the shares, or nil to leave them out.
func shareList(shares, stderrs []float64) string {
	return fmt.Sprintf("%d: %s", len(shares), percents(shares, stderrs))
}

// percents prints the first eight of some shares, with their errors unless stderrs is nil, and the number of the others.
func percents(shares, stderrs []float64) string {
	const shown = 8
	var list []string
	for k, share := range shares[:min(shown, len(shares))] {
		if stderrs == nil {
			list = append(list, percent(100*share))
		} else {
			list = append(list, percentWithError(share, stderrs[k]))
		}
	}
	text := strings.Join(list, ", ")
	if more := len(shares) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// changesInWords tells how often chains changed between modes, where two or more have 1 %: sample watches no others.
func changesInWords(shares []float64, changes int) string {
	large := 0
	for _, share := range shares {
		if share >= 0.01 {
			large++
		}
	}
	if large < 2 {
		return ""
	}
	return fmt.Sprintf("; chains changed %d times", changes)
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
	if !(stderr >= leastError) || max(share, stderr) < 0.1 {
		return percent(share)
	}
	decimals := max(0, -int(math.Floor(math.Log10(stderr))))
	return fmt.Sprintf("%.*f ± %.*f %%", decimals, share, decimals, stderr)
}
