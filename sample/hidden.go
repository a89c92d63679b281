package sample

import (
	"fmt"

	"harmonium/diag"
)

// CodeHiddenMode is the code of [HiddenMode].
const CodeHiddenMode = "hidden-mode"

// HiddenMode is the finding that log Z is for certain more than estimates of it allow, such as −F(v) of a configuration
// (P(v) = e^(−F(v))/Z ≤ 1) or the variational bound of a [Mode]. least is that bound, found says in a clause of what,
// and estimates what these give; z is the estimate to compare with, and threshold how far above it least may be.
func HiddenMode(least float64, found, estimates string, z LogZ, threshold float64) diag.Finding {
	return diag.Finding{
		Code:    CodeHiddenMode,
		Message: fmt.Sprintf("%s, so that log Z is more than %.1f; %s", found, least, estimates),
		Value:   diag.Number(least - z.Value), Threshold: diag.Number(threshold),
		Consequence: "almost all of the model's weight is where none of these looks; the log-likelihoods here are upper bounds",
	}
}

// FoundConfiguration is the clause of [HiddenMode] on a configuration with this F(v).
func FoundConfiguration(free float64) string {
	return fmt.Sprintf("a configuration with F = %.1f was found", free)
}
