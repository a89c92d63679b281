package sample

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/diag"
)

// The burn-in goes in stages, each as long as all before: a given one ends its stages at an eighth, a quarter, a half
// and all of it. One that ends by itself does so after the first stage, from LeastBurnIn sweeps on, in which R̂ ≤ 1.008
// for all that is watched. Chains of L sweeps that have forgotten their start, with an autocorrelation time τ, have R̂
// − 1 ≈ τ/L: slow ones need a long stage. So from usualBurnIn sweeps on the burn-in goes on only where R̂ says that the
// longest one is enough.
const (
	LeastBurnIn = 1024 // sweeps, also of a given BurnIn that Thin is measured in
	usualBurnIn = 16384
	mostBurnIn  = 131072
	mostThin    = 1000

	// The samples are worth 90 % of their number. Chains whose samples are as many sweeps apart as an independent one
	// takes, by the sum of their autocorrelations, are worth 60 to 75 %.
	dependence = 1 / 0.9

	// The cost of the longest burn-in, beyond the usual one, in products of a unit with a weight: a minute of one core
	// or less. A sweep of one chain takes at least leastSweepCost.
	mostBurnInCost = 1e12
	leastSweepCost = 1 << 16

	// Observations of a chain: as many as it gives samples, between these.
	leastTrace = 2048
	mostTrace  = 10000
)

// collect burns in and draws the samples in turns: one of each chain after every Thin sweeps.
func (d *drawing) collect(ctx context.Context, w walker) (*Result, error) {
	result := &Result{Method: w.method(), Thin: d.Thin, Samples: d.model.Visible.NewBatch(d.Count)}
	last, err := d.burnIn(ctx, w, result)
	if err != nil {
		return nil, err
	}
	rounds := (d.Count + d.Chains - 1) / d.Chains
	if d.Thin == 0 {
		result.Thin = last.thin(rounds)
	}
	sweeps := rounds * result.Thin
	trace := last
	switch before := last.length(); {
	case sweeps >= 2*before: // long enough to be judged without what came before
		trace = d.newTrace(sweeps)
	case sweeps >= before:
		trace.halve()
	}
	d.report(w, true, 0, sweeps)
	for k, done := 1, 0; done < d.Count; k++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		w.sweep()
		d.report(w, true, k, sweeps)
		if k%trace.stride == 0 {
			trace.add(w.visible())
		}
		if k%result.Thin == 0 {
			part := result.Samples.Slice(done, min(done+d.Chains, d.Count))
			part.Copy(w.visible().Slice(0, part.Rows()))
			done += part.Rows()
		}
	}
	result.judge(trace)
	return result, nil
}

// burnIn lets the chains forget where they started. It returns the trace of its last stage.
func (d *drawing) burnIn(ctx context.Context, w walker, result *Result) (last *trace, err error) {
	whole := max(d.BurnIn, 0)
	ends := []int{whole / 8, whole / 4, whole / 2, whole}
	if d.BurnIn == 0 {
		whole, ends = usualBurnIn, nil
		for end := LeastBurnIn / 8; end <= mostBurnIn; end *= 2 {
			ends = append(ends, end)
		}
	}
	d.report(w, false, 0, whole)
	for stage, end := range ends {
		sweeps := end - result.BurnIn
		last, whole = d.newTrace(sweeps), max(whole, end)
		for result.BurnIn < end {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			w.sweep()
			if result.BurnIn%last.stride == 0 {
				last.add(w.visible())
			}
			result.BurnIn++
			d.report(w, false, result.BurnIn, whole)
		}
		_, last.trips = w.exchange()
		if sweeps >= 2 {
			w.endStage(stage)
		}
		if d.BurnIn == 0 && end >= LeastBurnIn && (last.agrees() || end >= usualBurnIn && !d.mayAgree(w, last, end)) {
			break
		}
	}
	return last, nil
}

// mayAgree reports whether a longer burn-in than one of done sweeps, at most the longest one, may let the chains agree:
// R̂ − 1 falls as one over the length of a stage.
func (d *drawing) mayAgree(w walker, last *trace, done int) bool {
	temperatures, _ := w.exchange()
	cost := max(float64(d.model.M()*d.model.N()), leastSweepCost) * float64(d.Chains*max(1, temperatures))
	longest := min(mostBurnIn, mostBurnInCost/cost)
	rhat, _ := last.rhat()
	return float64(2*done) <= longest && (rhat-1)*float64(done) <= (settledLimit-1)*longest
}

func (d *drawing) newTrace(sweeps int) *trace {
	return d.watch.newTrace(d.Chains, sweeps, min(max(leastTrace, d.Count/d.Chains), mostTrace))
}

// reportSurvey tells of the survey, of which a part is done.
func (d *drawing) reportSurvey(modes int, done float64) {
	const total = 1000
	if d.Progress != nil {
		d.Progress(Progress{Method: d.Method, Surveying: true, Modes: modes, Done: int(total * done), Total: total, Chains: d.Chains})
	}
}

func (d *drawing) report(w walker, sampling bool, done, total int) {
	if d.Progress == nil {
		return
	}
	p := Progress{Method: w.method(), Modes: d.watch.modes.count(), Sampling: sampling, Done: done, Total: total, Chains: d.Chains,
		Gibbs: d.failed}
	p.Temperatures, p.RoundTrips = w.exchange()
	d.Progress(p)
}

