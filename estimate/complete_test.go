package estimate

import (
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/sample"
)

// Parts of 2 % each, of which 400 chains may have seen nothing by chance, add up to what they can't have missed so. The error
// is then that of AIS from the parts. One of them alone is left out, and so are parts that are seen as they should be. A part
// may be hundreds of nats above what was seen.
func TestRegionsCompleteTogether(t *testing.T) {
	z, none := sample.LogZ{Value: 10, Stderr: 0.05, ESS: 400}, sample.LogZ{Value: math.Inf(-1)}
	of := func(part float64) sample.LogZ {
		return sample.LogZ{Value: z.Value + math.Log(part), Stderr: 0.1, ESS: 50}
	}
	far := func(nats float64) sample.LogZ { return sample.LogZ{Value: z.Value + nats, Stderr: 0.02, ESS: 50} }
	repeat := func(first, then sample.LogZ, count int) []sample.LogZ {
		return append([]sample.LogZ{first}, slices.Repeat([]sample.LogZ{then}, count)...)
	}
	for name, c := range map[string]struct {
		own, seen []sample.LogZ
		more      float64 // log Z − z
	}{
		"one":   {[]sample.LogZ{none, of(0.02)}, []sample.LogZ{of(1), none}, 0},
		"ten":   {repeat(none, of(0.02), 10), repeat(of(1), none, 10), math.Log(1.2)},
		"seen":  {[]sample.LogZ{none, of(0.1), of(0.12)}, []sample.LogZ{of(0.8), of(0.1), of(0.1)}, 0},
		"far":   {[]sample.LogZ{far(-1), far(800), of(0.1)}, []sample.LogZ{of(0.6), none, of(0.4)}, 800},
		"large": {[]sample.LogZ{none, of(0.5), of(0.01)}, []sample.LogZ{of(0.9), none, of(0.1)}, math.Log(1.5)},
	} {
		r := &regions{}
		for _, own := range c.own {
			r.list = append(r.list, region{own: own})
		}
		whole, shares := r.complete(z, c.seen)
		if want := z.Value + c.more; math.Abs(whole.Value-want) > 1e-9 {
			t.Errorf("%s: log Z is %v, want %v", name, whole.Value, want)
		}
		if sum := sample.SumLogZ(shares...).Value; math.Abs(sum-whole.Value) > 1e-9 {
			t.Errorf("%s: shares add up to %v, log Z is %v", name, sum, whole.Value)
		}
		if mean, _ := join(z, c.seen, c.own, true); !(math.Abs(mean.Value-whole.Value) < 0.25) {
			t.Errorf("%s: log Z is %v with weighted means, %v without", name, mean.Value, whole.Value)
		}
		if !(whole.Stderr > 0 && whole.Stderr < 0.1) {
			t.Errorf("%s: log Z has the error %v", name, whole.Stderr)
		}
	}
}
