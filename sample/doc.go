// Package sample draws configurations from a model by Markov chains.
//
// [Draw] does it all: burn-in, thinning, tempering where Gibbs chains do not mix, and a verdict on the samples. It is
// made of:
//
// [Chains], a batch of independent block-Gibbs chains: given v all hidden units are drawn at once from
// P(h|v), given h all visible units at once from P(v|h), and so on. One such pair is a sweep. It leaves P(v,h)
// invariant, so chains that have forgotten their start are samples of the model. Single units can be clamped, which
// leaves the distribution conditional on them invariant; [rbm.Model.Given] makes a model of that distribution.
//
// [Tempering], replica exchange (parallel tempering) along an [rbm.Line] from independent units to the model.
//
// [Jumps], moves between [Modes] by an independence sampler, for modes that neither sweeps nor replicas come to.
//
// [AIS] and [ReverseAIS] measure log Z along it by [WeightedChains], and [Bennett] by the exchanges of a Tempering.
package sample
