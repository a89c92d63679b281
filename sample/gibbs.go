package sample

import (
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Chains is the state of a batch of block-Gibbs chains, one a row. Every random number is a pure function of (key,
// Sweeps, chain, unit), so a Chains that is saved and restored goes on as if nothing had happened.
type Chains struct {
	Visible, Hidden rbm.Batch
	Sweeps          uint64 // done so far

	hiddenKey, visibleKey     rng.Key
	clampVisible, clampHidden rbm.Clamp
}

// NewChains returns chains that begin at the rows of v, which it copies, for a model with this kind of hidden layer.
// The hidden units are drawn in the first sweep.
func NewChains(v rbm.Batch, hidden rbm.Layer, key rng.Key) *Chains {
	return &Chains{
		Visible:    v.Clone(),
		Hidden:     hidden.NewBatch(v.Rows()),
		hiddenKey:  key.Stream(rng.StreamHidden),
		visibleKey: key.Stream(rng.StreamVisible),
	}
}

// FromBiases draws visible configurations from the model as it would be without weights: v_i ~ σ(b_i) for
// Bernoulli units, v_i ~ σ(2b_i) for the bits of spins. It is the start of chains that knows nothing but the biases.
func FromBiases(model *rbm.Model, count int, key rng.Key) rbm.Batch {
	v := model.Visible.NewBatch(count)
	model.Visible.Sample(v, nil, key.Stream(rng.StreamStart), 0, 0)
	return v
}

// RandomStarts returns configurations far from each other, one half drawn without biases (bits are fair coins) and the
// other as by [FromBiases]. Chains that begin there may find modes that no other chain has found.
//
// For units that are no bits, for which there is no search for modes, the first half, or its first half where the
// visible units are discrete, is v ~ P(v|h) with hidden units drawn without weights and biases: states all over the
// patterns of W. Real numbers a layer by itself leaves near its means.
func RandomStarts(model *rbm.Model, count int, key rng.Key) rbm.Batch {
	v := FromBiases(model, count, key)
	first, from := v.Slice(0, (count+1)/2), key.Stream(rng.StreamRestart)
	if model.Discrete() {
		withoutBiases(model.Visible).Sample(first, nil, from, 0, 0)
		first = first.Slice(0, (first.Rows()+1)/2)
	}
	if model.CheckBits() == nil {
		return v
	}
	h := model.Hidden.NewBatch(first.Rows())
	withoutBiases(model.Hidden).Sample(h, nil, from, 0, 0)
	rbm.NewConditionals(model, nil).SampleVisible(first, h, from.Stream(rng.StreamVisible), 0)
	return v
}

func withoutBiases(layer rbm.Layer) rbm.Layer {
	layer = layer.Clone()
	clear(layer.Biases())
	return layer
}

// FromRows draws count rows of data, each as often as any other up to one.
func FromRows(data rbm.Batch, count int, key rng.Key) rbm.Batch {
	if data.Rows() == 0 {
		panic("sample: FromRows of no rows")
	}
	source := rng.NewSource(key.Stream(rng.StreamStart), 0)
	order := make([]int, data.Rows())
	index := make([]int, count)
	for r := range index {
		if r%len(order) == 0 {
			source.Perm(order)
		}
		index[r] = order[r%len(order)]
	}
	v := data.Like(count)
	v.Gather(data, index)
	return v
}

// Conditionals are the conditional distributions that chains move by: [rbm.Conditionals] of a model, or [rbm.Places] on
// a line.
type Conditionals interface {
	SampleHidden(h, v rbm.Batch, key rng.Key, step uint64)
	SampleVisible(v, h rbm.Batch, key rng.Key, step uint64)
}

// Sweep makes k sweeps, each h ~ P(h|v) and then v ~ P(v|h). It panics if the layers of the chains and of
// the conditionals differ in size.
func (c *Chains) Sweep(conditionals Conditionals, k int) {
	for range k {
		conditionals.SampleHidden(c.Hidden, c.Visible, c.hiddenKey, c.Sweeps)
		c.finishSweep(conditionals)
	}
}

// Rows are the chains' rows of visible units to average over, on which way the hidden units are drawn that their next
// sweep begins with: [Chains.SweepDrawn] goes on from there.
func (c *Chains) Rows() rbm.Rows {
	return rbm.Rows{Visible: c.Visible, Hidden: c.Hidden, Key: c.hiddenKey, Step: c.Sweeps}
}

// SweepDrawn is [Chains.Sweep] with hidden units that have been drawn already, by [Chains.Rows].
func (c *Chains) SweepDrawn(conditionals Conditionals, k int) {
	if k > 0 {
		c.finishSweep(conditionals)
		c.Sweep(conditionals, k-1)
	}
}

func (c *Chains) finishSweep(conditionals Conditionals) {
	c.clampHidden.Apply(c.Hidden)
	conditionals.SampleVisible(c.Visible, c.Hidden, c.visibleKey, c.Sweeps)
	c.clampVisible.Apply(c.Visible)
	c.Sweeps++
}

// ClampVisible holds unit i of every chain, a bit, at a value from now on (on: 1 or +1; off: 0 or −1). Who holds one
// state of a categorical site holds all of its units.
func (c *Chains) ClampVisible(i int, on bool) {
	c.clampVisible.Hold(c.Visible.Bits(), i, on)
	c.clampVisible.Apply(c.Visible)
}

// ClampHidden holds unit j of the hidden layer of every chain at a value from now on: the chains then sample
// P(v,h|h_j), which shows what the unit stands for.
func (c *Chains) ClampHidden(j int, on bool) {
	c.clampHidden.Hold(c.Hidden.Bits(), j, on)
	c.clampHidden.Apply(c.Hidden)
}
