package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/internal/limit"
)

type benchOptions struct {
	quick bool
	isa   string
}

func newBench(t *terminal) *cobra.Command {
	o := &benchOptions{}
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure this machine and the kernels on it",
		Long: `Measure what a core of this machine can do at most, what the kernels reach, and how fast Gibbs
chains, training and exact enumeration are, all in one run.

A multiply-add (MAC) counts as in the dense product of the same shape. A ratio is that to the limit
of dense float32 multiply-adds, which is measured right beside each product, so that a clock that
moves meets both. All times are medians. It takes about a minute on a machine that should do nothing
else meanwhile.`,
		Example: `  harmonium bench
  harmonium bench --json > machine.json
  HARMONIUM_ISA=avx2 harmonium bench --quick
  harmonium bench --device cuda`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return bench(cmd.Context(), t, o) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVar(&o.quick, "quick", false, "a few short measurements, some seconds in all: for a first look, not for figures")
	f.StringVar(&o.isa, "isa", "", "measure one form of the kernels alone: generic, avx2 or avx512; empty means all that this machine can run")
	return cmd
}

func isaList() string {
	names := make([]string, 0, len(compute.ISAs()))
	for _, isa := range compute.ISAs() {
		names = append(names, isa.String())
	}
	return strings.Join(names, ", ")
}

// benchResult is documented in docs/cli.md.
type benchResult struct {
	CPU       string           `json:"cpu"`
	Cores     int              `json:"cores"`
	Device    string           `json:"device"` // "" for the CPU alone
	ISA       string           `json:"isa"`
	Version   string           `json:"version"`
	Date      string           `json:"date"`
	DenseFMA  *float64         `json:"dense_fma_gmacs"`
	Limits    []limitResult    `json:"limits"`
	Reads     []readResult     `json:"reads"`
	Kernels   []kernelResult   `json:"kernels"`
	Functions []functionResult `json:"functions"`
	Gibbs     []gibbsResult    `json:"gibbs"`
	Training  []trainingResult `json:"training"`
	Exact     []exactResult    `json:"exact"`
	Seconds   float64          `json:"seconds"`
}

// bencher takes the measurements one after the other.
type bencher struct {
	ctx      context.Context
	bar      *progress
	done     int64
	quick    bool
	isas     []compute.ISA
	contexts []*compute.Context // in the last form: of one worker, and of what --workers says
	result   *benchResult
}

func bench(ctx context.Context, t *terminal, o *benchOptions) error {
	device := t.compute.Engine()
	if device != nil && o.isa != "" {
		return badInput(errors.New("--isa chooses a form of the CPU's kernels: leave it out with --device"))
	}
	isas := compute.ISAs()
	if o.isa != "" {
		isas = slices.DeleteFunc(isas, func(isa compute.ISA) bool { return isa.String() != o.isa })
		if len(isas) == 0 {
			return badInput(fmt.Errorf("--isa is %q, want one that this machine can run: %s", o.isa, isaList()))
		}
	}
	if os.Getenv("HARMONIUM_ISA") != "" && o.isa == "" {
		isas = []compute.ISA{t.compute.ISA()}
	}
	last := isas[len(isas)-1]
	b := &bencher{ctx: ctx, quick: o.quick, isas: isas, contexts: []*compute.Context{compute.NewISA(1, last)}}
	if n := t.compute.Workers(); n > 1 {
		b.contexts = append(b.contexts, compute.NewISA(n, last))
	}
	b.result = &benchResult{
		CPU: cpuName(), Cores: runtime.NumCPU(), ISA: last.String(), Version: version(), Date: time.Now().UTC().Format("2006-01-02"),
		Limits: []limitResult{}, Reads: []readResult{}, Kernels: []kernelResult{}, Functions: []functionResult{},
	}
	b.bar = t.progress("bench", 100)
	defer b.bar.stop()
	begun := time.Now()
	type part struct {
		name  string
		run   func()
		share int64 // of the time, in percent
	}
	parts := []part{
		{"limits of the machine", b.limits, 5},
		{"products", b.products, 45},
		{"functions", b.functions, 10},
		{"Gibbs sampling", b.gibbs, 15},
		{"training", b.training, 15},
		{"exact enumeration", b.exact, 10},
	}
	if device != nil {
		b.contexts, b.result.Device = []*compute.Context{t.compute}, device.Name()
		parts = []part{{"Gibbs sampling", b.gibbs, 40}, {"training", b.training, 30}, {"exact enumeration", b.exact, 30}}
	}
	for _, part := range parts {
		b.bar.set(b.done, part.name)
		part.run()
		b.done += part.share
		if err := errors.Join(ctx.Err(), t.compute.Err()); err != nil {
			return err
		}
	}
	b.result.Seconds = time.Since(begun).Seconds()
	b.bar.stop()
	return t.result(b.result, b.result.table)
}

// repeats is the number of repetitions of a measurement, and length about how long each of them takes.
func (b *bencher) repeats() (count int, length time.Duration) {
	if b.quick {
		return 3, 2 * time.Millisecond
	}
	return 9, 30 * time.Millisecond
}

// timing is the time of one call of something, over repetitions.
type timing struct {
	seconds []float64 // of one call
	limits  []float64 // dense multiply-adds a second, measured just before
}

