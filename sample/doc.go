// Package sample draws configurations from a model by Markov chains.
//
// [Chains] is a batch of independent block-Gibbs chains: given v all hidden units are drawn at once from
// P(h|v), given h all visible units at once from P(v|h), and so on. One such pair is a sweep. It leaves P(v,h)
// invariant, so chains that have forgotten their start are samples of the model. Single units can be clamped, which
// leaves the distribution conditional on them invariant.
//
// A [Path] leads to a model from one that mixes at once. [Tempering] lets chains exchange states with chains of models on the way. A
// [WeightedChains] is a batch of weighted chains that follows it, and measures log Z as it goes.
package sample
