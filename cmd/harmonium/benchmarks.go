package main

import (
	"context"
	"fmt"
	"time"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/internal/limit"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
	"github.com/harmonium-rbm/harmonium/train"
)

// What bench measures. All states are random with half of the bits set, all weights drawn from N(0, 0.1²): of this size
// they are in trained models.

type limitResult struct {
	ISA     string  `json:"isa"`
	FMA     float64 `json:"dense_fma_gmacs"`
	LookUps float64 `json:"look_ups"` // 10⁹ a second
}

type readResult struct {
	Bytes int     `json:"bytes"`
	Rate  float64 `json:"gb_per_second"`
}

func (b *bencher) limits() {
	count, length := b.repeats()
	widths := map[compute.ISA]limit.Width{kernel.AVX2: limit.Bits256, kernel.AVX512: limit.Bits512}
	middle := func(f func(time.Duration) (float64, bool)) float64 {
		rates := make([]float64, count)
		for k := range rates {
			rates[k], _ = f(length)
		}
		return median(rates) / 1e9
	}
	for _, isa := range b.isas {
		w, ok := widths[isa]
		if !ok || !limit.Has(w) {
			continue
		}
		l := limitResult{
			ISA:     isa.String(),
			FMA:     middle(func(d time.Duration) (float64, bool) { return limit.FMA(w, d) }),
			LookUps: middle(func(d time.Duration) (float64, bool) { return limit.LookUps(w, d) }),
		}
		b.result.Limits = append(b.result.Limits, l)
		b.result.DenseFMA = &l.FMA
	}
	w := widths[b.isas[len(b.isas)-1]]
	if !limit.Has(w) {
		return
	}
	for _, size := range []int{24 << 10, 512 << 10, 8 << 20, 256 << 20} {
		if b.quick && size > 1<<20 {
			break
		}
		rate := middle(func(d time.Duration) (float64, bool) { return limit.Read(w, size, d) })
		b.result.Reads = append(b.result.Reads, readResult{size, rate})
	}
}

type kernelResult struct {
	Name    string   `json:"name"`
	Shape   string   `json:"shape"` // rows × inner × columns
	ISA     string   `json:"isa"`
	Workers int      `json:"workers"`
	GMACs   float64  `json:"gmacs"`
	Slowest float64  `json:"slowest_gmacs"`
	Fastest float64  `json:"fastest_gmacs"`
	Ratio   *float64 `json:"ratio"` // to as many cores' dense limit
}

func (b *bencher) products() {
	shapes := []struct {
		name              string
		rows, inner, cols int
	}{
		{"hidden inputs", 1024, 784, 512},
		{"visible inputs", 1024, 512, 784},
		{"gradient statistics", 784, 1024, 512},
		{"hidden inputs", 128, 784, 512},
		{"hidden inputs", 500, 784, 512},
		{"hidden inputs", 100, 784, 512},
		{"hidden inputs", 64, 784, 512},
		{"hidden inputs", 16, 784, 512},
		{"gradient statistics", 784, 100, 512},
		{"hidden inputs", 100, 784, 20},
		{"visible inputs", 100, 20, 784},
	}
	if b.quick {
		shapes = shapes[:4]
	}
	for i, isa := range b.isas {
		contexts := []*compute.Context{compute.NewISA(1, isa)}
		if i == len(b.isas)-1 {
			contexts = b.contexts
		}
		for k, s := range shapes {
			x, f := randomBits(s.rows, s.inner), new(kernel.Fixed)
			contexts[0].Load(f, randomWeights(s.inner*s.cols), s.inner, s.cols, make([]float32, s.cols))
			dst := make([]float32, s.rows*s.cols)
			macs := float64(s.rows) * float64(s.inner) * float64(s.cols)
			for _, on := range contexts {
				workers := on.Workers()
				if workers > 1 && k > 3 {
					continue
				}
				t := b.measure(isa, func() { on.Mul(dst, x, f) })
				r := kernelResult{
					Name: s.name, Shape: fmt.Sprintf("%d×%d×%d", s.rows, s.inner, s.cols),
					ISA: isa.String(), Workers: workers,
					Ratio: t.ratio(macs / float64(workers)),
				}
				r.GMACs, r.Slowest, r.Fastest = t.rate(macs / 1e9)
				b.result.Kernels = append(b.result.Kernels, r)
			}
			b.bar.set(b.done+int64(45*(k+1)/len(shapes)/len(b.isas)), "products")
		}
	}
}

