package sample

import (
	"math"
	"slices"

	"harmonium/rbm"
	"harmonium/rng"
)

// A WeightedChains is a batch of chains that follows a path of models λ_0, λ_1, …, with a weight on each chain. When the model
// changes, a chain at v takes on the factor e^(F_old(v) − F_new(v)); then it moves by sweeps that leave the new model as it is.
// The weighted chains then stand for the new model, however far they are from equilibrium, and the mean weight is Z_new/Z_0 in
// expectation.
//
// Along a path of temperatures this is annealed importance sampling (R. M. Neal, Statistics and Computing 11 (2001) 125), and along
// the path of a training it is Jarzynski's equality (C. Jarzynski, Phys. Rev. Lett. 78 (1997) 2690; for training: D. Carbone,
// M. Hua, S. Coste and E. Vanden-Eijnden, NeurIPS 2023). Weights that differ too much can be evened out by resampling
// (P. Del Moral, A. Doucet and A. Jasra, J. R. Statist. Soc. B 68 (2006) 411).
type WeightedChains struct {
	Chains *Chains
	// LogWeights are the chains' weights since the last resampling.
	LogWeights []float64
	// FreeEnergies are F(v) of the chains' visible states under the model that the weights are for. Call UpdateFreeEnergies after
	// changing chains other than by Step.
	FreeEnergies []float64
	// Families are the places that the chains came from at the last resampling.
	Families []uint64

	ancestors []uint64 // the chains of λ_0, by place, that each chain descends from
	resampled resampled
	key       rng.Key
	scratch   []float64
	spare     rbm.Batch
}

// resampled is log Z at the last resampling and the variance of its error; before any, those of λ_0.
type resampled struct{ logZ, variance float64 }

// NewIndependent returns independent weighted chains of the model without its weights, P(v) = Π_i P(v_i), whose log Z is known.
func NewIndependent(model *rbm.Model, count int, key rng.Key) *WeightedChains {
	base := model.Clone()
	clear(base.W)
	p := newWeighted(NewChains(FromBiases(base, count, key), model.N(), key), key)
	copy(p.FreeEnergies, base.FreeEnergy(p.Chains.Visible))
	p.resampled.logZ = LogZWithoutWeights(base)
	return p
}

// equalWeights gives chains equal weights, for the model of the conditionals, whose log Z is unknown and counts as zero.
func equalWeights(chains *Chains, c *rbm.Conditionals, key rng.Key) *WeightedChains {
	p := newWeighted(chains, key)
	p.UpdateFreeEnergies(c)
	return p
}

func newWeighted(chains *Chains, key rng.Key) *WeightedChains {
	n := chains.Visible.Rows()
	return &WeightedChains{
		Chains: chains, LogWeights: make([]float64, n), FreeEnergies: make([]float64, n), scratch: make([]float64, n),
		Families: places(n), ancestors: places(n), key: key.Stream(rng.StreamResample), spare: chains.Visible.Clone(),
	}
}

// Clone returns a copy that goes on by the random numbers of another key.
func (p *WeightedChains) Clone(key rng.Key) *WeightedChains {
	c := newWeighted(NewChains(p.Chains.Visible, p.Chains.Hidden.Units(), key), key)
	c.resampled = p.resampled
	copy(c.LogWeights, p.LogWeights)
	copy(c.FreeEnergies, p.FreeEnergies)
	copy(c.Families, p.Families)
	copy(c.ancestors, p.ancestors)
	return c
}

// LogZWithoutWeights returns log Z of a model with W = 0, in which all units are independent: Γ_v(0) + Γ_h(0), the cumulant generating
// functions of both layers. It panics if a weight is not zero.
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

// Step changes the model to that of the conditionals: each weight takes on the factor e^(F_old(v) − F_new(v)), and then each
// chain makes k ≥ 1 sweeps under the new model. It returns the StdLogWeight of that change.
func (p *WeightedChains) Step(c *rbm.Conditionals, k int) float64 {
	p.Chains.sweepFree(c, k, p.scratch)
	length := p.stdLogWeight()
	for r, x := range p.scratch {
		p.LogWeights[r] += x
	}
	p.UpdateFreeEnergies(c)
	return length
}

// UpdateFreeEnergies computes F(v) of the chains under the model of the conditionals.
func (p *WeightedChains) UpdateFreeEnergies(c *rbm.Conditionals) {
	c.FreeEnergy(p.FreeEnergies, p.Chains.Visible)
}

