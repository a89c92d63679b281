package monitor_test

import (
	"context"
	"fmt"
	"math"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// A Monitor watches any training, here gradient descent on the exact cost.
func ExampleMonitor() {
	const updates = 1000
	set, _ := data.BarsSample(3, 3, 200, rng.Seed(1))
	model := rbm.New(9, 6, rng.Seed(1))
	model.SetMoments(set.Means(), nil)
	watch := monitor.New(monitor.Config{
		Model: model, Data: set, Seed: 1, Updates: updates, Epoch: 1, Every: updates,
		Cost: func() float64 { return 2 * monitor.ExactCost(model) },
	})
	ctx, conditionals := context.Background(), rbm.NewConditionals(model, nil)
	onData, onModel := rbm.NewStatistics(model), rbm.NewStatistics(model)
	for update := uint64(1); update <= updates; update++ {
		conditionals.Update(model)
		conditionals.Statistics(onData, set.States, nil)
		if err := exact.Moments(ctx, onModel, model, exact.Options{}); err != nil {
			panic(err)
		}
		for k := range model.W {
			model.W[k] += 0.5 * (onData.VH[k] - onModel.VH[k])
		}
		watch.Follow()
	}
	scores, err := watch.Score(ctx, monitor.Snapshot{Update: updates})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s log-likelihood above independent units: %v\n", scores.Train.Method, scores.Train.Value > -9*math.Ln2)
	// Output: exact log-likelihood above independent units: true
}
