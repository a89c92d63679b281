package sample_test

import (
	"strings"
	"testing"

	"harmonium/sample"
)

func TestHiddenMode(t *testing.T) {
	f := sample.HiddenMode(140, sample.FoundConfiguration(-140), "AIS gives 41.6", sample.LogZ{Value: 41.5}, 3)
	const want = "F = -140.0 was found, so that log Z is more than 140.0; AIS gives 41.6"
	if f.Code != sample.CodeHiddenMode || f.Value != 98.5 || f.Threshold != 3 || !strings.HasSuffix(f.Message, want) {
		t.Errorf("finding is %+v, want 98.5 above 3, and %q", f, want)
	}
}
