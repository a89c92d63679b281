package sample

import (
	"context"
	"fmt"
	"math"

	"harmonium/diag"
)

// The burn-in goes in stages, each as long as all before: a given one ends its stages at an eighth, a quarter, a half and all of it. One
// that ends by itself does so after the first stage, from LeastBurnIn sweeps on, in which R̂ ≤ 1.01.
const (
	LeastBurnIn = 1024 // sweeps, also of a given BurnIn that Thin is measured in
	mostBurnIn  = 16384
	mostThin    = 1000
)

// collect burns in and draws the samples in turns: one of each chain after every Thin sweeps.
func (d *drawing) collect(ctx context.Context, w walker) (*Result, error) {
	result := &Result{Method: w.method(), Thin: d.Thin, Samples: d.model.Visible.NewBatch(d.Count)}
	last, err := d.burnIn(ctx, w, result)
	if err != nil {
		return nil, err
	}
	if d.Thin == 0 {
		result.Thin = last.independence()
	}
	sweeps := (d.Count + d.Chains - 1) / d.Chains * result.Thin
	trace, before := last, last.length()
	if d.BurnIn != 0 || sweeps >= before { // long enough to be judged without what came before
		trace, before = newTrace(d.Chains, sweeps), 0
	}
	d.report(w, true, 0, sweeps)
	for k, done := 1, 0; done < d.Count; k++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		w.sweep()
		d.report(w, true, k, sweeps)
		if k%trace.stride == 0 {
			trace.add(d.free(w.visible()))
		}
		if k%result.Thin == 0 {
			part := result.Samples.Slice(done, min(done+d.Chains, d.Count))
			part.Copy(w.visible().Slice(0, part.Rows()))
			done += part.Rows()
		}
	}
	result.judge(trace, before)
	return result, nil
}

// burnIn lets the chains forget where they started. It returns the trace of its last stage.
func (d *drawing) burnIn(ctx context.Context, w walker, result *Result) (last *trace, err error) {
	whole := max(d.BurnIn, 0)
	ends := []int{whole / 8, whole / 4, whole / 2, whole}
	if d.BurnIn == 0 {
		whole, ends = mostBurnIn, nil
		for end := LeastBurnIn / 8; end <= whole; end *= 2 {
			ends = append(ends, end)
		}
	}
	d.report(w, false, 0, whole)
	for stage, end := range ends {
		sweeps := end - result.BurnIn
		last = newTrace(d.Chains, sweeps)
		for result.BurnIn < end {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			w.sweep()
			if result.BurnIn%last.stride == 0 {
				last.add(d.free(w.visible()))
			}
			result.BurnIn++
			d.report(w, false, result.BurnIn, whole)
		}
		_, last.trips = w.exchange()
		if sweeps >= 2 {
			w.endStage(stage)
		}
		if d.BurnIn == 0 && end >= LeastBurnIn && diag.Rhat(last.chains) <= rhatLimit {
			break
		}
	}
	return last, nil
}

func (d *drawing) report(w walker, sampling bool, done, total int) {
	if d.Progress == nil {
		return
	}
	p := Progress{Method: w.method(), Sampling: sampling, Done: done, Total: total, Chains: d.Chains, Gibbs: d.failed}
	p.Temperatures, p.RoundTrips = w.exchange()
	d.Progress(p)
}

// trace is the free energy of every chain along the sweeps, after every stride sweeps: at most traceLength numbers a chain.
type trace struct {
	stride int
	chains [][]float64
	trips  int // round trips of tempering; 0 for Gibbs
}

const traceLength = 10000

func newTrace(chains, sweeps int) *trace {
	t := &trace{stride: max(1, (sweeps+traceLength-1)/traceLength), chains: make([][]float64, chains)}
	for k := range t.chains {
		t.chains[k] = make([]float64, 0, sweeps/t.stride+1)
	}
	return t
}

func (t *trace) add(free []float64) {
	for k, f := range free {
		t.chains[k] = append(t.chains[k], f)
	}
}

// length is the number of sweeps so far.
func (t *trace) length() int { return len(t.chains[0]) * t.stride }

// ess is the lesser of the bulk and the tail effective sample size.
func (t *trace) ess() float64 { return min(diag.ESS(t.chains), diag.TailESS(t.chains)) }

// independence is the number of sweeps after which a chain is worth another independent sample, at most mostThin. Tempering needs a
// round trip for that.
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

// judge sets R̂ and effective sample size from a trace, of which the first sweeps came before the samples. The samples are worth the
// effective samples of the sweeps that they were drawn in; where there were sweeps before, also one a chain; and no more than their
// number. Chains of fewer than four sweeps can't be judged.
func (r *Result) judge(t *trace, before int) {
	count := float64(r.Samples.Rows())
	r.Rhat = diag.Rhat(t.chains)
	ess := t.ess()
	if before > 0 {
		ess = float64(len(t.chains)) + ess*float64(t.length()-before)/float64(t.length())
	}
	r.ESS = min(ess, count)
	if !(r.Rhat <= rhatLimit) {
		r.Findings = append(r.Findings, diag.Finding{
			Code: "not-mixed", Message: fmt.Sprintf("R-hat of the free energy is %.4f over %d chains", r.Rhat, len(t.chains)),
			Value: diag.Number(r.Rhat), Threshold: rhatLimit,
			Consequence: "the chains have not forgotten where they started: the samples are not those of the model",
		})
	}
	if enough := min(essLimit, count/2); !(r.ESS >= enough) {
		r.Findings = append(r.Findings, diag.Finding{
			Code: "few-samples", Message: fmt.Sprintf("the samples are worth %.0f independent ones", r.ESS),
			Value: diag.Number(r.ESS), Threshold: diag.Number(enough),
			Consequence: "averages over them have far larger errors than their number suggests",
		})
	}
}

// judgeTrips finds fault with fewer round trips than replica sets.
func (r *Result) judgeTrips(sets int) {
	if r.Exchange.RoundTrips < sets {
		r.Findings = append(r.Findings, diag.Finding{
			Code: "few-round-trips",
			Message: fmt.Sprintf("%d states travelled from the model to the base and back, in %d replica sets",
				r.Exchange.RoundTrips, sets),
			Value: diag.Number(r.Exchange.RoundTrips), Threshold: diag.Number(sets),
			Consequence: "tempering did not help the chains to forget: modes may be missing or have the wrong weight",
		})
	}
}
