package sample

import (
	"fmt"

	"harmonium/diag"
)

// CodeHiddenMode is the code of [HiddenMode].
const CodeHiddenMode = "hidden-mode"

// HiddenMode is the finding of a configuration that is more probable than estimates of log Z allow: P(v) = e^(−F(v))/Z ≤ 1, so that log Z
// is no less than −F(v) of any v. found is the largest −F; estimates says in a clause what they give; z is the one to compare with, and
// threshold how far above it found may be.
func HiddenMode(found float64, estimates string, z LogZ, threshold float64) diag.Finding {
	return diag.Finding{
		Code:    CodeHiddenMode,
		Message: fmt.Sprintf("a configuration with F = %.1f was found, so that log Z is more than %.1f; %s", -found, found, estimates),
		Value:   diag.Number(found - z.Value), Threshold: diag.Number(threshold),
		Consequence: "almost all of the model's weight is where none of these looks; the log-likelihoods here are upper bounds",
	}
}
