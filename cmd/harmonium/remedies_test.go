package main

import (
	"errors"
	"testing"

	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
)

// Every finding of sample.Draw comes to people with a remedy, and the library's own stays as it is.
func TestRemedies(t *testing.T) {
	drawn, err := sample.Draw(t.Context(), rbm.New(4, 3, rng.Seed(1)), sample.Options{Count: 20, BurnIn: -1, Thin: 1})
	if err != nil || len(drawn.Findings) != len(sampleRemedies) {
		t.Fatal(errors.Join(err, errors.New("a single sweep should make for all findings")), drawn)
	}
	for k, f := range withRemedies(drawn.Findings, sampleRemedies) {
		before := drawn.Findings[k]
		if f.Remedy == "" || before.Remedy != "" || f.Code != before.Code || f.Message != before.Message {
			t.Errorf("%+v from %+v", f, before)
		}
	}
}
