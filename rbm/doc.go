// Package rbm is the vocabulary of restricted Boltzmann machines: the [Model], its two [Layer]s, and [Batch],
// batches of configurations packed one bit a unit.
//
// A model gives every joint configuration of visible units v and hidden units h the probability
//
//	P(v,h) = e^(−E(v,h))/Z,   E(v,h) = −Σ b_i v_i − Σ c_j h_j − Σ w_ij v_i h_j.
//
// There are no couplings within a layer, so given one layer the units of the other are independent:
// P(h_j=1|v) = σ(c_j + Σ_i w_ij v_i) and P(v_i=1|h) = σ(b_i + Σ_j w_ij h_j). [Conditionals] computes
// both for whole batches; [Model.Energy] and [Model.FreeEnergy] are the energies, in float64.
package rbm
