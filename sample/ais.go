package sample

import (
	"context"
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// IndependentModel returns a model without its weights and hidden biases: independent units, the base of a line to it.
func IndependentModel(model *rbm.Model) *rbm.Model {
	base := model.Clone()
	clear(base.W)
	clear(base.C())
	return base
}

// LogZ is an estimate of a log partition function, or of the logarithm of a ratio of two.
type LogZ struct {
	Value, Stderr float64 // nats
	ESS           float64 // effective sample size (Σw)²/Σw² of the weights that it comes from
}

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
// samples of the model into weighted ones. places, lengths and report are those of [AIS]: lengths in the order of
// places. The chains are moved.
func ReverseAIS(
	ctx context.Context, line *rbm.Line, places []float64, chains *Chains, logWeights []float64, key rng.Key, report func(step int),
) (z LogZ, lengths []float64, err error) {
	p := newWeighted(chains, key)
	copy(p.LogWeights, logWeights)
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

// evenOut is the effective sample size, as a part of the chains, below which Anneal resamples.
const evenOut = 0.5

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
		before, after = after, before
		if p.LogZ().ESS < evenOut*float64(rows) {
			p.Resample()
		}
		if report != nil {
			report(k + 1)
		}
	}
	return lengths, nil
}

// SumLogZ returns log Σ_k e^(z_k) of independent estimates z_k, and −Inf of none. The error is √(Σ_k (p_k σ_k)²) with
// p_k = e^(z_k)/Σ_l e^(z_l), and ESS is the sum of theirs.
func SumLogZ(z ...LogZ) LogZ {
	largest := math.Inf(-1)
	for _, x := range z {
		largest = max(largest, x.Value)
	}
	if math.IsInf(largest, -1) {
		return LogZ{Value: largest}
	}
	var sum, squares, ess float64
	for _, x := range z {
		part := math.Exp(x.Value - largest)
		sum += part
		squares += float64(part * part * x.Stderr * x.Stderr)
		ess += x.ESS
	}
	return LogZ{largest + math.Log(sum), math.Sqrt(squares) / sum, ess}
}
