package train

import (
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// gaps are what is missing of the rows. With known cells k and missing ones v' of a row the gradient of its
// log-likelihood, log P(k) = log Σ_{v'} P(v',k), is
//
//	⟨·⟩_{P(v',h|k)} − ⟨·⟩_model.
//
// So the positive phase is that of completed rows, v' ~ P(v'|k). Each row with gaps has a persistent chain of its own,
// with the known cells held: its state is the row as it was completed last, which makes gapSweeps sweeps each time that the
// row comes up. Maximum likelihood is consistent where cells are missing at random (D. B. Rubin, Biometrika 63 (1976)
// 581): whether one is missing may depend on known cells, but not on its own value.
type gaps struct {
	known rbm.Batch // of all rows
	has   []bool    // gaps, of all rows
	key   rng.Key

	index        []int // rows of the minibatch with gaps
	v, h         rbm.Batch
	before, mask rbm.Batch
}

// gapSweeps is the number of sweeps of a row's chain each time that the row is in a minibatch.
const gapSweeps = 10

// newGaps returns nil if all cells are known. The rows, which the training gets a copy of, begin at draws of independent
// units: by the biases of base, or of the model where that is nil.
func newGaps(t *Training, base *rbm.Model) *gaps {
	if t.set.Missing() == 0 {
		return nil
	}
	set := *t.set
	set.States = t.set.States.Clone()
	g := &gaps{known: set.Known, has: make([]bool, set.Rows()), key: rng.Seed(t.config.Seed).Stream(rng.StreamImpute)}
	for r := range g.has {
		g.has[r] = set.Gaps(r)
	}
	if base == nil {
		base = t.Model
	}
	drawn := sample.FromBiases(base, set.Rows(), g.key)
	drawn.Restore(set.States, set.Known)
	set.States.Copy(drawn)
	t.set = &set
	return g
}

// fill completes the rows of a minibatch. The conditionals are at the model.
func (g *gaps) fill(t *Training, rows []int) {
	if g == nil {
		return
	}
	g.index = g.index[:0]
	for _, r := range rows {
		if g.has[r] {
			g.index = append(g.index, r)
		}
	}
	count := len(g.index)
	if count == 0 {
		return
	}
	if g.v.Rows() != count {
		g.v, g.before, g.mask, g.h = t.set.States.Like(count), t.set.States.Like(count), g.known.Like(count), t.Model.Hidden.NewBatch(count)
	}
	g.before.Gather(t.set.States, g.index)
	g.mask.Gather(g.known, g.index)
	g.v.Copy(g.before)
	for k := range uint64(gapSweeps) {
		step := t.done*gapSweeps + k
		t.conditionals.SampleHidden(g.h, g.v, g.key.Stream(rng.StreamHidden), step)
		t.conditionals.SampleVisible(g.v, g.h, g.key.Stream(rng.StreamVisible), step)
		g.v.Restore(g.before, g.mask)
	}
	for k, r := range g.index {
		t.set.States.Slice(r, r+1).Copy(g.v.Slice(k, k+1))
	}
}

func (g *gaps) remember(m *Memory, t *Training) {
	if g != nil {
		m.States("rows", t.set.States)
	}
}
