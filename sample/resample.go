package sample

import (
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/rng"
)

// evenOut is the effective sample size, as a part of the chains, below which Anneal resamples.
const evenOut = 0.5

// resampled is log Z at the last resampling and the variance of its error; before any, that of the start and 0.
type resampled struct{ logZ, variance float64 }

// Resample draws chains from the chains, each in proportion to its weight, and makes all weights equal: systematically,
// from one random number. It returns the places that the chains came from, in order. The hidden states are those of the
// next sweep.
func (p *WeightedChains) Resample() []int {
	mean, variance, _ := meanWeight(p.LogWeights, p.Families)
	p.resampled = resampled{p.resampled.logZ + mean, p.resampled.variance + variance}
	index := make([]int, 0, len(p.LogWeights))
	u := float64(rng.Uniform(p.key.Block(rng.At(p.Chains.Sweeps, 0, 0))[0]))
	sum := 0.0
	for r, w := range p.LogWeights {
		sum += math.Exp(w - mean)
		for len(index) < len(p.LogWeights) && float64(len(index))+u < sum {
			index = append(index, r)
		}
	}
	for len(index) < len(p.LogWeights) { // where rounding left the sum below their number
		index = append(index, len(p.LogWeights)-1)
	}
	p.spare.Gather(p.Chains.Visible, index)
	p.spare, p.Chains.Visible = p.Chains.Visible, p.spare
	before := slices.Clone(p.ancestors)
	for r, from := range index {
		p.LogWeights[r], p.Families[r], p.ancestors[r] = 0, uint64(from), before[from]
	}
	return index
}

// LogZIn returns log Σ e^(−F(v)) over a part of all configurations, by the chains that are in it: −Inf without any.
// Chains in the part may descend from a few that came there early and were copied at many resamplings. The error is
// therefore √(1/a − 1/A) at least, with a of A ancestors in the part.
func (p *WeightedChains) LogZIn(in func(chain int) bool) LogZ {
	weights := make([]float64, len(p.LogWeights))
	all, inside := map[uint64]bool{}, map[uint64]bool{}
	for r, w := range p.LogWeights {
		all[p.ancestors[r]] = true
		if weights[r] = math.Inf(-1); in(r) {
			weights[r], inside[p.ancestors[r]] = w, true
		}
	}
	if len(inside) == 0 {
		return LogZ{Value: math.Inf(-1)}
	}
	mean, variance, ess := meanWeight(weights, p.Families)
	few := 1/float64(len(inside)) - 1/float64(len(all))
	return LogZ{p.resampled.logZ + mean, math.Sqrt(max(p.resampled.variance+variance, few)), ess}
}

// LogZOf returns LogZIn of each of the count parts of a partition.
func (p *WeightedChains) LogZOf(of Partition, count int) []LogZ {
	labels, z := make([]int, len(p.LogWeights)), make([]LogZ, count)
	of.Labels(labels, p.Chains.Visible)
	for k := range z {
		z[k] = p.LogZIn(func(r int) bool { return labels[r] == k })
	}
	return z
}

// places returns 0, 1, …, n−1.
func places(n int) []uint64 {
	p := make([]uint64, n)
	for r := range p {
		p[r] = uint64(r)
	}
	return p
}
