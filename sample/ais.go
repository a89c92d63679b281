package sample

import (
	"context"
	"math"
	"slices"

	"harmonium/rbm"
	"harmonium/rng"
)

// LogZ is an estimate of a log partition function, or of the logarithm of a ratio of two.
type LogZ struct {
	Value, Stderr float64 // nats
	ESS           float64 // effective sample size (Σw)²/Σw² of the weights that it comes from
}

// AIS is annealed importance sampling (R. M. Neal, Statistics and Computing 11 (2001) 125; for RBMs R. Salakhutdinov and I. Murray, ICML
// 2008) with resampling. count independent samples of the path's first model, which has no weights, go through the places, one sweep at
// each, to the path's last model, where it leaves the conditionals. [WeightedChains.LogZ] of the result is log Z of that model: a lower
// bound in probability, P(estimate > log Z + x) ≤ e^(−x).
//
// places begin at 0 and end at 1. lengths are the StdLogWeight of each step. report, which may be nil, is called after each.
func AIS(ctx context.Context, path Path, places []float64, count int, c *rbm.Conditionals, key rng.Key, report func(step int)) (
	chains *WeightedChains, lengths []float64, err error,
) {
	chains = NewIndependent(path[0], count, key)
	lengths, err = chains.Anneal(ctx, path, places[1:], c, report)
	return chains, lengths, err
}

// ReverseAIS is AIS from the path's last model, which is that of the conditionals, to its first (Y. Burda, R. Grosse and R. Salakhutdinov,
// AISTATS 2015). The result is log Z_last − log Z_first: an upper bound in probability, if the chains begin at samples of the last model.
//
// logWeights, unless nil, are log weights that the chains begin with, of mean weight 1: they turn starts that are no samples of the last
// model into weighted ones. places, lengths and report are those of [AIS]: lengths in the order of places. The chains are moved.
func ReverseAIS(
	ctx context.Context, path Path, places []float64, chains *Chains, logWeights []float64, c *rbm.Conditionals, key rng.Key,
	report func(step int),
) (z LogZ, lengths []float64, err error) {
	p := equalWeights(chains, c, key)
	copy(p.LogWeights, logWeights)
	back := slices.Clone(places[:len(places)-1])
	slices.Reverse(back)
	if lengths, err = p.Anneal(ctx, path, back, c, report); err != nil {
		return LogZ{}, nil, err
	}
	slices.Reverse(lengths)
	z = p.LogZ()
	z.Value = -z.Value
	return z, lengths, nil
}

// evenOut is the effective sample size, as a part of the chains, below which Anneal resamples.
const evenOut = 0.5

// Anneal makes a Step with one sweep to each place of a path in turn, from the one where the chains are, and resamples where the weights
// have become uneven. It leaves the conditionals at the last place, and stops early, with the error of ctx, when that is cancelled.
// lengths are the StdLogWeight of each step. report, which may be nil, is called after each.
func (p *WeightedChains) Anneal(ctx context.Context, path Path, places []float64, c *rbm.Conditionals, report func(step int)) (
	lengths []float64, err error,
) {
	between := path.model().Clone()
	for k, place := range places {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		path.at(between, place, c.Compute())
		c.Update(between)
		lengths = append(lengths, p.Step(c, 1))
		if p.LogZ().ESS < evenOut*float64(len(p.LogWeights)) {
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
