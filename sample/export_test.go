package sample

import "harmonium/rbm"

// Step is a step of Anneal without its resampling.
func (p *WeightedChains) Step(before, after *rbm.Places) { p.step(before, after) }
