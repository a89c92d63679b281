package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"harmonium/data"
	"harmonium/diag"
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
)

// walk is what samples are drawn from: Gibbs chains or tempered ladders.
type walk struct {
	visible func() rbm.Batch // of the model, one row a chain
	sweep   func()
	stage   func(stage int) // called at the end of each stage of the burn-in, from 0, that had two sweeps or more; may be nil
	trips   func() int      // of ladders since the end of the last stage; nil for chains
	note    func() string
}

// gibbs draws the samples from block-Gibbs chains.
func (o *sampleOptions) gibbs(ctx context.Context, t *terminal, model *rbm.Model, result *sampleResult) (rbm.Batch, error) {
	count := min(o.chains, o.count)
	start, err := o.startStates(model, count)
	if err != nil {
		return rbm.Batch{}, err
	}
	chains := sample.NewChains(start, model.N(), o.key())
	if err := o.clamp(model, chains); err != nil {
		return rbm.Batch{}, err
	}
	conditionals := rbm.NewConditionals(model, t.compute)
	return o.collect(ctx, t, model, result, walk{
		visible: func() rbm.Batch { return chains.Visible },
		sweep:   func() { chains.Sweep(conditionals, 1) },
		note:    func() string { return fmt.Sprintf("%d chains", count) },
	})
}

// The ladder begins with firstRungs and may get mostRungs. pilotSweeps of Gibbs sampling give the means for the base.
const (
	firstRungs  = 12
	mostRungs   = 64
	pilotSweeps = 200
)

// tempered draws the samples from the last rungs of ladders, which are spread during the burn-in.
func (o *sampleOptions) tempered(ctx context.Context, t *terminal, model *rbm.Model, result *sampleResult) (rbm.Batch, error) {
	count := min(o.chains, o.count)
	start, err := o.startStates(model, count)
	if err != nil {
		return rbm.Batch{}, err
	}
	pilot := sample.NewChains(start, model.N(), o.key())
	if err := o.clamp(model, pilot); err != nil {
		return rbm.Batch{}, err
	}
	pilot.Sweep(rbm.NewConditionals(model, t.compute), pilotSweeps)
	base := sample.IndependentModel(model)
	base.SetBiasesFromMeans((&data.Set{States: pilot.Visible}).Means())
	ladders := sample.NewTempering(slices.Concat(sample.Path{base}, o.between, sample.Path{model}), pilot.Visible, firstRungs, o.key().Stream(rng.StreamExchange), t.compute)
	if err := o.clamp(model, ladders); err != nil {
		return rbm.Batch{}, err
	}
	begun := time.Now()
	v, err := o.collect(ctx, t, model, result, walk{
		visible: ladders.Visible, sweep: ladders.Round,
		stage: func(stage int) {
			if stage < spreads {
				ladders.Respace(mostRungs)
			}
			ladders.Reset()
			begun = time.Now()
		},
		trips: ladders.RoundTrips,
		note: func() string {
			return fmt.Sprintf("%d ladders of %d rungs, %d round trips", count, len(ladders.Betas()), ladders.RoundTrips())
		},
	})
	if err != nil {
		return rbm.Batch{}, err
	}
	result.Ladder = &ladderResult{
		Rungs: len(ladders.Betas()), LeastRate: slices.Min(ladders.SwapRates()), RoundTrips: ladders.RoundTrips(), Seconds: time.Since(begun).Seconds(),
	}
	if ladders.RoundTrips() < count {
		result.Findings = append(result.Findings, diag.Finding{
			Code: "few-round-trips", Message: fmt.Sprintf("%d states travelled from the model to the base and back, on %d ladders", ladders.RoundTrips(), count),
			Value: diag.Number(ladders.RoundTrips()), Threshold: diag.Number(count),
			Consequence: "tempering did not help the chains to forget: modes may be missing or have the wrong weight",
		})
	}
	return v, nil
}

// The burn-in goes in stages, each as long as all before: those end at an eighth, a quarter, a half and all of a given one. One that
// looks for its own end stops after the first stage, from leastBurnIn sweeps on, in which the chains agree.
const (
	leastBurnIn = 1024
	mostBurnIn  = 16384
	spreads     = 3 // stages after which ladders are spread
	mostThin    = 1000
)

// collect burns in and draws the samples in turns: after every so many sweeps, one of each chain.
func (o *sampleOptions) collect(ctx context.Context, t *terminal, model *rbm.Model, result *sampleResult, w walk) (rbm.Batch, error) {
	free := model.FreeEnergyFunc()
	last, err := o.burn(ctx, t, free, result, w)
	if err != nil {
		return rbm.Batch{}, err
	}
	result.Thin = o.thin
	if o.spread {
		result.Thin = last.independence()
	}
	chains := w.visible().Rows()
	sweeps := (o.count + chains - 1) / chains * result.Thin
	bar := t.progress("sample", int64(sweeps))
	defer bar.stop()
	v := rbm.NewBatch(o.count, model.M())
	trace := newTrace(chains, sweeps)
	before := 0
	if o.settle && sweeps < last.length() { // too short to be judged without what came before
		trace, before = last, last.length()
	}
	for k, done := 1, 0; done < o.count; k++ {
		if err := ctx.Err(); err != nil {
			return rbm.Batch{}, err
		}
		w.sweep()
		bar.set(int64(k), w.note())
		if k%trace.stride == 0 {
			trace.add(free(w.visible()))
		}
		if k%result.Thin == 0 {
			part := v.Slice(done, min(done+chains, o.count))
			part.Copy(w.visible().Slice(0, part.Rows()))
			done += part.Rows()
		}
	}
	result.diagnose(trace, before)
	return v, nil
}

