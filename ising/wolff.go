package ising

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"

	"harmonium/diag"
	"harmonium/internal/kernel"
	"harmonium/rbm"
	"harmonium/rng"
)

// Options of Sample. The zero value is fine.
type Options struct {
	Workers  int                   // 0 means all cores; the configurations don't depend on it
	Progress func(done, total int) // configurations so far; called from any goroutine; may be nil
}

// Report compares a sample with the exact finite lattice.
type Report struct {
	Energy    diag.Estimate // per site, with its autocorrelation time in samples
	Exact     float64       // energy per site of the finite lattice
	Deviation float64       // (Energy − Exact)/Stderr
	Clusters  int           // flipped between two samples, at most over the chains
	Findings  []diag.Finding
}

const (
	// chainCount is the number of independent Markov chains that the samples come from, whatever the number of workers.
	chainCount = 16
	// sweeps is how often, on average, each spin is flipped between two samples of a chain.
	sweeps = 3
	// warmUp is how many times as long a chain runs before its first sample, to measure the size of the clusters and
	// then again to forget its start.
	warmUp = 50
	// tooFar is the deviation of the energy, in standard errors, that raises a finding: it happens by chance once in 16,000 runs.
	tooFar = 4
)

// MaxSize is the largest edge of a lattice.
const MaxSize = 1024

// Sample draws count configurations of an L×L torus at temperature T by single-cluster updates (U. Wolff, Phys. Rev. Lett. 62 (1989) 361).
//
// Sixteen independent chains each give a sixteenth of the rows, one after a number of clusters that flips every spin three
// times on average. That number is fixed from the cluster sizes of a first warm-up, which is then thrown away: stopping whenever enough spins have
// been flipped would favour configurations that follow large clusters. Row r depends on L, T, count, key and r alone.
func Sample(ctx context.Context, L int, T float64, count int, key rng.Key, o Options) (rbm.States, *Report, error) {
	if L < 2 || L > MaxSize || count < 1 || !(T > 0) || math.IsInf(T, 0) {
		return rbm.States{}, nil, fmt.Errorf("ising: L = %d, T = %v, %d configurations: want 2 ≤ L ≤ %d, a finite T above 0 and "+
			"at least one configuration", L, T, count, MaxSize)
	}
	states := rbm.NewStates(count, L*L)
	chains := min(chainCount, count)
	energies, clusters := make([][]float64, chains), make([]int, chains)
	var done atomic.Int64
	kernel.Parallel(kernel.Workers(o.Workers), chains, func(chain int) {
		l := newLattice(L, T, rng.NewSource(key.Stream(rng.StreamWolff), uint64(chain)))
		if clusters[chain] = l.warmUp(ctx); ctx.Err() != nil {
			return
		}
		for r := count * chain / chains; r < count*(chain+1)/chains; r++ {
			for range clusters[chain] {
				l.flipCluster()
			}
			l.write(states, r)
			energies[chain] = append(energies[chain], l.energy()/float64(L*L))
			if done.Add(1)%256 == 0 && o.Progress != nil {
				o.Progress(int(done.Load()), count)
			}
			if ctx.Err() != nil {
				return
			}
		}
	})
	if err := ctx.Err(); err != nil {
		return rbm.States{}, nil, err
	}
	return states, report(L, T, energies, clusters), nil
}

func report(L int, T float64, energies [][]float64, clusters []int) *Report {
	r := &Report{Energy: diag.Mean(energies...), Exact: Exact(L, T).Energy}
	for _, c := range clusters {
		r.Clusters = max(r.Clusters, c)
	}
	if s := float64(r.Energy.Stderr); s > 0 {
		r.Deviation = (float64(r.Energy.Value) - r.Exact) / s
	}
	if math.Abs(r.Deviation) > tooFar {
		r.Findings = append(r.Findings, diag.Finding{
			Code: "energy-off", Value: diag.Number(r.Deviation), Threshold: tooFar,
			Message: fmt.Sprintf("the energy per site is %s, exactly %.6f: %.1f standard errors away",
				r.Energy, r.Exact, math.Abs(r.Deviation)),
			Consequence: "the configurations may not be those of the model",
			Remedy:      "draw again with another seed; if it stays, report it",
		})
	}
	return r
}

// lattice is the state of one chain.
type lattice struct {
	size   int
	spins  []int8
	join   uint32 // a neighbour with the same spin joins if a random word is below: 1 − e^(−2/T)
	source *rng.Source
	stack  []int32
}

// newLattice starts at random above T_c, and with all spins equal, up or down by chance, below.
func newLattice(size int, T float64, source *rng.Source) *lattice {
	l := &lattice{size: size, spins: make([]int8, size*size), source: source}
	l.join = uint32(min(-math.Expm1(-2/T)*0x1p32, math.MaxUint32))
	all := l.coin()
	for x := range l.spins {
		l.spins[x] = all
		if T > Tc {
			l.spins[x] = l.coin()
		}
	}
	return l
}

func (l *lattice) coin() int8 { return int8(l.source.Uint32()>>31)*2 - 1 }

// warmUp counts the clusters that flip every spin warmUp times, then runs as many again, and returns how many flip every spin sweeps times.
func (l *lattice) warmUp(ctx context.Context) (clusters int) {
	count := 0
	for flipped := 0; flipped < warmUp*len(l.spins) && ctx.Err() == nil; count++ {
		flipped += l.flipCluster()
	}
	for range count {
		if l.flipCluster(); ctx.Err() != nil {
			return 0
		}
	}
	return max(count*sweeps/warmUp, 1)
}

// flipCluster grows a cluster of equal spins from a random site and flips it; it returns its size.
func (l *lattice) flipCluster() int {
	size, seed := l.size, int32(l.source.IntN(len(l.spins)))
	spin := l.spins[seed]
	l.spins[seed] = -spin
	l.stack = append(l.stack[:0], seed)
	flipped := 0
	for len(l.stack) > 0 {
		x := int(l.stack[len(l.stack)-1])
		l.stack = l.stack[:len(l.stack)-1]
		flipped++
		row, col := x/size*size, x%size
		for _, y := range [4]int{
			row + (col+1)%size, row + (col+size-1)%size,
			(x + size) % len(l.spins), (x + len(l.spins) - size) % len(l.spins),
		} {
			if l.spins[y] == spin && l.source.Uint32() < l.join {
				l.spins[y] = -spin
				l.stack = append(l.stack, int32(y))
			}
		}
	}
	return flipped
}

func (l *lattice) write(states rbm.States, r int) {
	row := states.Row(r)
	for x, s := range l.spins {
		if s > 0 {
			row[x/64] |= 1 << (x % 64)
		}
	}
}

// energy is −Σ s_x (s_right + s_below).
func (l *lattice) energy() float64 {
	sum := 0
	for x, s := range l.spins {
		right := x/l.size*l.size + (x+1)%l.size
		below := (x + l.size) % len(l.spins)
		sum -= int(s) * (int(l.spins[right]) + int(l.spins[below]))
	}
	return float64(sum)
}
