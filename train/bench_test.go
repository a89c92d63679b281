//go:build unix

package train_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// BenchmarkKinds measures updates by PCD-1 of models of 784 visible and 500 hidden units of different kinds, with as
// many chains as a minibatch has rows, gradient descent and the plain gradient, on one core: what
// bench/gaussian.py compares with PyTorch.
func BenchmarkKinds(b *testing.B) {
	const m, n = 784, 500
	mixed := func(units int) rbm.Layer {
		const bits = 200
		layer, err := rbm.NewMixed(rbm.NewLayer(rbm.Bernoulli, bits), rbm.NewCategorical(categories(25, 8)...),
			rbm.NewLayer(rbm.Gaussian, units-2*bits))
		if err != nil {
			b.Fatal(err)
		}
		return layer
	}
	of := func(kind rbm.Kind) func(int) rbm.Layer {
		return func(units int) rbm.Layer { return rbm.NewLayer(kind, units) }
	}
	for _, k := range []struct {
		name            string
		visible, hidden func(units int) rbm.Layer
	}{
		{"bernoulli-bernoulli", of(rbm.Bernoulli), of(rbm.Bernoulli)},
		{"gaussian-bernoulli", of(rbm.Gaussian), of(rbm.Bernoulli)},
		{"mixed-bernoulli", mixed, of(rbm.Bernoulli)},
		{"bernoulli-gaussian", of(rbm.Bernoulli), of(rbm.Gaussian)},
		{"bernoulli-relu", of(rbm.Bernoulli), of(rbm.ReLU)},
		{"bernoulli-drelu", of(rbm.Bernoulli), of(rbm.DReLU)},
	} {
		for _, batch := range []int{100, 500} {
			b.Run(fmt.Sprintf("%s-%d", k.name, batch), func(b *testing.B) {
				visible := k.visible(m)
				set := &data.Set{States: visible.NewBatch(20 * batch)}
				visible.Sample(set.States, nil, rng.Seed(1), 0, 0)
				model := rbm.NewModel(visible, k.hidden(n), rng.Seed(2))
				benchUpdates(b, model, set, train.Config{
					Negative: &train.PCD{Steps: 1, Chains: batch}, Optimizer: &train.SGD{}, Rate: 0.001, Batch: batch, Plain: true,
					Compute: compute.New(1),
				})
			})
		}
	}
}

// BenchmarkOneHot measures updates by PCD-1 of 31 sites of 21 states, as an alignment has, beside as many bits of which as
// many are on: what is paid for a draw of a state a site, and for the zero-sum gauge.
func BenchmarkOneHot(b *testing.B) {
	const rows, states = 200, 21
	sites := rbm.NewCategorical(categories(31, states)...)
	set := &data.Set{States: sites.NewBatch(10 * rows)}
	sites.Sample(set.States, nil, rng.Seed(1), 0, 0)
	bits := rbm.NewLayer(rbm.Bernoulli, sites.Units())
	bits.SetMoments(slices.Repeat([]float64{1. / states}, sites.Units()), nil)
	for _, n := range []int{50, 200, 500} {
		for name, visible := range map[string]rbm.Layer{"bits": bits, "sites": sites} {
			b.Run(fmt.Sprintf("%s-%d", name, n), func(b *testing.B) {
				benchUpdates(b, rbm.NewModel(visible.Clone(), rbm.NewLayer(rbm.Bernoulli, n), rng.Seed(2)), set, train.Config{
					Negative: &train.PCD{Steps: 1, Chains: rows}, Optimizer: &train.SGD{}, Rate: 0.001, Batch: rows, Plain: true,
					Compute: compute.New(1),
				})
			})
		}
	}
}

// BenchmarkUpdate measures updates of 784×500 bits as `harmonium bench` has them: PCD-1 with gradient descent and the plain
// gradient, PCD-10 with the defaults of the optimiser, chains without replicas and as many as a minibatch has rows.
func BenchmarkUpdate(b *testing.B) {
	const m, n = 784, 500
	for _, u := range []struct{ batch, steps int }{{100, 1}, {500, 1}, {100, 10}} {
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("pcd-%d-%d-workers-%d", u.steps, u.batch, workers), func(b *testing.B) {
				set := &data.Set{States: rbm.NewBatch(20*u.batch, m)}
				rbm.NewLayer(rbm.Bernoulli, m).Sample(set.States, nil, rng.Seed(1), 0, 0)
				c := train.Config{
					Negative: &train.PCD{Steps: u.steps, Chains: u.batch}, Rate: 1e-4, Batch: u.batch, Compute: compute.New(workers),
				}
				if u.steps == 1 {
					c.Optimizer, c.Plain = &train.SGD{}, true
				}
				benchUpdates(b, rbm.New(m, n, rng.Seed(2)), set, c)
			})
		}
	}
}

// benchUpdates reports the processor time and the time of updates without scores, in milliseconds: lower quantiles, which
// are little changed by what else the machine does.
func benchUpdates(b *testing.B, model *rbm.Model, set *data.Set, c train.Config) {
	c.Updates, c.Schedule, c.Every = math.MaxInt32, train.Constant, math.MaxInt32
	training, err := train.Start(model, set, c)
	if err != nil {
		b.Fatal(err)
	}
	var spent, took []float64
	begun, from := processorTime(), time.Now()
	for p := range training.Steps(b.Context()) {
		now, at := processorTime(), time.Now()
		if p.Update > 2 { // the first is scored
			spent, took = append(spent, now-begun), append(took, at.Sub(from).Seconds()*1e3)
		}
		if begun, from = now, at; p.Update >= 2 && !b.Loop() {
			break
		}
	}
	if training.Err() != nil {
		b.Fatal(training.Err())
	}
	slices.Sort(spent)
	slices.Sort(took)
	b.ReportMetric(spent[len(spent)/4], "cpu-ms/op")
	b.ReportMetric(spent[len(spent)/20], "least-cpu-ms/op") // of one in twenty
	b.ReportMetric(took[len(took)/20], "least-ms/op")
}

// processorTime is the time of processors that the process has used so far, in milliseconds.
func processorTime() float64 {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t) != nil {
		return 0
	}
	return float64(t.Nano()) / 1e6
}

// categories are the numbers of states of sites that are all alike.
func categories(sites, states int) []int {
	list := make([]int, sites)
	for s := range list {
		list[s] = states
	}
	return list
}
