// Package estimate measures log Z of models that are too large to enumerate, and says how far the answer can be
// trusted.
//
// Five estimates are made.
//
//   - Annealed importance sampling, AIS (R. M. Neal, Statistics and Computing 11 (2001) 125; for RBMs R. Salakhutdinov
//     and I. Murray, ICML 2008): weighted chains go from independent units with the data's means, the base, to the
//     model ([sample.AIS]). It is a lower bound in probability, P(estimate > log Z + x) ≤ e^(−x), and lies low where
//     the chains miss states that matter.
//   - Reverse AIS (Y. Burda, R. Grosse and R. Salakhutdinov, AISTATS 2015) from three kinds of starts: where AIS has
//     ended, rows of data, and random restarts ([sample.RandomStarts]), all after some sweeps. It is an upper bound in
//     probability if the chains start at samples of the model, which they do only approximately. Data know of modes
//     that AIS may miss, and random restarts of modes that neither knows of: these two count where they are higher
//     than AIS.
//   - Parallel tempering ([sample.Tempering]) with the acceptance ratio (C. H. Bennett, J. Comput. Phys. 22 (1976)
//     245).
//
// Where reverse AIS from end points or data alone disagrees, and more modes were found than are listed, a second
// tempering begins at data: reverse AIS doesn't count if it agrees with AIS and with tempering from the base.
//
// All go along the straight line between the parameters of base and model ([rbm.Line]). Modes that mean-field theory
// finds ([sample.Modes]) are part of AIS and tempering: AIS from a mode's own units tells what their chains have
// missed.
//
// log Z is at least −F(v) for every v. Where a configuration above the estimates is found, these are wrong for certain.
//
// Where the five agree, and AIS agrees with a shorter run, [LogZ] gives the mean of AIS and tempering with an error
// that covers the others. Where they don't it takes longer runs, up to a budget, and then says so by a [diag.Finding].
// [Compare] compares samples with data.
package estimate
