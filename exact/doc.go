// Package exact is the oracle: what estimators estimate, by enumeration, for every pair of layers of which one can be
// enumerated.
//
// With k = min(m,n) units in the smaller layer, Z is a sum over its 2^k states of terms in which the other layer has
// been summed analytically, as for h in P(h) = e^(−F(h))/Z. From it follow P(v) and P(h), the log-likelihood, the KL
// divergence, the model's moments, the gradient of maximum likelihood, and independent samples.
//
// # Bits
//
// The units of the smaller layer fall in two groups. The low group has at most six units, and for each of its 2^6
// states e the factors T_i(e) = exp(Σ_{j low} w_ij h_j) are tabulated. The others run through their states in Gray-code
// order, so that from one state to the next a single unit flips and each A_i = exp(b_i + Σ_{j high} w_ij h_j) is
// multiplied by e^(±w_ij). The sum over the other layer is then Π_i (1 + A_i T_i(e)): a multiply-add and a multiply for
// each unit and state, and no exponential. Products are kept within range by taking powers of two out of them, and one
// exponential is taken for every 64 states.
//
// # Other kinds of units
//
// If one layer is of bits or sites ([rbm.Finite]) and the other one of any kind, its configurations are computed some
// hundred at a time through [rbm.Layer]: Z = Σ_t e^(−U(t) + Γ(x)). Two Gaussian layers together have a normal
// distribution, of which Z is a determinant. Of all others Z can only be estimated.
//
// # Order
//
// The states are split into a fixed number of parts, whatever the number of workers, and the parts are summed in a
// fixed order: results don't depend on the number of workers in any bit.
package exact
