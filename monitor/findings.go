package monitor

import (
	"fmt"
	"math"
	"slices"

	"harmonium/diag"
	"harmonium/sample"
)

// UpperBounds reports whether the scores are no more than upper bounds, as log Z is more for certain.
func (s *Scores) UpperBounds() bool {
	return slices.ContainsFunc(s.Findings, func(f diag.Finding) bool { return f.Code == sample.CodeHiddenMode || f.Code == sample.CodeMass })
}

// findings says whether AIS chains whose longest step is given have lost track, and whether two estimates have not agreed.
func (l *live) findings(step float64) []diag.Finding {
	const consequence = "the log-likelihoods here may be too high by more than their errors"
	var findings []diag.Finding
	if lost(step) {
		findings = append(findings, diag.Finding{
			Code: "live-lost",
			Message: fmt.Sprintf("the AIS chains that follow the training have lost track: a step has left %.2g %% of them with weight",
				100*left(step)),
			Value: diag.Number(left(step)), Threshold: lostPart, Consequence: consequence,
		})
	}
	if l.doubted > 0 {
		findings = append(findings, diag.Finding{
			Code: "live-doubtful",
			Message: fmt.Sprintf("log Z was estimated by AIS and by reverse AIS, and at update %d these differed by %.2g nats",
				l.doubted, math.Abs(l.differ)),
			Value: diag.Number(l.differ), Threshold: diag.Number(l.limit),
			Consequence: consequence + ": there are states that the chains do not reach",
		})
	}
	return findings
}