type functionResult struct {
	Name        string  `json:"name"`
	ISA         string  `json:"isa"`
	Nanoseconds float64 `json:"nanoseconds"` // a number or bit, one core
}

func (b *bencher) functions() {
	const rows, cols = 128, 512
	x, dst := randomWeights(rows*cols), make([]float32, rows*cols)
	for k := range x {
		x[k] *= 40
	}
	var biases, weights kernel.Fixed
	bits, big, turned := kernel.NewBits(rows, cols), randomBits(1024, 784), kernel.NewBits(784, 1024)
	for _, isa := range b.isas {
		on := compute.NewISA(1, isa)
		on.Load(&biases, nil, 0, cols, x[:cols])
		for _, f := range []struct {
			name    string
			numbers int
			call    func()
		}{
			{"σ(x)", rows * cols, func() { on.Sigmoids(dst, x) }},
			{"log(1+e^x)", rows * cols, func() { on.Softpluses(dst, x) }},
			{"drawing a bit", rows * cols, func() { on.Sample(bits, nil, kernel.NewBits(rows, 0), &biases, rng.Seed(1), 1, 0) }},
			{"to fixed point", rows * cols, func() { on.Load(&weights, x, rows, cols, nil) }},
			{"to fixed point, transposed", rows * cols, func() { on.LoadTransposed(&weights, x, rows, cols, nil) }},
			{"transposing bits", 1024 * 784, func() { on.Transpose(turned, big) }},
		} {
			t := b.measure(kernel.Generic, f.call)
			b.result.Functions = append(b.result.Functions,
				functionResult{f.name, isa.String(), median(t.seconds) * 1e9 / float64(f.numbers)})
		}
	}
}

type gibbsResult struct {
	Visible int      `json:"visible"`
	Hidden  int      `json:"hidden"`
	Chains  int      `json:"chains"`
	Workers int      `json:"workers"`
	Steps   float64  `json:"steps_per_second"` // chains × sweeps
	GMACs   float64  `json:"gmacs"`
	Ratio   *float64 `json:"ratio"`
}

// beside returns the form whose dense limit Gibbs sampling is compared with. Plain Go, for a device, has none.
func (b *bencher) beside() compute.ISA {
	if b.result.Device != "" {
		return kernel.Generic
	}
	return b.isas[len(b.isas)-1]
}

func (b *bencher) gibbs() {
	type shape struct{ m, n, chains int }
	shapes := []shape{{784, 512, 1024}, {784, 500, 100}, {784, 20, 100}, {64, 64, 1000}}
	if b.result.Device != "" {
		shapes = append(shapes, shape{784, 512, 16384}, shape{784, 512, 131072}, shape{10000, 2000, 8192})
	}
	for _, s := range shapes {
		model := randomModel(s.m, s.n)
		for _, on := range b.contexts {
			conditionals, workers := rbm.NewConditionals(model, on), on.Workers()
			chains := sample.NewChains(sample.FromBiases(model, s.chains, rng.Seed(1)), model.Hidden, rng.Seed(1))
			t := b.measure(b.beside(), func() { chains.Sweep(conditionals, 1) })
			macs := 2 * float64(s.chains*s.m*s.n)
			r := gibbsResult{Visible: s.m, Hidden: s.n, Chains: s.chains, Workers: workers,
				Ratio: t.ratio(macs / float64(workers))}
			r.Steps, _, _ = t.rate(float64(s.chains))
			r.GMACs, _, _ = t.rate(macs / 1e9)
			b.result.Gibbs = append(b.result.Gibbs, r)
		}
	}
}

type trainingResult struct {
	Visible  int     `json:"visible"`
	Hidden   int     `json:"hidden"`
	Batch    int     `json:"batch"`
	Settings string  `json:"settings"`
	Workers  int     `json:"workers"`
	Updates  float64 `json:"updates_per_second"`
}