// measure times f. Where beside is an instruction set with a limit, that is measured before each repetition.
func (b *bencher) measure(beside compute.ISA, f func()) timing {
	count, length := b.repeats()
	f() // a device prepares memory
	b.wait()
	begun := time.Now()
	f()
	b.wait()
	calls := max(1, int(length/max(1, time.Since(begun))))
	var t timing
	for range count {
		if b.ctx.Err() != nil {
			break
		}
		if perSecond, ok := denseLimit(beside, length/4); ok {
			t.limits = append(t.limits, perSecond)
		}
		begun := time.Now()
		for range calls {
			f()
		}
		b.wait()
		t.seconds = append(t.seconds, time.Since(begun).Seconds()/float64(calls))
	}
	if len(t.seconds) == 0 { // interrupted
		t.seconds = []float64{time.Since(begun).Seconds()}
	}
	return t
}

// wait waits until devices are done.
func (b *bencher) wait() {
	for _, on := range b.contexts {
		_ = on.Err() // waits; bench reports the error
	}
}

// denseLimit is the limit of dense float32 multiply-adds with the registers of a form; plain Go has none of its own.
func denseLimit(isa compute.ISA, d time.Duration) (perSecond float64, ok bool) {
	switch isa {
	case kernel.AVX512:
		return limit.FMA(limit.Bits512, d)
	case kernel.AVX2:
		return limit.FMA(limit.Bits256, d)
	}
	return 0, false
}

// rate returns units a second: the median, and the slowest and fastest repetition.
func (t timing) rate(units float64) (middle, slowest, fastest float64) {
	return units / median(t.seconds), units / slices.Max(t.seconds), units / slices.Min(t.seconds)
}

// ratio returns the median ratio of units a second to the limit measured beside, or nil without one.
func (t timing) ratio(units float64) *float64 {
	if len(t.limits) == 0 {
		return nil
	}
	ratios := make([]float64, len(t.limits))
	for k, perSecond := range t.limits {
		ratios[k] = units / t.seconds[k] / perSecond
	}
	middle := median(ratios)
	return &middle
}

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	if n := len(x); n%2 == 0 {
		return (x[n/2-1] + x[n/2]) / 2
	}
	return x[len(x)/2]
}

// cpuName is the processor's own name where the system tells it.
func cpuName() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for line := range strings.Lines(string(text)) {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
				return strings.TrimSpace(value)
			}
		}
	}
	return runtime.GOARCH
}

func (r *benchResult) table(w io.Writer) {
	if r.Device != "" {
		fmt.Fprintf(w, "%s, in a machine with ", r.Device)
	}
	fmt.Fprintf(w, "%s, %d cores, kernels %s\n", r.CPU, r.Cores, r.ISA)
	for _, l := range r.Limits {
		fmt.Fprintf(w, "limits %s\t%.0f GMAC/s dense\t%.2f G look-ups/s\n", l.ISA, l.FMA, l.LookUps)
	}
	for _, l := range r.Reads {
		fmt.Fprintf(w, "reading %s\t%.0f GB/s\t\n", bytesName(l.Bytes), l.Rate)
	}
	if len(r.Kernels) > 0 {
		fmt.Fprintln(w, "\nproduct\tshape\tform\tworkers\tGMAC/s\tof dense")
	}
	for _, k := range r.Kernels {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%.1f\t%s\n", k.Name, k.Shape, k.ISA, k.Workers, k.GMACs, ratioText(k.Ratio))
	}
	if len(r.Functions) > 0 {
		fmt.Fprintln(w, "\nfunction\tform\tns a number")
	}
	for _, f := range r.Functions {
		fmt.Fprintf(w, "%s\t%s\t%.3f\n", f.Name, f.ISA, f.Nanoseconds)
	}
	fmt.Fprintln(w, "\nGibbs sweeps v→h→v\tchains\tworkers\tchain-steps/s\tGMAC/s\tof dense")
	for _, g := range r.Gibbs {
		fmt.Fprintf(w, "%d×%d\t%d\t%d\t%.0f\t%.1f\t%s\n",
			g.Visible, g.Hidden, g.Chains, g.Workers, g.Steps, g.GMACs, ratioText(g.Ratio))
	}
	fmt.Fprintln(w, "\ntraining\tbatch\tsettings\tworkers\tupdates/s")
	for _, g := range r.Training {
		fmt.Fprintf(w, "%d×%d\t%d\t%s\t%d\t%.1f\n", g.Visible, g.Hidden, g.Batch, g.Settings, g.Workers, g.Updates)
	}
	fmt.Fprintln(w, "\nlog Z\tworkers\tseconds\tstates/s\t10⁹ unit-states/s")
	for _, e := range r.Exact {
		fmt.Fprintf(w, "%d×%d\t%d\t%.4f\t%.3g\t%.1f\n",
			e.Visible, e.Hidden, e.Workers, e.Seconds, e.States, e.UnitStates)
	}
}

func ratioText(ratio *float64) string {
	if ratio == nil {
		return "-"
	}
	return fmt.Sprintf("%.2f", *ratio)
}

func bytesName(n int) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}
