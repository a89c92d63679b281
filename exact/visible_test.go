package exact_test

import (
	"runtime"
	"testing"

	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// SampleVisible draws the visible units of Sample, whichever layer is enumerated, and takes no memory for hidden units.
func TestSampleVisible(t *testing.T) {
	allocated := func() uint64 {
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return s.TotalAlloc
	}
	for _, size := range [][2]int{{5, 8}, {8, 5}, {7, 7}, {3, 40000}} {
		if testing.Short() && size[1] > 1000 {
			continue // 160 million draws
		}
		const count = 2000
		model := rbm.New(size[0], size[1], rng.Seed(1))
		begun := allocated()
		v, _, err := exact.Sample(t.Context(), model, count, rng.Seed(2), exact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		both := allocated() - begun
		got, err := exact.SampleVisible(t.Context(), model, count, rng.Seed(2), exact.Options{})
		if err != nil || !got.Equal(v) {
			t.Errorf("%v: error %v, or other units than those of Sample", size, err)
		}
		hidden := uint64(count * size[1] / 8)
		if alone := allocated() - begun - both; size[1] > 1000 && alone+hidden > both {
			t.Errorf("%v: %d bytes allocated, and %d with %d bytes of hidden units", size, alone, both, hidden)
		}
	}
}
