package main

import "harmonium/diag"

// sampleRemedies say by which flags of sample to mend what a finding of sample.Draw is about, by its code.
var sampleRemedies = map[string]string{
	"not-mixed":       "raise --burn-in and --thin",
	"few-samples":     "raise --thin (auto finds out how far), or draw more",
	"few-round-trips": "raise --burn-in and --thin",
}

// withRemedies returns findings with their remedies. Packages below know of no flags.
func withRemedies(findings []diag.Finding, remedies map[string]string) []diag.Finding {
	told := make([]diag.Finding, len(findings))
	for k, f := range findings {
		f.Remedy = remedies[f.Code]
		told[k] = f
	}
	return told
}