// LogZ returns log Z of the model that the weights are for. The error counts the spread of the weights at every resampling and now, between
// families of chains that were copied from one at the resampling before. It knows nothing of what no chain has seen.
func (p *WeightedChains) LogZ() LogZ {
	mean, variance, ess := meanWeight(p.LogWeights, p.Families)
	return LogZ{p.resampled.logZ + mean, math.Sqrt(p.resampled.variance + variance), ess}
}

// StdLogWeight is the standard deviation, over the weighted chains, of what a change to the model of the conditionals adds to the log
// weights, before the chains move.
func (p *WeightedChains) StdLogWeight(c *rbm.Conditionals) float64 {
	c.FreeEnergy(p.scratch, p.Chains.Visible)
	return p.stdLogWeight()
}

// stdLogWeight makes of F under a new model, in scratch, what is added to the log weights, and returns the standard deviation of that.
func (p *WeightedChains) stdLogWeight() float64 {
	largest := slices.Max(p.LogWeights)
	var sum, mean, squares float64
	for r, f := range p.scratch {
		x := p.FreeEnergies[r] - f
		weight := math.Exp(p.LogWeights[r] - largest)
		sum += weight
		mean += weight * x
		squares += weight * x * x
		p.scratch[r] = x
	}
	mean /= sum
	return math.Sqrt(max(0, squares/sum-mean*mean))
}

// meanWeight returns the logarithm of the mean weight, the variance of it to first order, and the effective sample size. Chains of a
// family stand next to each other and are not independent: their deviations from the mean are summed before they are squared.
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
// from one random number. It returns the places that the chains came from. The hidden states are those of the next sweep.
func (p *WeightedChains) Resample() []int {
	index, at := p.draw(len(p.LogWeights), p.key.Block(rng.At(p.Chains.Sweeps, 0, 0)))
	p.resampled = at
	p.spare.Gather(p.Chains.Visible, index)
	p.spare, p.Chains.Visible = p.Chains.Visible, p.spare
	copy(p.scratch, p.FreeEnergies)
	before := slices.Clone(p.ancestors)
	for r, from := range index {
		p.LogWeights[r], p.FreeEnergies[r], p.Families[r], p.ancestors[r] = 0, p.scratch[from], uint64(from), before[from]
	}
	return index
}

// Draw returns count of the chains, drawn as by Resample, which go on by the random numbers of another key.
func (p *WeightedChains) Draw(count int, key rng.Key) *WeightedChains {
	index, at := p.draw(count, key.Stream(rng.StreamResample).Block(rng.At(0, 0, 0)))
	visible := p.Chains.Visible.Like(count)
	visible.Gather(p.Chains.Visible, index)
	c := newWeighted(NewChains(visible, p.Chains.Hidden.Units(), key), key)
	c.resampled = at
	for r, from := range index {
		c.FreeEnergies[r], c.Families[r], c.ancestors[r] = p.FreeEnergies[from], uint64(from), p.ancestors[from]
	}
	return c
}

// draw chooses count chains systematically, and returns their places, in order, and log Z for when they have equal weights.
func (p *WeightedChains) draw(count int, random rng.Block) (index []int, at resampled) {
	mean, variance, _ := meanWeight(p.LogWeights, p.Families)
	index = make([]int, 0, count)
	u := float64(rng.Uniform(random[0]))
	share := float64(count) / float64(len(p.LogWeights)) // of a chain of mean weight
	sum := 0.0
	for r, w := range p.LogWeights {
		sum += float64(share * math.Exp(w-mean))
		for len(index) < count && float64(len(index))+u < sum {
			index = append(index, r)
		}
	}
	for len(index) < count { // where rounding left the sum below count
		index = append(index, len(p.LogWeights)-1)
	}
	return index, resampled{p.resampled.logZ + mean, p.resampled.variance + variance}
}

// WeightedState is what must be kept for weighted chains to go on as if they had never stopped, as views of it.
type WeightedState struct {
	Visible        rbm.Batch
	Sweeps         *uint64
	LogWeights     []float64
	Families       []uint64
	LogZ, Variance *float64 // at the last resampling
}

// State lists it. Call UpdateFreeEnergies after it has been changed.
func (p *WeightedChains) State() WeightedState {
	return WeightedState{p.Chains.Visible, &p.Chains.Sweeps, p.LogWeights, p.Families, &p.resampled.logZ, &p.resampled.variance}
}

// LogZIn returns log Σ e^(−F(v)) over a part of all configurations, by the chains that are in it: −Inf without any. Chains
// in the part may descend from a few that came there early and were copied at many resamplings. The error is therefore
// √(1/a − 1/A) at least, with a of A ancestors in the part.
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
