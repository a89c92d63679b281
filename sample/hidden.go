package sample

import (
	"fmt"

	"harmonium/diag"
)

// The codes of [Least.Finding].
const (
	CodeHiddenMode = "hidden-mode" // log Z is more than estimates of it allow, by a configuration or a mode that was found
	CodeMass       = "mass"        // the same by the probabilities of distinct rows, which sum to more than 1
)

// Least is a set of lower bounds of log Z that hold for certain, not in probability. A bound of nothing is −Inf.
type Least struct {
	Configuration float64 // the largest −F(v) of the configurations seen: P(v) = e^(−F(v))/Z ≤ 1
	Rows          float64 // log Σ e^(−F(v)) over distinct rows of data: their probabilities sum to at most 1
	Modes         float64 // the largest variational bound of a [Mode]
}

// Value is the largest of the bounds.
func (l Least) Value() float64 { return max(l.Configuration, l.Rows, l.Modes) }

// Finding says that the bounds prove estimates of log Z wrong. estimates says in a clause what these give; z is the
// estimate to compare with, and threshold is the number of nats by which Value may exceed it.
func (l Least) Finding(estimates string, z LogZ, threshold float64) diag.Finding {
	code, found := CodeHiddenMode, ""
	consequence := "most of the model's weight is where none of these looks; the log-likelihoods here are upper bounds"
	switch l.Value() {
	case l.Configuration:
		found = fmt.Sprintf("a configuration with F = %.1f was found", -l.Configuration)
	case l.Modes:
		found = fmt.Sprintf("a mode with the variational bound %.1f was found", l.Modes)
	default:
		code, found = CodeMass, "the distinct rows have probabilities that sum to more than 1"
		consequence = "log Z is too low, and the log-likelihoods here are upper bounds"
	}
	return diag.Finding{
		Code:    code,
		Message: fmt.Sprintf("%s, so that log Z is more than %.1f; %s", found, l.Value(), estimates),
		Value:   diag.Number(l.Value() - z.Value), Threshold: diag.Number(threshold),
		Consequence: consequence,
	}
}
