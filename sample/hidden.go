package sample

import (
	"fmt"

	"harmonium/diag"
)

// The codes of findings that log Z is for certain more than estimates of it allow.
const (
	CodeHiddenMode = "hidden-mode" // of [HiddenMode]
	CodeMass       = "mass"        // the probabilities of distinct rows sum to more than 1
)

// Least are bounds below log Z that hold for certain, not in probability.
type Least struct {
	// Configuration is the largest −F(v) of a configuration that has been seen.
	Configuration float64
	// Rows is log Σ e^(−F(v)) over distinct rows of data: their probabilities sum to at most 1.
	Rows float64
	// Modes is the largest variational bound of a mode.
	Modes float64
}

// Value is the largest of them.
func (l Least) Value() float64 { return max(l.Configuration, l.Rows, l.Modes) }

// Finding says that the bounds prove estimates wrong, which a clause describes. The others are those of [HiddenMode].
func (l Least) Finding(estimates string, z LogZ, threshold float64) diag.Finding {
	found := "the distinct rows have probabilities that sum to more than 1"
	switch l.Value() {
	case l.Configuration:
		found = FoundConfiguration(-l.Configuration)
	case l.Modes:
		found = fmt.Sprintf("a mode with the variational bound %.1f was found", l.Modes)
	}
	f := HiddenMode(l.Value(), found, estimates, z, threshold)
	if l.Value() == l.Rows && l.Rows > l.Configuration {
		f.Code, f.Consequence = CodeMass, "log Z is too low, and the log-likelihoods here are upper bounds"
	}
	return f
}

// HiddenMode is the finding that log Z is for certain more than estimates of it allow, such as −F(v) of a configuration
// (P(v) = e^(−F(v))/Z ≤ 1) or the variational bound of a [Mode]. least is that bound, found says in a clause of what,
// and estimates what these give; z is the estimate to compare with, and threshold how far above it least may be.
func HiddenMode(least float64, found, estimates string, z LogZ, threshold float64) diag.Finding {
	return diag.Finding{
		Code:    CodeHiddenMode,
		Message: fmt.Sprintf("%s, so that log Z is more than %.1f; %s", found, least, estimates),
		Value:   diag.Number(least - z.Value), Threshold: diag.Number(threshold),
		Consequence: "most of the model's weight is where none of these looks; the log-likelihoods here are upper bounds",
	}
}

// FoundConfiguration is the clause of [HiddenMode] on a configuration with this F(v).
func FoundConfiguration(free float64) string {
	return fmt.Sprintf("a configuration with F = %.1f was found", free)
}
