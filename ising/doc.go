// Package ising is the two-dimensional Ising model on an L×L torus, without a field: the test case whose answers
// are known.
//
// The energy is E = −Σ_⟨xy⟩ s_x s_y over the 2N bonds of N = L² sites, each site with its right and its lower
// neighbour (so on the 2×2 torus every pair of neighbours shares two bonds); J = 1 and k = 1, so temperatures are
// in units of J/k. [Sample] draws configurations by Wolff clusters, [Exact] gives energy, specific heat and log Z
// of the finite lattice by Kaufman's formula, [Enumerate] all averages of small lattices, and [Observe] estimates
// the same observables from configurations, a model's for instance.
//
// Configurations are [rbm.Batch]: bit 1 is spin +1, site x = row·L + column.
package ising

import "math"

// Tc is the critical temperature of the infinite lattice, 2/log(1+√2) (L. Onsager, Phys. Rev. 65 (1944) 117).
var Tc = 2 / math.Log(1+math.Sqrt2)
