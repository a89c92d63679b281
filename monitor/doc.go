// Package monitor estimates how good a model is while it is trained: log Z and log-likelihoods with errors, for a small part of what the
// training costs.
//
// A [Monitor] needs the model, data, states that the model should give weight to (such as persistent chains of a negative phase) and the
// cost of an update, which is what it is paid by; it knows nothing else of a training. [Monitor.Follow] takes the model after each
// update, [Monitor.Score] scores it now and then.
//
// Small models are enumerated. For the others log Z comes from AIS chains that follow the running mean of the model: by Jarzynski's
// equality (C. Jarzynski, Phys. Rev. Lett. 78 (1997) 2690; for training D. Carbone, M. Hua, S. Coste and E. Vanden-Eijnden, NeurIPS 2023)
// their mean weight is Z of the mean over Z of independent units. A score takes some of them on to the model by annealed importance
// sampling (R. M. Neal, Statistics and Computing 11 (2001) 125), and other chains from the model back to the mean by reverse AIS (Y.
// Burda, R. Grosse and R. Salakhutdinov, AISTATS 2015). Both must agree, or a [diag.Finding] says that they don't.
//
// Models frozen along the way make a ladder, for chains to exchange states along (N. Béreux et al., ICLR 2025).
//
// [Overlap] measures how long chains remember, and [SingularValues] what a model has learned.
package monitor
