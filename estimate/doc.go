// Package estimate measures log Z of models that are too large to enumerate, and says how far the answer can be trusted.
//
// log Z is estimated by annealed importance sampling (R. M. Neal, Statistics and Computing 11 (2001) 125; for RBMs R. Salakhutdinov and
// I. Murray, ICML 2008) with resampling, from two sides. On the way there, weighted chains are led from independent units with
// the data's means to the model ([sample.WeightedChains]). The mean weight is Z_model/Z_base in expectation, so that the logarithm
// exceeds log Z by a nats with probability at most e^(−a): a lower bound, which lies low where chains miss states that matter.
// On the way back, chains that begin at states of the model are led to the base. They bound log Z from above in the same
// sense, if the states are drawn from the model (Y. Burda, R. Grosse and R. Salakhutdinov, AISTATS 2015). They are so only approximately:
// a third of them are where the way there has ended, a third are rows of data, and a third begin anywhere, all some sweeps later. The data know of
// modes that annealing may miss, and chains from anywhere of modes that neither knows of; both count where they are higher than the
// way there. No configuration can have −F above log Z: where one is found, the estimates are wrong for certain.
//
// A fifth estimate comes from parallel tempering ([sample.Tempering]) by acceptance ratios (C. H. Bennett, J. Comput. Phys. 22 (1976) 245).
//
// Both go along a straight line, or along models that were saved during a training (N. Béreux et al., ICLR 2025).
//
// Where the five agree, and annealing agrees with a shorter run, [LogZ] gives the mean of the way there and tempering with an error that covers
// the others. Where they don't it takes longer runs, up to a budget, and then says so by a [diag.Finding]. [Compare] compares samples
// with data.
package estimate
