//go:build slow

package monitor_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// plant makes a mode of the model with the part share of Z out of its last units hidden units: they are on together in a
// pattern of fair coins over the last part of the visible units, each in its own places, with weights ±strength.
//
// With apart each of the units is a mode of its own over all of the part.
func plant(t *testing.T, model *rbm.Model, units int, apart bool, part, strength, share float64, seed uint64) {
	m, n := model.M(), model.N()
	source := rng.NewSource(rng.Seed(seed), 11)
	first := m - int(part*float64(m))
	on := make([]float64, units)
	for j := n - units; j < n; j++ {
		for i := range m {
			model.W[i*n+j] = 0
		}
	}
	for k := range (m - first) * units {
		i, j, w := first+k/units, k%units, strength
		if !apart && j != i%units {
			continue
		}
		if source.Float64() < 0.5 {
			w = -w
		} else {
			on[j] += w
		}
		model.W[i*n+n-units+j] = float32(w)
	}
	c := model.C()
	logZ := func(shift float64) float64 {
		for j := range units {
			c[n-units+j] = float32(-on[j] + shift)
		}
		z, err := exact.LogZ(t.Context(), model, exact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return z
	}
	without := logZ(-1000)
	low, high := -30.0, 60.0
	for range 40 {
		if middle := (low + high) / 2; logZ(middle)-without < -math.Log1p(-share) {
			low = middle
		} else {
			high = middle
		}
	}
	logZ(high)
}

// Live scores of models in which a mode has come up since the replicas were last moved, and of the updates after that,
// have errors that are as large as needed.
func TestLivePlanted(t *testing.T) {
	within, all, wrong := 0, 0, 0
	var errors []float64
	for _, kind := range []struct {
		m, n, units    int
		apart          bool
		part, strength float64
	}{
		{36, 14, 1, false, 1, 2}, {36, 14, 1, false, 1, 0.7}, {36, 14, 1, false, 0.5, 1.5}, {36, 14, 2, false, 1, 1.5},
		{36, 14, 2, false, 0.6, 1}, {36, 14, 4, false, 1, 2},
		{18, 50, 40, true, 1, 1.5}, {18, 50, 40, true, 1, 3}, {18, 150, 140, true, 1, 2},
	} {
		for k, share := range []float64{0.1, 0.3, 0.6, 0.95} {
			for s := range uint64(4) {
				seed := uint64(20*k) + s
				set := clusters(kind.m, 1000, 0.07, seed, 0.4, 0.3, 0.2, 0.1)
				model := rbm.New(kind.m, kind.n, rng.Seed(seed))
				negative := &train.PCD{Steps: 5, Chains: 100, Replicas: 20}
				training, err := train.Start(model, set, train.Config{
					Seed: seed, Negative: negative, Rate: 0.01, Updates: 420,
					Batch: 50, Every: 420,
				})
				if err != nil {
					t.Fatal(err)
				}
				training.Monitor.ScoreLive(monitor.MostRounds)
				line := fmt.Sprintf("%+v share %v seed %d:", kind, share, seed)
				score := func(at uint64) {
					truth, err := exact.LogZ(t.Context(), model, exact.Options{})
					if err != nil {
						t.Fatal(err)
					}
					e, err := training.Monitor.Score(t.Context(), monitor.Snapshot{Update: at, Known: negative.Visible()})
					if err != nil {
						t.Fatal(err)
					}
					x := e.LogZ.Value - truth
					all++
					errors = append(errors, e.LogZ.Stderr)
					if math.Abs(x) < 1.96*e.LogZ.Stderr {
						within++
					} else if math.Abs(x) > 3*e.LogZ.Stderr && math.Abs(x) > 0.1 {
						wrong++
					}
					line += fmt.Sprintf(" %+.2f±%.2f", x, e.LogZ.Stderr)
				}
				for p := range training.Steps(t.Context()) {
					if p.Update == 300 {
						plant(t, model, kind.units, kind.apart, kind.part, kind.strength, share, seed)
						score(300)
					}
					if p.Update == 301 || p.Update == 305 || p.Update == 320 || p.Update == 360 {
						score(uint64(p.Update))
					}
				}
				t.Log(line)
			}
		}
	}
	slices.Sort(errors)
	part := float64(within) / float64(all)
	t.Logf("%.3f of %d within 1.96 errors, median error %.3f, 0.95 quantile %.3f; %d off by more than three errors and 0.1",
		part, all, errors[len(errors)/2], errors[len(errors)*95/100], wrong)
	if part < 0.93 || wrong > 0 {
		t.Errorf("%.3f are within 1.96 errors and %d are off by more than three, want 0.93 and none", part, wrong)
	}
}
