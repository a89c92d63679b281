package monitor

import (
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
)

// A check is due once twice the steps of the last one are saved, or enoughSteps. It spends all that are saved, mostSteps at most. The first
// check takes fewestSteps, which are lent before the first update where half of what the whole training pays covers them.
const (
	fewestSteps = 20
	enoughSteps = 500
	mostSteps   = 1e5
)

// check takes reverse AIS of a copy of the chains from the model, at which the conditionals are, to independent units, and new AIS chains
// from there to the mean. It returns log Z of the model by the first.
func (l *live) check(f *follower, model *rbm.Model, chains *sample.Chains, c *rbm.Conditionals, key rng.Key) sample.LogZ {
	steps := int(min(l.account.balance, mostSteps))
	f.renew(steps, key.Stream(streamRenew))
	z := reverseAIS(sample.Path{f.base, model}, steps, chains, c, key.Stream(streamCheck))
	z.Value += sample.LogZWithoutWeights(f.base)
	l.account.Spend(float64(steps))
	l.steps = uint64(min(2*steps, enoughSteps))
	return z
}
