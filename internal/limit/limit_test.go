package limit

import (
	"testing"
	"time"
)

// The loops run. How fast they are is no matter of a test.
func TestLoopsRun(t *testing.T) {
	for _, w := range []Width{Bits256, Bits512} {
		for name, measure := range map[string]func() (float64, bool){
			"FMA":     func() (float64, bool) { return FMA(w, time.Millisecond) },
			"Read":    func() (float64, bool) { return Read(w, 16<<10, time.Millisecond) },
			"LookUps": func() (float64, bool) { return LookUps(w, time.Millisecond) },
		} {
			rate, ok := measure()
			if ok != Has(w) || ok && rate < 1e6 || !ok && rate != 0 {
				t.Errorf("%s with %d bits: %g a second, %v", name, w, rate, ok)
			}
			t.Logf("%s with %d bits: %.3g a second", name, w, rate)
		}
	}
}