// thin is the number of sweeps after which a chain gives the next sample: the variance of a mean of samples of anything
// that is watched is at most dependence times that of independent ones. It is at most mostThin. Tempering makes twice the
// round trips in all rounds that [Result.judgeTrips] asks for. Where the chains don't agree, no distance makes their
// samples independent: they take no more sweeps than the trace has.
func (t *trace) thin(rounds int) int {
	most := mostThin
	if !t.agrees() {
		most = min(most, max(1, t.length()/rounds))
	}
	thin := 1
	if t.trips > 0 {
		apart := 2 * float64(len(t.labels)) / float64(t.trips) * float64(t.length()) / float64(rounds)
		thin = min(int(math.Ceil(min(apart, mostThin))), most)
	}
	apart, _, _ := t.eachWatched(func(c correlated) float64 {
		at := most // also where the chains can't be judged
		for at > thin && c.time(float64(at-1)/float64(t.stride), math.MaxInt) <= dependence {
			at--
		}
		return float64(at)
	})
	return int(slices.Max(apart))
}

// agrees reports whether the chains agree on all that is watched, well enough for the judgement of the samples to find
// the same.
func (t *trace) agrees() bool {
	rhat, _ := t.rhat()
	return rhat <= settledLimit
}

// rhatLimit and essLimit are those of Vehtari et al. 2021, section 4: R̂ below 1.01, and 100 effective samples or more
// for an error bar that can be trusted.
const (
	rhatLimit = 1.01
	essLimit  = 100

	settledLimit = 1.008 // for the burn-in, as R̂ scatters by a fifth of its distance from 1 with 20 chains

	shareLimit  = 4    // standard errors of a mode's share by AIS
	chanceLimit = 1e-4 // probability that independent samples miss a mode
)

// judge sets R̂ and effective sample size from a trace. Samples are worth their number over the time of Thin sweeps from
// one to the next, and no more than their number. Chains of fewer than ten observations can't be judged.
func (r *Result) judge(t *trace) {
	count, chains := r.Samples.Rows(), len(t.labels)
	worth := func(c correlated) float64 {
		time := c.time(float64(r.Thin)/float64(t.stride), (count+chains-1)/chains)
		return min(float64(count)/time, float64(count))
	}
	rhat, slowest := t.rhat()
	ess, names, modes := t.eachWatched(worth)
	fewest := names[0]
	r.Rhat, r.ESS, r.Changes = rhat, ess[0], t.changes()
	for k, x := range ess {
		if x < r.ESS {
			r.ESS, fewest = x, names[k]
		}
	}
	if !(r.Rhat <= rhatLimit) {
		r.Findings = append(r.Findings, diag.Finding{
			Code: "not-mixed", Message: fmt.Sprintf("R-hat of %s is %s over %d chains", slowest, RhatInWords(r.Rhat), chains),
			Value: diag.Number(r.Rhat), Threshold: rhatLimit,
			Consequence: "the chains have not forgotten where they started: the samples are not those of the model",
		})
		if r.Rhat > rhatLimit && r.Changes < chains && len(t.watched()) > 1 {
			r.Findings = append(r.Findings, diag.Finding{
				Code: "modes-unmixed", Message: fmt.Sprintf("%d changes between modes, by %d chains", r.Changes, chains),
				Value: diag.Number(r.Changes), Threshold: diag.Number(chains),
				Consequence: "each mode has the share of the samples that its starts gave it",
			})
		}
	}
	if enough := min(essLimit, float64(count)/2); !(r.ESS >= enough) {
		message := fmt.Sprintf("the samples are worth %.0f independent ones, by %s", r.ESS, fewest)
		if math.IsNaN(r.ESS) {
			message = "the chains are too short to tell how many independent samples these are worth"
		}
		r.Findings = append(r.Findings, diag.Finding{
			Code: "few-samples", Message: message, Value: diag.Number(r.ESS), Threshold: diag.Number(enough),
			Consequence: "averages over them have far larger errors than their number suggests",
		})
	}
	independent := make([]float64, t.modes.count())
	for k := range independent {
		independent[k] = r.ESS
		if k < len(modes) {
			independent[k] = worth(modes[k])
		}
	}
	r.Modes = t.modes.sharesOf(r.Samples, independent)
	r.judgeModes(t)
}

// RhatInWords prints an R̂ for people. It has no bounds where a quantity differs between chains and never changes along
// one, and is unknown for chains too short to tell.
func RhatInWords(rhat float64) string {
	const most = 1000
	switch {
	case math.IsNaN(rhat):
		return "unknown"
	case rhat > most:
		return fmt.Sprintf("above %d", most)
	}
	return fmt.Sprintf("%.5g", rhat)
}

// judgeModes finds fault with modes where no chain has been, though they have a share that the samples could not miss
// by chance.
func (r *Result) judgeModes(t *trace) {
	seen := t.seen()
	for k, mode := range r.Modes {
		least := mode.AIS - float64(shareLimit*mode.AISStderr)
		if mode.Share > 0 || seen[k] > 0 || least < watchedShare || !(math.Pow(1-least, r.ESS) < chanceLimit) {
			continue
		}
		r.Findings = append(r.Findings, diag.Finding{
			Code:    "mode-missing",
			Message: fmt.Sprintf("mode %d of %d has %.2g %% of the model or more by AIS, and no chain was there", k+1, len(seen), 100*least),
			Value:   0, Threshold: diag.Number(least), Consequence: "the samples lack a part of the model",
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
