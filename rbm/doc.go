// Package rbm is the vocabulary of restricted Boltzmann machines: the [Model], its two [Layer]s, each of a [Kind] of
// units, and [Batch], batches of configurations.
//
// A model gives every joint configuration of visible units v and hidden units h the probability
//
//	P(v,h) = e^(−E(v,h))/Z,   E(v,h) = U_v(v) + U_h(h) − Σ_ij w_ij v_i h_j.
//
// For bits and spins U_v(v) = −Σ_i b_i v_i and U_h(h) = −Σ_j c_j h_j. Categorical, Gaussian and rectified units have
// energies with more parameters, such as precisions (docs/math.md).
//
// There are no couplings within a layer, so given one layer the units of the other are independent: for bits
// P(h_j=1|v) = σ(c_j + Σ_i w_ij v_i) and P(v_i=1|h) = σ(b_i + Σ_j w_ij h_j). [Conditionals] computes both for whole
// batches, and the averages of which a gradient is made ([Statistics]). [Model.Energy] and [Model.FreeEnergy] are the
// energies, in float64. [Load] and [Model.Save] read and write model files.
package rbm
