package train

import (
	"math"

	"harmonium/rng"
	"harmonium/sample"
)

// restartUpdates is the number of updates that a random restart has to get to where the model has its weight.
const restartUpdates = 20

// tryRestart is for the last chain of PCD, a random restart. It starts far from the data ([sample.RandomStarts]) and makes the sweeps that
// the others make. After restartUpdates updates it takes the place of one of them, each in turn, with probability min(1, e^(F_chain −
// F_restart)). Then it starts again, in turn from fair coins and from the biases.
//
// Chains that only ever go on from the data do not reach modes elsewhere, and in long trainings such modes grow until they outweigh all
// that was learned (docs/decisions/0038). This is a heuristic, not a Metropolis-Hastings step: the probability lacks the ratio in which a
// restart arrives at the two states, so that it changes the distribution of the chains, most where few chains have modes that only restarts
// reach. By how much: docs/math.md.
func (p *PCD) tryRestart(u Update) {
	done := u.Number + 1
	if done%restartUpdates != 0 {
		return
	}
	turn := done / restartUpdates
	key := p.restartKey.Stream(rng.Stream(turn))
	restart, chain := p.Chains, int(turn%uint64(p.Chains))
	state, other := p.chains.Visible.Slice(restart, restart+1), p.chains.Visible.Slice(chain, chain+1)
	var free [2]float64
	u.Conditionals.FreeEnergy(free[:1], state)
	u.Conditionals.FreeEnergy(free[1:], other)
	if block := key.Block(rng.At(0, 0, 0)); math.Log(float64(rng.Uniform(block[0]))) < free[1]-free[0] {
		other.Copy(state)
		p.overlap.Replace(chain, state)
	}
	start := int(turn % 2)
	state.Copy(sample.RandomStarts(u.Model, 2, key).Slice(start, start+1))
}
