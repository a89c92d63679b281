package exact_test

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/internal/group"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// An enumeration that was interrupted goes on to the same bits, in one process or in several.
func TestInterruptedEnumeration(t *testing.T) {
	model := randomModel(25, 24, rbm.Spin, rbm.Bernoulli, 0.5) // two rounds of 1024 states of 128 parts
	want, err := exact.LogZ(t.Context(), model, exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	enough := errors.New("enough")
	var kept *exact.Sums
	stop := func(s *exact.Sums) error { kept = s; return enough }
	if _, err := exact.LogZInRounds(t.Context(), model, exact.Options{Compute: compute.New(2)}, nil, stop, 1); err != enough {
		t.Fatalf("stopped after a round: %v", err)
	}
	if got := kept.Share(model); got != 0.5 {
		t.Errorf("stopped after %g of the states, want half", got)
	}

	const size = 3
	logZ, errs, sums := [size]float64{}, [size]error{}, [size]*exact.Sums{}
	var running sync.WaitGroup
	for r, g := range group.Local(size) {
		on := compute.InGroup(r%2+1, compute.New(1).ISA(), g)
		running.Go(func() {
			keep := func(s *exact.Sums) error { sums[r] = s; return nil }
			logZ[r], errs[r] = exact.LogZInRounds(t.Context(), model, exact.Options{Compute: on}, kept, keep, 1)
		})
	}
	running.Wait()
	for r := range size {
		if errs[r] != nil || logZ[r] != want || sums[r].Share(model) != 1 {
			t.Errorf("rank %d: log Z = %v, %v, want %v", r, logZ[r], errs[r], want)
		}
	}
	never := func(*exact.Sums) error { return errors.New("called") }
	if got, err := exact.LogZFrom(t.Context(), model, exact.Options{}, sums[0], never); err != nil || got != want {
		t.Errorf("from the end: log Z = %v, %v, want %v", got, err, want)
	}
}

// Where one of several processes is interrupted all of them end, and none keeps a round that isn't complete.
func TestInterruptedRank(t *testing.T) {
	model := randomModel(25, 20, rbm.Bernoulli, rbm.Bernoulli, 0.5)
	var running sync.WaitGroup
	for r, g := range group.Local(2) {
		ctx, cancel := context.WithCancel(t.Context())
		if r == 1 {
			cancel()
		}
		defer cancel()
		on := compute.InGroup(1, compute.New(1).ISA(), g)
		running.Go(func() {
			keep := func(*exact.Sums) error { t.Error("kept"); return nil }
			if _, err := exact.LogZFrom(ctx, model, exact.Options{Compute: on}, nil, keep); !errors.Is(err, context.Canceled) {
				t.Errorf("rank %d: %v", r, err)
			}
		})
	}
	running.Wait()
}

// Sums of another shape, or that no enumeration has, are refused, and so are pairs of layers that need none.
func TestForeignSums(t *testing.T) {
	model := rbm.New(9, 8, rng.Seed(1)) // four parts of one state
	for name, s := range map[string]*exact.Sums{
		"too few":    {Done: 1, Most: []float64{1}, Sum: []float64{1}},
		"too many":   {Done: 2, Most: []float64{1, 1, 1, 1}, Sum: []float64{1, 1, 1, 1}},
		"infinite":   {Done: 1, Most: []float64{1, 1, math.Inf(1), 1}, Sum: []float64{1, 1, 1, 1}},
		"not a sum":  {Done: 1, Most: []float64{1, 1, 1, 1}, Sum: []float64{1, -1, 1, 1}},
		"not begun":  {Done: 1, Most: []float64{1, 1, 1, math.Inf(-1)}, Sum: []float64{1, 1, 1, 0}},
		"not a stop": {Most: []float64{1, 1, 1, 1}, Sum: []float64{1, 1, 1, 1}},
	} {
		if _, err := exact.LogZFrom(t.Context(), model, exact.Options{}, s, nil); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	gaussian := rbm.NewModel(rbm.NewLayer(rbm.Gaussian, 3), rbm.NewLayer(rbm.Bernoulli, 2), rng.Seed(1))
	if _, err := exact.LogZFrom(t.Context(), gaussian, exact.Options{}, nil, nil); err == nil {
		t.Error("real numbers: accepted")
	}
}
