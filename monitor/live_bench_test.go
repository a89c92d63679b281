package monitor_test

import (
	"math"
	"testing"
	"time"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/ising"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// BenchmarkScores measures what live scores add to trainings of some seconds and less, in percent of one that neither
// keeps replicas for them nor evaluates. The score of the first update is in neither. It trains both in turn, with
// defaults, on one core.
func BenchmarkScores(b *testing.B) {
	states, _, err := ising.Sample(b.Context(), 16, 2.5, 2000, rng.Seed(1), ising.Options{})
	if err != nil {
		b.Fatal(err)
	}
	pcd := func() train.Negative { return &train.PCD{Steps: 10, Chains: 100} }
	replicas := func() train.Negative { return &train.PCD{Steps: 10, Chains: 100, Replicas: 20} }
	cd := func() train.Negative { return &train.CD{} }
	for _, s := range []struct {
		name            string
		hidden, updates int
		negative        func() train.Negative
	}{
		{"pcd-50-1000", 50, 1000, pcd},
		{"pcd-100-1000", 100, 1000, pcd},
		{"pcd-100-5000", 100, 5000, pcd},
		{"pcd-300-1000", 300, 1000, pcd},
		{"replicas-100-1000", 100, 1000, replicas},
		{"replicas-100-5000", 100, 5000, replicas},
		{"cd-100-5000", 100, 5000, cd},
		{"cd-300-5000", 300, 5000, cd},
	} {
		b.Run(s.name, func(b *testing.B) {
			spend := func(scores bool) time.Duration {
				model := rbm.New(states.Units(), s.hidden, rng.Seed(1))
				set := &data.Set{States: states}
				c := train.Config{Updates: s.updates, Negative: s.negative(), Valid: set, Compute: compute.New(1)}
				if !scores { // the last is never made
					c.Updates, c.Every = s.updates+1, math.MaxInt
				}
				t, err := train.Start(model, set, c)
				if err != nil {
					b.Fatal(err)
				}
				if !scores {
					t.Monitor.DoNotFollow()
				}
				var begun time.Time
				for p := range t.Steps(b.Context()) {
					if p.Update == 1 { // which is always scored
						begun = time.Now()
					}
					if p.Update == s.updates {
						break
					}
				}
				return time.Since(begun)
			}
			var with, without time.Duration
			for b.Loop() {
				without += spend(false)
				with += spend(true)
			}
			b.ReportMetric(100*(with.Seconds()/without.Seconds()-1), "%")
		})
	}
}
