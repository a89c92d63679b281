// Package quantum holds states of qubits: known ones, as vectors and density matrices, and reconstructed ones, whose
// amplitudes a restricted Boltzmann machine gives.
//
// # Convention
//
// A configuration σ = σ_0 … σ_{n−1} is a row of bits of an [rbm.Batch]. A bit of 0 is |0⟩, the eigenstate of σ^z with +1,
// and 1 is |1⟩, that with −1. In vectors and matrices site 0 is the most significant bit of the index: of two sites
// the order is |00⟩, |01⟩, |10⟩, |11⟩. Outcome 0 of a measurement in another basis is its first basis state, that of
// the eigenvalue +1 of σ^x or σ^y. This is the convention of QuCumber's files (M. J. S. Beach et al., SciPost Phys. 7
// (2019) 009); its SigmaZ alone has the other sign.
//
// A model of Bernoulli units has these bits for visible units. In a model of spins a visible unit is the eigenvalue
// of σ^z, so that spin +1 is |0⟩; [Qubits] brings it to bits.
//
// # What is here
//
// [State] and [Density] are known states. [GHZ], [W], [Werner] and [GroundState] make some, and [Measure] draws outcomes
// in product bases. A reconstructed state is known by [Ratios] of its matrix elements, which need no partition
// function; [Positive] is ψ(σ) = √P(σ) of any RBM. An [Observable] is an [Expectation] of [Local] values, those of a
// [PauliSum] for instance, or the entropy [Renyi2]. It is exact in a known state, which [Vector] makes of a
// wavefunction of up to 20 sites, and has an estimate with an error bar from samples.
package quantum
