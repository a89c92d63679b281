package cuda

import (
	"fmt"
	"math"
	"testing"

	"harmonium/exact"
	"harmonium/rng"
)

func BenchmarkGibbs(b *testing.B) {
	for _, form := range []string{"90a", "80"} {
		for _, s := range []struct{ m, n, chains int }{{784, 512, 16384}, {784, 512, 131072}, {10000, 2000, 8192}} {
			b.Run(fmt.Sprintf("%s/%d×%d/%d", form, s.m, s.n, s.chains), func(b *testing.B) {
				d := openOrSkip(b, form)
				defer d.Close()
				model := randomModel(s.m, s.n, 0.1, 1)
				p, err := d.NewConditionals(model.W, model.B(), model.C())
				if err != nil {
					b.Fatal(err)
				}
				hidden, visible, err := p.Digits()
				if err != nil {
					b.Fatal(err)
				}
				c := d.NewChains(randomBits(s.chains, s.m, 128, 1), s.n, rng.Seed(1))
				c.Sweep(p, 10)
				if err := d.Sync(); err != nil {
					b.Fatal(err)
				}
				b.ResetTimer()
				c.Sweep(p, b.N)
				if err := d.Sync(); err != nil {
					b.Fatal(err)
				}
				seconds := b.Elapsed().Seconds() / float64(b.N)
				products := float64(s.chains) * float64(s.m) * float64(s.n)
				b.ReportMetric(float64(s.chains)/seconds, "chain-steps/s")
				b.ReportMetric(2*products*float64(hidden+visible)/seconds/1e12, "TOP/s")
				b.ReportMetric(float64(hidden), "digits-hidden")
				b.ReportMetric(float64(visible), "digits-visible")
			})
		}
	}
}

func BenchmarkExact(b *testing.B) {
	for _, form := range []string{"90a", "80"} {
		for _, s := range []struct{ m, n int }{{784, 20}, {784, 24}, {784, 30}, {64, 30}} {
			b.Run(fmt.Sprintf("%s/%d×%d", form, s.m, s.n), func(b *testing.B) {
				d := openOrSkip(b, form)
				defer d.Close()
				model := randomModel(s.m, s.n, 0.1, 1)
				for b.Loop() {
					logZ(b, model, d)
				}
				seconds := b.Elapsed().Seconds() / float64(b.N)
				b.ReportMetric(seconds, "s")
				b.ReportMetric(math.Exp2(float64(s.n))/seconds, "states/s")
				b.ReportMetric(3*exact.Cost(model)/seconds/1e12, "TFLOP/s")
			})
		}
	}
}
