// Package impute completes rows of which some cells are missing: the distribution of the missing units given the known
// ones, P(v'|k) = P(v',k)/P(k), and the likelihood P(k) = Σ_{v'} P(v',k) of what is known.
//
// Given the known units the model is an RBM over the others ([rbm.Model.Given]). Where that can be enumerated
// everything is exact. Elsewhere annealed importance sampling goes from independent units to it, for every row by itself.
package impute
