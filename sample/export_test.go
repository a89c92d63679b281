package sample

import "github.com/harmonium-rbm/harmonium/rbm"

// Step is a step of Anneal without its resampling.
func (p *WeightedChains) Step(before, after *rbm.Places) { p.step(before, after) }

// JumpAll lets the replicas of all sets jump once.
func (t *Tempering) JumpAll() {
	for range t.sets {
		t.jump()
		t.rounds++
	}
}

// WithoutJumps is the estimate by exchanges alone.
func (b *Bennett) WithoutJumps() *Bennett {
	exchanges := *b
	exchanges.jumps = nil
	return &exchanges
}
