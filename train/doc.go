// Package train fits a model to data by maximum likelihood.
//
// The cost is C = −(1/|D|) Σ_{v∈D} log P(v), which up to the entropy of the data is the Kullback–Leibler divergence
// from the data to the model. Its gradient is a difference of two phases,
//
//	−∂C/∂w_ij = ⟨v_i h_j⟩_data − ⟨v_i h_j⟩_model,
//
// a positive phase that is exact, P(h|v) on the data, and a negative phase that a [Negative] supplies: by enumeration
// ([Exact]), by chains started at the data ([CD], contrastive divergence) or by persistent chains ([PCD]), which may
// exchange states with replicas at other temperatures.
//
// [Start] prepares a [Training] and [Training.Steps] runs it: one update of the parameters a turn of the loop. A
// [monitor.Monitor] scores the model along the way.
//
// To read the source, begin with step in train.go, the lecture's algorithm, minibatch.go, and gaps.go for rows of which
// cells are missing; then the negative phases in phase.go, pcd.go (and around it replicas.go, jumps.go, overlap.go and
// adapt.go), cd.go and exact.go; then the ascent in gradient.go and optimizer.go, with sgd.go, momentum.go and adam.go,
// or in device.go where an engine makes it, and its bound in trust.go and krylov.go; and what follows an update in
// report.go, best.go and overfit.go. start.go and config.go come before the first update. memory.go and checkpoint.go are
// about what is written and read back.
package train
