package sample

import "harmonium/rbm"

// ChainMemory is about how many bytes Gibbs chains of a model take beside the model and the samples: the
// operands of both products and the weights in float64; the chains' states, and a trace of each; the lists of set bits of the
// chains that go through a product together.
func ChainMemory(model *rbm.Model, chains int) float64 {
	const weight, trace, together = 32, 100_000, 1024 // bytes, bytes and chains
	m, n := float64(model.M()), float64(model.N())
	return weight*m*n + float64(chains)*((m+n)/8+trace) + 4.5*min(float64(chains), together)*max(m, n)
}

// TemperingMemory is about how many bytes [Tempering] takes at most beside that: the states of its replica sets at all temperatures.
func TemperingMemory(model *rbm.Model, sets int) float64 {
	m, n := float64(model.M()), float64(model.N())
	return MaxTemperatures * float64(sets) * ((m+n)/8 + 16)
}
