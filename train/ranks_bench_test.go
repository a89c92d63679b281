//go:build unix

package train_test

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/internal/group"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// BenchmarkRanks measures the time of processors that an update takes over all ranks of a group of goroutines, and over
// two workers of one process. What is above that of one rank is done more than once, or moved.
func BenchmarkRanks(b *testing.B) {
	for _, s := range []struct{ m, n, batch, steps int }{{784, 500, 100, 1}, {784, 500, 500, 1}, {784, 500, 500, 10}, {4000, 1000, 1000, 1}} {
		for _, c := range []struct{ ranks, workers int }{{1, 1}, {1, 2}, {2, 1}, {4, 1}} {
			size := c.ranks
			b.Run(fmt.Sprintf("%dx%d-%d-PCD%d/%dranks-%dworkers", s.m, s.n, s.batch, s.steps, size, c.workers), func(b *testing.B) {
				contexts := []*compute.Context{compute.New(c.workers)}
				if size > 1 {
					contexts = nil
					for _, g := range group.Local(size) {
						contexts = append(contexts, compute.InGroup(1, compute.New(1).ISA(), g))
					}
				}
				var spent []float64
				var running sync.WaitGroup
				for rank, on := range contexts {
					training, err := startPCD(s.m, s.n, s.batch, s.steps, b.N+2, on)
					if err != nil {
						b.Fatal(err)
					}
					running.Go(func() {
						begun := processorTime()
						for p := range training.Steps(b.Context()) {
							now := processorTime()
							if rank == 0 && p.Update > 1 && p.Update < b.N+2 { // the first and the last are scored
								spent = append(spent, now-begun)
							}
							begun = now
						}
					})
				}
				running.Wait()
				slices.Sort(spent)
				b.ReportMetric(spent[len(spent)/4], "cpu-ms/op")
				b.ReportMetric(spent[len(spent)/20], "least-cpu-ms/op")
			})
		}
	}
}

// startPCD starts a training by PCD on rows of fair coins, whose first and last updates alone are scored.
func startPCD(m, n, batch, steps, updates int, on *compute.Context) (*train.Training, error) {
	set := &data.Set{States: rbm.NewBatch(4*batch, m)}
	rbm.NewLayer(rbm.Bernoulli, m).Sample(set.States, nil, rng.Seed(1), 0, 0)
	return train.Start(rbm.New(m, n, rng.Seed(2)), set, train.Config{
		Negative: &train.PCD{Steps: steps, Chains: batch}, Batch: batch,
		Updates: updates, Schedule: train.Constant, Every: math.MaxInt32, Compute: on,
	})
}