// burn lets the chains forget where they started. It returns the trace of the last stage.
func (o *sampleOptions) burn(
	ctx context.Context, t *terminal, free func(rbm.Batch) []float64, result *sampleResult, w walk,
) (*trace, error) {
	whole := o.burnIn
	if o.settle {
		whole = mostBurnIn
	}
	bar := t.progress("burn-in", int64(whole))
	defer bar.stop()
	ends := []int{whole / 8, whole / 4, whole / 2, whole}
	if o.settle {
		ends = ends[:0]
		for end := leastBurnIn / 8; end <= whole; end *= 2 {
			ends = append(ends, end)
		}
	}
	var last *trace
	result.BurnIn = 0
	for stage, end := range ends {
		sweeps := end - result.BurnIn
		last = newTrace(w.visible().Rows(), sweeps)
		for ; result.BurnIn < end; result.BurnIn++ {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			w.sweep()
			bar.set(int64(result.BurnIn), w.note())
			if result.BurnIn%last.stride == 0 {
				last.add(free(w.visible()))
			}
		}
		if w.trips != nil {
			last.trips = w.trips()
		}
		if w.stage != nil && sweeps >= 2 {
			w.stage(stage)
		}
		if o.settle && end >= leastBurnIn && diag.Rhat(last.chains) <= rhatLimit {
			break
		}
	}
	return last, nil
}

// trace is the free energy of every chain along the sweeps, every stride sweeps: at most about traceLength numbers a chain.
type trace struct {
	stride int
	chains [][]float64
	trips  int // of tempered ladders; 0 for chains
}

const traceLength = 10000

func newTrace(chains, sweeps int) *trace {
	return &trace{stride: max(1, (sweeps+traceLength-1)/traceLength), chains: make([][]float64, chains)}
}

func (t *trace) add(free []float64) {
	for k, x := range free {
		t.chains[k] = append(t.chains[k], x)
	}
}

// length is the number of sweeps so far.
func (t *trace) length() int { return len(t.chains[0]) * t.stride }

// ess is the lesser of the bulk and the tail effective sample size.
func (t *trace) ess() float64 { return min(diag.ESS(t.chains), diag.TailESS(t.chains)) }

// independence is the number of sweeps after which a chain is worth another independent sample, at most mostThin. On ladders that takes a round
// trip.
func (t *trace) independence() int {
	sweeps, samples := float64(len(t.chains)*t.length()), t.ess()
	if t.trips > 0 {
		samples = min(samples, float64(t.trips))
	}
	apart := math.Ceil(sweeps / samples)
	if !(apart < mostThin) { // also where the chains can't be judged
		return mostThin
	}
	return max(1, int(apart))
}

// rhatLimit and essLimit are those of Vehtari et al. 2021, section 4: R̂ below 1.01, and 100 effective samples or more for an
// error bar that can be trusted.
const (
	rhatLimit = 1.01
	essLimit  = 100
)

// diagnose judges the chains by their free energies at every sweep, of which so many came before the samples. The samples are worth what the chains
// forget while they are drawn, and one a chain where there were sweeps before; and no more than their number. Chains of fewer
// than four sweeps can't be judged.
func (r *sampleResult) diagnose(t *trace, before int) {
	r.Rhat = diag.Number(diag.Rhat(t.chains))
	ess := t.ess()
	if before > 0 {
		ess = float64(len(t.chains)) + ess*float64(t.length()-before)/float64(t.length())
	}
	r.ESS = diag.Number(min(ess, float64(r.Count)))
	if !(r.Rhat <= rhatLimit) {
		r.Findings = append(r.Findings, diag.Finding{
			Code: "not-mixed", Message: fmt.Sprintf("R-hat of the free energy is %.4f over %d chains", r.Rhat, len(t.chains)),
			Value: r.Rhat, Threshold: rhatLimit,
			Consequence: "the chains have not forgotten where they started: the samples are not those of the model",
		})
	}
	if enough := min(essLimit, float64(r.Count)/2); !(float64(r.ESS) >= enough) {
		r.Findings = append(r.Findings, diag.Finding{
			Code: "few-samples", Message: fmt.Sprintf("the samples are worth %.0f independent ones", r.ESS),
			Value: r.ESS, Threshold: diag.Number(enough),
			Consequence: "averages over them have far larger errors than their number suggests",
		})
	}
}
