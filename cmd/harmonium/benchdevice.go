//go:build cuda

package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"harmonium/internal/cuda"
	"harmonium/rng"
)

// deviceResult is documented in docs/cli.md.
type deviceResult struct {
	Device  string              `json:"device"`
	Version string              `json:"version"`
	Date    string              `json:"date"`
	Gibbs   []deviceGibbsResult `json:"gibbs"`
	Seconds float64             `json:"seconds"`
}

type deviceGibbsResult struct {
	Visible int     `json:"visible"`
	Hidden  int     `json:"hidden"`
	Chains  int     `json:"chains"`
	Steps   float64 `json:"steps_per_second"` // chains × sweeps
	Slowest float64 `json:"slowest_steps_per_second"`
	Fastest float64 `json:"fastest_steps_per_second"`
	GMACs   float64 `json:"gmacs"`
	Digits  [2]int  `json:"digits"`       // of base 256, of W and of Wᵀ
	Int8    float64 `json:"int8_teraops"` // 10¹² operations a second of the tensor cores: 2 for each product with a digit
}

// benchDevice measures Gibbs sampling on a GPU.
func benchDevice(ctx context.Context, t *terminal, quick bool) error {
	d, err := cuda.Open()
	if err != nil {
		return err
	}
	defer d.Close()
	shapes := []struct{ m, n, chains int }{{784, 512, 1024}, {784, 512, 16384}, {784, 512, 131072}, {10000, 2000, 8192}}
	repeats, length := 9, 100*time.Millisecond
	if quick {
		shapes, repeats, length = shapes[:2], 3, 10*time.Millisecond
	}
	r := &deviceResult{Device: d.Name(), Version: version(), Date: time.Now().UTC().Format("2006-01-02")}
	bar := t.progress("bench", int64(len(shapes)))
	defer bar.stop()
	begun := time.Now()
	for k, s := range shapes {
		bar.set(int64(k), fmt.Sprintf("Gibbs sampling, %d×%d", s.m, s.n))
		g, err := benchDeviceGibbs(ctx, d, s.m, s.n, s.chains, repeats, length)
		if err != nil {
			return err
		}
		r.Gibbs = append(r.Gibbs, g)
	}
	r.Seconds = time.Since(begun).Seconds()
	bar.stop()
	return t.result(r, r.table)
}

// benchDeviceGibbs measures sweeps of a number of chains, in repetitions of about the given length.
func benchDeviceGibbs(ctx context.Context, d *cuda.Device, m, n, chains, repeats int, length time.Duration) (deviceGibbsResult, error) {
	r := deviceGibbsResult{Visible: m, Hidden: n, Chains: chains}
	model := randomModel(m, n)
	p, err := d.NewConditionals(model.W, model.B(), model.C())
	if err != nil {
		return r, err
	}
	defer p.Free()
	if r.Digits[0], r.Digits[1], err = p.Digits(); err != nil {
		return r, err
	}
	c := d.NewChains(randomBits(chains, m), n, rng.Seed(1))
	defer c.Free()
	timed := func(sweeps int) float64 {
		begun := time.Now()
		c.Sweep(p, sweeps)
		err = d.Sync()
		return time.Since(begun).Seconds()
	}
	timed(10)
	sweeps := max(1, int(length.Seconds()/timed(10)*10))
	seconds := make([]float64, repeats)
	for k := range seconds {
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
		if seconds[k] = timed(sweeps) / float64(sweeps); err != nil {
			return r, err
		}
	}
	products := float64(chains) * float64(m) * float64(n)
	middle := median(seconds)
	r.Steps, r.Slowest, r.Fastest = float64(chains)/middle, float64(chains)/slices.Max(seconds), float64(chains)/slices.Min(seconds)
	r.GMACs = 2 * products / middle / 1e9
	r.Int8 = 2 * products * float64(r.Digits[0]+r.Digits[1]) / middle / 1e12
	return r, nil
}

func (r *deviceResult) table(w io.Writer) {
	fmt.Fprintf(w, "%s\n", r.Device)
	fmt.Fprintln(w, "\nGibbs sweeps v→h→v\tchains\tchain-steps/s\tGMAC/s\tdigits\t10¹² int8 operations/s")
	for _, g := range r.Gibbs {
		fmt.Fprintf(w, "%d×%d\t%d\t%.4g\t%.0f\t%d and %d\t%.0f\n",
			g.Visible, g.Hidden, g.Chains, g.Steps, g.GMACs, g.Digits[0], g.Digits[1], g.Int8)
	}
}
