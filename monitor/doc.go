// Package monitor estimates how good a model is while it is trained: log Z and log-likelihoods with errors, for a small
// part of what the training costs.
//
// A [Monitor] needs the model, data, states that the model should give weight to (such as persistent chains of a
// negative phase), replicas between independent units and the model if the training has some, and the cost of an
// update, which is what it is paid by; it knows nothing else of a training. [Monitor.Follow] is called after each
// update, [Monitor.Score] scores the model now and then.
//
// Small models are enumerated. For the others log Z comes from replica exchange ([sample.Tempering]) by Bennett's
// acceptance ratio ([sample.Bennett]): from the replicas of the training, or from replicas that the monitor keeps
// beside it. A score makes some rounds of a copy of them, so that the training goes on as if there had been none. AIS
// ([sample.AIS]) is a second estimate, for replicas that lag behind the model. Modes that neither comes to are looked
// for by mean-field theory ([sample.Modes]), and bounds that hold for certain are held against the estimate. A
// [diag.Finding] says where they contradict it, and where the replicas are not at equilibrium.
//
// [Overlap] measures how long chains remember, and [SingularValues] what a model has learned.
package monitor
