package monitor

import (
	"slices"

	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/sample"
)

// UpperBounds reports whether the scores are only upper bounds, as log Z is certainly larger.
func (s *Scores) UpperBounds() bool { return slices.ContainsFunc(s.Findings, boundsAbove) }

// boundsAbove reports whether a finding says that log Z is certainly larger.
func boundsAbove(f diag.Finding) bool {
	return f.Code == sample.CodeHiddenMode || f.Code == sample.CodeMass
}
