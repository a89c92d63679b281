package monitor

import (
	"slices"

	"harmonium/diag"
	"harmonium/sample"
)

// UpperBounds reports whether the scores are no more than upper bounds, as log Z is more for certain.
func (s *Scores) UpperBounds() bool { return slices.ContainsFunc(s.Findings, boundsAbove) }

// boundsAbove reports whether a finding says that log Z is more for certain.
func boundsAbove(f diag.Finding) bool {
	return f.Code == sample.CodeHiddenMode || f.Code == sample.CodeMass
}
