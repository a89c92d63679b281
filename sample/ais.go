package sample

import (
	"context"
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// AIS is annealed importance sampling (R. M. Neal, Statistics and Computing 11 (2001) 125; for RBMs R. Salakhutdinov
// and I. Murray, ICML 2008) with resampling. count independent samples of the line's base go through the places, one
// sweep at each, to the model. [WeightedChains.LogZ] of the result is log Z of the model: a lower bound in probability,
// P(estimate > log Z + x) ≤ e^(−x).
//
// places begin at 0 and end at 1. lengths are the standard deviation that each step adds to the log weights. report,
// which may be nil, is called after each.
func AIS(ctx context.Context, line *rbm.Line, places []float64, count int, key rng.Key, report func(step int)) (
	chains *WeightedChains, lengths []float64, err error,
) {
	chains = NewIndependent(line.Base(), count, key)
	lengths, err = chains.Anneal(ctx, line, places, report)
	return chains, lengths, err
}

// ReverseAIS is AIS from the line's model to its base (Y. Burda, R. Grosse and R. Salakhutdinov, AISTATS 2015). The
// result is log Z_1 − log Z_0: an upper bound in probability, if the chains begin at samples of the model.
//
// logWeights, unless nil, are log weights that the chains begin with, of mean weight 1: they turn starts that are no
// samples of the model into weighted ones. jumps are those of the chains ([WeightedChains]); nil for none. places,
// lengths and report are those of [AIS]: lengths in the order of places. The chains are moved.
func ReverseAIS(
	ctx context.Context, line *rbm.Line, places []float64, chains *Chains, logWeights []float64, jumps *Jumps, key rng.Key,
	report func(step int),
) (z LogZ, lengths []float64, err error) {
	p := newWeighted(chains, key)
	copy(p.LogWeights, logWeights)
	p.Jumps = jumps
	back := slices.Clone(places)
	slices.Reverse(back)
	if lengths, err = p.Anneal(ctx, line, back, report); err != nil {
		return LogZ{}, nil, err
	}
	slices.Reverse(lengths)
	z = p.LogZ()
	z.Value = -z.Value
	return z, lengths, nil
}

// A WeightedChains is a batch of chains that follows a line from place to place, with a weight on each chain. When the
// place changes, a chain at v takes on the factor e^(F_before(v) − F_after(v)); then it moves by sweeps, and perhaps by
// jumps, that leave the new distribution as it is. The weighted chains then stand for the new place, however far they are from equilibrium,
// and the mean weight is Z_after/Z_before in expectation: annealed importance sampling (R. M. Neal, Statistics and
// Computing 11 (2001) 125), an instance of Jarzynski's equality (C. Jarzynski, Phys. Rev. Lett. 78 (1997) 2690).
// Weights that differ too much are evened out by resampling (P. Del Moral, A. Doucet and A. Jasra, J. R. Statist. Soc.
// B 68 (2006) 411).
type WeightedChains struct {
	Chains *Chains
	// LogWeights are the chains' weights since the last resampling.
	LogWeights []float64
	// Jumps, unless nil, let the chains jump between modes now and then, at the places that they come to.
	Jumps *Jumps
	// Families are the places that the chains came from at the last resampling.
	Families []uint64

	ancestors     []uint64 // the chains of the beginning, by place, that each chain descends from
	resampled     resampled
	key           rng.Key
	before, after []float64 // scratch: free energies
	spare         rbm.Batch
}

// NewIndependent returns independent weighted chains of the model without its weights, P(v) = Π_i P(v_i), whose log Z
// is known.
func NewIndependent(model *rbm.Model, count int, key rng.Key) *WeightedChains {
	base := model
	if slices.ContainsFunc(model.W, func(w float32) bool { return w != 0 }) {
		base = model.CloneWithoutWeights()
	}
	p := newWeighted(NewChains(FromBiases(base, count, key), model.Hidden, key), key)
	p.resampled.logZ = LogZWithoutWeights(base)
	return p
}

// newWeighted gives chains equal weights, for a model whose log Z counts as zero.
func newWeighted(chains *Chains, key rng.Key) *WeightedChains {
	n := chains.Visible.Rows()
	return &WeightedChains{
		Chains: chains, LogWeights: make([]float64, n), before: make([]float64, n), after: make([]float64, n),
		Families: places(n), ancestors: places(n), key: key.Stream(rng.StreamResample), spare: chains.Visible.Clone(),
	}
}

// jumpSteps is the number of steps after which chains jump again.
const jumpSteps = 16

// Anneal takes the chains from places[0] of a line, where they are, to each of the others in turn. The weight of a
// chain at v takes on the factor e^(F_before(v) − F_after(v)), and then the chain makes a sweep. Where the weights have
// become uneven the chains are resampled. It stops early, with the error of ctx, when that is cancelled. lengths are
// the standard deviations, over the weighted chains, of what each step adds to the log weights. report, which may be
// nil, is called after each.
func (p *WeightedChains) Anneal(ctx context.Context, line *rbm.Line, places []float64, report func(step int)) (
	lengths []float64, err error,
) {
	rows := p.Chains.Visible.Rows()
	before, after := line.At(rbm.Stretch{Rows: rows, Place: places[0]}), line.At()
	for k, place := range places[1:] {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		after.Set(rbm.Stretch{Rows: rows, Place: place})
		lengths = append(lengths, p.step(before, after))
		if p.Jumps != nil && k%jumpSteps == jumpSteps-1 {
			p.Jumps.Move(p.Chains.Visible, after.FreeEnergy, p.key.Stream(rng.StreamJumps), p.Chains.Sweeps)
		}
		before, after = after, before
		if _, _, ess := meanWeight(p.LogWeights, p.Families); ess < evenOut*float64(rows) {
			p.Resample()
		}
		if report != nil {
			report(k + 1)
		}
	}
	return lengths, nil
}

// step changes the place: the weights take on the factors e^(F_before(v) − F_after(v)), and then the chains make a
// sweep. It returns the standard deviation, over the weighted chains, of what that adds to the log weights.
func (p *WeightedChains) step(before, after *rbm.Places) float64 {
	c := p.Chains
	after.SampleHiddenFree(c.Hidden, c.Visible, c.hiddenKey, c.Sweeps, rbm.Free{To: p.before, At: before}, rbm.Free{To: p.after, At: after})
	c.finishSweep(after)
	largest := slices.Max(p.LogWeights)
	var sum, mean, squares float64
	for r, w := range p.LogWeights {
		x := p.before[r] - p.after[r]
		weight := math.Exp(w - largest)
		sum += weight
		mean += weight * x
		squares += weight * x * x
		p.LogWeights[r] += x
	}
	mean /= sum
	return math.Sqrt(max(0, squares/sum-mean*mean))
}

// LogZ returns log Z of the model that the weights are for. The error counts the spread of the weights at every
// resampling and now, between families of chains that were copied from one at the resampling before; or, if that is
// more, the spread between the descendants of each chain of the beginning. It knows nothing of what no chain has seen.
func (p *WeightedChains) LogZ() LogZ {
	mean, variance, ess := meanWeight(p.LogWeights, p.Families)
	variance = max(p.resampled.variance+variance, p.ancestry())
	return LogZ{p.resampled.logZ + mean, math.Sqrt(variance), ess}
}

// ancestry returns the variance of log Z to first order between the chains of the beginning, each with all of its
// descendants: Σ_a W_a² − 1/N, where W_a is the part of all weight that ancestor a has come to (A. Lee and N. Whiteley,
// Biometrika 105 (2018) 609). What the copies of a chain have in common shows in it, however often they were copied.
func (p *WeightedChains) ancestry() float64 {
	largest := slices.Max(p.LogWeights)
	var sum, part, squares float64
	for r, w := range p.LogWeights {
		if r > 0 && p.ancestors[r] != p.ancestors[r-1] {
			squares += part * part
			part = 0
		}
		e := math.Exp(w - largest)
		sum += e
		part += e
	}
	squares += part * part
	return squares/(sum*sum) - 1/float64(len(p.LogWeights))
}

// meanWeight returns the logarithm of the mean weight, the variance of it to first order, and the effective sample
// size. Chains of a family stand next to each other and are not independent: their deviations from the mean are summed
// before they are squared.
func meanWeight(logWeights []float64, families []uint64) (mean, variance, ess float64) {
	largest, n := slices.Max(logWeights), float64(len(logWeights))
	var sum, squares float64
	for _, w := range logWeights {
		e := math.Exp(w - largest)
		sum += e
		squares += float64(e * e)
	}
	deviation := 0.0
	for r, w := range logWeights {
		if r > 0 && families[r] != families[r-1] {
			variance += float64(deviation * deviation)
			deviation = 0
		}
		deviation += math.Exp(w-largest)/sum - 1/n
	}
	variance += float64(deviation * deviation)
	return largest + math.Log(sum/n), variance, sum * sum / squares
}