func (b *bencher) training() {
	for _, s := range []struct {
		m, n, batch, chains, sweeps int
		settings                    string
	}{
		{784, 500, 100, 100, 1, "pcd-1, 100 chains, sgd, plain gradient"},
		{784, 500, 500, 500, 1, "pcd-1, 500 chains, sgd, plain gradient"},
		{784, 500, 100, 100, 10, "pcd-10, 100 chains, adam, centered"},
		{784, 20, 100, 100, 10, "pcd-10, 100 chains, adam, centered"},
		{16, 32, 20, 100, 10, "pcd-10, 100 chains, adam, centered"},
	} {
		for _, on := range b.contexts {
			updates, ok := b.trainingRate(s.m, s.n, s.batch, train.PCD{Chains: s.chains, Steps: s.sweeps}, on)
			if !ok {
				return
			}
			b.result.Training = append(b.result.Training,
				trainingResult{s.m, s.n, s.batch, s.settings, on.Workers(), updates})
		}
	}
}

// trainingRate returns updates a second, without evaluations. One sweep means the plain gradient and sgd.
func (b *bencher) trainingRate(m, n, batch int, negative train.PCD, on *compute.Context) (perSecond float64, ok bool) {
	set := &data.Set{States: rbm.NewBatch(2000, m)}
	rbm.NewLayer(rbm.Bernoulli, m).Sample(set.States, nil, rng.Seed(2), 0, 0) // fair coins
	c := train.Config{
		Compute: on, Batch: batch, Updates: 1 << 30, Every: 1 << 30, Rate: 1e-4, Schedule: train.Constant, Negative: &negative,
	}
	if negative.Steps == 1 {
		c.Optimizer, c.Plain = &train.SGD{}, true
	}
	t, err := train.Start(rbm.New(m, n, rng.Seed(1)), set, c)
	if err != nil {
		panic(err) // the settings are all written above
	}
	count, length := b.repeats()
	ctx, stop := context.WithCancel(b.ctx)
	defer stop()
	var rates []float64
	begun, updates := time.Now(), 0
	for p := range t.Steps(ctx) {
		if p.Update == 1 { // with an evaluation
			begun = time.Now()
			continue
		}
		if updates++; time.Since(begun) > 4*length {
			if rates = append(rates, float64(updates)/time.Since(begun).Seconds()); len(rates) == count {
				break
			}
			begun, updates = time.Now(), 0
		}
	}
	return median(rates), len(rates) == count
}

type exactResult struct {
	Visible    int     `json:"visible"`
	Hidden     int     `json:"hidden"`
	Workers    int     `json:"workers"`
	Seconds    float64 `json:"seconds"`
	States     float64 `json:"states_per_second"`
	UnitStates float64 `json:"unit_states_per_second"` // 10⁹; units of the layer that is summed over
}

func (b *bencher) exact() {
	type shape struct{ m, n int }
	shapes := []shape{{784, 16}, {784, 20}, {64, 20}}
	if b.result.Device != "" && !b.quick {
		shapes = append(shapes, shape{784, 30})
	}
	for _, s := range shapes {
		model := randomModel(s.m, s.n)
		for _, on := range b.contexts {
			t := b.measure(kernel.Generic, func() {
				if _, err := exact.LogZ(b.ctx, model, exact.Options{Compute: on}); err != nil && b.ctx.Err() == nil {
					panic(err) // all of these can be enumerated
				}
			})
			r := exactResult{Visible: s.m, Hidden: s.n, Workers: on.Workers(), Seconds: median(t.seconds)}
			r.States = float64(int(1)<<s.n) / r.Seconds
			r.UnitStates = r.States * float64(s.m) / 1e9
			b.result.Exact = append(b.result.Exact, r)
		}
		if b.quick {
			return
		}
	}
}

func randomBits(rows, cols int) kernel.Bits {
	x, source := kernel.NewBits(rows, cols), rng.NewSource(rng.Seed(2), 0)
	for r := range rows {
		row := x.Edit(r)
		for k := range row {
			row[k] = source.Uint64()
		}
		if cols%64 != 0 {
			row[len(row)-1] &= 1<<(cols%64) - 1
		}
	}
	return x
}

func randomModel(m, n int) *rbm.Model {
	model := rbm.New(m, n, rng.Seed(3))
	for k := range model.W {
		model.W[k] *= 10 // New draws from N(0, 0.01²)
	}
	return model
}

// randomWeights returns n numbers of N(0, 0.1²).
func randomWeights(n int) []float32 { return randomModel(n, 1).W }
