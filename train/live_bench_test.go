package train

import (
	"math"
	"testing"
	"time"

	"harmonium/compute"
	"harmonium/data"
	"harmonium/ising"
	"harmonium/rbm"
	"harmonium/rng"
)

// BenchmarkScores measures what live scores add to trainings of some seconds and less, in percent of one that neither follows the
// training's mean nor evaluates. It trains both in turn, with defaults, on one core.
func BenchmarkScores(b *testing.B) {
	states, _, err := ising.Sample(b.Context(), 16, 2.5, 2000, rng.Seed(1), ising.Options{})
	if err != nil {
		b.Fatal(err)
	}
	pcd := func() Negative { return &PCD{} }
	cd := func() Negative { return &CD{} }
	for _, s := range []struct {
		name            string
		hidden, updates int
		negative        func() Negative
	}{
		{"pcd-50-1000", 50, 1000, pcd},
		{"pcd-100-1000", 100, 1000, pcd},
		{"pcd-100-5000", 100, 5000, pcd},
		{"pcd-300-1000", 300, 1000, pcd},
		{"cd-100-5000", 100, 5000, cd},
		{"cd-300-5000", 300, 5000, cd},
	} {
		b.Run(s.name, func(b *testing.B) {
			train := func(scores bool) time.Duration {
				model := rbm.New(states.Units(), s.hidden, rng.Seed(1))
				set := &data.Set{States: states}
				t, err := Start(model, set, Config{Updates: s.updates, Negative: s.negative(), Valid: set, Compute: compute.New(1)})
				if err != nil {
					b.Fatal(err)
				}
				if !scores { // nothing is due
					t.scorer.every, t.trajectory.paid, t.done, t.planned = math.MaxInt, -math.MaxInt32, 1, t.planned+2
				}
				begun := time.Now()
				for p := range t.Steps(b.Context()) {
					if p.Update == s.updates {
						break
					}
				}
				return time.Since(begun)
			}
			var with, without time.Duration
			for b.Loop() {
				without += train(false)
				with += train(true)
			}
			b.ReportMetric(100*(with.Seconds()/without.Seconds()-1), "%")
		})
	}
}
