package train

import (
	"math"

	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
)

// restartUpdates is the number of updates that a random restart has to get to where the model has its weight.
const restartUpdates = 20

// restart is one more chain, which starts far from the data ([sample.RandomStarts]) and makes the same sweeps as the population. After
// restartUpdates updates it takes the place of a chain, another one each time, with probability min(1, e^(F_chain − F_restart)). Then it
// starts again, by turns from fair coins and from the biases.
//
// Chains that only ever go on from the data do not reach modes elsewhere, and in long trainings such modes grow until they outweigh all
// that was learned (docs/decisions/0038). This is a heuristic, not a Metropolis-Hastings step: the probability lacks the ratio in which a
// restart arrives at the two states, so that it changes the distribution of the chains, most where few chains have modes that only restarts
// reach. By how much: docs/math.md.
type restart struct {
	state rbm.Batch // a row
	key   rng.Key
}

func (r *restart) move(p *population, u Update) {
	done := u.Number + 1
	if done%restartUpdates != 0 {
		return
	}
	turn := done / restartUpdates
	key := r.key.Stream(rng.Stream(turn))
	chain := int(turn % uint64(p.chains.Rows()))
	var free [2]float64
	u.Conditionals.FreeEnergy(free[:1], p.chains.Slice(chain, chain+1))
	u.Conditionals.FreeEnergy(free[1:], r.state)
	if block := key.Block(rng.At(0, 0, 0)); math.Log(float64(rng.Uniform(block[0]))) < free[0]-free[1] {
		p.replace(chain, r.state)
	}
	start := int(turn % 2)
	r.state.Copy(sample.RandomStarts(u.Model, 2, key).Slice(start, start+1))
}

// remember does nothing: the state is among the chains that PCD sweeps.
func (*restart) remember(*Memory) {}
