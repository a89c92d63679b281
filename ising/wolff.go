package ising

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Options of Sample. The zero value is fine.
type Options struct {
	Compute  *compute.Context      // nil means the default; the configurations don't depend on it
	Progress func(done, total int) // configurations so far; called from any goroutine, now and then; may be nil
}

// Report compares a sample with the exact finite lattice.
type Report struct {
	Energy    diag.Estimate // per site, with its autocorrelation time in rows of a chain
	Exact     float64       // energy per site of the finite lattice
	Deviation float64       // (Energy − Exact) in standard errors
	Chains    int           // independent Markov chains; chain k gave rows count·k/Chains … count·(k+1)/Chains − 1
	Clusters  int           // flipped between two rows: the most of all chains
	Findings  []diag.Finding
}

const (
	// chainCount is the number of Markov chains that the rows come from, whatever the number of workers.
	chainCount = 16
	// sweepsApart is how often, on average, each spin is flipped between two rows of a chain. At T_c, where it
	// matters most, it leaves an autocorrelation time of the energy (½ if there is none) of 0.54 rows at L = 4,
	// 0.70 at 16, 0.78 at 32, 0.93 at 64 and 1.3 at 128 (measured, 2026-11-23).
	sweepsApart = 3
	// warmUpSweeps is the number of sweeps in which a chain measures its clusters, and then at least again to
	// forget its start: sixteen times the distance of two rows.
	warmUpSweeps = 50
	// tooFar is the deviation of the energy, in standard errors, that raises a finding: it happens by chance once in
	// 16,000 runs of many rows.
	tooFar = 4
	// tooSlow is the autocorrelation time of the energy, in rows, that raises a finding: ten rows are worth one.
	tooSlow = 5
	// maxBytes is the size of the states that Sample agrees to make.
	maxBytes = 1 << 36
)

// MaxSize is the largest edge of a lattice.
const MaxSize = 1024

// Sample draws count configurations of an L×L torus at temperature T by single-cluster updates (U. Wolff,
// Phys. Rev. Lett. 62 (1989) 361).
//
// Sixteen independent chains (fewer for fewer rows) give equal shares of the rows, one after a number of clusters
// that flips every spin three times on average. That number is fixed from the cluster sizes of a first warm-up,
// which is thrown away together with a second one as long: to stop whenever enough spins have been flipped would
// favour configurations that follow large clusters. As s and −s are equally likely, a coin decides for each row
// which of them is taken; without it the rows of a cold lattice, where a cluster is nearly all of it, would
// alternate in sign.
//
// The rows depend on L, T, count and key alone. The error is that of the context, or says which argument is out of
// range.
func Sample(ctx context.Context, L int, T float64, count int, key rng.Key, o Options) (rbm.Batch, *Report, error) {
	if err := checkSample(L, T, count); err != nil {
		return rbm.Batch{}, nil, err
	}
	states := rbm.NewBatch(count, L*L)
	chains := min(chainCount, count)
	energies, clusters := make([][]float64, chains), make([]int, chains)
	neighbours := neighbourTable(L)
	wolff, signs := key.Stream(rng.StreamWolff), key.Stream(rng.StreamLattice)
	var done atomic.Int64
	o.Compute.Parallel(chains, func(k int) {
		c := newChain(L, neighbours, T, rng.NewSource(wolff, uint64(k)))
		clusters[k] = c.warmUp(ctx)
		for r := count * k / chains; r < count*(k+1)/chains && ctx.Err() == nil; r++ {
			for range clusters[k] {
				c.flipCluster()
			}
			mirrored := signs.Block(rng.At(uint64(r), 0, 0))[0]>>31 == 1
			c.write(states, r, mirrored)
			energies[k] = append(energies[k], float64(bonds(c.spins, L))/float64(L*L))
			if n := int(done.Add(1)); o.Progress != nil && (n%256 == 0 || n == count) {
				o.Progress(n, count)
			}
		}
	})
	if err := ctx.Err(); err != nil {
		return rbm.Batch{}, nil, err
	}
	return states, report(L, T, energies, clusters), nil
}

func checkSample(L int, T float64, count int) error {
	if L < 2 || L > MaxSize || count < 1 || !(T > 0) || math.IsInf(T, 0) {
		return fmt.Errorf("ising: L = %d, T = %v, %d configurations: want 2 ≤ L ≤ %d, a finite T above 0 and at least "+
			"one configuration", L, T, count, MaxSize)
	}
	if row := (L*L + 63) / 64 * 8; count > maxBytes/row {
		return fmt.Errorf("ising: %d configurations of %d sites are more than %d GiB, want at most %d configurations",
			count, L*L, maxBytes>>30, maxBytes/row)
	}
	return nil
}

func report(L int, T float64, energies [][]float64, clusters []int) *Report {
	exact := Exact(L, T)
	r := &Report{Energy: diag.Mean(energies...), Exact: exact.Energy, Chains: len(energies)}
	rows := 0
	for k, c := range clusters {
		r.Clusters = max(r.Clusters, c)
		rows += len(energies[k])
	}
	stderr := float64(r.Energy.Stderr)
	if !(stderr > 0) { // too few rows, or all alike, as on a cold lattice: take the exact spread of the energy
		stderr = T * math.Sqrt(exact.SpecificHeat/float64(L*L*rows))
	}
	if stderr > 0 {
		r.Deviation = (float64(r.Energy.Value) - r.Exact) / stderr
	}
	if math.Abs(r.Deviation) > tooFar {
		r.Findings = append(r.Findings, energyOff(r))
	}
	if r.Energy.Tau > tooSlow {
		r.Findings = append(r.Findings, slowChains(r))
	}
	return r
}

func energyOff(r *Report) diag.Finding {
	return diag.Finding{
		Code: "energy-off", Value: diag.Number(r.Deviation), Threshold: tooFar,
		Message: fmt.Sprintf("the energy per site is %s, exactly %.6f: %.1f standard errors away",
			r.Energy, r.Exact, math.Abs(r.Deviation)),
		Consequence: "the configurations may not be those of the lattice at this temperature",
	}
}

func slowChains(r *Report) diag.Finding {
	return diag.Finding{
		Code: "slow-chains", Value: r.Energy.Tau, Threshold: tooSlow,
		Message: fmt.Sprintf("the energy has an autocorrelation time of %.1f rows: %.0f rows are worth one",
			r.Energy.Tau, 2*r.Energy.Tau),
		Consequence: "averages over the rows have larger errors than their number suggests",
	}
}
