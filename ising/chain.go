package ising

import (
	"context"
	"math"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// chain is one Markov chain of single-cluster updates.
type chain struct {
	size       int
	neighbours []int32 // 4 of every site, shared by all chains
	spins      []int8
	join       uint32 // a neighbour with the same spin joins if a random word is below: 1 − e^(−2/T)
	source     *rng.Source
	stack      []int32
}

// neighbourTable lists the right, left, lower and upper neighbour of every site.
func neighbourTable(size int) []int32 {
	n := size * size
	table := make([]int32, 0, 4*n)
	for x := range n {
		row, col := x/size*size, x%size
		right, left, below, above := row+(col+1)%size, row+(col+size-1)%size, (x+size)%n, (x+n-size)%n
		table = append(table, int32(right), int32(left), int32(below), int32(above))
	}
	return table
}

// newChain starts at random above T_c, and with all spins equal below.
func newChain(size int, neighbours []int32, T float64, source *rng.Source) *chain {
	c := &chain{size: size, neighbours: neighbours, spins: make([]int8, size*size), source: source}
	c.join = uint32(min(-math.Expm1(-2/T)*0x1p32, math.MaxUint32))
	all := c.coin()
	for x := range c.spins {
		c.spins[x] = all
		if T > Tc {
			c.spins[x] = c.coin()
		}
	}
	return c
}

func (c *chain) coin() int8 { return int8(c.source.Uint32()>>31)*2 - 1 }

// warmUp counts the clusters that flip every spin warmUpSweeps times on average, then runs as many again to forget
// where the count stopped, and returns how many clusters flip every spin sweepsApart times.
func (c *chain) warmUp(ctx context.Context) (clusters int) {
	count := 0
	for flipped := 0; flipped < warmUpSweeps*len(c.spins) && ctx.Err() == nil; count++ {
		flipped += c.flipCluster()
	}
	for range count {
		if c.flipCluster(); ctx.Err() != nil {
			return 0
		}
	}
	return max(count*sweepsApart/warmUpSweeps, 1)
}

// flipCluster grows a cluster of equal spins from a random site and flips it; it returns its size.
func (c *chain) flipCluster() int {
	seed := int32(c.source.IntN(len(c.spins)))
	spin := c.spins[seed]
	c.spins[seed] = -spin
	c.stack = append(c.stack[:0], seed)
	flipped := 0
	for len(c.stack) > 0 {
		x := int(c.stack[len(c.stack)-1])
		c.stack = c.stack[:len(c.stack)-1]
		flipped++
		for _, y := range c.neighbours[4*x : 4*x+4] {
			if c.spins[y] == spin && c.source.Uint32() < c.join {
				c.spins[y] = -spin
				c.stack = append(c.stack, y)
			}
		}
	}
	return flipped
}

// write puts the spins into row r, all of them turned round if mirrored.
func (c *chain) write(states rbm.Batch, r int, mirrored bool) {
	states.SetRow(r, func(x int) bool { return (c.spins[x] > 0) != mirrored })
}
