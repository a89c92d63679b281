package data

import (
	"path/filepath"
	"reflect"
	"sync"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/group"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Rows that are spread over processes are read as they are by one: their means, the parts of a split, and all of them.
func TestSpreadOver(t *testing.T) {
	defer func(bytes int) { leastSpread = bytes }(leastSpread)
	leastSpread = 0
	bars, err := BarsSample(5, 5, 301, rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "bars.csv")
	if err := Write(path, bars.States, bars.Values, nil); err != nil {
		t.Fatal(err)
	}
	results := func(options ...Option) []any {
		set, err := Open(path, options...)
		if err != nil {
			t.Error(err)
			return nil
		}
		parts, err := Split(set, []float64{0.8, 0.2}, rng.Seed(2))
		if err != nil {
			t.Error(err)
			return nil
		}
		return []any{
			set.Means(), parts[0].Means(), parts[1].Means(), parts[0].States.EncodeBits(), parts[1].States.EncodeBits(), set.States.EncodeBits(),
		}
	}
	want := results()
	var running sync.WaitGroup
	for _, g := range group.Local(3) {
		running.Go(func() {
			on := compute.InGroup(1, compute.ISAs()[0], g)
			if got := results(SpreadOver(on)); !reflect.DeepEqual(got, want) {
				t.Errorf("rank %d reads other rows than a process by itself", g.Rank())
			}
		})
	}
	running.Wait()
}
