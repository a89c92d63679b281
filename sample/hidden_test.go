package sample_test

import (
	"math"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/sample"
)

// The finding names the bound that is largest, and says by how much it exceeds the estimate.
func TestLeastFinding(t *testing.T) {
	none := math.Inf(-1)
	for _, c := range []struct {
		least         sample.Least
		code, message string
	}{
		{sample.Least{Configuration: 140, Rows: none, Modes: none}, sample.CodeHiddenMode, "a configuration with F = -140.0 was found"},
		{sample.Least{Configuration: 130, Rows: 135, Modes: 140}, sample.CodeHiddenMode, "a mode with the variational bound 140.0 was found"},
		{sample.Least{Configuration: 130, Rows: 140, Modes: 135}, sample.CodeMass,
			"the distinct rows have probabilities that sum to more than 1"},
	} {
		f := c.least.Finding("AIS gives 41.6", sample.LogZ{Value: 41.5}, 3)
		want := c.message + ", so that log Z is more than 140.0; AIS gives 41.6"
		if f.Code != c.code || f.Value != 98.5 || f.Threshold != 3 || f.Message != want || !strings.Contains(f.Consequence, "upper bounds") {
			t.Errorf("finding of %+v is %+v, want %s by 98.5 above 3, and %q", c.least, f, c.code, want)
		}
	}
}
