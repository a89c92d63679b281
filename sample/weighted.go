package sample

import (
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// A WeightedChains is a batch of chains that follows a line from place to place, with a weight on each chain. When the
// place changes, a chain at v takes on the factor e^(F_before(v) − F_after(v)); then it moves by sweeps that leave the
// new distribution as it is. The weighted chains then stand for the new place, however far they are from equilibrium,
// and the mean weight is Z_after/Z_before in expectation: annealed importance sampling (R. M. Neal, Statistics and
// Computing 11 (2001) 125), an instance of Jarzynski's equality (C. Jarzynski, Phys. Rev. Lett. 78 (1997) 2690).
// Weights that differ too much are evened out by resampling (P. Del Moral, A. Doucet and A. Jasra, J. R. Statist. Soc.
// B 68 (2006) 411).
type WeightedChains struct {
	Chains *Chains
	// LogWeights are the chains' weights since the last resampling.
	LogWeights []float64
	// Families are the places that the chains came from at the last resampling.
	Families []uint64

	ancestors     []uint64 // the chains of the beginning, by place, that each chain descends from
	resampled     resampled
	key           rng.Key
	before, after []float64 // scratch: free energies
	spare         rbm.Batch
}

// resampled is log Z at the last resampling and the variance of its error; before any, that of the start and 0.
type resampled struct{ logZ, variance float64 }

// NewIndependent returns independent weighted chains of the model without its weights, P(v) = Π_i P(v_i), whose log Z
// is known.
func NewIndependent(model *rbm.Model, count int, key rng.Key) *WeightedChains {
	base := model.Clone()
	clear(base.W)
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

// LogZWithoutWeights returns log Z of a model with W = 0, in which all units are independent: Γ_v(0) + Γ_h(0), the
// cumulant generating functions of both layers. It panics if a weight is not zero.
func LogZWithoutWeights(model *rbm.Model) float64 {
	for _, w := range model.W {
		if w != 0 {
			panic("sample: LogZWithoutWeights of a model with weights")
		}
	}
	if model.CheckBits() != nil {
		return atZero(model.Visible) + atZero(model.Hidden)
	}
	p := model.Bits() // the same sum in the order of its units, so that estimates repeat to the last bit
	logZ := -p.Offset
	for _, biases := range [][]float64{p.B, p.C} {
		for _, x := range biases {
			logZ += rbm.Softplus(x)
		}
	}
	return logZ
}

// atZero is Γ(0) = log Σ_s e^(−U(s)).
func atZero(layer rbm.Layer) float64 {
	var dst [1]float64
	layer.CGF(dst[:], make([]float32, layer.Units()))
	return dst[0]
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
// resampling and now, between families of chains that were copied from one at the resampling before. It knows nothing
// of what no chain has seen.
func (p *WeightedChains) LogZ() LogZ {
	mean, variance, ess := meanWeight(p.LogWeights, p.Families)
	return LogZ{p.resampled.logZ + mean, math.Sqrt(p.resampled.variance + variance), ess}
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

// places returns 0, 1, …, n−1.
func places(n int) []uint64 {
	p := make([]uint64, n)
	for r := range p {
		p[r] = uint64(r)
	}
	return p
}

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
